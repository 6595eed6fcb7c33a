/* Plans: what is for sale, and what Stripe says of subscriptions. */
#ifndef PAYMENTS_PLAN_H
#define PAYMENTS_PLAN_H

#include "payments/payments.h"

#define PLANS_MAX 32
#define PLAN_BYTES_MAX 40 /* of an id */

struct plan {
	Payments__V1__Plan shown; /* first */
	const char *stripe_price; /* id of Stripe's price; "": the terms are sent along */
};

/* The plans for sale, in the file's order. Never changed once in force. */
struct plans {
	size_t n;
	struct plan all[PLANS_MAX];
	Payments__V1__Plan *shown[PLANS_MAX];
};

/* Reads and checks a catalogue; all of it lives in the arena. "": there are none. Errors:
 * INVALID_ARGUMENT naming file, line and key. */
_must_check_ enum status plans_read(const char *path, struct arena *arena, const struct plans **ret,
				    struct error *reterr);
/* NULL: it is not for sale. */
const struct plan *plan_find(const struct payments *payments, const char *id);

/* True for an object that is about a subscription: it is learnt here. What follows for credits and chat goes to the outbox. Inside db_tx. */
bool is_about_plan(const json_t *object);
_must_check_ enum status plan_learn(struct db *db, const json_t *object, const struct learning *how,
				    struct error *reterr);

/* A row of the subscription's columns, all in the arena. */
void subscription_read(struct arena *arena, const PGresult *rows, int row,
		       Payments__V1__Subscription *ret);

#endif
