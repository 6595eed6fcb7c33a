/* The commented example of a configuration file, written from the same table that reads it. */
#include "runtime/conf/internal.h"

#include "runtime/base/ensure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const type_names[] = {
	[CONF_TEXT] = "text",
	[CONF_SECRET] = "secret (or file:/path, mode 0600)",
	[CONF_INTEGER] = "number",
	[CONF_BOOLEAN] = "true or false",
	[CONF_DURATION] = "time",
	[CONF_BYTES] = "bytes",
	[CONF_LIST] = "list of text",
	[CONF_MAP] = "mapping of text",
	[CONF_ITEMS] = "list of mappings",
};

/* Before each line that is about a member of an item. */
#define ITEM_MARGIN "#   "

/* Prints the sections of a dotted key that are not open yet. Returns the depth of its last part. */
static int print_sections(const char *margin, const char *key, const char *before)
{
	int depth = 0;

	for (;;) {
		size_t len = strcspn(key, ".");
		bool same = before && strncmp(key, before, len) == 0 && before[len] == '.';

		if (key[len] == '\0')
			return depth;
		if (!same)
			printf("%s%*s%.*s:\n", margin, depth * 2, "", (int)len, key);
		before = same ? before + len + 1 : NULL;
		key += len + 1;
		depth++;
	}
}

/* A bound in the largest unit that divides it. */
static void print_bound(enum conf_type type, int64_t value)
{
	static const struct {
		enum conf_type type;
		int64_t factor;
		const char *suffix;
	} units[] = {
		{CONF_DURATION, 24 * 3600 * 1000, "d"},
		{CONF_DURATION, 3600 * 1000, "h"},
		{CONF_DURATION, 60 * 1000, "m"},
		{CONF_DURATION, 1000, "s"},
		{CONF_DURATION, 1, "ms"},
		{CONF_BYTES, 1LL << 30, "GiB"},
		{CONF_BYTES, 1LL << 20, "MiB"},
		{CONF_BYTES, 1LL << 10, "KiB"},
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (units[i].type == type && value != 0 && value % units[i].factor == 0) {
			printf("%" PRId64 "%s", value / units[i].factor, units[i].suffix);
			return;
		}
	}
	printf("%" PRId64, value);
}

static void print_value(const struct conf_key *key)
{
	const char *text = key->fallback ? key->fallback : "";

	if (key->type == CONF_LIST)
		printf(" [%s]\n", text);
	else if (key->type == CONF_MAP)
		printf(" {}\n");
	else
		printf(" %s\n", key->fallback && !*text ? "\"\"" : text);
}

/* Bytes of a key before its member. 0: the key is of no item. */
static size_t item_prefix(const char *key)
{
	const char *end = strstr(key, "[].");

	return end ? (size_t)(end - key) + strlen("[].") : 0;
}

/* margin: begins each line. member, before: this key and the one before it, without the prefix of
 * their list. */
static void print_key(const struct conf_key *key, const char *margin, const char *member,
		      const char *before)
{
	const char *last = strrchr(member, '.') ? strrchr(member, '.') + 1 : member;
	int indent = 2 * print_sections(margin, member, before);

	printf("%s%*s# %s\n", margin, indent, "", key->help);
	printf("%s%*s# %s", margin, indent, "", type_names[key->type]);
	if (key->min || key->max) {
		printf(", ");
		print_bound(key->type, key->min);
		printf(" to ");
		print_bound(key->type, key->max);
	}
	printf("; %s", key->fallback ? "default below" : "required");
	if (!*margin)
		printf("; %s", key->reload ? "reload" : "restart");
	printf("\n%s%*s%s%s:", margin, indent, "", key->fallback || *margin ? "" : "# ", last);
	print_value(key);
}

/* before: the key that was printed before it, or NULL. */
static void print_next(const struct conf_key *key, const char *before)
{
	size_t prefix = item_prefix(key->key);
	bool opened = before && strncmp(before, key->key, prefix) == 0;

	if (prefix == 0) {
		putchar('\n');
		print_key(key, "", key->key, before && item_prefix(before) ? NULL : before);
		return;
	}
	if (opened)
		printf("#\n");
	else
		printf("# Each item has:\n");
	print_key(key, ITEM_MARGIN, key->key + prefix, opened ? before + prefix : NULL);
}

/* Both lie in one top section: "database.dsn" and "database.wait". */
static bool same_section(const char *a, const char *b)
{
	size_t len = strcspn(a, ".");

	return a[len] == '.' && strncmp(a, b, len + 1) == 0;
}

/* The next key to print: of the section that is open, else the first one left. */
static size_t next_key(const struct conf_key *keys, size_t n_keys, const bool *printed,
		       const char *open)
{
	size_t first = n_keys;

	for (size_t i = 0; i < n_keys; i++) {
		if (printed[i])
			continue;
		if (open && same_section(open, keys[i].key))
			return i;
		if (first == n_keys)
			first = i;
	}
	return first;
}

void conf_print_example(const char *title, const struct conf_key *keys, size_t n_keys)
{
	bool *printed = calloc(n_keys + 1, sizeof *printed);
	const char *before = NULL;

	ensure(printed);
	printf("# %s\n", title);
	for (size_t n = 0; n < n_keys; n++) {
		size_t i = next_key(keys, n_keys, printed, before);

		print_next(&keys[i], before);
		printed[i] = true;
		before = keys[i].key;
	}
	free(printed);
}
