/* From the messages of a branch to the turns of a prompt. */
#ifndef CHAT_GENERATION_TURNS_H
#define CHAT_GENERATION_TURNS_H

#include "chat/provider/provider.h"

/* Writes messages[0 … n - 1], oldest first and the last one the user's, as turns that every
 * template takes: system first, then user and assistant in turns, the last one the user's, none
 * without text. Questions without an answer between them become one turn, joined by a blank line;
 * asked again in the same words, a question is there once. What stands before the first question is
 * left out. ret has room for n; texts are in arena, which may be exhausted. Returns how many turns.
 */
size_t turns_make(struct arena *arena, const struct prompt_message *messages, size_t n,
		  struct prompt_message *ret);

#endif
