#include "runtime/db/connection.h"

#include "runtime/base/ensure.h"

#include <string.h>

static const char *const no_user[] = {""};

/* A statement of fn in db_tx; the first one takes BEGIN along. */
static enum status run_in_tx(struct db *db, const struct db_step *step, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *end = NULL;
	struct db_round round = {.ends_tx = db->commit_due};
	enum status s;

	ensure(!db->committed);
	if (db->begin_due) {
		db_round_add(&round, db->in_test ? &db_sql_savepoint : &db_sql_begin, NULL, NULL);
		if (db->tx_user)
			db_round_add(&round, &db_sql_set_user, &db->tx_user, NULL);
	} else if (db_lost(db)) {
		return error_set(reterr, UNAVAILABLE, "database_unavailable",
				 "the connection was lost in the transaction");
	}
	for (size_t i = 0; i < db->n_ahead; i++)
		db_round_add(&round, db->ahead[i]->sql, db->ahead[i]->params, &db->ahead[i]->rows);
	db_round_add(&round, step->sql, step->params, step->ret);
	if (db->commit_due)
		db_round_end_tx(db, &round, &end);
	db->begin_due = false;
	db->n_ahead = 0;
	s = db_round_run(db, &round, reterr);
	if (!db->commit_due)
		return s;
	if (db_lost(db))
		return db_outcome_unknown(reterr);
	if (s == OK)
		s = db_check_committed(end, reterr);
	db->committed = s == OK;
	return s;
}

void db_ahead(struct db *db, struct db_ask *ask)
{
	ensure(db->in_tx && db->n_ahead < DB_AHEAD_MAX);
	ask->rows = NULL;
	db->ahead[db->n_ahead++] = ask;
}

void db_tx_ends(struct db *db)
{
	ensure(db->in_tx);
	db->commit_due = true;
}

bool db_tx_goes_on(const struct db *db)
{
	return db->in_tx && !db->committed;
}

/* For statements outside db_tx in a test: a refused one must not end the test's transaction. */
static enum status run_in_test(struct db *db, const char *const *user, const struct db_step *step,
			       struct error *reterr)
{
	struct db_round round = {0}, undo = {.ends_tx = true};
	enum status s;

	db_round_add(&round, &db_sql_savepoint, NULL, NULL);
	if (user)
		db_round_add(&round, &db_sql_set_user, user, NULL);
	db_round_add(&round, step->sql, step->params, step->ret);
	if (user)
		db_round_add(&round, &db_sql_set_user, no_user, NULL);
	db_round_add(&round, &db_sql_release, NULL, NULL);
	s = db_round_run(db, &round, reterr);
	if (s == OK || db_lost(db))
		return s;
	db_round_add(&undo, &db_sql_rollback_to, NULL, NULL);
	db_round_add(&undo, &db_sql_release, NULL, NULL);
	ensure(db_round_run(db, &undo, NULL) == OK);
	return s;
}

static enum status run_alone(struct db *db, const struct db_step *step, struct error *reterr)
{
	struct db_round round = {.shared = true};

	db_round_add(&round, step->sql, step->params, step->ret);
	return db_round_run(db, &round, reterr);
}

/* All statements up to a Sync are one transaction (PostgreSQL 55.2.3). The setting holds for it. */
static enum status run_as(struct db *db, const char *const *user, const struct db_step *step,
			  struct error *reterr)
{
	struct db_round round = {.shared = true};

	db_round_add(&round, &db_sql_set_user, user, NULL);
	db_round_add(&round, step->sql, step->params, step->ret);
	return db_round_run(db, &round, reterr);
}

static enum status run_once(struct db *db, const char *const *user, const struct db_step *step,
			    struct error *reterr)
{
	enum status s;

	if (!db->in_test) { /* a test's transaction cannot move to another connection */
		s = db_connect(db, reterr);
		if (s != OK)
			return s;
	}
	if (db->in_test)
		return run_in_test(db, user, step, reterr);
	if (user)
		return run_as(db, user, step, reterr);
	return run_alone(db, step, reterr);
}

/* user: NULL, or one text. */
static enum status run(struct db *db, const char *const *user, const struct sql *sql,
		       const char *const *params, PGresult **ret, struct error *reterr)
{
	const struct db_step step = {sql, params, ret};
	enum status s;

	ensure(db->magic == DB_MAGIC);
	*ret = NULL;
	if (db->in_tx)
		return run_in_tx(db, &step, reterr);
	db->unheard = false;
	s = run_once(db, user, &step, reterr);
	/* Its plan was refused, so nothing ran; or it may run twice. */
	if ((db->stale || db->unheard) && !db->in_test)
		s = run_once(db, user, &step, reterr);
	return s;
}

enum status db_query(struct db *db, const struct sql *sql, const char *const *params,
		     PGresult **ret, struct error *reterr)
{
	return run(db, NULL, sql, params, ret, reterr);
}

enum status db_query_one(struct db *db, const struct sql *sql, const char *const *params,
			 PGresult **ret, struct error *reterr)
{
	enum status s = run(db, NULL, sql, params, ret, reterr);

	if (s != OK || PQntuples(*ret) > 0)
		return s;
	PQclear(*ret);
	*ret = NULL;
	return error_set(reterr, NOT_FOUND, "not_found", "there is no such thing");
}

enum status db_exec(struct db *db, const struct sql *sql, const char *const *params, int64_t *ret_n,
		    struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = run(db, NULL, sql, params, &rows, reterr);

	if (s == OK && ret_n)
		*ret_n = strtoll(PQcmdTuples(rows), NULL, 10);
	return s;
}

enum status db_query_as(struct db *db, const char *user_id, const struct sql *sql,
			const char *const *params, PGresult **ret, struct error *reterr)
{
	ensure(!db->in_tx);
	return run(db, &user_id, sql, params, ret, reterr);
}
