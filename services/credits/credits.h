/* The ledger service: what its files share. Money moves only in the functions of migrations/; the C
 * code checks input, derives ids and turns rows into answers. */
#ifndef CREDITS_CREDITS_H
#define CREDITS_CREDITS_H

#include "credits/v1/rpc.h"
#include "runtime/base/ids.h"
#include "runtime/db/db.h"
#include "runtime/service/service.h"
#include "sql/credits.h"

#define CREDITS_SCHEMA_VERSION 4

/* Largest amount of one transfer, 10^9 credits: sums of thousands of them stay far from the end of
 * a bigint. */
#define AMOUNT_MICROCREDITS_MAX 1000000000000000LL

struct credits_conf {
	struct service_conf service; /* first */
	int64_t gift_microcredits;   /* 0: no gift */
	int64_t gift_lifetime_ms;    /* 0: it never expires */
	int64_t hold_lifetime_max_ms;
	int64_t sweep_interval_ms;
	int64_t sweep_holds_max;
};

/* Set before the first handler runs. */
extern const struct credits_conf *credits_conf;
extern const struct conf_key credits_keys[];
extern const size_t credits_keys_n;

/* Checks that text is a UUID and writes its lower-case form, from which other ids may be derived.
 * Errors: INVALID_ARGUMENT field_invalid with the field. */
_must_check_ enum status credits_uuid(struct rpc_call *call, const char *field, const char *text,
				      char out[UUID_SIZE]);

/* Checks min <= amount <= AMOUNT_MICROCREDITS_MAX. Errors: INVALID_ARGUMENT amount_range. */
_must_check_ enum status credits_amount(struct rpc_call *call, const char *field, int64_t amount,
					int64_t min);

/* Checks the length of a text that another service sends. Errors: INVALID_ARGUMENT field_too_long.
 */
_must_check_ enum status credits_text(struct rpc_call *call, const char *field, const char *text,
				      size_t bytes_max);

/* Makes the account of a user whom credits sees for the first time, welcome gift included. Twice:
 * once. Not inside db_tx. */
_must_check_ enum status credits_open_account(struct db *db, const char *user_id,
					      struct error *reterr);

/* Row 0 of the statement credits_balance. */
void credits_balance_read(const PGresult *rows, Credits__V1__Balance *ret);

/* A row with the columns of the statement credits_transactions. */
void credits_transaction_read(struct arena *arena, const PGresult *rows, int row,
			      Credits__V1__Transaction *ret);

/* Jobs (runtime/jobs): holds whose time is over. */
enum status credits_expire_holds(struct db *db, void *ctx, struct error *reterr);

#endif
