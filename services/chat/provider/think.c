#include "chat/provider/think.h"

#include "runtime/base/cleanup.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const tags[] = {"think", "thinking", "thought"};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void give_held(struct think *think, bool thought, think_sink *sink, void *ctx)
{
	if (think->n_held > 0)
		sink(ctx, thought, think->held, think->n_held);
	think->n_held = 0;
}

enum fit { FIT_NOT, FIT_PART, FIT_WHOLE };

static enum fit fit(const char *text, size_t len, const char *format, const char *tag)
{
	char whole[THINK_HELD_MAX];
	size_t n = (size_t)snprintf(whole, sizeof whole, format, tag);

	if (len > n || strncasecmp(text, whole, len) != 0)
		return FIT_NOT;
	return len == n ? FIT_WHOLE : FIT_PART;
}

/* White space and a possible opening tag wait until it is clear which they are. Returns the bytes
 * that were taken: a character of text is not torn. */
static size_t add_at_begin(struct think *think, char c, think_sink *sink, void *ctx)
{
	bool part = false;
	size_t space = 0;

	think->held[think->n_held++] = c;
	while (space < think->n_held && is_space(think->held[space]))
		space++;
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		enum fit f = fit(think->held + space, think->n_held - space, "<%s>", tags[i]);

		if (f == FIT_WHOLE) {
			think->tag = tags[i];
			think->at = THINK_INSIDE;
			think->n_held = 0;
			return 1;
		}
		part |= f == FIT_PART;
	}
	if (part && think->n_held < THINK_HELD_MAX)
		return 1;
	think->at = THINK_TEXT;
	think->n_held--;
	give_held(think, false, sink, ctx);
	return 0;
}

/* Passes thoughts up to a possible closing tag. Returns the bytes that were taken. */
static size_t add_inside(struct think *think, const char *text, size_t len, think_sink *sink,
			 void *ctx)
{
	if (think->n_held == 0) {
		const char *angle = memchr(text, '<', len);
		size_t n = angle ? (size_t)(angle - text) : len;

		if (n > 0) {
			sink(ctx, true, text, n);
			return n;
		}
	}
	think->held[think->n_held++] = *text;
	switch (fit(think->held, think->n_held, "</%s>", think->tag)) {
	case FIT_WHOLE:
		think->at = THINK_AFTER;
		think->n_held = 0;
		return 1;
	case FIT_PART:
		return 1;
	default:
		break;
	}
	think->n_held--; /* this byte may begin the tag anew */
	give_held(think, true, sink, ctx);
	return 0;
}

void think_add(struct think *think, const char *text, size_t len, think_sink *sink, void *ctx)
{
	size_t i = 0;

	while (i < len && think->at != THINK_TEXT) {
		if (think->at == THINK_BEGIN) {
			i += add_at_begin(think, text[i], sink, ctx);
		} else if (think->at == THINK_INSIDE) {
			i += add_inside(think, text + i, len - i, sink, ctx);
		} else if (is_space(text[i])) {
			i++;
		} else {
			think->at = THINK_TEXT;
		}
	}
	if (i < len)
		sink(ctx, false, text + i, len - i);
}

void think_end(struct think *think, think_sink *sink, void *ctx)
{
	bool text = false;

	for (size_t i = 0; i < think->n_held; i++)
		text |= !is_space(think->held[i]);
	if (text)
		give_held(think, think->at == THINK_INSIDE, sink, ctx);
	think->n_held = 0;
}
