/* Steps 4 and 5: a provider is asked; before its first token another one may be. */
#ifndef CHAT_ANSWER_TRY_H
#define CHAT_ANSWER_TRY_H

#include "chat/answer/generation.h"

/* Begins the stage TRY. */
void try_begin(struct generation *generation);
/* Begins the stage PAUSE, of generation->try.pause_us. */
void try_pause(struct generation *generation);

#endif
