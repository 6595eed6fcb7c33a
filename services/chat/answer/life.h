/* The engine runs generations from start to stop. */
#ifndef CHAT_ANSWER_LIFE_H
#define CHAT_ANSWER_LIFE_H

#include "chat/answer/engine.h"

/* Ends the leases of former processes at this endpoint, then looks for generations to take over. */
struct engine *life_start(const struct engine_options *options);
/* Takes on no more; running answers go on. */
void life_drain(struct engine *engine);
/* Ends all watchers, gives the leases of what still runs to the other replicas, and waits. */
void life_stop(struct engine *engine);

#endif
