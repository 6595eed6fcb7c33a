#include "runtime/conf/internal.h"

#include "runtime/base/text.h"

#include <string.h>

struct unit {
	const char *suffix;
	int64_t factor;
};

static const struct unit durations[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}, {"d", 24 * 3600 * 1000},
	{NULL, 0},
};

static const struct unit sizes[] = {
	{"KiB", 1LL << 10}, {"MiB", 1LL << 20}, {"GiB", 1LL << 30}, {"B", 1}, {"", 1}, {NULL, 0},
};

static const struct unit plain[] = {{"", 1}, {NULL, 0}};

bool conf_parse_number(enum conf_type type, const char *text, int64_t *ret)
{
	const struct unit *units = type == CONF_DURATION ? durations
				   : type == CONF_BYTES  ? sizes
							 : plain;
	size_t digits = strspn(text, "-0123456789");
	int64_t value;

	if (!text_parse_i64(text, digits, INT64_MIN, INT64_MAX, &value))
		return false;
	if (value == 0 && text[digits] == '\0') { /* zero needs no unit */
		*ret = 0;
		return true;
	}
	for (; units->suffix; units++)
		if (strcmp(text + digits, units->suffix) == 0)
			return !__builtin_mul_overflow(value, units->factor, ret);
	return false;
}

bool conf_parse_boolean(const char *text, bool *ret)
{
	*ret = strcmp(text, "true") == 0;
	return *ret || strcmp(text, "false") == 0;
}
