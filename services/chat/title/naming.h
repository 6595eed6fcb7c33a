/* The title of a chat by a cheap model, after its first answer. It costs the user nothing and delays
 * nothing. When anything fails the chat keeps the first words of its question. docs/modules/chats.md */
#ifndef CHAT_TITLE_NAMING_H
#define CHAT_TITLE_NAMING_H

#include "chat/answer/generation.h"

/* An answer is stored. Begins to name its chat if that is due and there is room. Engine thread. */
void naming_begin(const struct generation *generation);

#endif
