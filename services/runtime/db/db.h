/* PostgreSQL for straight-line handlers: named statements prepared at connect, results read by
 * column name, SQLSTATE turned into status, transactions that repeat. A struct db is one connection
 * and belongs to one thread at a time. */
#ifndef RUNTIME_DB_DB_H
#define RUNTIME_DB_DB_H

#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include <google/protobuf/timestamp.pb-c.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* One named statement; made by the build from services/<s>/sql/<topic>.sql as sql_<name>. */
struct sql {
	const char *name; /* statement name in PostgreSQL and in logs */
	const char *text;
	int n_params;
};

struct db;
struct db_pool;

/* statements: all of a service (build/gen makes sql_<service>_all). Every connection prepares them
 * when it opens, so that a wrong column fails at start and not at a call. */
struct db_options {
	const char *dsn;                     /* libpq conninfo, several hosts allowed */
	const char *application_name;        /* shown in pg_stat_activity */
	const struct sql *const *statements; /* NULL-terminated */
	int32_t connections_max;             /* of a pool; default 8 */
	int32_t connect_timeout_ms;          /* default 5,000 */
	int32_t statement_timeout_ms; /* default 10,000; the call's own deadline shortens it */
	/* All statements look rows up by their keys: each has one plan, made at its first use, that
	 * stays right when its tables grow. */
	bool fixed_plans;
	void (*before_wait)(void); /* the thread is about to sleep; NULL allowed */
};

/* Connects at the first use and again after a loss. Never NULL; no I/O here. */
struct db *db_new(const struct db_options *options);
void db_free(struct db *db);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct db *, db_free);

/* Makes sure that there is a connection. Errors: UNAVAILABLE database_unavailable. */
_must_check_ enum status db_connect(struct db *db, struct error *reterr);

/* Deadline (clock_mono_us) of all statements from here on; 0: none. Beyond it they are
 * DEADLINE_EXCEEDED deadline. */
void db_set_deadline(struct db *db, int64_t deadline_us);

/* Runs one statement, params in text form (NULL is SQL NULL). *ret: rows, freed by PQclear
 * (_cleanup_(PQclearp)). Outside db_tx it commits by itself. A connection found broken before the
 * statement was sent is opened anew, once.
 *
 * errors by SQLSTATE:
 *   23xxx                        the constraint's name is the reason; …_key: ALREADY_EXISTS,
 *                                foreign key: NOT_FOUND, check: FAILED_PRECONDITION, unless reasons.proto
 *                                gives the reason another code
 *   22xxx                        INVALID_ARGUMENT field_invalid
 *   P0001                        the reason that the MESSAGE names
 *   40001, 40P01                 ABORTED conflict_retry
 *   57014                        DEADLINE_EXCEEDED deadline
 *   08xxx, 57P0x, no connection  UNAVAILABLE database_unavailable
 *   any other                    INTERNAL internal_error; its text goes to the log
 *
 * On a fiber other fibers of the thread may use the connection until the answer is there. They send
 * such statements only, from the list given at the start. When the connection is lost meanwhile the
 * statement runs again, so it must be one that may run twice. */
_must_check_ enum status db_query(struct db *db, const struct sql *sql, const char *const *params,
				  PGresult **ret, struct error *reterr);

/* As db_query; without a row it is NOT_FOUND not_found. */
_must_check_ enum status db_query_one(struct db *db, const struct sql *sql,
				      const char *const *params, PGresult **ret,
				      struct error *reterr);

/* As db_query for statements whose rows do not matter; ret_n (NULL allowed): rows touched. */
_must_check_ enum status db_exec(struct db *db, const struct sql *sql, const char *const *params,
				 int64_t *ret_n, struct error *reterr);

/* As db_query under row level security of one user: set_config('lc.user', user_id) and the
 * statement, one transaction in one round trip. Not inside db_tx. */
_must_check_ enum status db_query_as(struct db *db, const char *user_id, const struct sql *sql,
				     const char *const *params, PGresult **ret,
				     struct error *reterr);

/* A transaction: BEGIN, fn, COMMIT; ROLLBACK when fn fails. user_id (NULL: none) becomes lc.user
 * for row level security. On 40001 and 40P01 fn runs again, 3 times, with jitter. So fn sets all
 * that it writes outside anew each time, and calls no rpc and no http. errors: those of fn · a
 * connection lost at COMMIT: UNAVAILABLE outcome_unknown · repeats used up: ABORTED conflict_retry.
 */
typedef enum status db_tx_fn(struct db *db, void *ctx, struct error *reterr);
_must_check_ enum status db_tx(struct db *db, const char *user_id, db_tx_fn *fn, void *ctx,
			       struct error *reterr);

/* Both inside fn of db_tx, to save round trips. */
/* A statement that goes out with the next one, in one round trip and before it. When it fails the
 * next one does not run, and gives its error. At most two. */
struct db_ask {
	const struct sql *sql;
	const char *const *params; /* until the next statement */
	PGresult *rows; /* out: after the next statement when that was OK; the caller's */
};
void db_ahead(struct db *db, struct db_ask *ask);
/* The next statement is the last one, and COMMIT goes out with it. fn returns what it gave. */
void db_tx_ends(struct db *db);
/* Whether fn's transaction is not over yet. */
bool db_tx_goes_on(const struct db *db);

/* True while fn of db_tx runs: no call may leave the process then (ensure()d by rpc and http). */
bool db_in_tx(const struct db *db);

/* A service test runs each case between these: everything is undone, and db_tx inside uses a
 * SAVEPOINT. */
_must_check_ enum status db_test_begin(struct db *db, struct error *reterr);
void db_test_rollback(struct db *db);

/* Values by column name. A name or a type that the statement does not have aborts. NULL: 0, false,
 * "". A number that does not fit becomes the nearest one that does. Text is copied into the arena.
 */
int64_t db_i64(const PGresult *rows, int row, const char *column);
int32_t db_i32(const PGresult *rows, int row, const char *column);
double db_double(const PGresult *rows, int row, const char *column);
bool db_bool(const PGresult *rows, int row, const char *column);
bool db_is_null(const PGresult *rows, int row, const char *column);
char *db_text(struct arena *arena, const PGresult *rows, int row, const char *column);
/* Borrowed from rows. */
const char *db_peek(const PGresult *rows, int row, const char *column);
/* bytea. */
uint8_t *db_bytes(struct arena *arena, const PGresult *rows, int row, const char *column,
		  size_t *ret_len);
/* Column holds (extract(epoch from t) * 1000000)::bigint. NULL for SQL NULL. */
Google__Protobuf__Timestamp *db_time(struct arena *arena, const PGresult *rows, int row,
				     const char *column);

/* Parameters. */
const char *db_param_i64(struct arena *arena, int64_t value);
const char *db_param_bytes(struct arena *arena, const void *data, size_t len); /* bytea hex form */
const char *
db_param_time(struct arena *arena,
	      const Google__Protobuf__Timestamp *time); /* timestamptz text; NULL for NULL */
/* A text[] literal of n texts, quoted. NULL is SQL NULL. */
const char *db_param_array(struct arena *arena, const char *const *texts, size_t n);
/* A literal of a composite type with n fields, which may be of any type. NULL is SQL NULL. */
const char *db_param_row(struct arena *arena, const char *const *texts, size_t n);

static inline void PQclearp(PGresult **result)
{
	PQclear(*result);
}

static inline void db_ask_done(struct db_ask *ask)
{
	PQclear(ask->rows);
}

/* A pool for threads that are no rpc workers (jobs, outbox, engine). take blocks at most wait_ms.
 * Any thread. */
struct db_pool *db_pool_new(const struct db_options *options);
void db_pool_free(struct db_pool *pool);
_must_check_ enum status db_pool_take(struct db_pool *pool, int32_t wait_ms, struct db **ret,
				      struct error *reterr);
void db_pool_give(struct db_pool *pool, struct db *db);

/* Waits until the service's schema is at least at `version` (services never migrate). Errors:
 * UNAVAILABLE, DEADLINE_EXCEEDED. */
_must_check_ enum status db_wait_schema(struct db *db, const char *schema, int32_t version,
					int32_t wait_ms, struct error *reterr);

/* Applies directory/NNNN_what.sql above the recorded version, then those of the runtime's modules
 * (runtime/<module>/migrations), as the owner role. Each has its transaction, but a file whose
 * first line is "-- no transaction". A file that was applied and has changed since is refused.
 * NULL: none of these. ret_version: the newest of directory. Errors: FAILED_PRECONDITION with file
 * and PostgreSQL's message. */
_must_check_ enum status db_migrate(const char *dsn, const char *schema, const char *directory,
				    const char *runtime, int32_t *ret_version,
				    struct error *reterr);

#endif
