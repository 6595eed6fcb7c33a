/* WatchRevocations over a real socket: what gateways see, in order and in time. Rows are committed
 * here, so each case begins without any. */
#include "auth/auth_test.h"
#include "auth/revocations.h"
#include "runtime/base/clock.h"
#include "sql/auth.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define EVENTS_MAX 2000
#define WAIT_MS 20000 /* until a case fails; it goes on as soon as what it waits for is there */
#define POLL_MS 50

/* A gateway: keeps what the stream brings. */
struct gateway {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct rpc_client_call *call;
	int64_t sequences[EVENTS_MAX];
	char sessions[EVENTS_MAX][UUID_SIZE];
	int n; /* revocations */
	int heartbeats;
	int64_t head; /* of the last heartbeat */
	bool ended;
	enum status status;
};

static struct rpc_server *server;
static struct rpc_channel *channel;
static struct rpc_call *call; /* for signing up and ending sessions, committed */

static bool on_message(struct rpc_client_call *stream, const ProtobufCMessage *message, void *ctx)
{
	const Edge__V1__RevocationEvent *event = (const Edge__V1__RevocationEvent *)message;
	struct gateway *g = ctx;

	pthread_mutex_lock(&g->lock);
	if (event->event_case == EDGE__V1__REVOCATION_EVENT__EVENT_HEARTBEAT) {
		g->heartbeats++;
		g->head = event->sequence;
	} else if (g->n < EVENTS_MAX) {
		g->sequences[g->n] = event->sequence;
		snprintf(g->sessions[g->n++], UUID_SIZE, "%s", event->session->session_id);
	}
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
	return true;
}

static void on_end(struct rpc_client_call *stream, enum status status, const struct error *err,
		   void *ctx)
{
	struct gateway *g = ctx;

	pthread_mutex_lock(&g->lock);
	g->ended = true;
	g->status = status;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

static const struct rpc_client_hooks hooks = {.on_message = on_message, .on_end = on_end};

static struct gateway *watch(int64_t after)
{
	struct gateway *g = calloc(1, sizeof(*g));
	Edge__V1__WatchRevocationsRequest req = EDGE__V1__WATCH_REVOCATIONS_REQUEST__INIT;
	const struct rpc_call_options options = {.wait_for_ready = true};

	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->changed, NULL);
	req.after_sequence = after;
	g->call = edge_v1_watch_revocations_open(channel, &options, &req, &hooks, g);
	return g;
}

/* Waits until there are so many of both, or the stream has ended. */
static void wait_for(struct gateway *g, int revocations, int heartbeats, bool end)
{
	struct timespec deadline;
	bool there = false;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += WAIT_MS / 1000;
	pthread_mutex_lock(&g->lock);
	for (int rc = 0; rc == 0;) {
		there = end ? g->ended : g->n >= revocations && g->heartbeats >= heartbeats;
		if (there)
			break;
		rc = pthread_cond_timedwait(&g->changed, &g->lock, &deadline);
	}
	pthread_mutex_unlock(&g->lock);
	if (!there)
		fail_msg("%d revocations, %d heartbeats, ended %d", g->n, g->heartbeats, g->ended);
}

static void leave(struct gateway *g)
{
	pthread_mutex_lock(&g->lock);
	bool ended = g->ended;
	pthread_mutex_unlock(&g->lock);
	if (!ended)
		rpc_client_cancel(g->call);
	wait_for(g, 0, 0, true);
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->changed);
	free(g);
}

static void start_feed(void)
{
	static char dsn[256];
	const struct revocations_options options = {
		.db = {.dsn = dsn, .statements = sql_auth_all},
		.poll_ms = POLL_MS,
		.keyring = &test_auth.keyring,
		.key_poll_ms = 10 * POLL_MS,
	};

	snprintf(dsn, sizeof(dsn), "%s", pg_dsn("auth_app"));
	test_auth.revocations = revocations_start(&options);
}

static int begin(void **state)
{
	char url[64];
	const char *const listen[] = {url, NULL};
	const struct rpc_server_options options = {
		.listen = listen, .drain_ms = 5000, .state = &test_auth};
	struct rpc_channel_options client = {.target = url, .service = "auth"};
	struct error err;

	snprintf(url, sizeof(url), "ipc:///tmp/auth-feed-test-%d", getpid());
	start_feed();
	server = rpc_server_new(&options);
	rpc_server_register(server, edge_v1_handlers, edge_v1_handlers_n);
	assert_int_equal(rpc_server_start(server, &err), OK);
	channel = rpc_channel_open(&client);
	call = test_auth_call(pg_db("auth_app", sql_auth_all));
	return 0;
}

static int end(void **state)
{
	feed_stop(test_auth.revocations);
	rpc_channel_close(channel);
	rpc_server_drain(server);
	rpc_server_free(server);
	feed_free(TAKE_PTR(test_auth.revocations));
	db_free(service_db(call));
	test_call_free(call);
	pg_exec("DELETE FROM auth.account");
	pg_exec("DELETE FROM auth.revocation");
	return 0;
}

/* Ends one session more, on another replica: this one's feed is not woken. */
static void end_a_session(char ret[UUID_SIZE])
{
	static int n;
	Auth__V1__Session *session;
	struct token_claims claims;

	test_call_reset(call);
	session = test_sign_up(call, arena_printf(call->arena, "u%d@example.com", n++));
	claims = test_claims(call, session->access_token);
	assert_int_equal(
		session_end(call, claims.subject, claims.session_id, NULL, SESSION_LOGOUT, NULL),
		OK);
	memcpy(ret, claims.session_id, UUID_SIZE);
}

static void a_watcher_hears_a_heartbeat_at_once_and_on(void **state)
{
	struct gateway *g = watch(0);

	wait_for(g, 0, 1, false);
	assert_int_equal(g->n, 0);
	wait_for(g, 0, 5, false);
	leave(g);
}

static void revocations_arrive_in_order(void **state)
{
	char sessions[3][UUID_SIZE];
	struct gateway *early, *late, *resumed;

	end_a_session(sessions[0]);
	early = watch(0);
	wait_for(early, 1, 1, false);
	end_a_session(sessions[1]);
	end_a_session(sessions[2]);
	wait_for(early, 3, 1, false);
	late = watch(0);
	resumed = watch(early->sequences[1]);
	wait_for(late, 3, 1, false);
	wait_for(resumed, 1, 2, false);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(early->sessions[i], sessions[i]);
		assert_string_equal(late->sessions[i], sessions[i]);
		assert_int_equal(early->sequences[i], early->sequences[0] + i);
	}
	assert_int_equal(resumed->n, 1);
	assert_string_equal(resumed->sessions[0], sessions[2]);
	assert_int_equal(resumed->head, early->sequences[2]);
	leave(early);
	leave(late);
	leave(resumed);
}

static void more_than_a_batch_arrives(void **state)
{
	struct gateway *g;

	pg_exec("WITH head AS (UPDATE auth.revocation_head SET sequence = sequence + 1234 "
		"RETURNING sequence)"
		" INSERT INTO auth.revocation SELECT sequence - 1234 + i, gen_random_uuid(),"
		" lc.now() + interval '15 min' FROM head, generate_series(1, 1234) AS i");
	g = watch(0);
	wait_for(g, 1234, 1, false);
	assert_int_equal(g->n, 1234);
	for (int i = 1; i < g->n; i++)
		assert_int_equal(g->sequences[i], g->sequences[i - 1] + 1);
	assert_int_equal(g->head, g->sequences[1233]);
	leave(g);
}

static void forgotten_ones_are_left_out(void **state)
{
	char session[UUID_SIZE];
	struct gateway *g;

	end_a_session(session);
	pg_clock_add("+20 minutes");
	end_a_session(session);
	g = watch(0);
	wait_for(g, 1, 1, false);
	assert_int_equal(g->n, 1);
	assert_string_equal(g->sessions[0], session);
	leave(g);
	pg_clock_reset();
}

/* The database was restored from a backup, and its sequence has gone back. */
static void a_cursor_of_the_future_gets_everything(void **state)
{
	char session[UUID_SIZE];
	struct gateway *g;

	end_a_session(session);
	g = watch(1000000000);
	wait_for(g, 1, 1, false);
	assert_string_equal(g->sessions[0], session);
	leave(g);
}

/* Without a database nobody can say that nothing was revoked: silence. */
static void no_database_no_heartbeat(void **state)
{
	struct gateway *g = watch(0);
	char session[UUID_SIZE];
	int before;

	wait_for(g, 0, 1, false);
	pg_crash();
	pthread_mutex_lock(&g->lock);
	before = g->heartbeats;
	pthread_mutex_unlock(&g->lock);
	feed_wake(test_auth.revocations);
	pg_restart();
	end_a_session(session);
	wait_for(g, 1, before + 1, false);
	assert_string_equal(g->sessions[0], session);
	leave(g);
}

static void stopping_ends_the_streams(void **state)
{
	struct gateway *g = watch(0), *after;

	wait_for(g, 0, 1, false);
	feed_stop(test_auth.revocations);
	wait_for(g, 0, 0, true);
	assert_int_equal(g->status, UNAVAILABLE);
	leave(g);
	after = watch(0);
	wait_for(after, 0, 0, true);
	assert_int_equal(after->status, UNAVAILABLE);
	leave(after);
}

static void a_negative_cursor_is_refused(void **state)
{
	struct gateway *g = watch(-1);

	wait_for(g, 0, 0, true);
	assert_int_equal(g->status, INVALID_ARGUMENT);
	leave(g);
}

int feed_tests(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(a_watcher_hears_a_heartbeat_at_once_and_on),
		CASE(revocations_arrive_in_order),
		CASE(more_than_a_batch_arrives),
		CASE(forgotten_ones_are_left_out),
		CASE(a_cursor_of_the_future_gets_everything),
		CASE(no_database_no_heartbeat),
		CASE(stopping_ends_the_streams),
		CASE(a_negative_cursor_is_refused),
	};

	return cmocka_run_group_tests_name("revocation feed", tests, NULL, NULL);
}
