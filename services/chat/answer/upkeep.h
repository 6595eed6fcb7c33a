/* Step 5, for all generations at once: new text is stored, leases and holds are renewed. The database
 * says which leases are lost and which answers are to be stopped. */
#ifndef CHAT_ANSWER_UPKEEP_H
#define CHAT_ANSWER_UPKEEP_H

#include "chat/answer/engine.h"

void upkeep_begin(struct engine *engine);

#endif
