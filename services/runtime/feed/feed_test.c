/* The feed over a real socket, of a table that a test writes itself. */
#include "runtime/feed/feed.h"

#include "edge/v1/rpc.h"
#include "runtime/base/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

#define ROWS_MAX 20000
#define WAIT_MS 20000 /* until a case fails; it goes on as soon as what it waits for is there */
#define POLL_MS 20
#define QUEUE_BYTES (16 << 10)
#define ID "0190a000-0000-7000-8000-00000000000a"

/* ---------------------------------------------------------------- the table */

static struct {
	pthread_mutex_t lock;
	int64_t head; /* rows 1 to head are there */
	bool broken;
	int polls;
	int also;
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void set_value(PGresult *rows, int row, int column, int64_t value)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%lld", (long long)value);

	assert_true(PQsetvalue(rows, row, column, text, len));
}

static enum status poll(struct db *db, int64_t after, int32_t rows_max, PGresult **ret,
			struct error *reterr)
{
	PGresAttDesc columns[] = {{.name = (char *)"head", .typid = 20, .typlen = 8},
				  {.name = (char *)"sequence", .typid = 20, .typlen = 8}};
	PGresult *rows;
	int n = 0;

	pthread_mutex_lock(&table.lock);
	table.polls++;
	if (table.broken) {
		pthread_mutex_unlock(&table.lock);
		return error_set(reterr, UNAVAILABLE, "database_unavailable", "broken");
	}
	rows = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	assert_true(PQsetResultAttrs(rows, 2, columns));
	for (int64_t at = after + 1; at <= table.head && n < rows_max; at++, n++) {
		set_value(rows, n, 0, table.head);
		set_value(rows, n, 1, at);
	}
	if (n == 0) {
		set_value(rows, 0, 0, table.head);
		assert_true(PQsetvalue(rows, 0, 1, NULL, -1));
	}
	pthread_mutex_unlock(&table.lock);
	*ret = rows;
	return OK;
}

static Edge__V1__RevocationEvent *event_new(struct arena *arena, int64_t sequence)
{
	Edge__V1__RevocationEvent *event = arena_alloc(arena, sizeof *event);

	edge__v1__revocation_event__init(event);
	event->sequence = sequence;
	return event;
}

static const ProtobufCMessage *encode(struct arena *arena, const PGresult *rows, int row)
{
	Edge__V1__RevocationEvent *event = event_new(arena, db_i64(rows, row, "sequence"));

	event->event_case = EDGE__V1__REVOCATION_EVENT__EVENT_SESSION;
	event->session = arena_alloc(arena, sizeof *event->session);
	edge__v1__revoked_session__init(event->session);
	event->session->session_id = (char *)ID;
	return &event->base;
}

static const ProtobufCMessage *heartbeat(struct arena *arena, int64_t head)
{
	Edge__V1__RevocationEvent *event = event_new(arena, head);

	event->event_case = EDGE__V1__REVOCATION_EVENT__EVENT_HEARTBEAT;
	event->heartbeat = arena_alloc(arena, sizeof *event->heartbeat);
	edge__v1__heartbeat__init(event->heartbeat);
	return &event->base;
}

/* A reader that sends metadata `odd` gets the odd rows only. */
static bool concerns(const struct rpc_call *reader, const PGresult *rows, int row)
{
	return !rpc_metadata(reader, "odd") || db_i64(rows, row, "sequence") % 2 == 1;
}

static enum status also(struct db *db, void *ctx, struct error *reterr)
{
	pthread_mutex_lock(&table.lock);
	table.also++;
	pthread_mutex_unlock(&table.lock);
	return OK;
}

static void write_rows(int64_t n)
{
	pthread_mutex_lock(&table.lock);
	table.head += n;
	pthread_mutex_unlock(&table.lock);
}

static int read_count(const int *count)
{
	int n;

	pthread_mutex_lock(&table.lock);
	n = *count;
	pthread_mutex_unlock(&table.lock);
	return n;
}

/* ---------------------------------------------------------------- readers */

struct reader {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct rpc_client_call *call;
	int64_t sequences[ROWS_MAX];
	int n; /* rows */
	int heartbeats;
	int64_t head; /* of the last heartbeat */
	bool held;    /* takes nothing more until it is let go */
	bool ended;
	enum status status;
};

static struct feed *feed;
static struct rpc_server *server;
static struct rpc_channel *channel;

static bool on_message(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	const Edge__V1__RevocationEvent *event = (const Edge__V1__RevocationEvent *)message;
	struct reader *r = ctx;
	bool go_on;

	pthread_mutex_lock(&r->lock);
	if (event->event_case == EDGE__V1__REVOCATION_EVENT__EVENT_HEARTBEAT) {
		r->heartbeats++;
		r->head = event->sequence;
	} else if (r->n < ROWS_MAX) {
		r->sequences[r->n++] = event->sequence;
	}
	go_on = !r->held;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	return go_on;
}

static void on_end(struct rpc_client_call *call, enum status status, const struct error *err,
		   void *ctx)
{
	struct reader *r = ctx;

	pthread_mutex_lock(&r->lock);
	r->ended = true;
	r->status = status;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

static const struct rpc_client_hooks hooks = {.on_message = on_message, .on_end = on_end};

static struct reader *follow_as(int64_t after, bool odd, bool held)
{
	struct reader *r = calloc(1, sizeof *r);
	Edge__V1__WatchRevocationsRequest req = EDGE__V1__WATCH_REVOCATIONS_REQUEST__INIT;
	const struct rpc_metadata metadata = {"odd", "1", 1};
	const struct rpc_call_options options = {
		.wait_for_ready = true, .metadata = &metadata, .n_metadata = odd ? 1 : 0};

	assert_non_null(r);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	r->held = held;
	req.after_sequence = after;
	r->call = edge_v1_watch_revocations_open(channel, &options, &req, &hooks, r);
	return r;
}

static struct reader *follow(int64_t after)
{
	return follow_as(after, false, false);
}

/* Waits until there are so many of both, or the stream has ended. */
static void wait_for(struct reader *r, int rows, int heartbeats, bool end)
{
	struct timespec deadline;
	bool there = false;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += WAIT_MS / 1000;
	pthread_mutex_lock(&r->lock);
	for (int rc = 0; rc == 0;) {
		there = end ? r->ended : r->n >= rows && r->heartbeats >= heartbeats;
		if (there)
			break;
		rc = pthread_cond_timedwait(&r->changed, &r->lock, &deadline);
	}
	pthread_mutex_unlock(&r->lock);
	if (!there)
		fail_msg("%d rows, %d heartbeats, ended %d", r->n, r->heartbeats, r->ended);
}

static void leave(struct reader *r)
{
	bool ended;

	pthread_mutex_lock(&r->lock);
	ended = r->ended;
	pthread_mutex_unlock(&r->lock);
	if (!ended)
		rpc_client_cancel(r->call);
	wait_for(r, 0, 0, true);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
	free(r);
}

static int count_heartbeats(struct reader *r)
{
	int n;

	pthread_mutex_lock(&r->lock);
	n = r->heartbeats;
	pthread_mutex_unlock(&r->lock);
	return n;
}

/* All rows after `after`, each once and in order. */
static void expect_rows(const struct reader *r, int64_t after, int n)
{
	assert_int_equal(r->n, n);
	for (int i = 0; i < n; i++)
		assert_int_equal(r->sequences[i], after + 1 + i);
}

/* ---------------------------------------------------------------- around them */

static enum status watch(struct rpc_call *call, const ProtobufCMessage *message,
			 ProtobufCMessage *resp)
{
	const Edge__V1__WatchRevocationsRequest *req =
		(const Edge__V1__WatchRevocationsRequest *)message;

	return feed_watch(feed, call, req->after_sequence);
}

static int set_up_polling(int64_t poll_ms)
{
	static const struct rpc_handler handlers[] = {{&edge_v1_watch_revocations_method, watch}};
	char url[64];
	const char *const listen[] = {url, NULL};
	const struct rpc_server_options options = {
		.listen = listen, .drain_ms = 5000, .stream_queue_bytes = QUEUE_BYTES};
	const struct rpc_channel_options client = {.target = url, .service = "auth"};
	struct error err;

	snprintf(url, sizeof url, "ipc:///tmp/feed-test-%d", getpid());
	table.head = 0;
	table.broken = false;
	table.polls = table.also = 0;
	feed = feed_start(&(struct feed_options){
		.name = "rows",
		.poll_ms = poll_ms,
		.poll = poll,
		.encode = encode,
		.heartbeat = heartbeat,
		.concerns = concerns,
		.also = also,
		.also_name = "also",
		.also_ms = 3 * POLL_MS,
	});
	server = rpc_server_new(&options);
	rpc_server_register(server, handlers, ARRAY_SIZE(handlers));
	assert_int_equal(rpc_server_start(server, &err), OK);
	channel = rpc_channel_open(&client);
	return 0;
}

static int set_up(void **state)
{
	return set_up_polling(POLL_MS);
}

static int set_up_slow(void **state)
{
	return set_up_polling(10LL * WAIT_MS);
}

static int tear_down(void **state)
{
	feed_stop(feed);
	rpc_channel_close(channel);
	rpc_server_drain(server);
	rpc_server_free(server);
	feed_free(feed);
	return 0;
}

/* ---------------------------------------------------------------- the tests */

static void a_reader_hears_a_heartbeat_at_once_and_on(void **state)
{
	struct reader *r = follow(0);

	wait_for(r, 0, 5, false);
	expect_rows(r, 0, 0);
	leave(r);
}

static void each_reader_gets_what_is_after_its_cursor(void **state)
{
	struct reader *early = follow(0), *late, *resumed;

	write_rows(1);
	wait_for(early, 1, 0, false);
	write_rows(2);
	wait_for(early, 3, 0, false);
	late = follow(0);
	resumed = follow(2);
	wait_for(late, 3, 1, false);
	wait_for(resumed, 1, 2, false);
	expect_rows(early, 0, 3);
	expect_rows(late, 0, 3);
	expect_rows(resumed, 2, 1);
	assert_int_equal(resumed->head, 3);
	leave(early);
	leave(late);
	leave(resumed);
}

static void more_than_a_batch_arrives_in_order(void **state)
{
	struct reader *r;

	write_rows(2345);
	r = follow(0);
	wait_for(r, 2345, 1, false);
	expect_rows(r, 0, 2345);
	leave(r);
}

static void a_row_goes_to_those_that_it_concerns(void **state)
{
	struct reader *all = follow(0), *odd = follow_as(0, true, false);
	int before;

	write_rows(5);
	wait_for(all, 5, 1, false);
	wait_for(odd, 3, 1, false);
	before = count_heartbeats(odd);
	wait_for(odd, 3, before + 3, false);
	assert_int_equal(odd->n, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(odd->sequences[i], 1 + 2 * i);
	leave(all);
	leave(odd);
}

static void a_cursor_beyond_the_head_begins_anew(void **state)
{
	struct reader *r;

	write_rows(3);
	r = follow(1000000);
	wait_for(r, 3, 1, false);
	expect_rows(r, 0, 3);
	leave(r);
}

/* While it takes nothing, a turn reads one batch for it and no more. */
static void a_slow_reader_delays_nobody_and_loses_nothing(void **state)
{
	struct reader *slow = follow_as(0, false, true), *quick = follow(0);
	int before, polls;

	wait_for(slow, 0, 1, false);
	write_rows(ROWS_MAX);
	wait_for(quick, ROWS_MAX, 1, false);
	expect_rows(quick, 0, ROWS_MAX);
	before = count_heartbeats(quick);
	polls = read_count(&table.polls);
	wait_for(quick, ROWS_MAX, before + 5, false);
	assert_in_range(read_count(&table.polls) - polls, 1,
			2 * (count_heartbeats(quick) - before + 2));
	assert_true(slow->n < ROWS_MAX / 2);
	pthread_mutex_lock(&slow->lock);
	slow->held = false;
	pthread_mutex_unlock(&slow->lock);
	rpc_client_resume(slow->call);
	wait_for(slow, ROWS_MAX, 1, false);
	expect_rows(slow, 0, ROWS_MAX);
	leave(slow);
	leave(quick);
}

/* Without an answer of the table nobody can say that nothing is new: silence. */
static void a_broken_table_is_silence(void **state)
{
	struct reader *r = follow(0);
	int before, polls;

	wait_for(r, 0, 1, false);
	pthread_mutex_lock(&table.lock);
	table.broken = true;
	polls = table.polls;
	pthread_mutex_unlock(&table.lock);
	for (int i = 0; i < 3; i++)
		feed_wake(feed);
	for (int64_t end_us = clock_mono_us() + WAIT_MS * US_PER_MS;
	     read_count(&table.polls) < polls + 3 && clock_mono_us() < end_us;)
		usleep(1000);
	before = count_heartbeats(r);
	pthread_mutex_lock(&table.lock);
	table.broken = false;
	table.head++;
	pthread_mutex_unlock(&table.lock);
	wait_for(r, 1, before + 1, false);
	expect_rows(r, 0, 1);
	leave(r);
}

static void a_wake_spares_the_poll(void **state)
{
	struct reader *r = follow(0);

	wait_for(r, 0, 1, false);
	write_rows(1);
	feed_wake(feed);
	wait_for(r, 1, 2, false);
	leave(r);
}

static void what_else_is_read_is_read_without_readers_too(void **state)
{
	int64_t end_us = clock_mono_us() + WAIT_MS * US_PER_MS;

	while (read_count(&table.also) < 3) {
		assert_true(clock_mono_us() < end_us);
		usleep(1000);
	}
	assert_int_equal(read_count(&table.polls), 0);
}

static void stopping_ends_the_streams(void **state)
{
	struct reader *r = follow(0), *after;

	wait_for(r, 0, 1, false);
	feed_stop(feed);
	wait_for(r, 0, 0, true);
	assert_int_equal(r->status, UNAVAILABLE);
	leave(r);
	after = follow(0);
	wait_for(after, 0, 0, true);
	assert_int_equal(after->status, UNAVAILABLE);
	leave(after);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_reader_hears_a_heartbeat_at_once_and_on),
		TEST(each_reader_gets_what_is_after_its_cursor),
		TEST(more_than_a_batch_arrives_in_order),
		TEST(a_row_goes_to_those_that_it_concerns),
		TEST(a_cursor_beyond_the_head_begins_anew),
		TEST(a_slow_reader_delays_nobody_and_loses_nothing),
		TEST(a_broken_table_is_silence),
		cmocka_unit_test_setup_teardown(a_wake_spares_the_poll, set_up_slow, tear_down),
		TEST(what_else_is_read_is_read_without_readers_too),
		TEST(stopping_ends_the_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
