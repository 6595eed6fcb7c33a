/* From the messages of a branch to the turns of a prompt. */
#ifndef CHAT_MESSAGE_TURNS_H
#define CHAT_MESSAGE_TURNS_H

#include "chat/provider/provider.h"

/* Writes messages[0 … n - 1], oldest first and the last one the user's, as turns that every
 * template takes. The system comes first, then user and assistant in turns; the last turn is the
 * user's, and none is empty. Questions without an answer between them become one turn, joined by a
 * blank line. A question that was asked again in the same words is there once. Messages before the
 * first question are left out. ret has room for n. Texts are in arena, which may be exhausted.
 * Returns the number of turns. */
size_t turns_make(struct arena *arena, const struct prompt_message *messages, size_t n,
		  struct prompt_message *ret);

#endif
