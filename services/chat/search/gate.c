#include "chat/search/gate.h"

#include <stdio.h>
#include <string.h>

bool search_gate_enter(struct search_gate *gate, const char *user, int64_t per_user)
{
	int64_t mine = 0;
	bool room;

	pthread_mutex_lock(&gate->lock);
	for (size_t i = 0; i < gate->n; i++)
		mine += strcmp(gate->users[i], user) == 0;
	room = mine < per_user && gate->n < GATE_MAX;
	if (room)
		snprintf(gate->users[gate->n++], UUID_SIZE, "%s", user);
	pthread_mutex_unlock(&gate->lock);
	return room;
}

void search_gate_leave(struct search_gate *gate, const char *user)
{
	pthread_mutex_lock(&gate->lock);
	for (size_t i = 0; i < gate->n; i++) {
		if (strcmp(gate->users[i], user) != 0)
			continue;
		memmove(gate->users[i], gate->users[--gate->n], UUID_SIZE);
		break;
	}
	pthread_mutex_unlock(&gate->lock);
}
