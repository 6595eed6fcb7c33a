#include "runtime/db/db.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/db/timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A name that the statement does not return is a bug in the program, so it ends it. */
static int column_of(const PGresult *rows, int row, const char *name)
{
	int column = PQfnumber(rows, name);

	if (column < 0)
		fprintf(stderr, "the statement returns no column '%s'\n", name);
	ensure(column >= 0);
	ensure(row >= 0 && row < PQntuples(rows));
	return column;
}

static const char *value_of(const PGresult *rows, int row, const char *name)
{
	int column = column_of(rows, row, name);

	return PQgetisnull(rows, row, column) ? NULL : PQgetvalue(rows, row, column);
}

int64_t db_i64(const PGresult *rows, int row, const char *column)
{
	const char *text = value_of(rows, row, column);
	char *end;
	int64_t value;

	if (!text)
		return 0;
	value = strtoll(text, &end, 10); /* the nearest when it does not fit */
	ensure(*text && !*end);
	return value;
}

int32_t db_i32(const PGresult *rows, int row, const char *column)
{
	int64_t value = db_i64(rows, row, column);

	if (value > INT32_MAX)
		return INT32_MAX;
	return value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

double db_double(const PGresult *rows, int row, const char *column)
{
	const char *text = value_of(rows, row, column);
	char *end;
	double value;

	if (!text)
		return 0;
	value = strtod(text, &end);
	ensure(*text && !*end);
	return value;
}

bool db_bool(const PGresult *rows, int row, const char *column)
{
	const char *text = value_of(rows, row, column);

	if (!text)
		return false;
	ensure(strcmp(text, "t") == 0 || strcmp(text, "f") == 0);
	return text[0] == 't';
}

bool db_is_null(const PGresult *rows, int row, const char *column)
{
	return PQgetisnull(rows, row, column_of(rows, row, column)) == 1;
}

const char *db_peek(const PGresult *rows, int row, const char *column)
{
	const char *text = value_of(rows, row, column);

	return text ? text : "";
}

char *db_text(struct arena *arena, const PGresult *rows, int row, const char *column)
{
	return arena_strdup(arena, db_peek(rows, row, column));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	ensure(c >= 'a' && c <= 'f');
	return c - 'a' + 10;
}

uint8_t *db_bytes(struct arena *arena, const PGresult *rows, int row, const char *column,
		  size_t *ret_len)
{
	const char *text = db_peek(rows, row, column);
	size_t len = strlen(text);
	uint8_t *bytes;

	*ret_len = 0;
	if (len == 0)
		return arena_zalloc(arena, 1);
	ensure(len >= 2 && text[0] == '\\' && text[1] == 'x');
	text += 2;
	len = (len - 2) / 2;
	bytes = arena_alloc(arena, len + 1);
	if (!bytes)
		return NULL;
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
	bytes[len] = 0;
	*ret_len = len;
	return bytes;
}

Google__Protobuf__Timestamp *db_time(struct arena *arena, const PGresult *rows, int row,
				     const char *column)
{
	if (db_is_null(rows, row, column))
		return NULL;
	return timestamp_new(arena, db_i64(rows, row, column));
}

const char *db_param_i64(struct arena *arena, int64_t value)
{
	return arena_printf(arena, "%" PRId64, value);
}

const char *db_param_bytes(struct arena *arena, const void *data, size_t len)
{
	char *text = arena_alloc(arena, 2 * len + 3);

	if (!text)
		return "";
	text[0] = '\\';
	text[1] = 'x';
	hex_encode(data, len, text + 2);
	return text;
}

const char *db_param_time(struct arena *arena, const Google__Protobuf__Timestamp *time)
{
	char *text;

	if (!time)
		return NULL;
	text = arena_alloc(arena, CLOCK_RFC3339_SIZE);
	if (!text)
		return "";
	clock_rfc3339(timestamp_us(time), text);
	return text;
}

/* '{"a","b\"c"}': quotes and backslashes are escaped, so every text is one element. null: how NULL
 * is written. */
static const char *quoted_list(struct arena *arena, const char *const *texts, size_t n, char open,
			       char close, const char *null)
{
	size_t size = 3;
	char *list, *p;

	for (size_t i = 0; i < n; i++)
		size += texts[i] ? 2 * strlen(texts[i]) + 3 : strlen(null) + 1;
	list = arena_alloc(arena, size);
	if (!list)
		return "";
	p = list;
	*p++ = open;
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*p++ = ',';
		if (!texts[i]) {
			p = stpcpy(p, null);
			continue;
		}
		*p++ = '"';
		for (const char *c = texts[i]; *c; c++) {
			if (*c == '"' || *c == '\\')
				*p++ = '\\';
			*p++ = *c;
		}
		*p++ = '"';
	}
	*p++ = close;
	*p = '\0';
	return list;
}

const char *db_param_array(struct arena *arena, const char *const *texts, size_t n)
{
	return quoted_list(arena, texts, n, '{', '}', "NULL");
}

const char *db_param_row(struct arena *arena, const char *const *texts, size_t n)
{
	return quoted_list(arena, texts, n, '(', ')', "");
}
