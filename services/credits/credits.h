/* The ledger service: what its files share. Money moves only in the functions of migrations/; the C
 * code checks input, derives ids and turns rows into answers. */
#ifndef CREDITS_CREDITS_H
#define CREDITS_CREDITS_H

#include "credits/v1/rpc.h"
#include "runtime/db/db.h"
#include "runtime/service/service.h"
#include "sql/credits.h"

#include <pthread.h>

/* Largest amount of one transfer, 10^9 credits: sums of thousands of them stay far from the end of
 * a bigint. */
#define AMOUNT_MICROCREDITS_MAX 1000000000000000LL

struct credits_conf {
	struct service_conf service; /* first */
	const char *events;          /* a backend; "": no page is told of alerts */
	int64_t gift_microcredits;   /* 0: no gift */
	int64_t gift_lifetime_ms;    /* 0: it never expires */
	int64_t hold_lifetime_max_ms;
	int64_t limit_microcredits; /* of new pay-as-you-go users; 0: not offered */
	int64_t purchases_min;      /* before a user may pay as they go */
	int64_t budgets_max;        /* of one user */
	int64_t voucher_tries_user, voucher_tries_address; /* in an hour */
	int64_t sweep_interval_ms;
	int64_t sweep_holds_max;
	int64_t verify_interval_ms;
	int64_t verify_timeout_ms;
};

/* Transactions of commands at a time. Two: while one waits for the disk the other computes. More would
 * make smaller batches that wait for each other's accounts. */
#define CREDITS_LEADERS_MAX 2

/* Commands that wait for a worker to run them together (command.c). */
struct credits_queue {
	pthread_mutex_t lock;                 /* of all below */
	struct credits_command *first, *last; /* the one that waits longest, the newest */
	int leaders;                          /* workers that run a batch */
};
#define CREDITS_QUEUE_INIT                               \
	{                                                \
		PTHREAD_MUTEX_INITIALIZER, NULL, NULL, 0 \
	}

/* All that the process has; made by main.c. */
struct credits {
	const struct credits_conf *conf;
	struct credits_queue queue;
	struct rpc_channel *events;  /* NULL: no page is told of alerts */
	struct db_pool *leader_pool; /* a connection a leader; NULL: they use their workers' */
	struct db_pool *sweep_pool, *verify_pool;
	struct jobs *sweep_jobs, *verify_jobs;
};

static inline struct credits *credits_of(const struct rpc_call *call)
{
	return call->state;
}

/* Checks that text is a UUID and writes its lower-case form, from which other ids may be derived.
 * Errors: INVALID_ARGUMENT field_invalid with the field. */
_must_check_ enum status credits_uuid(struct rpc_call *call, const char *field, const char *text,
				      char out[UUID_SIZE]);

/* Checks min <= amount <= AMOUNT_MICROCREDITS_MAX. Errors: INVALID_ARGUMENT amount_range. */
_must_check_ enum status credits_amount(struct rpc_call *call, const char *field, int64_t amount,
					int64_t min);

/* Checks the length of a text from another service. Errors: INVALID_ARGUMENT field_too_long. */
_must_check_ enum status credits_text(struct rpc_call *call, const char *field, const char *text,
				      size_t bytes_max);

#define CREDITS_PLANS_MAX 32      /* of one request */
#define CREDITS_PLAN_BYTES_MAX 40 /* of a plan's id */

/* Checks ids of plans. Errors: INVALID_ARGUMENT field_invalid. */
_must_check_ enum status credits_plans(struct rpc_call *call, char *const *plans, size_t n);
/* The account of a user's plan; plan is checked. */
void credits_plan_account(const char *user_id, const char *plan, char out[UUID_SIZE]);

/* Makes the account of a user that credits sees for the first time, with the welcome gift. A repeat
 * changes nothing. Not inside db_tx. */
_must_check_ enum status credits_open_account(struct rpc_call *call, const char *user_id);

/* The user's balance. open: a new user gets an account first. Errors: NOT_FOUND not_found. */
_must_check_ enum status credits_balance(struct rpc_call *call, const char *user_id, bool open,
					 Credits__V1__Balance *ret);

/* A page of the user's transactions, newest first. Errors: as page_begin. */
_must_check_ enum status credits_transactions(struct rpc_call *call, const char *user_id,
					      int32_t page_size, const char *page_token,
					      Credits__V1__ListTransactionsResponse *resp);

/* A row with the columns of the statement credits_transactions. */
void credits_transaction_read(struct arena *arena, const PGresult *rows, int row,
			      Credits__V1__Transaction *ret);
/* UNSPECIFIED for kinds that users do not see. */
Credits__V1__Transaction__Kind credits_kind_read(const char *sql);

/* Checks "2026-11"; *ret is NULL for "". Errors: INVALID_ARGUMENT field_invalid. */
_must_check_ enum status credits_month(struct rpc_call *call, const char *month, const char **ret);

struct credits_booking {
	const char *id;
	const char *user_id;
	const char *kind;            /* transfer_kind in SQL */
	int64_t change_microcredits; /* below 0: taken from the user */
	const char *reference;
	const char *actor_id; /* administrator; NULL: none */
};

/* Books once. *ret: one row as credits_transactions has, and `posted`, the balance of now. Errors:
 * those of the statement. */
_must_check_ enum status credits_book(struct rpc_call *call, const struct credits_booking *booking,
				      PGresult **ret);

/* Undoes transfer `original` if its kind is in kinds ("{refund,gift}"); *ret as credits_book. */
_must_check_ enum status credits_reverse(struct rpc_call *call, const char *id,
					 const char *original, const char *kinds,
					 const char *reference, const char *actor_id,
					 PGresult **ret);

_must_check_ enum status credits_set_budget(struct rpc_call *call, const char *user_id,
					    const Credits__V1__SetBudgetRequest *req,
					    Credits__V1__Budget *resp);
/* UNSPECIFIED for an unknown word. */
Credits__V1__Budget__Period credits_period_read(const char *word);
_must_check_ enum status credits_budget_read(struct rpc_call *call, const PGresult *rows, int row,
					     Credits__V1__Budget *ret);

/* Jobs (runtime/jobs): holds, gifts and counts of tries whose
 * time is over; the invariants. ctx: struct credits. */
enum status credits_expire_holds(struct db *db, void *ctx, struct error *reterr);
enum status credits_publish_alerts(struct db *db, void *ctx, struct error *reterr);
enum status credits_expire_gifts(struct db *db, void *ctx, struct error *reterr);
enum status credits_forget_tries(struct db *db, void *ctx, struct error *reterr);
enum status credits_verify(struct db *db, void *ctx, struct error *reterr);

#endif
