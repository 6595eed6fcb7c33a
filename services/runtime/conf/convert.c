/* Text of the file or the environment to the type of its key. */
#include "runtime/conf/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CONF_SECRET_MAX 65536

_printf_(2, 3) enum status conf_value_bad(const struct conf_value *value, const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	return error_set(value->reterr, INVALID_ARGUMENT, "config_invalid", "%s: %s: %s",
			 value->from, value->label, what);
}

/* "file:/path": the file's text without its last newline. A file open to others is refused. */
static enum status read_secret(const struct conf_value *value, const char *path, const char **ret)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return conf_value_bad(value, "%s: %s", path, strerror(errno));
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return conf_value_bad(value, "%s: mode must be 0600", path);
	if (st.st_size > CONF_SECRET_MAX)
		return conf_value_bad(value, "%s: longer than %d bytes", path, CONF_SECRET_MAX);
	text = arena_alloc(value->arena, (size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (n < 0)
		return conf_value_bad(value, "%s: cannot be read", path);
	if (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	*ret = text;
	return OK;
}

enum status conf_value_scalar(const struct conf_value *value, void *to)
{
	const struct conf_key *key = value->key;
	const char *text = value->node ? value->node->text : value->text;
	int64_t number;

	if (value->node && value->node->kind != CONF_SCALAR)
		return conf_value_bad(value, "must be a single value");
	if (key->type == CONF_SECRET && strncmp(text, "file:", 5) == 0)
		return read_secret(value, text + 5, to);
	if (key->type == CONF_TEXT || key->type == CONF_SECRET) {
		*(const char **)to = arena_strdup(value->arena, text);
		return OK;
	}
	if (key->type == CONF_BOOLEAN)
		return conf_parse_boolean(text, to)
			       ? OK
			       : conf_value_bad(value, "'%s' is neither true nor false", text);
	if (!conf_parse_number(key->type, text, &number))
		return conf_value_bad(value, "'%s' is not %s", text,
				      key->type == CONF_DURATION
					      ? "a time such as 300ms, 30s, 15m, 24h, 30d"
				      : key->type == CONF_BYTES ? "a size such as 512, 256KiB, 4MiB"
								: "a whole number");
	if ((key->min || key->max) && (number < key->min || number > key->max))
		return conf_value_bad(value, "%s is outside %" PRId64 " to %" PRId64, text,
				      key->min, key->max);
	*(int64_t *)to = number;
	return OK;
}

/* Items of a list or map: nodes of the file, or the comma-separated text. */
static size_t count_items(const struct conf_value *value)
{
	size_t n = 0;

	if (value->node)
		return conf_count(value->node);
	for (const char *p = value->text; *p; p++)
		n += *p == ',';
	return n + (*value->text != '\0');
}

enum status conf_value_list(const struct conf_value *value, const char *const **to)
{
	size_t n = count_items(value), i = 0;
	const char **texts = arena_array(value->arena, n + 1, sizeof *texts);
	const char *p = value->text;

	if (!texts)
		return conf_value_bad(value, "is too long");
	if (value->node) {
		if (value->node->kind != CONF_SEQUENCE)
			return conf_value_bad(value, "must be a list");
		for (const struct conf_node *c = value->node->children; c; c = c->next) {
			if (c->kind != CONF_SCALAR)
				return conf_value_bad(value, "must be a list of single values");
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

enum status conf_value_map(const struct conf_value *value, const struct conf_pair **to)
{
	size_t n = count_items(value), i = 0;
	struct conf_pair *pairs = arena_array(value->arena, n + 1, sizeof *pairs);
	const char *p = value->text;

	if (!pairs)
		return conf_value_bad(value, "is too long");
	if (value->node) {
		if (value->node->kind != CONF_MAPPING)
			return conf_value_bad(value, "must be a mapping");
		for (const struct conf_node *c = value->node->children; c; c = c->next) {
			if (c->kind != CONF_SCALAR)
				return conf_value_bad(value, "must map words to single values");
			pairs[i++] = (struct conf_pair){c->key, c->text};
		}
	} else {
		for (; i < n; i++) {
			size_t len = strcspn(p, ","), name = strcspn(p, "=");

			if (name >= len)
				return conf_value_bad(value, "must look like a=b,c=d");
			pairs[i].key = arena_strndup(value->arena, p, name);
			pairs[i].value = arena_strndup(value->arena, p + name + 1, len - name - 1);
			p += len + 1;
		}
	}
	*to = pairs;
	return OK;
}
