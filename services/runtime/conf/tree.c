/* YAML (libyaml's event stream) to a tree of nodes that remember their line. */
#include "runtime/conf/internal.h"

#include "runtime/base/ensure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define CONF_DEPTH_MAX 16

static void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

struct reader {
	yaml_parser_t yaml;
	const char *path;
	struct arena *arena;
	struct error *reterr;
};

static enum status bad(struct reader *reader, size_t line, const char *what)
{
	return error_set(reader->reterr, INVALID_ARGUMENT, "config_invalid", "%s:%zu: %s",
			 reader->path, line, what);
}

static enum status next_event(struct reader *reader, yaml_event_t *ret)
{
	if (!yaml_parser_parse(&reader->yaml, ret))
		return bad(reader, reader->yaml.problem_mark.line + 1,
			   reader->yaml.problem ? reader->yaml.problem : "not YAML");
	return OK;
}

static struct conf_node *node_new(struct reader *reader, enum conf_node_kind kind, size_t line)
{
	struct conf_node *node = arena_zalloc(reader->arena, sizeof *node);

	if (!node)
		return NULL;
	node->kind = kind;
	node->file = reader->path;
	node->line = line;
	node->text = "";
	node->children_end = &node->children;
	return node;
}

static enum status read_node(struct reader *reader, const yaml_event_t *event, int depth,
			     struct conf_node **ret);

/* A mapping's key: a scalar that the mapping does not have yet. */
static enum status read_key(struct reader *reader, const struct conf_node *mapping,
			    const yaml_event_t *event, const char **ret)
{
	size_t line = event->start_mark.line + 1;

	if (event->type != YAML_SCALAR_EVENT)
		return bad(reader, line, "a key must be a plain word");
	*ret = arena_strndup(reader->arena, (const char *)event->data.scalar.value,
			     event->data.scalar.length);
	if (conf_get(mapping, *ret))
		return bad(reader, line,
			   arena_printf(reader->arena, "key '%s' is there twice", *ret));
	return OK;
}

static enum status read_children(struct reader *reader, struct conf_node *parent, int depth)
{
	yaml_event_type_t end =
		parent->kind == CONF_MAPPING ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;

	for (;;) {
		_cleanup_(yaml_event_delete) yaml_event_t event = {0};
		_cleanup_(yaml_event_delete) yaml_event_t value = {0};
		const char *key = NULL;
		struct conf_node *child;
		enum status s = next_event(reader, &event);

		if (s != OK)
			return s;
		if (event.type == end)
			return OK;
		if (parent->kind == CONF_MAPPING) {
			s = read_key(reader, parent, &event, &key);
			if (s == OK)
				s = next_event(reader, &value);
			if (s != OK)
				return s;
		}
		s = read_node(reader, key ? &value : &event, depth + 1, &child);
		if (s != OK)
			return s;
		child->key = key;
		*parent->children_end = child;
		parent->children_end = &child->next;
	}
}

static enum status read_node(struct reader *reader, const yaml_event_t *event, int depth,
			     struct conf_node **ret)
{
	size_t line = event->start_mark.line + 1;
	enum conf_node_kind kind;

	if (depth > CONF_DEPTH_MAX)
		return bad(reader, line, "nested too deep");
	if (event->type == YAML_SCALAR_EVENT)
		kind = CONF_SCALAR;
	else if (event->type == YAML_SEQUENCE_START_EVENT)
		kind = CONF_SEQUENCE;
	else if (event->type == YAML_MAPPING_START_EVENT)
		kind = CONF_MAPPING;
	else
		return bad(reader, line, "anchors and aliases are not supported");
	*ret = node_new(reader, kind, line);
	if (!*ret)
		return bad(reader, line, "the file is too large");
	if (kind == CONF_SCALAR) {
		(*ret)->text = arena_strndup(reader->arena, (const char *)event->data.scalar.value,
					     event->data.scalar.length);
		return OK;
	}
	return read_children(reader, *ret, depth);
}

/* The root of the first document; an empty file is an empty mapping. */
static enum status read_document(struct reader *reader, const struct conf_node **ret)
{
	struct conf_node *root;

	for (;;) {
		_cleanup_(yaml_event_delete) yaml_event_t event = {0};
		enum status s = next_event(reader, &event);

		if (s != OK)
			return s;
		if (event.type == YAML_STREAM_START_EVENT ||
		    event.type == YAML_DOCUMENT_START_EVENT)
			continue;
		if (event.type == YAML_STREAM_END_EVENT) {
			*ret = node_new(reader, CONF_MAPPING, 1);
			return *ret ? OK : bad(reader, 1, "the file is too large");
		}
		s = read_node(reader, &event, 0, &root);
		if (s == OK)
			*ret = root;
		return s;
	}
}

/* file, or text when it is NULL. */
static enum status read_yaml(FILE *file, const char *text, struct reader *reader,
			     const struct conf_node **ret)
{
	enum status s;

	ensure(yaml_parser_initialize(&reader->yaml));
	if (file)
		yaml_parser_set_input_file(&reader->yaml, file);
	else
		yaml_parser_set_input_string(&reader->yaml, (const unsigned char *)text,
					     strlen(text));
	s = read_document(reader, ret);
	yaml_parser_delete(&reader->yaml);
	return s;
}

enum status conf_read(const char *path, struct arena *arena, const struct conf_node **ret,
		      struct error *reterr)
{
	struct reader reader = {
		.path = arena_strdup(arena, path), .arena = arena, .reterr = reterr};
	_cleanup_(fclosep) FILE *file = fopen(path, "re");

	if (!file)
		return error_set(reterr, NOT_FOUND, "config_missing", "%s: %s", path,
				 strerror(errno));
	return read_yaml(file, NULL, &reader, ret);
}

enum status conf_parse(const char *text, const char *from, struct arena *arena,
		       const struct conf_node **ret, struct error *reterr)
{
	struct reader reader = {.path = from, .arena = arena, .reterr = reterr};

	return read_yaml(NULL, text, &reader, ret);
}

bool conf_is_list(const struct conf_node *node)
{
	return node && node->kind == CONF_SEQUENCE;
}

size_t conf_count(const struct conf_node *sequence)
{
	size_t n = 0;

	if (sequence)
		for (const struct conf_node *c = sequence->children; c; c = c->next)
			n++;
	return n;
}

const struct conf_node *conf_at(const struct conf_node *sequence, size_t i)
{
	const struct conf_node *c = sequence->children;

	while (c && i--)
		c = c->next;
	return c;
}

const struct conf_node *conf_get(const struct conf_node *mapping, const char *key)
{
	if (!mapping || mapping->kind != CONF_MAPPING)
		return NULL;
	for (const struct conf_node *c = mapping->children; c; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}
