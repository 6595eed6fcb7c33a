#include "runtime/db/connection.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/fiber.h"
#include "runtime/base/text.h"

#include <string.h>
#include <time.h>

#define TX_REPEATS 3
#define TX_BACKOFF_FIRST_US 2000 /* doubled for each repeat, half of it random */

bool db_in_tx(const struct db *db)
{
	return db->in_tx;
}

enum status db_outcome_unknown(struct error *reterr)
{
	return error_set(reterr, UNAVAILABLE, "outcome_unknown",
			 "the connection was lost while the transaction was committed");
}

enum status db_check_committed(const PGresult *rows, struct error *reterr)
{
	const char *tag = PQcmdStatus((PGresult *)rows);

	if (strcmp(tag, "COMMIT") == 0 || strcmp(tag, "RELEASE") == 0)
		return OK;
	return error_set(reterr, INTERNAL, "internal_error",
			 "a statement of the transaction failed and the transaction went on");
}

void db_round_end_tx(const struct db *db, struct db_round *round, PGresult **ret)
{
	static const char *const no_user[] = {""};

	if (db->in_test && db->tx_user) /* is_local ends with the test, not with the savepoint */
		db_round_add(round, &db_sql_set_user, no_user, NULL);
	db_round_add(round, db->in_test ? &db_sql_release : &db_sql_commit, NULL, ret);
}

static enum status commit(struct db *db, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct db_round round = {.ends_tx = true};
	enum status s;

	if (db_lost(db))
		return error_set(reterr, UNAVAILABLE, "database_unavailable",
				 "the connection was lost in the transaction");
	db_round_end_tx(db, &round, &rows);
	s = db_round_run(db, &round, reterr);
	if (db_lost(db))
		return db_outcome_unknown(reterr);
	return s == OK ? db_check_committed(rows, reterr) : s;
}

static void roll_back(struct db *db)
{
	struct db_round round = {.ends_tx = true};

	if (db_lost(db))
		return;
	if (db->in_test) {
		db_round_add(&round, &db_sql_rollback_to, NULL, NULL);
		db_round_add(&round, &db_sql_release, NULL, NULL);
	} else {
		if (PQtransactionStatus(db->conn) == PQTRANS_IDLE)
			return;
		db_round_add(&round, &db_sql_rollback, NULL, NULL);
	}
	if (db_round_run(db, &round, NULL) != OK)
		db_drop(db);
}

static enum status run_once(struct db *db, const char *user_id, db_tx_fn *fn, void *ctx,
			    struct error *reterr)
{
	enum status s;

	if (!db->in_test) {
		s = db_connect(db, reterr);
		if (s != OK)
			return s;
	}
	db->conflict = false;
	db->tx_user = user_id;
	db->begin_due = true;
	db->in_tx = true;
	db->commit_due = db->committed = false;
	db->n_ahead = 0;
	s = fn(db, ctx, reterr);
	db->in_tx = false;
	if (db->begin_due || db->committed) /* fn asked nothing, or its last statement ended it */
		return s;
	if (s == OK)
		s = commit(db, reterr);
	if (s != OK)
		roll_back(db);
	return s;
}

static void back_off(int attempt)
{
	int64_t us = TX_BACKOFF_FIRST_US << attempt;
	struct timespec pause = {0};

	us = us / 2 + (int64_t)random_below((uint64_t)us / 2);
	pause.tv_nsec = us * 1000;
	nanosleep(&pause, NULL);
}

enum status db_tx(struct db *db, const char *user_id, db_tx_fn *fn, void *ctx, struct error *reterr)
{
	enum status s;

	ensure(db->magic == DB_MAGIC);
	ensure(!db->in_tx && !fiber_running());
	for (int attempt = 0;; attempt++) {
		s = run_once(db, user_id, fn, ctx, reterr);
		if (s == OK || !db->conflict || attempt == TX_REPEATS)
			break;
		back_off(attempt);
	}
	db->tx_user = NULL;
	db->begin_due = false;
	if (s != OK && db->conflict)
		return error_set(reterr, ABORTED, "conflict_retry",
				 "other transactions won %d times", TX_REPEATS + 1);
	return s;
}

enum status db_test_begin(struct db *db, struct error *reterr)
{
	struct db_round round = {0};
	enum status s;

	ensure(!db->in_test && !db->in_tx);
	s = db_connect(db, reterr);
	if (s != OK)
		return s;
	db_round_add(&round, &db_sql_begin, NULL, NULL);
	s = db_round_run(db, &round, reterr);
	db->in_test = s == OK;
	return s;
}

void db_test_rollback(struct db *db)
{
	ensure(db->in_test && !db->in_tx);
	db->in_test = false;
	roll_back(db);
}
