#include "runtime/conf/internal.h"

#include "runtime/base/ensure.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CONF_ENVIRONMENT_PREFIX "LIMITLESS_"
#define CONF_NAME_MAX 40 /* bytes of an item's name */
#define CONF_NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-_"

/* One call of conf_load. */
struct loading {
	const char *path, *name;
	const struct conf_key *keys;
	size_t n_keys;
	struct arena *arena;
	struct error *reterr;
};

/* The mapping that keys are members of: the file, or one item of a CONF_ITEMS. */
struct scope {
	const struct conf_node *node; /* NULL: there is no file */
	size_t skip;                  /* bytes of a key before its member: of "providers[]." */
	const char *label;            /* … as errors name them: "providers[1]." */
	const char *environment;      /* … as the environment does: "providers.openai." */
	const char *from;             /* where it is */
};

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

/* Every leaf of the file must be a key, or lie below a key that takes a map or a list. prefix: of
 * the children's keys. label: the same in errors. */
static enum status check_unknown(const struct loading *loading, const struct conf_node *node,
				 const char *prefix, const char *label)
{
	struct arena *arena = loading->arena;

	for (const struct conf_node *c = node->children; c; c = c->next) {
		const char *key = arena_printf(arena, "%s%s", prefix, c->key);
		const char *shown = arena_printf(arena, "%s%s", label, c->key);
		size_t i = 0;
		enum status s;

		while (i < loading->n_keys && strcmp(loading->keys[i].key, key) != 0)
			i++;
		if (i < loading->n_keys)
			continue;
		if (c->kind != CONF_MAPPING)
			return error_set(loading->reterr, INVALID_ARGUMENT, "config_invalid",
					 "%s:%zu: %s: unknown key", c->file, c->line, shown);
		s = check_unknown(loading, c, arena_printf(arena, "%s.", key),
				  arena_printf(arena, "%s.", shown));
		if (s != OK)
			return s;
	}
	return OK;
}

/* ---------------------------------------------------------------- lists of mappings */

static enum status load_scope(const struct loading *loading, const struct scope *scope,
			      const char *prefix, void *ret);

static bool is_of(const struct conf_key *key, const char *prefix)
{
	return strncmp(key->key, prefix, strlen(prefix)) == 0;
}

/* The first key of an item. Its text is a part of names in the environment. */
static const struct conf_key *name_key(const struct loading *loading, const char *prefix)
{
	size_t i = 0;

	while (i < loading->n_keys && !is_of(&loading->keys[i], prefix))
		i++;
	ensure(i < loading->n_keys && loading->keys[i].type == CONF_TEXT);
	return &loading->keys[i];
}

/* Bytes of the struct of an item, up to its last member that is a key. */
static size_t item_size(const struct loading *loading, const char *prefix)
{
	size_t size = 0;

	for (size_t i = 0; i < loading->n_keys; i++) {
		if (is_of(&loading->keys[i], prefix) &&
		    loading->keys[i].offset + sizeof(int64_t) > size)
			size = loading->keys[i].offset + sizeof(int64_t);
	}
	return size;
}

/* Both would have the same names in the environment. */
static bool same_name(const char *a, const char *b)
{
	while (*a && (*a == *b || (strchr("-_", *a) && *b && strchr("-_", *b)))) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The name of an item: one word, and of no item before it. */
static enum status read_name(const struct conf_value *list, const struct conf_node *item,
			     const char *member, const char *label, const char **ret)
{
	const struct conf_node *node = conf_get(item, member);
	struct conf_value value = *list;

	value.label = arena_printf(list->arena, "%s%s", label, member);
	value.from =
		arena_printf(list->arena, "%s:%zu", item->file, node ? node->line : item->line);
	if (!node)
		return conf_value_bad(&value, "is missing");
	if (node->kind != CONF_SCALAR || !*node->text || strlen(node->text) > CONF_NAME_MAX ||
	    node->text[strspn(node->text, CONF_NAME_LETTERS)])
		return conf_value_bad(&value,
				      "'%s' is not a word of a-z, 0-9, - and _, at most %d bytes",
				      node->text, CONF_NAME_MAX);
	for (const struct conf_node *c = list->node->children; c != item; c = c->next) {
		if (same_name(conf_get(c, member)->text, node->text))
			return conf_value_bad(&value, "'%s' is there twice", node->text);
	}
	*ret = node->text;
	return OK;
}

static enum status load_item(const struct loading *loading, const struct conf_value *list,
			     const struct conf_node *item, size_t i, void **ret)
{
	struct arena *arena = loading->arena;
	const char *prefix = arena_printf(arena, "%s[].", list->key->key);
	const char *label = arena_printf(arena, "%s[%zu].", list->key->key, i);
	const char *name = NULL;
	struct scope scope;
	enum status s;

	if (item->kind != CONF_MAPPING)
		return conf_value_bad(list, "item %zu must be a mapping", i);
	s = check_unknown(loading, item, prefix, label);
	if (s == OK)
		s = read_name(list, item, name_key(loading, prefix)->key + strlen(prefix), label,
			      &name);
	if (s != OK)
		return s;
	*ret = arena_zalloc(arena, item_size(loading, prefix));
	if (!*ret)
		return conf_value_bad(list, "is too long");
	scope = (struct scope){
		.node = item,
		.skip = strlen(prefix),
		.label = label,
		.environment = arena_printf(arena, "%s.%s.", list->key->key, name),
		.from = arena_printf(arena, "%s:%zu", item->file, item->line),
	};
	return load_scope(loading, &scope, prefix, *ret);
}

static enum status to_items(const struct loading *loading, struct conf_value *value, void ***ret)
{
	const struct conf_key *key = value->key;
	size_t n, i = 0;
	void **items;

	if (!value->node) {
		enum status s = conf_parse(value->text, value->from, value->arena, &value->node,
					   value->reterr);

		if (s != OK)
			return s;
	}
	n = conf_count(value->node);
	if (value->node->kind != CONF_SEQUENCE)
		return conf_value_bad(value, "must be a list of mappings");
	if ((int64_t)n < key->min || (int64_t)n > key->max)
		return conf_value_bad(value, "has %zu items, and must have %" PRId64 " to %" PRId64,
				      n, key->min, key->max);
	items = arena_array(value->arena, n + 1, sizeof *items);
	if (!items)
		return conf_value_bad(value, "is too long");
	for (const struct conf_node *c = value->node->children; c; c = c->next, i++) {
		enum status s = load_item(loading, value, c, i, &items[i]);

		if (s != OK)
			return s;
	}
	*ret = items;
	return OK;
}

/* ---------------------------------------------------------------- keys */

static enum status load_key(const struct loading *loading, const struct scope *scope,
			    const struct conf_key *key, void *to)
{
	struct arena *arena = loading->arena;
	const char *member = key->key + scope->skip;
	struct conf_value value = {
		.key = key,
		.label = arena_printf(arena, "%s%s", scope->label, member),
		.from = environment_name(arena, loading->name,
					 arena_printf(arena, "%s%s", scope->environment, member)),
		.arena = arena,
		.reterr = loading->reterr,
	};

	value.text = getenv(value.from);
	if (!value.text)
		value.node = find(scope->node, arena, member);
	if (value.node) {
		value.from = arena_printf(arena, "%s:%zu", value.node->file, value.node->line);
	} else if (!value.text) {
		value.text = key->fallback;
		value.from = scope->from ? scope->from : value.from;
	}
	if (!value.node && !value.text)
		return conf_value_bad(&value, "is missing");
	if (key->type == CONF_ITEMS)
		return to_items(loading, &value, to);
	if (key->type == CONF_LIST)
		return conf_value_list(&value, to);
	if (key->type == CONF_MAP)
		return conf_value_map(&value, to);
	return conf_value_scalar(&value, to);
}

/* Loads the keys that begin with prefix. "": the keys of no item. */
static enum status load_scope(const struct loading *loading, const struct scope *scope,
			      const char *prefix, void *ret)
{
	enum status s = OK;

	for (size_t i = 0; s == OK && i < loading->n_keys; i++) {
		const struct conf_key *key = &loading->keys[i];

		if (*prefix ? is_of(key, prefix) : !strstr(key->key, "[]."))
			s = load_key(loading, scope, key, (char *)ret + key->offset);
	}
	return s;
}

enum status conf_load(const char *path, const char *name, const struct conf_key *keys,
		      size_t n_keys, struct arena *arena, void *ret_struct, struct error *reterr)
{
	const struct loading loading = {path, name, keys, n_keys, arena, reterr};
	struct scope scope = {.label = "", .environment = "", .from = path};
	enum status s = OK;

	if (path) {
		s = conf_read(path, arena, &scope.node, reterr);
		if (s == OK && scope.node->kind != CONF_MAPPING)
			s = error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				      "%s: must be a mapping", path);
		if (s == OK)
			s = check_unknown(&loading, scope.node, "", "");
	}
	return s == OK ? load_scope(&loading, &scope, "", ret_struct) : s;
}
