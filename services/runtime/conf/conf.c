#include "runtime/conf/internal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CONF_SECRET_MAX 65536
#define CONF_ENVIRONMENT_PREFIX "LIMITLESS_"

/* One key's value on its way into the struct, and where it came from. */
struct value {
	const struct conf_key *key;
	const struct conf_node *node; /* of the file, or NULL */
	const char *text;             /* of the environment or the fallback, or NULL */
	const char *from;             /* "credits.yaml:12" or "LIMITLESS_CREDITS_LISTEN" */
	struct arena *arena;
	struct error *reterr;
};

_printf_(2, 3) static enum status bad(const struct value *value, const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	return error_set(value->reterr, INVALID_ARGUMENT, "config_invalid", "%s: %s: %s",
			 value->from, value->key->key, what);
}

static const char *environment_name(struct arena *arena, const char *name, const char *key)
{
	char *text = arena_printf(arena, CONF_ENVIRONMENT_PREFIX "%s_%s", name, key);

	for (char *p = text; *p; p++)
		*p = *p == '.' || *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	return text;
}

/* The node of a dotted key, or NULL. */
static const struct conf_node *find(const struct conf_node *root, struct arena *arena,
				    const char *dotted)
{
	const struct conf_node *node = root;

	while (node && *dotted) {
		size_t len = strcspn(dotted, ".");

		node = conf_get(node, arena_strndup(arena, dotted, len));
		dotted += len + (dotted[len] == '.');
	}
	return node;
}

/* Every leaf of the file must be a key, or lie below a key that takes a map or a list. */
static enum status check_unknown(const struct conf_node *node, const char *prefix,
				 const struct conf_key *keys, size_t n, struct arena *arena,
				 struct error *reterr)
{
	for (const struct conf_node *c = node->children; c; c = c->next) {
		const char *path =
			arena_printf(arena, "%s%s%s", prefix, *prefix ? "." : "", c->key);
		size_t i = 0;
		enum status s;

		while (i < n && strcmp(keys[i].key, path) != 0)
			i++;
		if (i < n)
			continue;
		if (c->kind != CONF_MAPPING)
			return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
					 "%s:%zu: %s: unknown key", c->file, c->line, path);
		s = check_unknown(c, path, keys, n, arena, reterr);
		if (s != OK)
			return s;
	}
	return OK;
}

/* "file:/path": the file's text without its last newline. Others must not be able to read it. */
static enum status read_secret(const struct value *value, const char *path, const char **ret)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return bad(value, "%s: %s", path, strerror(errno));
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return bad(value, "%s: mode must be 0600", path);
	if (st.st_size > CONF_SECRET_MAX)
		return bad(value, "%s: longer than %d bytes", path, CONF_SECRET_MAX);
	text = arena_alloc(value->arena, (size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (n < 0)
		return bad(value, "%s: cannot be read", path);
	if (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	*ret = text;
	return OK;
}

static enum status to_scalar(const struct value *value, void *to)
{
	const struct conf_key *key = value->key;
	const char *text = value->node ? value->node->text : value->text;
	int64_t number;

	if (value->node && value->node->kind != CONF_SCALAR)
		return bad(value, "must be a single value");
	if (key->type == CONF_SECRET && strncmp(text, "file:", 5) == 0)
		return read_secret(value, text + 5, to);
	if (key->type == CONF_TEXT || key->type == CONF_SECRET) {
		*(const char **)to = arena_strdup(value->arena, text);
		return OK;
	}
	if (key->type == CONF_BOOLEAN)
		return conf_parse_boolean(text, to)
			       ? OK
			       : bad(value, "'%s' is neither true nor false", text);
	if (!conf_parse_number(key->type, text, &number))
		return bad(value, "'%s' is not %s", text,
			   key->type == CONF_DURATION ? "a time such as 300ms, 30s, 15m, 24h, 30d"
			   : key->type == CONF_BYTES  ? "a size such as 512, 256KiB, 4MiB"
						      : "a whole number");
	if ((key->min || key->max) && (number < key->min || number > key->max))
		return bad(value, "%s is outside %" PRId64 " to %" PRId64, text, key->min,
			   key->max);
	*(int64_t *)to = number;
	return OK;
}

/* Items of a list or map: nodes of the file, or the comma-separated text. */
static size_t count_items(const struct value *value)
{
	size_t n = 0;

	if (value->node)
		return conf_count(value->node);
	for (const char *p = value->text; *p; p++)
		n += *p == ',';
	return n + (*value->text != '\0');
}

static enum status to_list(const struct value *value, const char *const **to)
{
	size_t n = count_items(value), i = 0;
	const char **texts = arena_array(value->arena, n + 1, sizeof *texts);
	const char *p = value->text;

	if (!texts)
		return bad(value, "is too long");
	if (value->node) {
		if (value->node->kind != CONF_SEQUENCE)
			return bad(value, "must be a list");
		for (const struct conf_node *c = value->node->children; c; c = c->next) {
			if (c->kind != CONF_SCALAR)
				return bad(value, "must be a list of single values");
			texts[i++] = c->text;
		}
	} else {
		for (; i < n; i++) {
			size_t len = strcspn(p, ",");

			texts[i] = arena_strndup(value->arena, p, len);
			p += len + 1;
		}
	}
	*to = texts;
	return OK;
}

static enum status to_map(const struct value *value, const struct conf_pair **to)
{
	size_t n = count_items(value), i = 0;
	struct conf_pair *pairs = arena_array(value->arena, n + 1, sizeof *pairs);
	const char *p = value->text;

	if (!pairs)
		return bad(value, "is too long");
	if (value->node) {
		if (value->node->kind != CONF_MAPPING)
			return bad(value, "must be a mapping");
		for (const struct conf_node *c = value->node->children; c; c = c->next) {
			if (c->kind != CONF_SCALAR)
				return bad(value, "must map words to single values");
			pairs[i++] = (struct conf_pair){c->key, c->text};
		}
	} else {
		for (; i < n; i++) {
			size_t len = strcspn(p, ","), name = strcspn(p, "=");

			if (name >= len)
				return bad(value, "must look like a=b,c=d");
			pairs[i].key = arena_strndup(value->arena, p, name);
			pairs[i].value = arena_strndup(value->arena, p + name + 1, len - name - 1);
			p += len + 1;
		}
	}
	*to = pairs;
	return OK;
}

static enum status load_key(struct value *value, const struct conf_node *root, const char *path,
			    const char *name, void *to)
{
	const struct conf_key *key = value->key;

	value->from = environment_name(value->arena, name, key->key);
	value->text = getenv(value->from);
	value->node = NULL;
	if (!value->text && root)
		value->node = find(root, value->arena, key->key);
	if (value->node) {
		value->from = arena_printf(value->arena, "%s:%zu", path, value->node->line);
	} else if (!value->text) {
		value->text = key->fallback;
		value->from = path ? path : value->from;
	}
	if (!value->node && !value->text)
		return bad(value, "is missing");
	if (key->type == CONF_LIST)
		return to_list(value, to);
	if (key->type == CONF_MAP)
		return to_map(value, to);
	return to_scalar(value, to);
}

enum status conf_load(const char *path, const char *name, const struct conf_key *keys,
		      size_t n_keys, struct arena *arena, void *ret_struct, struct error *reterr)
{
	const struct conf_node *root = NULL;
	enum status s = OK;

	if (path) {
		s = conf_read(path, arena, &root, reterr);
		if (s == OK && root->kind != CONF_MAPPING)
			s = error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				      "%s: must be a mapping", path);
		if (s == OK)
			s = check_unknown(root, "", keys, n_keys, arena, reterr);
	}
	for (size_t i = 0; s == OK && i < n_keys; i++) {
		struct value value = {.key = &keys[i], .arena = arena, .reterr = reterr};

		s = load_key(&value, root, path, name, (char *)ret_struct + keys[i].offset);
	}
	return s;
}
