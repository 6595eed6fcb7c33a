/* On a real PostgreSQL: the promises of db.h, one test each. */
#include "runtime/base/clock.h"
#include "runtime/base/uuid.h"
#include "runtime/db/db.h"
#include "runtime/db/timestamp.h"
#include "tests/lib/pg.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
/* after the four that it needs */
#include <cmocka.h>

#define STATEMENT(name, n, text) static const struct sql name = {#name, text, n}

STATEMENT(add_thing, 2, "INSERT INTO thing (id, owner) VALUES ($1::int, $2::uuid)");
STATEMENT(count_things, 0, "SELECT count(*) AS n FROM thing");
STATEMENT(find_thing, 1, "SELECT owner FROM thing WHERE id = $1::int");
STATEMENT(add_amount, 1, "INSERT INTO account (amount) VALUES ($1::bigint)");
STATEMENT(add_child, 1, "INSERT INTO child (thing) VALUES ($1::int)");
STATEMENT(raise_word, 1, "SELECT raise_word($1::text)");
STATEMENT(raise_conflict, 1, "SELECT raise_conflict($1::int)");
STATEMENT(sleep_ms, 1, "SELECT pg_sleep($1::float / 1000)");
STATEMENT(backend, 0, "SELECT pg_backend_pid() AS pid");
STATEMENT(end_me, 0, "SELECT pg_terminate_backend(pg_backend_pid())");
STATEMENT(add_doomed, 0, "INSERT INTO doomed VALUES (1)");
STATEMENT(shape, 0, "SELECT * FROM shaped");
STATEMENT(user_setting, 0, "SELECT current_setting('lc.user', true) AS name");
STATEMENT(jit_setting, 0, "SELECT current_setting('jit') AS jit");

static const struct sql *const statements[] = {&add_thing, &count_things, NULL};

static const char *const USER_A = "0190a000-0000-7000-8000-00000000000a";
static const char *const USER_B = "0190a000-0000-7000-8000-00000000000b";

static const char *const tables =
	"SET search_path = credits, lc;"
	"CREATE TABLE thing (id int PRIMARY KEY, owner uuid);"
	"ALTER TABLE thing ENABLE ROW LEVEL SECURITY;"
	"CREATE POLICY own ON thing USING (owner = lc.user_id() OR lc.user_id() IS NULL);"
	"CREATE TABLE child (thing int REFERENCES thing);"
	"CREATE TABLE account (amount bigint CONSTRAINT insufficient_credits CHECK (amount >= 0)"
	"    CONSTRAINT unlisted CHECK (amount < 1000));"
	"CREATE TABLE shaped (a int);"
	"CREATE TABLE doomed (a int);"
	"CREATE FUNCTION raise_word(word text) RETURNS void LANGUAGE plpgsql AS"
	"    'BEGIN RAISE EXCEPTION USING MESSAGE = word; END';"
	"CREATE SEQUENCE tries;"
	"CREATE FUNCTION raise_conflict(times int) RETURNS void LANGUAGE plpgsql AS"
	"    'BEGIN IF nextval(''credits.tries'') <= times THEN"
	"         RAISE EXCEPTION USING ERRCODE = ''40001'', MESSAGE = ''conflict''; END IF; END';"
	"CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
	"    'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';"
	"CREATE CONSTRAINT TRIGGER die AFTER INSERT ON doomed DEFERRABLE INITIALLY DEFERRED"
	"    FOR EACH ROW EXECUTE FUNCTION die();"
	"GRANT ALL ON ALL TABLES IN SCHEMA credits TO credits_app;"
	"GRANT ALL ON ALL SEQUENCES IN SCHEMA credits TO credits_app;"
	"RESET search_path;";

static int group_set_up(void **state)
{
	pg_start();
	pg_exec(tables);
	return 0;
}

static int group_tear_down(void **state)
{
	pg_stop();
	return 0;
}

static int set_up(void **state)
{
	pg_exec("TRUNCATE credits.thing, credits.child, credits.account, credits.doomed;"
		"ALTER SEQUENCE credits.tries RESTART");
	*state = pg_db("credits_app", statements);
	return 0;
}

static int tear_down(void **state)
{
	db_free(*state);
	return 0;
}

static void assert_error(const struct error *err, enum status code, const char *reason)
{
	if (err->code != code || strcmp(err->reason, reason) != 0)
		fail_msg("%s %s: %s", status_name(err->code), err->reason, err->message);
}

static void assert_ok(enum status s, const struct error *err)
{
	if (s != OK)
		fail_msg("%s %s: %s", status_name(s), err->reason, err->message);
}

static int64_t count(struct db *db)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;

	assert_int_equal(db_query(db, &count_things, NULL, &rows, NULL), OK);
	return db_i64(rows, 0, "n");
}

static int64_t backend_of(struct db *db)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;

	assert_int_equal(db_query(db, &backend, NULL, &rows, NULL), OK);
	return db_i64(rows, 0, "pid");
}

static void add(struct db *db, const char *id, const char *owner)
{
	const char *const params[] = {id, owner};

	assert_int_equal(db_exec(db, &add_thing, params, NULL, NULL), OK);
}

/* ---------------------------------------------------------------- statements */

static void a_query_gives_rows_and_exec_counts_them(void **state)
{
	struct db *db = *state;
	const char *const params[] = {"1", USER_A}, *const id[] = {"1"}, *const other[] = {"2"};
	_cleanup_(PQclearp) PGresult *rows = NULL, *none = NULL;
	struct error err;
	int64_t n = 0;

	assert_int_equal(db_exec(db, &add_thing, params, &n, &err), OK);
	assert_int_equal(n, 1);
	assert_int_equal(db_query_one(db, &find_thing, id, &rows, &err), OK);
	assert_string_equal(db_peek(rows, 0, "owner"), USER_A);
	assert_int_equal(db_query_one(db, &find_thing, other, &none, &err), NOT_FOUND);
	assert_error(&err, NOT_FOUND, "not_found");
	assert_null(none);
}

static void expect_error(struct db *db, const struct sql *sql, const char *param, enum status code,
			 const char *reason)
{
	const char *const params[] = {param, NULL};
	struct error err = {0};

	assert_int_equal(db_exec(db, sql, params, NULL, &err), code);
	assert_error(&err, code, reason);
}

static void errors_have_names(void **state)
{
	struct db *db = *state;

	add(db, "1", NULL);
	expect_error(db, &add_amount, "-1", FAILED_PRECONDITION, "insufficient_credits");
	expect_error(db, &add_amount, "1000", FAILED_PRECONDITION, "field_invalid");
	expect_error(db, &add_amount, "ten", INVALID_ARGUMENT, "field_invalid");
	expect_error(db, &add_amount, "9223372036854775808", INVALID_ARGUMENT, "field_invalid");
	expect_error(db, &add_thing, "1", ALREADY_EXISTS, "already_exists");
	expect_error(db, &add_child, "7", NOT_FOUND, "not_found");
	expect_error(db, &raise_word, "hold_settled", FAILED_PRECONDITION, "hold_settled");
	expect_error(db, &raise_word, "no such word", INTERNAL, "internal_error");
	expect_error(db, &raise_conflict, "1", ABORTED, "conflict_retry");
}

static void a_wrong_statement_names_itself(void **state)
{
	static const struct sql wrong = {"wrong_one", "SELECT nothing FROM thing", 0};
	static const struct sql *const with_wrong[] = {&count_things, &wrong, NULL};
	_cleanup_(db_freep) struct db *db = pg_db("credits_app", with_wrong);
	struct error err;

	assert_int_equal(db_connect(db, &err), INTERNAL);
	assert_non_null(strstr(err.message, "wrong_one"));
	assert_non_null(strstr(err.message, "nothing"));
}

static void values_have_the_types_of_their_columns(void **state)
{
	static const struct sql values = {
		"values",
		"SELECT $1::bytea AS bytes, $2::text[] AS texts, ($2::text[])[2] AS second,"
		"       (extract(epoch FROM $3::timestamptz) * 1000000)::bigint AS time,"
		"       $4::bigint AS big, true AS yes, 1.5::float8 AS half, NULL::int AS nothing",
		4};
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 65536);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const uint8_t bytes[] = {0, 1, 0xfe, 0xff, '\\'};
	const char *const texts[] = {"a", "b\"c\\d,{}", "", "NULL"};
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT, *back;
	const char *params[4];
	uint8_t *got;
	size_t len;

	time.seconds = 1790000000;
	time.nanos = 123456000;
	params[0] = db_param_bytes(arena, bytes, sizeof bytes);
	params[1] = db_param_array(arena, texts, 4);
	params[2] = db_param_time(arena, &time);
	params[3] = db_param_i64(arena, INT64_MIN);
	assert_int_equal(db_query(*state, &values, params, &rows, NULL), OK);
	got = db_bytes(arena, rows, 0, "bytes", &len);
	assert_int_equal(len, sizeof bytes);
	assert_memory_equal(got, bytes, len);
	assert_string_equal(db_peek(rows, 0, "texts"), "{a,\"b\\\"c\\\\d,{}\",\"\",\"NULL\"}");
	assert_string_equal(db_text(arena, rows, 0, "second"), texts[1]);
	back = db_time(arena, rows, 0, "time");
	assert_int_equal(back->seconds, time.seconds);
	assert_int_equal(back->nanos, time.nanos);
	assert_true(db_i64(rows, 0, "big") == INT64_MIN);
	assert_true(db_bool(rows, 0, "yes"));
	assert_true(db_double(rows, 0, "half") == 1.5);
	assert_true(db_is_null(rows, 0, "nothing"));
	assert_int_equal(db_i32(rows, 0, "nothing"), 0);
	assert_null(db_time(arena, rows, 0, "nothing"));
	assert_null(db_param_time(arena, NULL));
}

/* No value of a column ends the process. */
static void numbers_that_do_not_fit_are_cut(void **state)
{
	static const struct sql large = {
		"large",
		"SELECT 3000000000::bigint AS over, -3000000000::bigint AS under,"
		" 99999999999999999999::numeric AS beyond",
		0,
	};
	_cleanup_(PQclearp) PGresult *rows = NULL;

	assert_int_equal(db_query(*state, &large, NULL, &rows, NULL), OK);
	assert_int_equal(db_i32(rows, 0, "over"), INT32_MAX);
	assert_int_equal(db_i32(rows, 0, "under"), INT32_MIN);
	assert_true(db_i64(rows, 0, "beyond") == INT64_MAX);
}

/* ---------------------------------------------------------------- deadlines, lost connections */

static void a_deadline_cancels_and_keeps_the_connection(void **state)
{
	struct db *db = *state;
	const char *const ms[] = {"20000"};
	int64_t pid = backend_of(db), start = clock_mono_us();
	struct error err;

	db_set_deadline(db, start + 50 * US_PER_MS);
	assert_int_equal(db_exec(db, &sleep_ms, ms, NULL, &err), DEADLINE_EXCEEDED);
	assert_error(&err, DEADLINE_EXCEEDED, "deadline");
	assert_true(clock_mono_us() - start < 5 * US_PER_S);
	assert_int_equal(db_exec(db, &count_things, NULL, NULL, &err), DEADLINE_EXCEEDED);
	db_set_deadline(db, 0);
	assert_int_equal(backend_of(db), pid);
}

static void a_timestamp_is_microseconds_there_and_back(void **state)
{
	static const struct {
		int64_t us, seconds;
		int32_t nanos;
	} cases[] = {
		{0, 0, 0},
		{1, 0, 1000},
		{-1, -1, 999999000},
		{1790000000123456, 1790000000, 123456000},
		{-62135596800000000, -62135596800, 0}, /* year 1 */
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 1 << 16);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const Google__Protobuf__Timestamp *time = timestamp_new(arena, cases[i].us);

		assert_int_equal(time->seconds, cases[i].seconds);
		assert_int_equal(time->nanos, cases[i].nanos);
		assert_int_equal(timestamp_us(time), cases[i].us);
	}
}

static void a_timestamp_beyond_the_years_is_the_nearest(void **state)
{
	static const int64_t far[] = {INT64_MIN, INT64_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 1 << 16);
		Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

		time.seconds = far[i];
		assert_string_equal(db_param_time(arena, &time),
				    i == 0 ? "0001-01-01T00:00:00.000000Z"
					   : "9999-12-31T23:59:59.000000Z");
	}
}

static void a_statement_ends_at_its_timeout(void **state)
{
	const struct db_options options = {.dsn = pg_dsn("credits_app"),
					   .application_name = "test",
					   .statement_timeout_ms = 50};
	_cleanup_(db_freep) struct db *db = db_new(&options);

	expect_error(db, &sleep_ms, "20000", DEADLINE_EXCEEDED, "deadline");
	assert_int_equal(count(db), 0);
}

static void no_statement_is_compiled(void **state)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;

	assert_int_equal(db_query_one(*state, &jit_setting, NULL, &rows, NULL), OK);
	assert_string_equal(PQgetvalue(rows, 0, 0), "off");
}

static void a_lost_connection_is_opened_anew(void **state)
{
	struct db *db = *state;
	int64_t pid = backend_of(db);
	char sql[128];

	snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 5000)", (int)pid);
	pg_exec(sql);
	assert_int_not_equal(backend_of(db), pid);
	expect_error(db, &end_me, NULL, UNAVAILABLE, "database_unavailable");
	assert_int_equal(count(db), 0);
}

static void a_server_comes_back(void **state)
{
	struct db *db = *state;

	add(db, "1", NULL);
	pg_crash();
	expect_error(db, &count_things, NULL, UNAVAILABLE, "database_unavailable");
	pg_restart();
	assert_int_equal(count(db), 1);
}

static void an_outdated_plan_is_made_anew(void **state)
{
	struct db *db = *state;
	_cleanup_(PQclearp) PGresult *before = NULL, *after = NULL;

	assert_int_equal(db_query(db, &shape, NULL, &before, NULL), OK);
	pg_exec("ALTER TABLE credits.shaped ADD COLUMN b int");
	assert_int_equal(db_query(db, &shape, NULL, &after, NULL), OK);
	assert_int_equal(PQnfields(after), PQnfields(before) + 1);
}

/* ---------------------------------------------------------------- transactions */

struct story {
	int runs;
	enum status end; /* what fn returns */
	const char *conflicts;
	bool swallow;
	const struct sql *also;
};

static enum status play(struct db *db, void *ctx, struct error *reterr)
{
	struct story *story = ctx;
	const char *const params[] = {"1", USER_A}, *const times[] = {story->conflicts};
	enum status s;

	story->runs++;
	assert_true(db_in_tx(db));
	s = db_exec(db, &add_thing, params, NULL, reterr);
	if (s != OK)
		return story->swallow ? OK : s;
	if (story->conflicts)
		s = db_exec(db, &raise_conflict, times, NULL, reterr);
	if (s == OK && story->also)
		s = db_exec(db, story->also, NULL, NULL, reterr);
	if (s == OK && story->end != OK)
		return error_set(reterr, story->end, "not_found", "no");
	return s;
}

static void a_transaction_commits_or_not(void **state)
{
	struct db *db = *state;
	struct story good = {0}, bad = {.end = NOT_FOUND};
	struct error err;

	assert_int_equal(db_tx(db, NULL, play, &bad, &err), NOT_FOUND);
	assert_error(&err, NOT_FOUND, "not_found");
	assert_int_equal(count(db), 0);
	assert_int_equal(db_tx(db, NULL, play, &good, &err), OK);
	assert_int_equal(count(db), 1);
	assert_false(db_in_tx(db));
}

static void a_transaction_repeats_on_a_conflict(void **state)
{
	struct db *db = *state;
	struct story twice = {.conflicts = "2"}, always = {.conflicts = "100"};
	struct error err;

	assert_int_equal(db_tx(db, NULL, play, &twice, &err), OK);
	assert_int_equal(twice.runs, 3);
	assert_int_equal(count(db), 1);
	pg_exec("TRUNCATE credits.thing, credits.child");
	assert_int_equal(db_tx(db, NULL, play, &always, &err), ABORTED);
	assert_error(&err, ABORTED, "conflict_retry");
	assert_int_equal(always.runs, 4);
	assert_int_equal(count(db), 0);
}

/* After a failed statement COMMIT answers ROLLBACK and no error. That must not pass for success. */
static void a_transaction_that_swallowed_an_error_fails(void **state)
{
	struct db *db = *state;
	struct story story = {.swallow = true};
	struct error err;

	add(db, "1", NULL);
	assert_int_equal(db_tx(db, NULL, play, &story, &err), INTERNAL);
	assert_int_equal(count(db), 1);
}

static void a_transaction_lost_at_its_commit_says_so(void **state)
{
	struct db *db = *state;
	struct story before = {.also = &end_me}, at = {.also = &add_doomed};
	struct error err;

	assert_int_equal(db_tx(db, NULL, play, &before, &err), UNAVAILABLE);
	assert_error(&err, UNAVAILABLE, "database_unavailable");
	assert_int_equal(db_tx(db, NULL, play, &at, &err), UNAVAILABLE);
	assert_error(&err, UNAVAILABLE, "outcome_unknown");
	assert_int_equal(count(db), 0);
}

/* A transaction in two round trips: BEGIN with two statements, and the last one with COMMIT. */
struct short_story {
	const char *first, *second; /* ids of things */
	const char *conflicts;
	const struct sql *last;
	int runs;
	int64_t seen; /* things, before the last statement */
};

static enum status play_short(struct db *db, void *ctx, struct error *reterr)
{
	struct short_story *story = ctx;
	const char *const first[] = {story->first, USER_A}, *const second[] = {story->second, NULL};
	const char *const times[] = {story->conflicts};
	_cleanup_(db_ask_done) struct db_ask one = {&add_thing, first, NULL};
	_cleanup_(db_ask_done) struct db_ask found = {&find_thing, first, NULL};
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s;

	story->runs++;
	db_ahead(db, &one);
	db_ahead(db, &found);
	s = db_query(db, &count_things, NULL, &rows, reterr);
	if (s != OK) {
		assert_null(one.rows);
		assert_null(rows);
		return s;
	}
	assert_string_equal(db_peek(found.rows, 0, "owner"), USER_A);
	story->seen = db_i64(rows, 0, "n");
	if (story->conflicts)
		s = db_exec(db, &raise_conflict, times, NULL, reterr);
	if (s != OK)
		return s;
	db_tx_ends(db);
	if (story->last)
		return db_exec(db, story->last, NULL, NULL, reterr);
	return db_exec(db, &add_thing, second, NULL, reterr);
}

static void statements_share_round_trips(struct db *db)
{
	struct short_story good = {.first = "1", .second = "2", .conflicts = "1"};
	struct short_story early = {.first = "1", .second = "3"};
	struct short_story late = {.first = "3", .second = "2"};
	struct error err = {0};

	pg_exec("ALTER SEQUENCE credits.tries RESTART");
	assert_ok(db_tx(db, NULL, play_short, &good, &err), &err);
	assert_int_equal(good.runs, 2);
	assert_int_equal(good.seen, 1);
	assert_int_equal(count(db), 2);
	assert_int_equal(db_tx(db, NULL, play_short, &early, &err), ALREADY_EXISTS);
	assert_int_equal(db_tx(db, NULL, play_short, &late, &err), ALREADY_EXISTS);
	assert_int_equal(late.seen, 3);
	assert_int_equal(count(db), 2);
	assert_false(db_in_tx(db));
}

static void a_transaction_takes_few_round_trips(void **state)
{
	struct db *db = *state;
	struct short_story lost = {.first = "7", .last = &add_doomed};
	struct error err;

	statements_share_round_trips(db);
	assert_int_equal(db_tx(db, NULL, play_short, &lost, &err), UNAVAILABLE);
	assert_error(&err, UNAVAILABLE, "outcome_unknown");
	assert_int_equal(count(db), 2);
}

static void a_short_transaction_of_a_test_undoes_all(void **state)
{
	struct db *db = *state;

	assert_int_equal(db_test_begin(db, NULL), OK);
	statements_share_round_trips(db);
	db_test_rollback(db);
	assert_int_equal(count(db), 0);
}

static enum status play_nothing(_unused_ struct db *db, void *ctx, _unused_ struct error *reterr)
{
	*(int *)ctx += 1;
	return OK;
}

static void a_transaction_may_be_empty(void **state)
{
	int runs = 0;

	assert_int_equal(db_tx(*state, NULL, play_nothing, &runs, NULL), OK);
	assert_int_equal(runs, 1);
	assert_int_equal(count(*state), 0);
}

/* Two transactions that lock two rows in opposite order: PostgreSQL ends one, which runs again. */
struct crossing {
	struct db *db;
	const char *first[1], *second[1];
	pthread_barrier_t *both_hold_one;
	int runs;
	enum status result;
};

STATEMENT(lock_thing, 1, "SELECT id FROM thing WHERE id = $1::int FOR UPDATE");

static enum status cross(struct db *db, void *ctx, struct error *reterr)
{
	struct crossing *crossing = ctx;
	enum status s = db_exec(db, &lock_thing, crossing->first, NULL, reterr);

	if (crossing->runs++ == 0)
		pthread_barrier_wait(crossing->both_hold_one);
	return s == OK ? db_exec(db, &lock_thing, crossing->second, NULL, reterr) : s;
}

static void *cross_thread(void *arg)
{
	struct crossing *crossing = arg;

	crossing->result = db_tx(crossing->db, NULL, cross, crossing, NULL);
	return NULL;
}

static void a_deadlock_is_repeated(void **state)
{
	_cleanup_(db_freep) struct db *other = pg_db("credits_app", NULL);
	pthread_barrier_t barrier;
	struct crossing a = {*state, {"1"}, {"2"}, &barrier, 0, INTERNAL};
	struct crossing b = {other, {"2"}, {"1"}, &barrier, 0, INTERNAL};
	pthread_t thread;

	add(*state, "1", NULL);
	add(*state, "2", NULL);
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, cross_thread, &b), 0);
	cross_thread(&a);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
	assert_int_equal(a.result, OK);
	assert_int_equal(b.result, OK);
	assert_true(a.runs + b.runs >= 3); /* a slow machine: PostgreSQL may end both */
}

/* ---------------------------------------------------------------- row level security */

static int64_t seen_by(struct db *db, const char *user)
{
	struct error err;
	_cleanup_(PQclearp) PGresult *rows = NULL;

	assert_ok(db_query_as(db, user, &count_things, NULL, &rows, &err), &err);
	return db_i64(rows, 0, "n");
}

static enum status count_in_tx(struct db *db, void *ctx, _unused_ struct error *reterr)
{
	*(int64_t *)ctx = count(db);
	return OK;
}

static void assert_no_user(struct db *db)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;

	assert_int_equal(db_query(db, &user_setting, NULL, &rows, NULL), OK);
	assert_string_equal(db_peek(rows, 0, "name"), "");
}

static void check_row_level_security(struct db *db)
{
	const char *const twice[] = {"1", USER_A};
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct error err;
	int64_t n = 0;

	add(db, "1", USER_A);
	add(db, "2", USER_B);
	add(db, "3", USER_B);
	assert_int_equal(seen_by(db, USER_A), 1);
	assert_int_equal(seen_by(db, USER_B), 2);
	assert_no_user(db);
	assert_int_equal(db_tx(db, USER_B, count_in_tx, &n, &err), OK);
	assert_int_equal(n, 2);
	assert_no_user(db);
	assert_int_equal(db_query_as(db, USER_A, &add_thing, twice, &rows, &err), ALREADY_EXISTS);
	assert_null(rows);
	assert_no_user(db);
	assert_int_equal(count(db), 3);
}

static void a_user_sees_only_own_rows(void **state)
{
	check_row_level_security(*state);
}

/* The same in a test's transaction: refused statements do not end it, and all is undone. */
static void a_transaction_of_a_test_undoes_all(void **state)
{
	struct db *db = *state;
	struct story bad = {.end = NOT_FOUND}, conflict = {.conflicts = "1"};
	struct error err = {0};

	assert_int_equal(db_test_begin(db, NULL), OK);
	check_row_level_security(db);
	expect_error(db, &add_amount, "-1", FAILED_PRECONDITION, "insufficient_credits");
	assert_int_equal(db_tx(db, NULL, play, &bad, NULL), ALREADY_EXISTS);
	assert_int_equal(count(db), 3);
	expect_error(db, &add_child, "9", NOT_FOUND, "not_found");
	db_test_rollback(db);
	assert_int_equal(count(db), 0);
	assert_int_equal(db_test_begin(db, NULL), OK);
	assert_ok(db_tx(db, NULL, play, &conflict, &err), &err);
	assert_int_equal(conflict.runs, 2);
	assert_int_equal(count(db), 1);
	db_test_rollback(db);
	assert_int_equal(count(db), 0);
}

/* ---------------------------------------------------------------- pool */

static void *give_later(void *arg)
{
	void **pair = arg;

	usleep(20000);
	db_pool_give(pair[0], pair[1]);
	return NULL;
}

static void a_pool_lends_as_many_as_it_has(void **state)
{
	const struct db_options options = {
		.dsn = pg_dsn("credits_app"), .application_name = "test", .connections_max = 2};
	struct db_pool *pool = db_pool_new(&options);
	struct db *a, *b, *c;
	struct error err;
	pthread_t thread;

	assert_int_equal(db_pool_take(pool, 0, &a, &err), OK);
	assert_int_equal(db_pool_take(pool, 0, &b, &err), OK);
	assert_int_equal(db_pool_take(pool, 1, &c, &err), RESOURCE_EXHAUSTED);
	assert_error(&err, RESOURCE_EXHAUSTED, "overloaded");
	assert_int_equal(count(a) + count(b), 0);
	assert_int_equal(pthread_create(&thread, NULL, give_later, (void *[]){pool, a}), 0);
	assert_int_equal(db_pool_take(pool, 10000, &c, &err), OK);
	pthread_join(thread, NULL);
	assert_ptr_equal(a, c);
	db_pool_give(pool, b);
	db_pool_give(pool, c);
	db_pool_free(pool);
}

/* ---------------------------------------------------------------- migrations */

static char directory[] = "/tmp/limitless-migrations-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	remove(path);
}

static void expect_migration(enum status code, int32_t version, const char *words)
{
	struct error err = {0};
	int32_t newest = 0;

	if (db_migrate(pg_dsn("images_owner"), "images", directory, NULL, &newest, &err) != code)
		fail_msg("%s", err.message);
	if (code == OK)
		assert_int_equal(newest, version);
	else if (!strstr(err.message, words))
		fail_msg("%s", err.message);
}

static void migrations_only_go_forward(void **state)
{
	_cleanup_(db_freep) struct db *db = pg_db("images_app", NULL);
	struct error err;

	assert_non_null(mkdtemp(directory));
	assert_int_equal(db_wait_schema(db, "images", 1, 1, &err), DEADLINE_EXCEEDED);
	write_file("0001_one.sql", "CREATE TABLE one (a int);\nINSERT INTO one VALUES (1);\n");
	write_file("README", "is no migration");
	expect_migration(OK, 1, NULL);
	expect_migration(OK, 1, NULL);
	write_file("0002_two.sql", "-- no transaction\nCREATE INDEX CONCURRENTLY x ON one (a);\n"
				   "DROP INDEX CONCURRENTLY x;\n");
	write_file("0003_three.sql", "CREATE TABLE three (a int);\nSELECT broken;\n");
	expect_migration(FAILED_PRECONDITION, 0, "0003_three.sql: ERROR:  column \"broken\"");
	assert_string_equal(pg_value("SELECT max(version) FROM images.schema_migration"), "2");
	assert_string_equal(pg_value("SELECT to_regclass('images.three')"), "");
	write_file("0003_three.sql", "CREATE TABLE three (a int);\n");
	expect_migration(OK, 3, NULL);
	assert_int_equal(db_wait_schema(db, "images", 3, 0, &err), OK);
	assert_int_equal(db_wait_schema(db, "images", 4, 1, &err), DEADLINE_EXCEEDED);
	assert_non_null(strstr(err.message, "is at version 3 and must be at 4"));

	write_file("0001_one.sql", "CREATE TABLE one (a bigint);\n");
	expect_migration(FAILED_PRECONDITION, 0, "0001_one.sql was applied and has changed");
	write_file("0001_one.sql", "CREATE TABLE one (a int);\nINSERT INTO one VALUES (1);\n");
	write_file("0003_other.sql", "SELECT 1;\n");
	expect_migration(FAILED_PRECONDITION, 0, "have one number");
	remove_file("0003_other.sql");
	remove_file("0002_two.sql");
	write_file("0005_five.sql", "SELECT 1;\n");
	expect_migration(OK, 5, NULL);
	write_file("0004_late.sql", "SELECT 1;\n");
	expect_migration(FAILED_PRECONDITION, 0, "is older than 5");
	for (const char *const *name =
		     (const char *const[]){"README", "0001_one.sql", "0003_three.sql",
					   "0004_late.sql", "0005_five.sql", NULL};
	     *name; name++)
		remove_file(*name);
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_query_gives_rows_and_exec_counts_them),
		TEST(errors_have_names),
		TEST(a_wrong_statement_names_itself),
		TEST(values_have_the_types_of_their_columns),
		TEST(numbers_that_do_not_fit_are_cut),
		TEST(a_deadline_cancels_and_keeps_the_connection),
		TEST(a_timestamp_is_microseconds_there_and_back),
		TEST(a_timestamp_beyond_the_years_is_the_nearest),
		TEST(a_statement_ends_at_its_timeout),
		TEST(a_lost_connection_is_opened_anew),
		TEST(a_server_comes_back),
		TEST(an_outdated_plan_is_made_anew),
		TEST(no_statement_is_compiled),
		TEST(a_transaction_commits_or_not),
		TEST(a_transaction_repeats_on_a_conflict),
		TEST(a_transaction_that_swallowed_an_error_fails),
		TEST(a_transaction_lost_at_its_commit_says_so),
		TEST(a_transaction_takes_few_round_trips),
		TEST(a_short_transaction_of_a_test_undoes_all),
		TEST(a_transaction_may_be_empty),
		TEST(a_deadlock_is_repeated),
		TEST(a_user_sees_only_own_rows),
		TEST(a_transaction_of_a_test_undoes_all),
		TEST(a_pool_lends_as_many_as_it_has),
		TEST(migrations_only_go_forward),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
