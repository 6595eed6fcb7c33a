/* One connection, as the files of runtime/db share it. */
#ifndef RUNTIME_DB_CONNECTION_H
#define RUNTIME_DB_CONNECTION_H

#include "runtime/db/db.h"

#define DB_MAGIC 0x4c6344b1u
#define DB_AHEAD_MAX 2

struct db {
	uint32_t magic;
	struct db_options options;   /* texts are copies */
	PGconn *conn;                /* NULL: not connected; always in pipeline mode */
	int64_t deadline_us;         /* clock_mono_us; 0: none */
	const struct sql **prepared; /* statements that it knows by name */
	size_t n_prepared, prepared_capacity;
	const char *tx_user; /* lc.user of the transaction that fn of db_tx runs in; NULL: none */
	bool begin_due;      /* its BEGIN goes out with its first statement */
	bool in_tx;          /* fn of db_tx runs */
	bool commit_due;     /* COMMIT goes out with the next statement */
	bool committed;      /* … and was answered */
	struct db_ask *ahead[DB_AHEAD_MAX]; /* that go out with the next statement */
	size_t n_ahead;
	bool in_test;    /* between db_test_begin and db_test_rollback */
	bool conflict;   /* a statement failed in a way that a new transaction may mend */
	unsigned sent;   /* round trips of fibers whose answers were not taken yet */
	unsigned opened; /* counts connections */
	bool unheard;    /* the connection was lost before a fiber had its answer: ask again */
	bool stale;      /* its prepared statements are outdated: open anew before the next use */
};

/* One statement of a round trip. */
struct db_step {
	const struct sql *sql;
	const char *const *params;
	PGresult **ret; /* out: its rows, when they are wanted and all went well */
};

#define DB_STEPS_MAX 7

/* Several statements in one round trip. When one fails, the later ones do not run. A transaction
 * that was begun stays open. */
struct db_round {
	struct db_step steps[DB_STEPS_MAX];
	size_t n;
	bool shared;  /* others may use the connection between sending and the answer */
	bool ends_tx; /* COMMIT or ROLLBACK alone: neither cut by the call's deadline nor cancelled
		       */
};

/* Statements that this module needs itself. */
extern const struct sql db_sql_begin, db_sql_commit, db_sql_rollback, db_sql_set_user;
extern const struct sql db_sql_savepoint, db_sql_release, db_sql_rollback_to;

/* ret: NULL, or where the rows go. */
void db_round_add(struct db_round *round, const struct sql *sql, const char *const *params,
		  PGresult **ret);

/* Sends all steps and waits for all answers. The connection must be ready. */
_must_check_ enum status db_round_run(struct db *db, struct db_round *round, struct error *reterr);

/* Ends the transaction with this round. *ret: the answer of COMMIT. */
void db_round_end_tx(const struct db *db, struct db_round *round, PGresult **ret);
/* After a failed statement COMMIT answers ROLLBACK, and that is no error of its own. */
_must_check_ enum status db_check_committed(const PGresult *rows, struct error *reterr);

/* Closes the connection; the next use opens a new one. */
void db_drop(struct db *db);

/* True when there is no usable connection. */
bool db_lost(const struct db *db);

/* Waits for the socket. deadline_us: clock_mono_us. False: it passed. */
bool db_wait_socket(PGconn *conn, bool for_write, int64_t deadline_us);

/* The connection was lost at COMMIT: UNAVAILABLE outcome_unknown. */
_must_check_ enum status db_outcome_unknown(struct error *reterr);

/* Fills reterr from a failed result; name: of its statement. The table SQLSTATE → status. */
_must_check_ enum status db_error_from_result(const char *name, const PGresult *result,
					      struct error *reterr);

/* UNAVAILABLE database_unavailable with libpq's text. */
_must_check_ enum status db_error_lost(PGconn *conn, struct error *reterr);

#endif
