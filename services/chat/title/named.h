/* The end of a naming: its title and its usage are stored. */
#ifndef CHAT_TITLE_NAMED_H
#define CHAT_TITLE_NAMED_H

#include "chat/work/crew.h"

/* On the crew; work is a struct naming with an answer. */
void naming_store(struct crew_member *member, struct work *work);

#endif
