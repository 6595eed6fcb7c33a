/* Another model answers when no provider of the chosen one does (`fallback` in models.yaml). */
#ifndef CHAT_ANSWER_FALLBACK_H
#define CHAT_ANSWER_FALLBACK_H

#include "chat/answer/generation.h"

/* Before the first token only. The next fallback that the prompt fits becomes the generation's model
 * and has tries of its own. False: there is none left. */
bool fallback_take(struct generation *generation);

#endif
