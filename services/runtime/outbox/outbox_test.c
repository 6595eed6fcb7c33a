/* Calls that must not be lost: on a real PostgreSQL, delivered to a real server over ipc. */
#include "credits/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/uuid.h"
#include "runtime/outbox/outbox.h"
#include "tests/lib/pg.h"
#include "tools/limitless/tool.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
/* after the four that it needs */
#include <cmocka.h>

#define WAIT_US (20 * US_PER_S)
#define CALLS_MAX 4096

/* The calls that the other service saw, in order. */
static struct {
	pthread_mutex_t lock;
	char ids[CALLS_MAX][UUID_SIZE];
	size_t n;
	int failures_left; /* answers UNAVAILABLE so often */
	enum status answer;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static enum status void_hold(struct rpc_call *call, const ProtobufCMessage *message,
			     _unused_ ProtobufCMessage *resp)
{
	const Credits__V1__VoidRequest *req = (const Credits__V1__VoidRequest *)message;
	enum status s;

	pthread_mutex_lock(&seen.lock);
	if (seen.n < CALLS_MAX)
		snprintf(seen.ids[seen.n++], UUID_SIZE, "%s", req->void_id);
	s = seen.failures_left > 0 ? UNAVAILABLE : seen.answer;
	if (seen.failures_left > 0)
		seen.failures_left--;
	pthread_mutex_unlock(&seen.lock);
	if (s == UNAVAILABLE)
		return rpc_fail(call, s, "service_unavailable", "not now");
	return s == OK ? OK : rpc_fail(call, s, "hold_settled", "too late");
}

static const struct rpc_handler handlers[] = {{&credits_v1_void_hold_method, void_hold}};

struct stage {
	char directory[64], url[128];
	struct rpc_server *server;
	struct rpc_channel *channel;
	struct db_pool *pool;
	struct db *db;
	struct outbox_target target;
};

static void start_server(struct stage *stage)
{
	const char *const listen[] = {stage->url, NULL};
	const struct rpc_server_options options = {.listen = listen, .workers = 2};
	struct error err;

	stage->server = rpc_server_new(&options);
	rpc_server_register(stage->server, handlers, 1);
	if (rpc_server_start(stage->server, &err) != OK)
		fail_msg("%s", err.message);
}

static void stop_server(struct stage *stage)
{
	rpc_server_drain(stage->server);
	rpc_server_free(stage->server);
	stage->server = NULL;
}

static int group_set_up(void **state)
{
	pg_start();
	pg_migrate("images");
	return 0;
}

static int group_tear_down(void **state)
{
	pg_stop();
	return 0;
}

static int set_up(void **state)
{
	struct stage *stage = calloc(1, sizeof *stage);

	assert_non_null(stage);
	pg_exec("TRUNCATE images.outbox");
	memset(seen.ids, 0, sizeof seen.ids);
	seen.n = 0;
	seen.failures_left = 0;
	seen.answer = OK;
	snprintf(stage->directory, sizeof stage->directory, "/tmp/limitless-outbox-XXXXXX");
	assert_non_null(mkdtemp(stage->directory));
	snprintf(stage->url, sizeof stage->url, "ipc://%s/s", stage->directory);
	start_server(stage);
	stage->channel = rpc_channel_open(&(struct rpc_channel_options){
		.target = stage->url,
		.service = "credits",
		.backoff_initial_ms = 10,
		.backoff_max_ms = 50,
	});
	stage->pool = db_pool_new(&(struct db_options){
		.dsn = pg_dsn("images_app"), .application_name = "test", .connections_max = 4});
	stage->db = pg_db("images_app", NULL);
	stage->target = (struct outbox_target){&credits_v1_void_hold_method, stage->channel};
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *stage = *state;

	rpc_channel_close(stage->channel);
	if (stage->server)
		stop_server(stage);
	db_free(stage->db);
	db_pool_free(stage->pool);
	tool_remove(stage->directory);
	free(stage);
	return 0;
}

static struct outbox *start(struct stage *stage)
{
	return outbox_start(&(struct outbox_options){
		.pool = stage->pool,
		.targets = &stage->target,
		.n_targets = 1,
		.poll_ms = 50,
		.backoff_initial_ms = 5,
		.backoff_max_ms = 20,
	});
}

struct leave {
	const char *key;
	char id[UUID_SIZE];
	enum status end; /* of the transaction */
};

static enum status leave_call(struct db *db, void *ctx, struct error *reterr)
{
	const struct leave *leave = ctx;
	Credits__V1__VoidRequest req = CREDITS__V1__VOID_REQUEST__INIT;
	enum status s;

	req.void_id = (char *)leave->id;
	req.hold_id = (char *)leave->id;
	s = outbox_add(db, leave->id, leave->key, &credits_v1_void_hold_method, &req.base, reterr);
	if (s == OK && leave->end != OK)
		return error_set(reterr, leave->end, "not_found", "rolled back");
	return s;
}

static void leave(struct stage *stage, const char *key, char id[UUID_SIZE])
{
	struct leave call = {.key = key};
	struct error err;

	uuid_v7(call.id);
	memcpy(id, call.id, UUID_SIZE);
	if (db_tx(stage->db, NULL, leave_call, &call, &err) != OK)
		fail_msg("%s", err.message);
}

static void wait_until_done(int n)
{
	int64_t end_us = clock_mono_us() + WAIT_US;
	char expected[16];

	snprintf(expected, sizeof expected, "%d", n);
	while (strcmp(pg_value("SELECT count(done_time) FROM images.outbox"), expected) != 0) {
		if (clock_mono_us() >= end_us)
			fail_msg("%s of %d calls are done",
				 pg_value("SELECT count(done_time) FROM images.outbox"), n);
		usleep(2000);
	}
}

/* ---------------------------------------------------------------- the tests */

static void delivers_what_was_committed(void **state)
{
	struct stage *stage = *state;
	struct leave undone = {.key = "a", .end = NOT_FOUND};
	struct outbox *outbox = start(stage);
	char id[UUID_SIZE];

	uuid_v7(undone.id);
	assert_int_equal(db_tx(stage->db, NULL, leave_call, &undone, NULL), NOT_FOUND);
	leave(stage, "a", id);
	outbox_wake(outbox);
	wait_until_done(1);
	outbox_stop(outbox);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.ids[0], id);
	assert_string_equal(pg_value("SELECT attempts FROM images.outbox WHERE refused IS NULL"),
			    "1");
}

/* The requests of this batch are larger together than what a batch sets aside. */
static void large_calls_are_whole(void **state)
{
	struct stage *stage = *state;
	struct outbox *outbox;

	seen.answer = OK;
	/* 48 requests of one text field (hold_id) that has 1 MiB. */
	pg_exec("INSERT INTO images.outbox (id, key, method, request) SELECT i, i::text, "
		"'/credits.v1.CreditsService/VoidHold', '\\x0a24'::bytea || i::text::bytea || "
		"'\\x12808040'::bytea || convert_to(repeat('h', 1048576), 'UTF8') "
		"FROM (SELECT gen_random_uuid() AS i FROM generate_series(1, 48)) ids");
	outbox = start(stage);
	wait_until_done(48);
	outbox_stop(outbox);
	assert_int_equal(seen.n, 48);
	for (size_t i = 0; i < seen.n; i++)
		assert_int_equal(strlen(seen.ids[i]), UUID_SIZE - 1);
	assert_string_equal(pg_value("SELECT count(*) FROM images.outbox WHERE refused <> ''"),
			    "0");
}

static void an_id_is_left_once(void **state)
{
	struct stage *stage = *state;
	struct leave call = {.key = "a"};

	uuid_v7(call.id);
	assert_int_equal(db_tx(stage->db, NULL, leave_call, &call, NULL), OK);
	assert_int_equal(db_tx(stage->db, NULL, leave_call, &call, NULL), OK);
	assert_string_equal(pg_value("SELECT count(*) FROM images.outbox"), "1");
}

/* The first call of a key fails for a while. The calls behind it wait, and another key goes on. */
static void keeps_the_order_of_a_key(void **state)
{
	enum { CALLS = 20 };
	struct stage *stage = *state;
	char ids[CALLS][UUID_SIZE];
	struct outbox *outbox;
	size_t next = 0;

	for (int i = 0; i < CALLS; i++)
		leave(stage, "one key", ids[i]);
	seen.failures_left = 7;
	outbox = start(stage);
	wait_until_done(CALLS);
	outbox_stop(outbox);
	for (size_t i = 0; i < seen.n; i++) {
		if (next > 0 && strcmp(seen.ids[i], ids[next - 1]) == 0)
			continue; /* the same again */
		assert_string_equal(seen.ids[i], ids[next]);
		next++;
	}
	assert_int_equal(next, CALLS);
	assert_int_equal(seen.n, CALLS + 7);
}

static void a_final_answer_refuses_and_goes_on(void **state)
{
	struct stage *stage = *state;
	struct outbox *outbox;
	char id[UUID_SIZE];

	leave(stage, "k", id);
	leave(stage, "k", id);
	seen.answer = FAILED_PRECONDITION;
	outbox = start(stage);
	wait_until_done(2);
	outbox_stop(outbox);
	assert_int_equal(seen.n, 2);
	assert_string_equal(pg_value("SELECT string_agg(refused, ' ') FROM images.outbox"),
			    "hold_settled hold_settled");
}

static void waits_for_a_service_that_is_away(void **state)
{
	struct stage *stage = *state;
	struct outbox *outbox;
	char id[UUID_SIZE];

	stop_server(stage);
	leave(stage, "k", id);
	outbox = start(stage);
	while (strcmp(pg_value("SELECT attempts >= 2 FROM images.outbox"), "t") != 0)
		usleep(2000);
	start_server(stage);
	wait_until_done(1);
	outbox_stop(outbox);
	assert_int_equal(seen.n, 1);
}

/* Two replicas share the work: no call is made twice. */
static void replicas_share_the_calls(void **state)
{
	enum { CALLS = 300 };
	struct stage *stage = *state;
	struct outbox *a, *b;
	char id[UUID_SIZE], key[16];

	for (int i = 0; i < CALLS; i++) {
		snprintf(key, sizeof key, "k%d", i % 37);
		leave(stage, key, id);
	}
	a = start(stage);
	b = start(stage);
	wait_until_done(CALLS);
	outbox_stop(a);
	outbox_stop(b);
	assert_int_equal(seen.n, CALLS);
}

/* ---------------------------------------------------------------- calls that are made at once */

/* The time at which the outbox's look ended; '' while a statement runs. */
static const char *looked(void)
{
	return pg_value("SELECT coalesce(max(state_change)::text, '') FROM pg_stat_activity"
			" WHERE usename = 'images_app' AND state = 'idle'"
			" AND query LIKE '%oldest_seconds%'");
}

/* A transaction that leaves n calls with one key, or each with its own. */
struct leave_all {
	struct outbox *outbox;
	size_t n;
	const char *key; /* NULL: the ids are the keys */
	char ids[OUTBOX_LEAVE_MAX][UUID_SIZE];
	struct outbox_left *left;
	enum status end;
};

static enum status leave_all_tx(struct db *db, void *ctx, struct error *reterr)
{
	Credits__V1__VoidRequest requests[OUTBOX_LEAVE_MAX];
	struct outbox_call calls[OUTBOX_LEAVE_MAX];
	struct leave_all *all = ctx;
	enum status s;

	for (size_t i = 0; i < all->n; i++) {
		credits__v1__void_request__init(&requests[i]);
		requests[i].void_id = requests[i].hold_id = all->ids[i];
		calls[i] = (struct outbox_call){all->ids[i], all->key ? all->key : all->ids[i],
						&credits_v1_void_hold_method, &requests[i].base};
	}
	s = outbox_leave(all->outbox, db, calls, all->n, &all->left, reterr);
	if (s == OK && all->end != OK)
		return error_set(reterr, all->end, "not_found", "rolled back");
	return s;
}

static enum status leave_all(struct db *db, struct leave_all *all)
{
	struct error err;

	for (size_t i = 0; i < all->n; i++)
		uuid_v7(all->ids[i]);
	return db_tx(db, NULL, leave_all_tx, all, &err);
}

/* Without a poll: its thread finds nothing unless it is woken. */
static struct outbox *start_slow(struct stage *stage, int32_t left_max)
{
	struct outbox *outbox = outbox_start(&(struct outbox_options){
		.pool = stage->pool,
		.targets = &stage->target,
		.n_targets = 1,
		.poll_ms = 3600000,
		.backoff_initial_ms = 5,
		.backoff_max_ms = 20,
		.left_max = left_max,
	});
	int64_t end_us = clock_mono_us() + WAIT_US;

	while (!*looked() && clock_mono_us() < end_us)
		usleep(2000);
	return outbox;
}

static void left_calls_go_out_at_once(void **state)
{
	struct stage *stage = *state;
	struct leave_all all = {.outbox = start_slow(stage, 0), .n = OUTBOX_LEAVE_MAX};

	assert_int_equal(leave_all(stage->db, &all), OK);
	assert_int_equal(seen.n, 0);
	assert_string_equal(
		pg_value("SELECT bool_and(next_time > lc.now() + '20 s' AND attempts = 1)"
			 " FROM images.outbox"),
		"t");
	outbox_go(all.left);
	wait_until_done(OUTBOX_LEAVE_MAX);
	outbox_stop(all.outbox);
	assert_int_equal(seen.n, OUTBOX_LEAVE_MAX);
	assert_string_equal(pg_value("SELECT count(*) FROM images.outbox WHERE attempts = 1"),
			    "64");
}

/* A stop ends the calls under way, and their marks are stored. */
static void a_stop_marks_what_was_called(void **state)
{
	struct stage *stage = *state;
	struct leave_all all = {.outbox = start_slow(stage, 0), .n = 10};

	assert_int_equal(leave_all(stage->db, &all), OK);
	outbox_go(all.left);
	outbox_stop(all.outbox);
	wait_until_done(10);
	assert_int_equal(seen.n, 10);
}

static void nothing_goes_out_of_what_was_undone(void **state)
{
	struct stage *stage = *state;
	struct leave_all all = {.outbox = start_slow(stage, 5), .n = 5, .end = NOT_FOUND};

	assert_int_equal(leave_all(stage->db, &all), NOT_FOUND);
	outbox_left_free(all.left);
	assert_string_equal(pg_value("SELECT count(*) FROM images.outbox"), "0");
	all.end = OK; /* and it has given its room back */
	assert_int_equal(leave_all(stage->db, &all), OK);
	assert_string_equal(pg_value("SELECT sum(attempts) FROM images.outbox"), "5");
	outbox_go(all.left);
	outbox_stop(all.outbox);
	assert_int_equal(seen.n, 5);
}

/* Those behind the first of a key wait for its end, whoever left them and however it fails. */
static void left_calls_of_a_key_keep_their_order(void **state)
{
	struct stage *stage = *state;
	struct leave_all all = {.outbox = start_slow(stage, 0), .n = 3, .key = "k"};
	struct leave_all more = {.outbox = all.outbox, .n = 2, .key = "k"};
	char last[UUID_SIZE];
	size_t next = 0;

	seen.failures_left = 2;
	assert_int_equal(leave_all(stage->db, &all), OK);
	assert_int_equal(leave_all(stage->db, &more), OK);
	leave(stage, "k", last);
	assert_string_equal(pg_value("SELECT string_agg(attempts::text, '' ORDER BY seq)"
				     " FROM images.outbox"),
			    "100000");
	outbox_go(more.left);
	outbox_go(all.left);
	wait_until_done(6);
	outbox_stop(all.outbox);
	assert_int_equal(seen.n, 8);
	for (size_t i = 0; i < seen.n; i++) {
		const char *expected = next < 3   ? all.ids[next]
				       : next < 5 ? more.ids[next - 3]
						  : last;

		assert_string_equal(seen.ids[i], expected);
		next += i >= 2; /* the first one failed twice */
	}
}

/* More than may be under way are left for the thread. */
static void without_room_they_are_claimed(void **state)
{
	struct stage *stage = *state;
	struct leave_all all = {.outbox = start_slow(stage, 4), .n = 10};

	assert_int_equal(leave_all(stage->db, &all), OK);
	assert_string_equal(pg_value("SELECT sum(attempts) FROM images.outbox"), "4");
	outbox_go(all.left);
	wait_until_done(10);
	outbox_stop(all.outbox);
	assert_int_equal(seen.n, 10);
}

static void a_left_call_that_fails_is_repeated(void **state)
{
	struct stage *stage = *state;
	struct leave_all all = {.outbox = start_slow(stage, 0), .n = 1};

	seen.failures_left = 3;
	assert_int_equal(leave_all(stage->db, &all), OK);
	outbox_go(all.left);
	wait_until_done(1);
	assert_int_equal(seen.n, 4);
	seen.answer = FAILED_PRECONDITION;
	assert_int_equal(leave_all(stage->db, &all), OK);
	outbox_go(all.left);
	wait_until_done(2);
	outbox_stop(all.outbox);
	assert_int_equal(seen.n, 5);
	assert_string_equal(pg_value("SELECT count(*) FROM images.outbox WHERE refused = "
				     "'hold_settled'"),
			    "1");
}

/* As after a crash of the database before the mark was on its disk. */
static void a_lost_mark_is_a_repeat(void **state)
{
	struct stage *stage = *state;
	struct leave_all all = {.outbox = start_slow(stage, 0), .n = 1};

	assert_int_equal(leave_all(stage->db, &all), OK);
	outbox_go(all.left);
	wait_until_done(1);
	outbox_stop(all.outbox);
	pg_exec("UPDATE images.outbox SET done_time = NULL, next_time = create_time + '30 s'");
	pg_clock_add("31 s");
	all.outbox = start(stage);
	wait_until_done(1);
	outbox_stop(all.outbox);
	pg_clock_reset();
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.ids[0], seen.ids[1]);
}

/* Commits a call and dies before it is made. It is a program of its own, because a fork of many
 * threads may find a lock taken for ever. */
static int leave_and_die(const char *dsn, const char *id, bool at_once)
{
	const struct db_options options = {.dsn = dsn};
	struct db *db = db_new(&options);
	struct leave call = {.key = "k"};
	struct leave_all all = {.n = 1};
	struct outbox_target none;

	if (at_once) {
		all.outbox = outbox_start(&(struct outbox_options){
			.pool = db_pool_new(&options), .targets = &none, .poll_ms = 3600000});
		memcpy(all.ids[0], id, UUID_SIZE);
		if (db_tx(db, NULL, leave_all_tx, &all, NULL) == OK)
			raise(SIGKILL);
	}
	memcpy(call.id, id, UUID_SIZE);
	if (db_tx(db, NULL, leave_call, &call, NULL) == OK)
		raise(SIGKILL);
	return 1;
}

static void run_and_die(const char *id, const char *how)
{
	const char *dsn = pg_dsn("images_app");
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/proc/self/exe", "outbox_test", dsn, id, how, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Between its commit and its call: the row is taken for a while, and then anybody's. */
static void a_process_killed_after_its_commit_loses_nothing(void **state)
{
	struct stage *stage = *state;
	struct outbox *outbox;
	char id[UUID_SIZE];

	uuid_v7(id);
	run_and_die(id, "at once");
	assert_string_equal(pg_value("SELECT attempts FROM images.outbox WHERE done_time IS NULL"),
			    "1");
	outbox = start(stage);
	usleep(100000);
	assert_int_equal(seen.n, 0);
	pg_clock_add("31 s");
	wait_until_done(1);
	outbox_stop(outbox);
	pg_clock_reset();
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.ids[0], id);
}

static void a_killed_process_loses_nothing(void **state)
{
	struct stage *stage = *state;
	struct outbox *outbox;
	char id[UUID_SIZE];

	uuid_v7(id);
	run_and_die(id, "later");
	outbox = start(stage);
	wait_until_done(1);
	outbox_stop(outbox);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.ids[0], id);
}

/* A process that claimed a call and died: the claim ends by time alone. */
static void a_claim_ends(void **state)
{
	struct stage *stage = *state;
	struct outbox *outbox;
	char id[UUID_SIZE];

	leave(stage, "k", id);
	pg_exec("UPDATE images.outbox SET attempts = 1, next_time = lc.now() + '30 s'");
	outbox = start(stage);
	usleep(100000);
	assert_int_equal(seen.n, 0);
	pg_clock_add("31 s");
	wait_until_done(1);
	outbox_stop(outbox);
	pg_clock_reset();
	assert_int_equal(seen.n, 1);
}

/* Nothing can be called: first no call is left, then one waits with another behind it. The look
 * runs once for each, not again and again. */
static void rests_while_nothing_is_due(void **state)
{
	struct stage *stage = *state;
	char id[UUID_SIZE], former[64] = "", first[64], second[64];

	for (int calls = 0; calls <= 2; calls += 2) {
		const struct outbox_options options = {.pool = stage->pool,
						       .targets = &stage->target,
						       .n_targets = 1,
						       .poll_ms = 60000};
		int64_t end_us = clock_mono_us() + WAIT_US;
		struct outbox *outbox;

		for (int i = 0; i < calls; i++)
			leave(stage, "k", id);
		pg_exec("UPDATE images.outbox SET next_time = lc.now() + '1 hour'"
			" WHERE seq = (SELECT min(seq) FROM images.outbox)");
		outbox = outbox_start(&options);
		do {
			usleep(2000);
			snprintf(first, sizeof first, "%s", looked());
		} while ((!*first || strcmp(first, former) == 0) && clock_mono_us() < end_us);
		usleep(100000);
		snprintf(second, sizeof second, "%s", looked());
		outbox_stop(outbox);
		assert_string_equal(second, first);
		memcpy(former, first, sizeof former);
	}
	assert_int_equal(seen.n, 0);
}

/* The crash may take the mark of a call with it, for marks do not wait for the disk. Then the call
 * is made once more when its claim has ended. */
static void survives_the_database(void **state)
{
	struct stage *stage = *state;
	struct outbox *outbox = start(stage);
	char id[UUID_SIZE];

	leave(stage, "k", id);
	wait_until_done(1);
	pg_crash();
	pg_restart();
	leave(stage, "k", id);
	pg_clock_add("31 s");
	wait_until_done(2);
	outbox_stop(outbox);
	pg_clock_reset();
	assert_in_range(seen.n, 2, 3);
	if (seen.n == 3)
		assert_true(strcmp(seen.ids[0], seen.ids[1]) == 0 ||
			    strcmp(seen.ids[0], seen.ids[2]) == 0);
}

static void purges_what_is_done(void **state)
{
	struct stage *stage = *state;
	struct outbox *outbox;
	char id[UUID_SIZE];
	int64_t end_us = clock_mono_us() + WAIT_US;

	leave(stage, "k", id);
	pg_exec("UPDATE images.outbox SET done_time = lc.now() - '8 days'::interval");
	leave(stage, "k", id);
	pg_exec("UPDATE images.outbox SET done_time = lc.now() - '6 days'::interval"
		" WHERE done_time IS NULL");
	outbox = start(stage);
	while (strcmp(pg_value("SELECT count(*) FROM images.outbox"), "1") != 0 &&
	       clock_mono_us() < end_us)
		usleep(2000);
	outbox_stop(outbox);
	assert_string_equal(pg_value("SELECT id FROM images.outbox"), id);
}

int main(int argc, char **argv)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(delivers_what_was_committed),
		TEST(an_id_is_left_once),
		TEST(large_calls_are_whole),
		TEST(keeps_the_order_of_a_key),
		TEST(a_final_answer_refuses_and_goes_on),
		TEST(waits_for_a_service_that_is_away),
		TEST(replicas_share_the_calls),
		TEST(left_calls_go_out_at_once),
		TEST(a_stop_marks_what_was_called),
		TEST(nothing_goes_out_of_what_was_undone),
		TEST(left_calls_of_a_key_keep_their_order),
		TEST(without_room_they_are_claimed),
		TEST(a_left_call_that_fails_is_repeated),
		TEST(a_lost_mark_is_a_repeat),
		TEST(a_process_killed_after_its_commit_loses_nothing),
		TEST(a_killed_process_loses_nothing),
		TEST(a_claim_ends),
		TEST(rests_while_nothing_is_due),
		TEST(survives_the_database),
		TEST(purges_what_is_done),
	};

	if (argc == 4)
		return leave_and_die(argv[1], argv[2], strcmp(argv[3], "at once") == 0);
	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
