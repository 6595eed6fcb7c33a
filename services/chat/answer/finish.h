/* Steps 6 to 8: one transaction stores text, usage and state, and leaves a message for credits.
 * Then listeners learn of it. */
#ifndef CHAT_ANSWER_FINISH_H
#define CHAT_ANSWER_FINISH_H

#include "chat/answer/generation.h"

/* Begins the stage END, by generation->outcome. */
void finish_begin(struct generation *generation);

#endif
