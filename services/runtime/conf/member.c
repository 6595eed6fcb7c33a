/* Typed members of a mapping, for catalogues. */
#include "runtime/conf/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MILLION 1000000
#define FRACTION_DIGITS_MAX 6

_printf_(5, 6) static enum status
	bad(const struct conf_node *mapping, const struct conf_node *at, const char *key,
	    struct error *reterr, const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	return error_set(reterr, INVALID_ARGUMENT, "config_invalid", "%s:%zu: %s: %s",
			 mapping->file, at ? at->line : mapping->line, key, what);
}

/* The text of a scalar member, or the fallback. */
static enum status scalar(const struct conf_node *mapping, const char *key, const char *fallback,
			  const char **ret, struct error *reterr)
{
	const struct conf_node *node = conf_get(mapping, key);

	if (node && node->kind != CONF_SCALAR)
		return bad(mapping, node, key, reterr, "must be a single value");
	if (!node && !fallback)
		return bad(mapping, NULL, key, reterr, "is missing");
	*ret = node ? node->text : fallback;
	return OK;
}

enum status conf_only(const struct conf_node *mapping, const char *const *allowed,
		      struct error *reterr)
{
	if (mapping->kind != CONF_MAPPING)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "%s:%zu: must be a mapping", mapping->file, mapping->line);
	for (const struct conf_node *c = mapping->children; c; c = c->next) {
		const char *const *a = allowed;

		while (*a && strcmp(*a, c->key) != 0)
			a++;
		if (!*a)
			return bad(mapping, c, c->key, reterr, "unknown key");
	}
	return OK;
}

enum status conf_text(const struct conf_node *mapping, const char *key, const char *fallback,
		      const char **ret, struct error *reterr)
{
	return scalar(mapping, key, fallback, ret, reterr);
}

enum status conf_integer(const struct conf_node *mapping, const char *key, const char *fallback,
			 int64_t min, int64_t max, int64_t *ret, struct error *reterr)
{
	const char *text;
	enum status s = scalar(mapping, key, fallback, &text, reterr);

	if (s != OK)
		return s;
	if (!conf_parse_number(CONF_INTEGER, text, ret) || *ret < min || *ret > max)
		return bad(mapping, conf_get(mapping, key), key, reterr,
			   "'%s' is not a whole number from %" PRId64 " to %" PRId64, text, min,
			   max);
	return OK;
}

/* "-12.5" to -12,500,000. False: more digits than millionths have, or no decimal. */
static bool parse_millionths(const char *text, int64_t *ret)
{
	const char *dot = strchr(text, '.');
	size_t whole_len = dot ? (size_t)(dot - text) : strlen(text);
	size_t fraction_len = dot ? strlen(dot + 1) : 0;
	char digits[40];
	size_t n = 0;

	if (whole_len == 0 || (dot && fraction_len == 0) || fraction_len > FRACTION_DIGITS_MAX ||
	    whole_len + FRACTION_DIGITS_MAX >= sizeof digits)
		return false;
	memcpy(digits, text, whole_len);
	n = whole_len;
	if (dot)
		memcpy(digits + n, dot + 1, fraction_len);
	n += fraction_len;
	for (size_t i = fraction_len; i < FRACTION_DIGITS_MAX; i++)
		digits[n++] = '0';
	digits[n] = '\0';
	return conf_parse_number(CONF_INTEGER, digits, ret);
}

enum status conf_millionths(const struct conf_node *mapping, const char *key, const char *fallback,
			    int64_t min, int64_t max, int64_t *ret, struct error *reterr)
{
	const char *text;
	enum status s = scalar(mapping, key, fallback, &text, reterr);

	if (s != OK)
		return s;
	if (!parse_millionths(text, ret) || *ret < min || *ret > max)
		return bad(mapping, conf_get(mapping, key), key, reterr,
			   "'%s' is not a decimal with at most %d digits of fraction from %" PRId64
			   " to %" PRId64 " millionths",
			   text, FRACTION_DIGITS_MAX, min, max);
	return OK;
}

enum status conf_boolean(const struct conf_node *mapping, const char *key, const char *fallback,
			 bool *ret, struct error *reterr)
{
	const char *text;
	enum status s = scalar(mapping, key, fallback, &text, reterr);

	if (s != OK)
		return s;
	if (!conf_parse_boolean(text, ret))
		return bad(mapping, conf_get(mapping, key), key, reterr,
			   "'%s' is neither true nor false", text);
	return OK;
}

enum status conf_list(const struct conf_node *mapping, const char *key, struct arena *arena,
		      const char *const **ret, struct error *reterr)
{
	const struct conf_node *node = conf_get(mapping, key);
	const char **texts;
	size_t n = 0;

	if (node && node->kind != CONF_SEQUENCE)
		return bad(mapping, node, key, reterr, "must be a list");
	texts = arena_array(arena, conf_count(node) + 1, sizeof *texts);
	if (!texts)
		return bad(mapping, node, key, reterr, "is too long");
	for (const struct conf_node *c = node ? node->children : NULL; c; c = c->next) {
		if (c->kind != CONF_SCALAR)
			return bad(mapping, c, key, reterr, "must be a list of single values");
		texts[n++] = c->text;
	}
	*ret = texts;
	return OK;
}
