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

/* The model that a request names; "" means fallback, and the catalogue's first when that is "" too.
 * errors: INVALID_ARGUMENT model_unknown with the field `model`. */
_must_check_ enum status chat_model(const struct catalogue *catalogue, const char *id,
				    const char *fallback, const struct model **ret,
				    struct error *reterr);

#endif
