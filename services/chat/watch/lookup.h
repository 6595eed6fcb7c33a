/* Where a watched generation is: in this process, on another replica, over, or between two
 * replicas, when what is stored is all that can be shown. */
#ifndef CHAT_WATCH_LOOKUP_H
#define CHAT_WATCH_LOOKUP_H

#include "chat/watch/watch.h"

/* Finds out where the generation is, now or after a while. */
void watch_look(struct watch *watch);
void watch_look_later(struct watch *watch);

#endif
