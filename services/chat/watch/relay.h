/* The stream of another replica, on which the generation runs. */
#ifndef CHAT_WATCH_RELAY_H
#define CHAT_WATCH_RELAY_H

#include "chat/watch/watch.h"

void relay_begin(struct watch *watch, const char *endpoint, const char *boot_id,
		 const struct facts *facts);
/* Sends what there is to send. */
void relay_pump(struct watch *watch);
void relay_end(struct watch *watch);

#endif
