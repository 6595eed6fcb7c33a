/* The commented example of a configuration file, written from the same table that reads it. */
#include "runtime/conf/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const type_names[] = {
	[CONF_TEXT] = "text",         [CONF_SECRET] = "secret (or file:/path, mode 0600)",
	[CONF_INTEGER] = "number",    [CONF_BOOLEAN] = "true or false",
	[CONF_DURATION] = "time",     [CONF_BYTES] = "bytes",
	[CONF_LIST] = "list of text", [CONF_MAP] = "mapping of text",
};

/* Prints the parts of a dotted key that the key before it did not open. Returns the depth of its
 * last part. */
static int print_sections(const char *key, const char *before)
{
	int depth = 0;

	for (;;) {
		size_t len = strcspn(key, ".");
		bool same = before && strncmp(key, before, len) == 0 && before[len] == '.';

		if (key[len] == '\0')
			return depth;
		if (!same)
			printf("%*s%.*s:\n", depth * 2, "", (int)len, key);
		before = same ? before + len + 1 : NULL;
		key += len + 1;
		depth++;
	}
}

static void print_key(const struct conf_key *key, const char *before)
{
	const char *last = strrchr(key->key, '.') ? strrchr(key->key, '.') + 1 : key->key;
	int indent = 2 * print_sections(key->key, before);

	printf("%*s# %s\n", indent, "", key->help);
	printf("%*s# %s", indent, "", type_names[key->type]);
	if (key->min || key->max)
		printf(", %" PRId64 " to %" PRId64, key->min, key->max);
	printf("; %s; %s\n", key->fallback ? "default below" : "required",
	       key->reload ? "reload" : "restart");
	if (key->type == CONF_LIST)
		printf("%*s%s%s: [%s]\n", indent, "", key->fallback ? "" : "# ", last,
		       key->fallback ? key->fallback : "");
	else if (key->type == CONF_MAP)
		printf("%*s%s%s: {}\n", indent, "", key->fallback ? "" : "# ", last);
	else
		printf("%*s%s%s: %s\n", indent, "", key->fallback ? "" : "# ", last,
		       !key->fallback || *key->fallback ? (key->fallback ? key->fallback : "")
							: "\"\"");
}

void conf_print_example(const char *title, const struct conf_key *keys, size_t n_keys)
{
	printf("# %s\n", title);
	for (size_t i = 0; i < n_keys; i++) {
		putchar('\n');
		print_key(&keys[i], i ? keys[i - 1].key : NULL);
	}
}
