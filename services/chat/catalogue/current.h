/* The catalogue as it is now. SIGHUP and discovery replace it while handlers read it. */
#ifndef CHAT_CATALOGUE_CURRENT_H
#define CHAT_CATALOGUE_CURRENT_H

#include "chat/catalogue/catalogue.h"

#include <pthread.h>

struct current {
	pthread_mutex_t lock; /* guards catalogue */
	struct catalogue *catalogue;
};

void current_init(struct current *current);
void current_done(struct current *current);

/* The reference is the caller's. Any thread. */
struct catalogue *current_catalogue(struct current *current);
/* Takes the caller's reference. Any thread. */
void current_set(struct current *current, struct catalogue *catalogue);

#endif
