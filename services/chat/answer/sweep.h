/* Generations whose replica is gone are taken over for their next attempt. */
#ifndef CHAT_ANSWER_SWEEP_H
#define CHAT_ANSWER_SWEEP_H

#include "chat/answer/engine.h"

void sweep_begin(struct engine *engine);
/* Ends the leases of former processes at this endpoint. */
void sweep_former(struct engine *engine);

#endif
