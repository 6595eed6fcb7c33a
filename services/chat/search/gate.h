/* How many searches of one user run at once in this process. */
#ifndef CHAT_SEARCH_GATE_H
#define CHAT_SEARCH_GATE_H

#include "runtime/base/uuid.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATE_MAX 256 /* searches at once in a process */

struct search_gate {
	pthread_mutex_t lock;
	size_t n;
	char users[GATE_MAX][UUID_SIZE];
};

/* False: the user has as many. Otherwise the caller leaves again. */
bool search_gate_enter(struct search_gate *gate, const char *user, int64_t per_user);
void search_gate_leave(struct search_gate *gate, const char *user);

#endif
