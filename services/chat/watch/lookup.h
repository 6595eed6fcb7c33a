/* Finds a watched generation: it runs in this process or on another replica, or it is over. Between
 * two replicas a watcher sees what is stored. */
#ifndef CHAT_WATCH_LOOKUP_H
#define CHAT_WATCH_LOOKUP_H

#include "chat/watch/watch.h"

/* Looks now, or after a while. */
void watch_look(struct watch *watch);
void watch_look_later(struct watch *watch);

#endif
