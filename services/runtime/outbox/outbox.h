/* Calls to other services that must not be lost: each is a row, written in the transaction of its
 * cause, and is made again until it is answered. The table is in each schema (migrations/).
 * docs/modules/outbox.md */
#ifndef RUNTIME_OUTBOX_OUTBOX_H
#define RUNTIME_OUTBOX_OUTBOX_H

#include "runtime/db/db.h"
#include "runtime/rpc/rpc.h"

/* Inside db_tx: leaves a call of an idempotent method. key: calls with one key go out in order, for
 * example those of one purchase. id: the row's id (uuid); a second row with it is left out. */
_must_check_ enum status outbox_add(struct db *db, const char *id, const char *key,
				    const struct rpc_method *method, const ProtobufCMessage *req,
				    struct error *reterr);

struct outbox;

/* Calls that this process makes itself as soon as their transaction has ended, which saves claiming
 * them. */
struct outbox_call {
	const char *id, *key; /* as of outbox_add */
	const struct rpc_method *method;
	const ProtobufCMessage *req;
};
struct outbox_left;
/* As outbox_add for n calls, at most OUTBOX_LEAVE_MAX. *ret is for one of the two functions below,
 * when the transaction has ended; NULL when this fails. */
#define OUTBOX_LEAVE_MAX 64
_must_check_ enum status outbox_leave(struct outbox *outbox, struct db *db,
				      const struct outbox_call *calls, size_t n,
				      struct outbox_left **ret, struct error *reterr);
/* After the commit: the calls go out. Any thread; NULL allowed. */
void outbox_go(struct outbox_left *left);
/* There was no commit, or nobody knows. */
void outbox_left_free(struct outbox_left *left);

/* Where the calls of a package go. */
struct outbox_target {
	const struct rpc_method *method;
	struct rpc_channel *channel;
};

struct outbox_options {
	struct db_pool *pool;
	const struct outbox_target *targets; /* every method that outbox_add may name; copied */
	size_t n_targets;
	int32_t poll_ms;            /* when nothing wakes it; default 1,000 */
	int32_t backoff_initial_ms; /* default 100, doubling with jitter */
	int32_t backoff_max_ms;     /* default 60,000; it never gives up */
	int32_t batch_max;          /* claimed calls under way; default 64 */
	int32_t left_max;           /* calls of outbox_leave that are not marked; default 1,024 */
	int32_t keep_days;          /* delivered rows are purged after; default 7 */
};

/* One thread; several replicas may run (SKIP LOCKED). UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED,
 * RESOURCE_EXHAUSTED, INTERNAL, UNKNOWN and CANCELLED are tried again. Another answer than OK is
 * final: the row is marked as refused, logged and counted, and the next call of its key goes out.
 */
struct outbox *outbox_start(const struct outbox_options *options);
/* After a commit that added rows: do not wait for the poll. Any thread. */
void outbox_wake(struct outbox *outbox);
void outbox_stop(struct outbox *outbox);

#endif
