/* Step 5, for all generations at once: what was written is stored, leases and holds are renewed,
 * and the database says which leases are lost and what is to be stopped. */
#ifndef CHAT_ANSWER_UPKEEP_H
#define CHAT_ANSWER_UPKEEP_H

#include "chat/answer/engine.h"

void upkeep_begin(struct engine *engine);

#endif
