#include "chat/transfer/split.h"

#include <string.h>

void split_init(struct split *split, size_t element_bytes_max, int64_t at)
{
	*split = (struct split){.at = at, .begun = at > 0, .list = at > 0};
	buf_init(&split->text, element_bytes_max);
}

void split_done(struct split *split)
{
	buf_done(&split->text);
}

static void keep(struct split *split, const char *from, const char *to)
{
	if (!split->too_large && to > from && !buf_add(&split->text, from, (size_t)(to - from)))
		split->too_large = true;
}

bool split_is_inside(const struct split *split)
{
	return split->depth > 0;
}

void split_next(struct split *split)
{
	buf_clear(&split->text);
	buf_trim(&split->text, 1 << 20);
	split->text.overflow = false;
	split->too_large = false;
}

/* Behind the string that p is in, or end. */
static const char *pass_string(struct split *split, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (split->escaped)
			split->escaped = false;
		else if (*p == '\\')
			split->escaped = true;
		else if (*p == '"') {
			split->in_string = false;
			return p + 1;
		}
	}
	return p;
}

/* Behind the element that p is in, or end. */
static const char *pass_element(struct split *split, const char *p, const char *end)
{
	while (p < end) {
		if (split->in_string) {
			p = pass_string(split, p, end);
			continue;
		}
		if (*p == '"')
			split->in_string = true;
		else if (*p == '{' || *p == '[')
			split->depth++;
		else if (*p == '}' || *p == ']')
			split->depth--;
		p++;
		if (split->depth == 0)
			break;
	}
	return p;
}

/* Between elements: to the first bracket of one. Values that are no objects or lists are passed
 * over, for no program writes them. */
static const char *pass_between(struct split *split, const char *p, const char *end, bool *ret_bad)
{
	for (; p < end; p++) {
		if (split->in_string) {
			p = pass_string(split, p, end) - 1;
			continue;
		}
		if (split->begun && !split->list)
			return end; /* behind the object nothing counts */
		if (!split->begun && strchr("\xEF\xBB\xBF \t\r\n", *p))
			continue;
		if (!split->begun && *p != '[' && *p != '{') {
			*ret_bad = true;
			return p;
		}
		if (!split->begun && *p == '[') {
			split->begun = split->list = true;
			continue;
		}
		split->begun = true;
		if (*p == '"')
			split->in_string = true;
		else if (*p == ']')
			split->over = true;
		else if (!split->over && (*p == '{' || *p == '['))
			return p;
	}
	return p;
}

enum split_end split_feed(struct split *split, const char *data, size_t len, size_t *ret_used)
{
	const char *end = data + len, *p = data;
	bool bad = false;

	if (split->depth == 0)
		p = pass_between(split, p, end, &bad);
	if (bad)
		return SPLIT_NO_JSON;
	if (p < end) {
		const char *stop = pass_element(split, p, end);

		keep(split, p, stop);
		p = stop;
	}
	*ret_used = (size_t)(p - data);
	split->at += p - data;
	return *ret_used && split->depth == 0 && (split->text.len || split->too_large)
		       ? SPLIT_ELEMENT
		       : SPLIT_MORE;
}
