/* What the files of this folder share. A call under way is a struct delivery: from the commit, or the
 * claim, until its row is marked. */
#ifndef RUNTIME_OUTBOX_INTERNAL_H
#define RUNTIME_OUTBOX_INTERNAL_H

#include "runtime/outbox/outbox.h"

#include <pthread.h>

#define CALL_TIMEOUT_MS 10000
#define CLAIM_MS 30000 /* longer than a commit and a call: nobody else takes the row meanwhile */

struct delivery {
	struct delivery *next;
	struct outbox *outbox;
	const struct outbox_target *target;
	const char *method; /* until it is started */
	char id[UUID_SIZE];
	bool claimed; /* by the thread, and not taken when it was left */
	int32_t attempts;
	enum status status;
	struct error err;
	size_t len; /* of the packed request, before the call */
	uint8_t *packed;
};

struct outbox {
	struct outbox_options options; /* its targets are a copy */
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	bool woken, stopping;
	int32_t claimed, left;  /* calls that are not marked yet, by how they came here */
	struct delivery *ended; /* answered and not marked */
	int32_t n_ended;
	int64_t mark_us; /* when they are marked, clock_mono_us */
	/* Of the thread. */
	int64_t claim_us, purge_us, complain_us; /* when next */
};

/* With room for a request of so many bytes. */
struct delivery *delivery_new(struct outbox *outbox, const char *id, size_t len);
void delivery_free(struct delivery *delivery);
/* The service counts this method's calls. */
void delivery_know(const char *method);
/* Makes the call, and puts the delivery among those that ended when there is an answer. Any thread. */
void delivery_start(struct delivery *delivery);
/* Marks the rows of those that ended, and frees them. *ret_again: others may be due now. */
_must_check_ enum status delivery_mark(struct outbox *outbox, struct db *db, bool *ret_again,
				       struct error *reterr);

#endif
