/* Steps 2 and 3 of a generation: credits holds its price, or refuses. */
#ifndef CHAT_ANSWER_HOLD_H
#define CHAT_ANSWER_HOLD_H

#include "chat/answer/generation.h"

/* Begins the stage HOLD. */
void hold_begin(struct generation *generation);

#endif
