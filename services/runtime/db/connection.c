#include "runtime/db/connection.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/fiber.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

const struct sql db_sql_begin = {"lc_begin", "BEGIN", 0};
const struct sql db_sql_commit = {"lc_commit", "COMMIT", 0};
const struct sql db_sql_rollback = {"lc_rollback", "ROLLBACK", 0};
const struct sql db_sql_set_user = {"lc_set_user", "SELECT set_config('lc.user', $1::text, true)",
				    1};
const struct sql db_sql_savepoint = {"lc_savepoint", "SAVEPOINT lc", 0};
const struct sql db_sql_release = {"lc_release", "RELEASE SAVEPOINT lc", 0};
const struct sql db_sql_rollback_to = {"lc_rollback_to", "ROLLBACK TO SAVEPOINT lc", 0};

#define CONNECTIONS_DEFAULT 8
#define CONNECT_TIMEOUT_MS_DEFAULT 5000
#define STATEMENT_TIMEOUT_MS_DEFAULT 10000
/* A handler that leaves a transaction idle for so long is stuck. The server ends it, for its locks
 * stop others. */
#define IDLE_IN_TX_TIMEOUT "60s"

static char *copy(const char *text)
{
	char *made = strdup(text ? text : "");

	ensure(made);
	return made;
}

struct db *db_new(const struct db_options *options)
{
	struct db *db = calloc(1, sizeof *db);

	ensure(db);
	db->magic = DB_MAGIC;
	db->options = *options;
	db->options.dsn = copy(options->dsn);
	db->options.application_name = copy(options->application_name);
	if (db->options.connections_max <= 0)
		db->options.connections_max = CONNECTIONS_DEFAULT;
	if (db->options.connect_timeout_ms <= 0)
		db->options.connect_timeout_ms = CONNECT_TIMEOUT_MS_DEFAULT;
	if (db->options.statement_timeout_ms <= 0)
		db->options.statement_timeout_ms = STATEMENT_TIMEOUT_MS_DEFAULT;
	return db;
}

void db_free(struct db *db)
{
	if (!db)
		return;
	ensure(db->magic == DB_MAGIC);
	db->magic = 0;
	db_drop(db);
	free(db->prepared);
	free((char *)db->options.dsn);
	free((char *)db->options.application_name);
	free(db);
}

void db_drop(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
	db->n_prepared = 0;
	db->stale = false;
	db->sent = 0;
	db->opened++;
}

bool db_lost(const struct db *db)
{
	return PQstatus(db->conn) != CONNECTION_OK;
}

bool db_wait_socket(PGconn *conn, bool for_write, int64_t deadline_us)
{
	struct pollfd fd = {.fd = PQsocket(conn), .events = POLLIN};
	int64_t left_us;
	int n;

	if (for_write)
		fd.events |= POLLOUT;
	do {
		left_us = deadline_us - clock_mono_us();
		if (left_us <= 0)
			return false;
		n = poll(&fd, 1, (int)((left_us + US_PER_MS - 1) / US_PER_MS));
	} while (n == 0 || (n < 0 && errno == EINTR));
	return true;
}

/* Otherwise libpq writes notices to stderr, between our log lines. */
static void ignore_notice(_unused_ void *ctx, _unused_ const PGresult *notice)
{
}

static PGconn *open_connection(const struct db *db)
{
	const struct db_options *options = &db->options;
	char seconds[16], user_timeout[16];
	/* The settings before the dsn are defaults; the dsn may override them. */
	const char *const keys[] = {"application_name", "client_encoding", "connect_timeout",
				    "tcp_user_timeout", "dbname",          NULL};
	const char *const values[] = {
		options->application_name, "UTF8", seconds, user_timeout, options->dsn, NULL};
	PGconn *conn;

	snprintf(seconds, sizeof seconds, "%d", (options->connect_timeout_ms + 999) / 1000);
	snprintf(user_timeout, sizeof user_timeout, "%d", options->connect_timeout_ms);
	conn = PQconnectdbParams(keys, values, 1);
	ensure(conn);
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	return conn;
}

static void remember(struct db *db, const struct sql *sql)
{
	if (db->n_prepared == db->prepared_capacity) {
		db->prepared_capacity = db->prepared_capacity ? db->prepared_capacity * 2 : 32;
		db->prepared =
			reallocarray(db->prepared, db->prepared_capacity, sizeof db->prepared[0]);
		ensure(db->prepared);
	}
	db->prepared[db->n_prepared++] = sql;
}

/* Pointers are compared: a statement is one object, made by the build. */
static bool is_prepared(const struct db *db, const struct sql *sql)
{
	for (size_t i = 0; i < db->n_prepared; i++) {
		if (db->prepared[i] == sql)
			return true;
	}
	return false;
}

/* ---------------------------------------------------------------- one round trip */

/* A statement on its way to the server, for each answer that will come. */
struct sent {
	const struct sql *sql;
	bool prepare; /* the answer is that of a Parse */
	size_t step;
};

static enum status lost(struct db *db, struct error *reterr)
{
	enum status s = db_error_lost(db->conn, reterr);

	db_drop(db);
	return s;
}

/* Asks the server to stop a statement whose deadline passed, and gives it a moment to answer. That
 * saves the connection. */
static bool cancel(struct db *db, int64_t *deadline_us)
{
	static const int64_t moment_us = US_PER_S;
	char why[128];
	PGcancel *handle = PQgetCancel(db->conn);
	bool sent = handle && PQcancel(handle, why, sizeof why);

	PQfreeCancel(handle);
	*deadline_us = clock_mono_us() + moment_us;
	return sent;
}

struct wait {
	int64_t deadline_us;
	bool may_cancel;
	bool cancelled;
};

/* Waits until the next result can be read without blocking. */
static enum status wait_result(struct db *db, struct wait *wait, struct error *reterr)
{
	int unsent;

	while ((unsent = PQflush(db->conn)) == 1 || PQisBusy(db->conn)) {
		if (db->options.before_wait)
			db->options.before_wait();
		if (!db_wait_socket(db->conn, unsent == 1, wait->deadline_us)) {
			if (wait->may_cancel && !wait->cancelled) {
				wait->cancelled = true;
				if (cancel(db, &wait->deadline_us))
					continue;
			}
			db_drop(db);
			return error_set(reterr, DEADLINE_EXCEEDED, "deadline",
					 "the database did not answer in time");
		}
		if (!PQconsumeInput(db->conn))
			return lost(db, reterr);
	}
	return unsent < 0 ? lost(db, reterr) : OK;
}

/* A migration outdated the statement, or it is gone. A new connection prepares it anew. */
static bool is_stale(const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *routine = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);

	if (!state)
		return false;
	return strcmp(state, "26000") == 0 || (strcmp(state, "0A000") == 0 && routine &&
					       strcmp(routine, "RevalidateCachedQuery") == 0);
}

/* With this error the server ends the connection. */
static bool is_fatal(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	return severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

static enum status step_failed(struct db *db, const struct sql *sql, const PGresult *result,
			       struct error *reterr)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (is_stale(result)) {
		db->stale = true;
		db->conflict = true;
		return error_set(reterr, ABORTED, "conflict_retry", "%s: its plan is outdated",
				 sql->name);
	}
	if (is_fatal(result)) /* at once: no other fiber may wait on this connection */
		db_drop(db);
	if (state && (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0))
		db->conflict = true;
	return db_error_from_result(sql->name, result, reterr);
}

/* Looks at one result, and takes it when its rows are wanted. Only the first error counts: the
 * steps behind it were skipped. */
static enum status take_result(struct db *db, struct db_round *round, const struct sent *sent,
			       PGresult **result, enum status so_far, struct error *reterr)
{
	ExecStatusType type = PQresultStatus(*result);

	if (so_far != OK)
		return so_far;
	if (type != PGRES_COMMAND_OK && type != PGRES_TUPLES_OK)
		return step_failed(db, sent->sql, *result, reterr);
	if (sent->prepare)
		remember(db, sent->sql);
	else if (round->steps[sent->step].ret)
		*round->steps[sent->step].ret = TAKE_PTR(*result);
	return OK;
}

static enum status receive(struct db *db, struct db_round *round, const struct sent *sent,
			   size_t n_sent, struct wait *wait, struct error *reterr)
{
	enum status s = OK, waited;
	size_t at = 0;

	for (;;) {
		PGresult *result;

		waited = wait_result(db, wait, reterr);
		if (waited != OK)
			return waited;
		result = PQgetResult(db->conn);
		if (!result) { /* the end of one statement's results */
			if (db_lost(db))
				return s != OK ? s : lost(db, reterr);
			at++;
			continue;
		}
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			return s;
		}
		/* Behind the last answer comes the commit's error, if it has one. */
		s = take_result(db, round, &sent[at < n_sent ? at : n_sent - 1], &result, s,
				reterr);
		PQclear(result);
		if (!db->conn)
			return s;
	}
}

static bool is_sent(const struct sent *sent, size_t n, const struct sql *sql)
{
	for (size_t i = 0; i < n; i++) {
		if (sent[i].sql == sql)
			return true;
	}
	return false;
}

static bool send_step(struct db *db, const struct db_step *step)
{
	return PQsendQueryPrepared(db->conn, step->sql->name, step->sql->n_params, step->params,
				   NULL, NULL, 0) == 1;
}

static struct wait wait_of(const struct db *db, const struct db_round *round)
{
	/* The server ends a statement at statement_timeout. The grace is for a server that
	 * vanished. */
	static const int64_t grace_ms = 5000;
	struct wait wait = {
		.deadline_us =
			clock_mono_us() + (db->options.statement_timeout_ms + grace_ms) * US_PER_MS,
		/* On a fiber the server may be working for another fiber. */
		.may_cancel = !round->ends_tx && !fiber_running(),
	};

	if (!round->ends_tx && db->deadline_us && db->deadline_us < wait.deadline_us)
		wait.deadline_us = db->deadline_us;
	return wait;
}

/* Lets the fibers that sent before this one take their answers. False: the connection was lost
 * meanwhile. */
static bool wait_turn(struct db *db)
{
	unsigned opened = db->opened;

	db->sent++;
	fiber_wait();
	if (db->opened != opened)
		return false;
	db->sent--;
	return true;
}

void db_round_add(struct db_round *round, const struct sql *sql, const char *const *params,
		  PGresult **ret)
{
	ensure(round->n < DB_STEPS_MAX);
	round->steps[round->n++] = (struct db_step){sql, params, ret};
}

static void forget_rows(const struct db_round *round)
{
	for (size_t i = 0; i < round->n; i++) {
		PGresult **ret = round->steps[i].ret;

		if (ret)
			PQclear(TAKE_PTR(*ret));
	}
}

static enum status run_round(struct db *db, struct db_round *round, struct error *reterr)
{
	struct sent sent[2 * DB_STEPS_MAX];
	struct wait wait = wait_of(db, round);
	size_t n = 0;
	enum status s;

	if (!round->ends_tx && clock_mono_us() >= wait.deadline_us)
		return error_set(reterr, DEADLINE_EXCEEDED, "deadline",
				 "the deadline passed before the database was asked");
	for (size_t i = 0; i < round->n; i++) {
		const struct sql *sql = round->steps[i].sql;

		if (!is_prepared(db, sql) && !is_sent(sent, n, sql)) {
			sent[n++] = (struct sent){sql, true, i};
			if (!PQsendPrepare(db->conn, sql->name, sql->text, sql->n_params, NULL))
				return lost(db, reterr);
		}
		sent[n++] = (struct sent){sql, false, i};
		if (!send_step(db, &round->steps[i]))
			return lost(db, reterr);
	}
	if (!PQpipelineSync(db->conn))
		return lost(db, reterr);
	if (round->shared && !wait_turn(db))
		return error_set(reterr, UNAVAILABLE, "database_unavailable",
				 "the connection was lost");
	s = receive(db, round, sent, n, &wait, reterr);
	if (s != OK)
		forget_rows(round);
	return s;
}

enum status db_round_run(struct db *db, struct db_round *round, struct error *reterr)
{
	unsigned opened = db->opened;
	enum status s = run_round(db, round, reterr);

	/* Any fiber's statement may have lost the connection, so each asks again. */
	db->unheard = s == UNAVAILABLE && round->shared && fiber_running() && db->opened != opened;
	return s;
}

/* ---------------------------------------------------------------- opening */

/* jit: statements are short, and to compile one takes longer than to run it. */
static const struct sql sql_settings = {
	"lc_settings",
	"SELECT set_config('statement_timeout', $1::text, false),\n"
	"       set_config('idle_in_transaction_session_timeout', $2::text, false),\n"
	"       set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO', false),\n"
	"       set_config('bytea_output', 'hex', false), set_config('jit', 'off', false)",
	2,
};

/* A plan that reads whole tables is right while they are new, and is kept while they grow. */
static const struct sql sql_fixed_plans = {
	"db_fixed_plans",
	"SELECT set_config('plan_cache_mode', 'force_generic_plan', false),\n"
	"       set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', "
	"false),\n"
	"       set_config('enable_mergejoin', 'off', false)",
	0,
};

/* Prepares all statements of the service in one round trip. A wrong one stops the start and is
 * named in the error. The statement that fibers share goes with them. */
static enum status prepare_all(struct db *db, struct error *reterr)
{
	const struct sql *const *sql = db->options.statements;
	struct db_round round = {.ends_tx = true};
	struct wait wait = wait_of(db, &round);
	struct sent *sent;
	size_t n = 0;
	enum status s;

	while (sql && sql[n])
		n++;
	sent = calloc(++n, sizeof *sent);
	ensure(sent);
	for (size_t i = 0; i < n; i++) {
		const struct sql *one = i == 0 ? &db_sql_set_user : sql[i - 1];

		sent[i] = (struct sent){one, true, 0};
		if (!PQsendPrepare(db->conn, one->name, one->text, one->n_params, NULL)) {
			free(sent);
			return lost(db, reterr);
		}
	}
	if (PQpipelineSync(db->conn))
		s = receive(db, &round, sent, n, &wait, reterr);
	else
		s = lost(db, reterr);
	free(sent);
	return s;
}

static enum status set_up(struct db *db, struct error *reterr)
{
	char timeout[24];
	const char *const params[] = {timeout, IDLE_IN_TX_TIMEOUT};
	struct db_round round = {.ends_tx = true};
	enum status s;

	if (PQsetnonblocking(db->conn, 1) != 0 || !PQenterPipelineMode(db->conn))
		return lost(db, reterr);
	snprintf(timeout, sizeof timeout, "%dms", db->options.statement_timeout_ms);
	db_round_add(&round, &sql_settings, params, NULL);
	if (db->options.fixed_plans)
		db_round_add(&round, &sql_fixed_plans, NULL, NULL);
	s = db_round_run(db, &round, reterr);
	if (s != OK)
		return s;
	return prepare_all(db, reterr);
}

/* Bytes on an idle connection mean that the server shuts down or is gone. A new connection costs
 * less than the doubt, and a statement that was not sent yet can go there. */
static bool is_quiet(const struct db *db)
{
	struct pollfd fd = {.fd = PQsocket(db->conn), .events = POLLIN};

	return poll(&fd, 1, 0) == 0;
}

enum status db_connect(struct db *db, struct error *reterr)
{
	enum status s;

	ensure(db->magic == DB_MAGIC);
	if (!db_lost(db) && !db->stale && (db->sent > 0 || is_quiet(db)))
		return OK;
	db_drop(db);
	db->conn = open_connection(db);
	if (db_lost(db))
		return lost(db, reterr);
	s = set_up(db, reterr);
	if (s != OK)
		db_drop(db);
	return s;
}

void db_set_deadline(struct db *db, int64_t deadline_us)
{
	ensure(db->magic == DB_MAGIC);
	db->deadline_us = deadline_us;
}
