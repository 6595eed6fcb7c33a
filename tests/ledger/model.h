/* The ledger of one user as a few lines of arithmetic, to compare the real one with. */
#ifndef TESTS_LEDGER_MODEL_H
#define TESTS_LEDGER_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_HOLDS_MAX 4096
#define MODEL_BOOKINGS_MAX 1024
#define MODEL_BUDGETS 2

enum model_hold_state {
	MODEL_REFUSED,
	MODEL_OPEN,
	MODEL_SETTLED,
	MODEL_VOIDED,
	MODEL_EXPIRED,
	MODEL_CHARGED, /* after it expired */
};

struct model_hold {
	enum model_hold_state state;
	const char *refused; /* reason */
	int64_t amount;
	bool due;   /* its time is over: a sweep expires it */
	int budget; /* -1: none */
	bool plan_may_pay, plan_pays;
	int64_t asked, charged; /* by the settle */
};

enum model_kind {
	MODEL_PURCHASE,
	MODEL_REFUND,
	MODEL_CHARGEBACK,
	MODEL_ADJUSTMENT,
};

struct model_booking {
	enum model_kind kind;
	int64_t asked;  /* change: below 0 takes */
	int64_t change; /* the part that the user's balance bore */
	bool refused;   /* an adjustment that was not covered: nothing is stored under its id */
	bool reversed;
};

struct model_budget {
	int64_t limit, posted, pending;
};

/* Of the user. Each grant ends later than the ones before, or is over at once. */
struct model_plan {
	int64_t posted, pending, gift;
	int months; /* of its grants; 0: there was none */
};

struct model {
	struct model_plan plan;
	int64_t posted, pending, limit;
	bool pay_as_you_go, suspended;
	struct model_hold holds[MODEL_HOLDS_MAX];
	int n_holds;
	struct model_booking bookings[MODEL_BOOKINGS_MAX];
	int n_bookings;
	struct model_budget budgets[MODEL_BUDGETS];
	int64_t loss, disputes; /* costs of this user to the platform */
};

int64_t model_available(const struct model *m);

/* Each does what the ledger must do and returns the reason of the failure, or NULL. Repeats change
 * nothing. */
const char *model_hold(struct model *m, int64_t amount, bool due, int budget,
		       bool plan); /* makes holds[n_holds] */
void model_grant(struct model *m, int64_t amount, int months);
const char *model_settle(struct model *m, struct model_hold *h, int64_t amount);
const char *model_void(struct model *m, struct model_hold *h);
void model_sweep(struct model *m, struct model_hold *h);
const char *model_book(struct model *m, enum model_kind kind,
		       int64_t change); /* makes bookings[n_bookings] */
const char *model_reverse(struct model *m, struct model_booking *b);
const char *model_switch(struct model *m, bool pay_as_you_go, int64_t limit);
const char *model_set_limit(struct model *m, int64_t limit);

#endif
