/* A generation that runs here is stopped from another thread. */
#ifndef CHAT_ANSWER_CANCEL_H
#define CHAT_ANSWER_CANCEL_H

#include "chat/answer/engine.h"

/* Stops it and waits until its end is stored, at most wait_ms. False: it does not run here. Any
 * thread but the engine's. */
bool cancel_here(struct engine *engine, const char *generation, int32_t wait_ms);

#endif
