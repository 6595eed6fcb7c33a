/* The outbox on a real PostgreSQL, its calls over a socket to a server that answers as it is told.
 */
#include "runtime/outbox/outbox.h"

#include "credits/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "tests/lib/pg.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define URL "ipc:///tmp/outbox-test.sock"
#define WAIT_US (20 * US_PER_S)
#define SEEN_MAX 1000

/* What the server saw, and how it answers. */
static struct {
	pthread_mutex_t lock;
	char seen[SEEN_MAX][16]; /* void_id of each call, in their order */
	int n;
	int failures_left;   /* UNAVAILABLE until then */
	const char *refused; /* this void_id is answered FAILED_PRECONDITION */
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct rpc_channel *channel;
static struct db *db;

static enum status take(struct rpc_call *call, const ProtobufCMessage *message,
			ProtobufCMessage *resp)
{
	const Credits__V1__VoidRequest *req = (const Credits__V1__VoidRequest *)message;
	enum status s = OK;

	pthread_mutex_lock(&server.lock);
	ensure(server.n < SEEN_MAX);
	snprintf(server.seen[server.n++], sizeof server.seen[0], "%s", req->void_id);
	if (server.failures_left > 0 && server.failures_left--)
		s = rpc_fail(call, UNAVAILABLE, "service_unavailable", "not yet");
	else if (server.refused && strcmp(server.refused, req->void_id) == 0)
		s = rpc_fail(call, FAILED_PRECONDITION, "hold_settled", "too late");
	pthread_mutex_unlock(&server.lock);
	return s;
}

static const struct rpc_handler handlers[] = {{&credits_v1_void_hold_method, take}};

struct leave {
	const char *key, *name;
	bool fail;
};

static enum status leave_in_tx(struct db *connection, void *ctx, struct error *reterr)
{
	const struct leave *leave = ctx;
	Credits__V1__VoidRequest req = CREDITS__V1__VOID_REQUEST__INIT;
	char id[UUID_SIZE];
	enum status s;

	uuid_v7(id);
	req.void_id = (char *)leave->name;
	s = outbox_add(connection, id, leave->key, &credits_v1_void_hold_method, &req.base, reterr);
	if (s == OK && leave->fail)
		s = error_set(reterr, ABORTED, "given_up", "the cause did not happen");
	return s;
}

static void leave(const char *key, const char *name)
{
	struct leave ctx = {key, name, false};
	struct error err;

	assert_int_equal(db_tx(db, NULL, leave_in_tx, &ctx, &err), OK);
}

static struct db_pool *pool_new(void)
{
	static char dsn[512];

	snprintf(dsn, sizeof dsn, "%s", pg_dsn("chat_app"));
	return db_pool_new(&(struct db_options){.dsn = dsn, .connections_max = 2});
}

static struct outbox *start(struct db_pool *pool)
{
	static struct outbox_target targets[1];

	targets[0] = (struct outbox_target){&credits_v1_void_hold_method, channel};
	return outbox_start(&(struct outbox_options){
		.pool = pool,
		.targets = targets,
		.n_targets = ARRAY_SIZE(targets),
		.poll_ms = 20,
		.backoff_initial_ms = 5,
		.backoff_max_ms = 20,
	});
}

/* Until no call is left to be made. */
static bool drained(void)
{
	int64_t end_us = clock_mono_us() + WAIT_US;

	while (clock_mono_us() < end_us) {
		if (strcmp(pg_value("SELECT count(*) FROM chat.outbox WHERE done_time IS NULL"),
			   "0") == 0)
			return true;
		usleep(2000);
	}
	return false;
}

static int set_up(void **state)
{
	pg_exec("TRUNCATE chat.outbox");
	server.n = server.failures_left = 0;
	server.refused = NULL;
	*state = pool_new();
	return 0;
}

static int tear_down(void **state)
{
	db_pool_free(*state);
	return 0;
}

static void a_call_is_made_if_its_cause_was_committed(void **state)
{
	struct leave given_up = {"k", "never", true};
	struct outbox *outbox;
	struct error err;

	leave("k", "committed");
	assert_int_equal(db_tx(db, NULL, leave_in_tx, &given_up, &err), ABORTED);
	outbox = start(*state);
	assert_true(drained());
	outbox_stop(outbox);
	assert_int_equal(server.n, 1);
	assert_string_equal(server.seen[0], "committed");
}

static enum status leave_twice(struct db *connection, void *ctx, struct error *reterr)
{
	Credits__V1__VoidRequest req = CREDITS__V1__VOID_REQUEST__INIT;
	enum status s = OK;

	for (int i = 0; s == OK && i < 2; i++)
		s = outbox_add(connection, ctx, "k", &credits_v1_void_hold_method, &req.base,
			       reterr);
	return s;
}

static void an_id_is_left_once(void **state)
{
	char id[UUID_SIZE];
	struct error err;

	uuid_v7(id);
	assert_int_equal(db_tx(db, NULL, leave_twice, id, &err), OK);
	assert_string_equal(pg_value("SELECT count(*) FROM chat.outbox"), "1");
}

static void a_failed_call_is_made_again(void **state)
{
	struct outbox *outbox;

	server.failures_left = 30; /* more than the rpc layer tries by itself */
	leave("k", "again");
	outbox = start(*state);
	assert_true(drained());
	outbox_stop(outbox);
	assert_int_equal(server.n, 31);
	assert_string_equal(pg_value("SELECT attempts > 1 AND refused IS NULL FROM chat.outbox"),
			    "t");
}

static void a_refused_call_ends_and_its_key_goes_on(void **state)
{
	struct outbox *outbox;

	server.refused = "bad";
	leave("k", "bad");
	leave("k", "next");
	outbox = start(*state);
	assert_true(drained());
	outbox_stop(outbox);
	assert_int_equal(server.n, 2);
	assert_string_equal(server.seen[1], "next");
	assert_string_equal(pg_value("SELECT refused FROM chat.outbox WHERE refused IS NOT NULL"),
			    "hold_settled");
}

static void calls_of_a_key_keep_their_order(void **state)
{
	struct db_pool *other = pool_new();
	struct outbox *a, *b;
	char next[3] = {'0', '0', '0'};

	server.failures_left = 20;
	for (int i = 0; i < 10; i++) {
		for (int k = 0; k < 3; k++) {
			char key[2] = {(char)('a' + k), 0},
			     name[3] = {(char)('a' + k), (char)('0' + i), 0};

			leave(key, name);
		}
	}
	a = start(*state);
	b = start(other);
	assert_true(drained());
	outbox_stop(a);
	outbox_stop(b);
	db_pool_free(other);
	/* A repeat may come, a step back or a gap may not. */
	for (int i = 0; i < server.n; i++) {
		char *expected = &next[server.seen[i][0] - 'a'], digit = server.seen[i][1];

		assert_true(digit == *expected || digit + 1 == *expected);
		if (digit == *expected)
			(*expected)++;
	}
	assert_memory_equal(next, ":::", 3); /* one behind '9' */
}

static void a_claim_of_the_dead_is_taken_over(void **state)
{
	struct outbox *outbox;

	leave("k", "orphan");
	pg_exec("UPDATE chat.outbox SET attempts = 1, next_time = lc.now() + interval '100 ms'");
	outbox = start(*state);
	assert_true(drained());
	outbox_stop(outbox);
	assert_string_equal(server.seen[0], "orphan");
}

static void it_survives_the_database(void **state)
{
	struct outbox *outbox = start(*state);

	leave("k", "before");
	assert_true(drained());
	pg_crash();
	pg_restart();
	leave("k", "after");
	assert_true(drained());
	outbox_stop(outbox);
	assert_int_equal(server.n, 2);
}

static void done_calls_are_erased_after_a_week(void **state)
{
	struct outbox *outbox;

	leave("k", "old");
	pg_exec("UPDATE chat.outbox SET done_time = lc.now() - interval '8 days'");
	leave("k", "new");
	outbox = start(*state);
	assert_true(drained());
	outbox_stop(outbox);
	assert_string_equal(pg_value("SELECT count(*) FROM chat.outbox"), "1");
}

static int group_set_up(void **state)
{
	const char *const listen[] = {URL, NULL};
	struct rpc_server *rpc;
	struct error err;

	pg_start();
	pg_exec("SET ROLE chat_owner; SET search_path = chat, lc;"
		"CREATE TABLE outbox (id uuid PRIMARY KEY, seq bigint GENERATED ALWAYS AS "
		"IDENTITY, key text NOT NULL, method text NOT NULL,"
		" request bytea NOT NULL, create_time timestamptz NOT NULL DEFAULT lc.now(), "
		"attempts integer NOT NULL DEFAULT 0,"
		" next_time timestamptz NOT NULL DEFAULT lc.now(), done_time timestamptz, refused "
		"text);"
		"GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO chat_app");
	db = pg_db("chat_app", NULL);
	rpc = rpc_server_new(&(struct rpc_server_options){.listen = listen, .workers = 2});
	rpc_server_register(rpc, handlers, ARRAY_SIZE(handlers));
	ensure(rpc_server_start(rpc, &err) == OK);
	channel = rpc_channel_open(&(struct rpc_channel_options){
		.target = URL, .service = "credits", .backoff_initial_ms = 20});
	*state = rpc;
	return 0;
}

static int group_tear_down(void **state)
{
	rpc_channel_close(channel);
	rpc_server_drain(*state);
	rpc_server_free(*state);
	db_free(db);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_call_is_made_if_its_cause_was_committed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_id_is_left_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failed_call_is_made_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_refused_call_ends_and_its_key_goes_on, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(calls_of_a_key_keep_their_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_claim_of_the_dead_is_taken_over, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_survives_the_database, set_up, tear_down),
		cmocka_unit_test_setup_teardown(done_calls_are_erased_after_a_week, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
