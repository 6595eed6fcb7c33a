/* Thoughts that a model writes into its text: `<think>…</think>` at the very beginning. Servers
 * without a parser of their own pass them on. They go where reasoning goes. */
#ifndef CHAT_PROVIDER_THINK_H
#define CHAT_PROVIDER_THINK_H

#include <stdbool.h>
#include <stddef.h>

#define THINK_HELD_MAX 32 /* bytes that may be a tag and wait for more */

/* The state of a text; {0} at the beginning. */
struct think {
	enum { THINK_BEGIN, THINK_INSIDE, THINK_AFTER, THINK_TEXT } at;
	const char *tag; /* that is open */
	char held[THINK_HELD_MAX];
	size_t n_held;
};

/* A piece of text, or of thoughts. */
typedef void think_sink(void *ctx, bool thought, const char *text, size_t len);

void think_add(struct think *think, const char *text, size_t len, think_sink *sink, void *ctx);
/* No more comes: held bytes are given out as they are. White space alone is no text. */
void think_end(struct think *think, think_sink *sink, void *ctx);

#endif
