/* One user's load beside another user's calls, on one channel over real sockets. */
#include "runtime/rpc/rpc.h"

#include "runtime/base/ensure.h"
#include "runtime/base/sanitizer.h"
#include "tests/lib/rpc_pair.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOR_EVER "1000000000 1000"
#if SANITIZER_THREAD
#define STALLED 400
#else
#define STALLED 1200
#endif
#define STALLED_FEW 200
#define READING 20
#define BUSY 500
#define ROUNDS 100

/* Calls of this user in this session. */
struct user {
	struct rpc_context ctx;
	struct rpc_call_options options;
};

static void be(struct user *user, const char *id, const char *session)
{
	memset(user, 0, sizeof(*user));
	snprintf(user->ctx.subject.user_id, UUID_SIZE, "%s", id);
	snprintf(user->ctx.subject.session_id, UUID_SIZE, "%s", session);
	user->options.parent = &user->ctx;
}

static void be_at(struct user *user, const char *address)
{
	be(user, "", "");
	snprintf(user->ctx.client_address, sizeof(user->ctx.client_address), "%s", address);
}

/* ------------------------------------------------------------------ readers that do not read */

static void served(struct pair *pair, struct user *user)
{
	const char *got;
	struct error err;

	if (pair_call(pair, &pair_echo, "x", &user->options, &got, &err) != OK)
		fail_msg("the other user's call: %s", err.message);
}

static int count_over(const struct pair_listener *l, int n)
{
	int over = 0;

	for (int i = 0; i < n; i++)
		over += l[i].over;
	return over;
}

/* A service that carries many users is not cut for one of them: his streams end, and no other. */
static void streams_that_are_never_read_end_and_those_of_others_go_on(void **state)
{
	static struct pair_listener stalled[STALLED], reading[READING];
	struct user ada, bob;
	struct pair pair;

	memset(stalled, 0, sizeof(stalled));
	memset(reading, 0, sizeof(reading));
	pair_open(&pair,
		  (struct rpc_server_options){.user_streams_max = 2 * STALLED,
					      .session_streams_max = 2 * STALLED,
					      .unsent_bytes_max = 16 << 20},
		  (struct rpc_channel_options){0});
	be(&ada, "ada", "ada's");
	be(&bob, "bob", "bob's");
	for (int i = 0; i < STALLED; i++) {
		stalled[i].stop_at = 1;
		pair_stream(&pair, &pair_count, FOR_EVER, &ada.options, &stalled[i]);
		if (i % (STALLED / READING) == 0)
			pair_stream(&pair, &pair_count, "2000 1000", &bob.options,
				    &reading[i / (STALLED / READING)]);
		if (i % 10 == 0)
			served(&pair, &bob);
	}
	wait_for(count_over(reading, READING) == READING);
	for (int i = 0; i < READING; i++) {
		if (reading[i].status != OK)
			fail_msg("the other user's stream: %s", reading[i].err.message);
		assert_int_equal(reading[i].in_order, 2000);
	}
	wait_for(count_over(stalled, STALLED) > 0);
	printf("# %d streams never read: %d ended, the other user's %d went on\n", STALLED,
	       count_over(stalled, STALLED), READING);
	rpc_channel_close(pair.channel);
	for (int i = 0; i < STALLED; i++) {
		assert_true(stalled[i].over);
		if (stalled[i].status == CANCELLED)
			continue; /* by the close */
		assert_int_equal(stalled[i].status, RESOURCE_EXHAUSTED);
		assert_string_equal(stalled[i].err.reason, "reader_slow");
	}
	rpc_server_drain(pair.server);
	rpc_server_free(pair.server);
	arena_free(pair.arena);
}

static void read_once(struct pair *pair, struct user *user)
{
	struct pair_listener l = {0};

	pair_stream(pair, &pair_count, "2000 1000", &user->options, &l);
	wait_for(l.over);
	if (l.status != OK || l.in_order != 2000)
		fail_msg("the other user's stream: %s", l.err.message);
}

/* At the server the connection is over its limit. The trailers pass the data that waits for a
 * window, so the reader learns of the end. */
static void the_server_ends_streams_that_are_never_read(void **state)
{
	static struct pair_listener stalled[STALLED_FEW];
	struct user ada, bob;
	struct pair pair;

	memset(stalled, 0, sizeof(stalled));
	pair_open(&pair,
		  (struct rpc_server_options){.user_streams_max = STALLED_FEW,
					      .session_streams_max = STALLED_FEW,
					      .unsent_bytes_max = 512 << 10},
		  (struct rpc_channel_options){0});
	be(&ada, "ada", "ada's");
	be(&bob, "bob", "bob's");
	for (int i = 0; i < STALLED_FEW; i++) {
		stalled[i].stop_at = 1;
		pair_stream(&pair, &pair_count, FOR_EVER, &ada.options, &stalled[i]);
	}
	for (int64_t end = clock_mono_us() + WAIT_MS * US_PER_MS; pair_cancelled == 0;) {
		read_once(&pair, &bob);
		served(&pair, &bob);
		assert_true(clock_mono_us() < end);
	}
	printf("# %d streams never read: %d ended at the server\n", STALLED_FEW, pair_cancelled);
	for (int i = 0; i < STALLED_FEW; i++) { /* what had come is told before the end */
		wait_for(stalled[i].messages > 0 || stalled[i].over);
		if (stalled[i].messages == 0)
			continue;
		stalled[i].stop_at = 0;
		rpc_client_resume(stalled[i].call);
	}
	wait_for(count_over(stalled, STALLED_FEW) > 0);
	for (int i = 0; i < STALLED_FEW; i++)
		if (stalled[i].over)
			assert_string_equal(stalled[i].err.reason, "reader_slow");
	read_once(&pair, &bob);
	pair_close(&pair);
}

/* ------------------------------------------------------------------ how many streams */

static void open_stream_at(struct pair *pair, struct user *user, struct pair_listener *l)
{
	memset(l, 0, sizeof(*l));
	l->stop_at = 1;
	pair_stream(pair, &pair_count, FOR_EVER, user ? &user->options : NULL, l);
	wait_for(l->messages > 0 || l->over);
}

static struct pair_listener *open_stream(struct pair *pair, struct user *user)
{
	static struct pair_listener all[64];
	static int n;
	struct pair_listener *l = &all[n++];

	assert_true((size_t)n < ARRAY_SIZE(all));
	open_stream_at(pair, user, l);
	return l;
}

static void refused(const struct pair_listener *l, const char *who)
{
	assert_true(l->over);
	assert_int_equal(l->status, RESOURCE_EXHAUSTED);
	assert_string_equal(l->err.reason, "streams_too_many");
	assert_non_null(strstr(l->err.message, who));
}

static void streams_of_a_user_and_of_a_session_are_capped(void **state)
{
	struct user phone, tablet, desk, bob;
	static struct pair_listener again;
	struct pair_listener *first;
	struct pair pair;

	pair_open(&pair,
		  (struct rpc_server_options){.user_streams_max = 5, .session_streams_max = 2},
		  (struct rpc_channel_options){0});
	be(&phone, "ada", "phone");
	be(&tablet, "ada", "tablet");
	be(&desk, "ada", "desk");
	be(&bob, "bob", "phone of bob");
	first = open_stream(&pair, &phone);
	assert_false(first->over);
	assert_false(open_stream(&pair, &phone)->over);
	refused(open_stream(&pair, &phone), "session");
	assert_false(open_stream(&pair, &tablet)->over);
	assert_false(open_stream(&pair, &tablet)->over);
	assert_false(open_stream(&pair, &desk)->over);
	refused(open_stream(&pair, &desk), "user");
	assert_false(open_stream(&pair, &bob)->over);
	for (int i = 0; i < 20; i++) /* services' own are not counted */
		assert_false(open_stream(&pair, NULL)->over);
	served(&pair, &phone); /* nor are unary calls */
	rpc_client_cancel(first->call);
	wait_for(first->over && pair_cancelled == 1);
	for (int64_t end = clock_mono_us() + WAIT_MS * US_PER_MS;;) {
		open_stream_at(&pair, &desk, &again);
		if (!again.over || clock_mono_us() > end)
			break;
	}
	assert_false(again.over);
	pair_close(&pair);
}

/* ------------------------------------------------------------------ calls that wait */

struct answers {
	_Atomic int n, ok, refused, last_place;
	char reason[64];
};

static void count_answer(void *ctx, enum status status, const ProtobufCMessage *resp,
			 const struct error *err)
{
	struct answers *answers = ctx;

	if (status == OK) {
		answers->ok++;
		answers->last_place = (int)strtol(pair_text_of(resp), NULL, 10);
	} else {
		if (answers->refused == 0) /* the first one's */
			snprintf(answers->reason, sizeof(answers->reason), "%s", err->reason);
		answers->refused++;
	}
	answers->n++;
}

static void ask(struct pair *pair, const struct rpc_method *method, struct user *user,
		const char *text, int n, struct answers *answers)
{
	pair_text req = PAIR_TEXT_INIT;

	req.value = (char *)text;
	for (int i = 0; i < n; i++)
		rpc_call_async(pair->channel, method, user ? &user->options : NULL, &req.base,
			       count_answer, answers);
}

static void stop_the_worker(struct pair *pair, struct answers *answers)
{
	ask(pair, &pair_echo, NULL, "gate", 1, answers);
	wait_for(pair_running == 1);
}

/* Bob's call is next but one, whatever Ada has waiting, and so is nobody's. */
static void a_crowd_of_calls_lets_the_next_user_pass(void **state)
{
	struct answers gate = {0}, adas = {0}, bobs = {0}, nobodys = {0};
	struct user ada, bob;
	struct pair pair;

	pair_open(&pair,
		  (struct rpc_server_options){
			  .workers = 1, .queue_max = 2000, .queue_user_max = 1000},
		  (struct rpc_channel_options){0});
	be(&ada, "ada", "a");
	be(&bob, "bob", "b");
	stop_the_worker(&pair, &gate);
	ask(&pair, &pair_echo, &ada, "place", 500, &adas);
	ask(&pair, &pair_echo, &bob, "place", 1, &bobs);
	ask(&pair, &pair_echo, NULL, "place", 1, &nobodys);
	/* All are there when the one that came last, on the same connection, has been refused. */
	ask(&pair, &pair_unknown, NULL, "x", 1, &gate);
	wait_for(gate.refused == 1);
	pair_gate = true;
	wait_for(adas.n == 500 && bobs.n == 1 && nobodys.n == 1);
	assert_int_equal(adas.ok, 500);
	printf("# after 500 calls of one user the other's ran as number %d, nobody's as %d\n",
	       bobs.last_place, nobodys.last_place);
	assert_in_range(bobs.last_place, 2, 4);
	assert_in_range(nobodys.last_place, 2, 4);
	pair_close(&pair);
}

/* One user fills half of the queue at most, and never more than a user may. */
static void one_user_never_fills_the_queue(void **state)
{
	static const struct {
		int32_t queue_max, queue_user_max, taken, left;
	} cases[] = {{100, 1000, 50, 25}, {100, 10, 10, 10}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct answers gate = {0}, adas = {0}, bobs = {0}, last = {0};
		struct user ada, bob;
		struct pair pair;

		pair_open(&pair,
			  (struct rpc_server_options){.workers = 1,
						      .queue_max = cases[i].queue_max,
						      .queue_user_max = cases[i].queue_user_max},
			  (struct rpc_channel_options){0});
		be(&ada, "ada", "a");
		be(&bob, "bob", "b");
		stop_the_worker(&pair, &gate);
		ask(&pair, &pair_echo, &ada, "place", 200, &adas);
		wait_for(adas.refused == 200 - cases[i].taken);
		assert_string_equal(adas.reason, "calls_too_many");
		ask(&pair, &pair_echo, &bob, "place", 200, &bobs);
		wait_for(bobs.refused == 200 - cases[i].left);
		ask(&pair, &pair_echo, NULL, "place", 200, &last); /* services fill it up */
		wait_for(last.refused ==
			 200 - (cases[i].queue_max - cases[i].taken - cases[i].left));
		assert_string_equal(last.reason, "overloaded");
		pair_gate = true;
		wait_for(adas.n + bobs.n + last.n == 600);
		pair_close(&pair);
	}
}

/* Browsers without a user are told apart by their address, IPv6 by its /64. */
static void a_household_shares_its_places(void **state)
{
	struct answers gate = {0}, one = {0}, same = {0}, other = {0};
	struct user a, b, c;
	struct pair pair;

	pair_open(&pair, (struct rpc_server_options){.workers = 1, .queue_user_max = 10},
		  (struct rpc_channel_options){0});
	be_at(&a, "2001:db8:1:2::1");
	be_at(&b, "2001:db8:1:2:ffff::9");
	be_at(&c, "2001:db8:1:3::1");
	stop_the_worker(&pair, &gate);
	ask(&pair, &pair_echo, &a, "place", 10, &one);
	ask(&pair, &pair_echo, &b, "place", 1, &same);
	wait_for(same.refused == 1);
	assert_string_equal(same.reason, "calls_too_many");
	ask(&pair, &pair_echo, &c, "place", 1, &other);
	pair_gate = true;
	wait_for(one.ok == 10 && other.ok == 1);
	pair_close(&pair);
}

/* ------------------------------------------------------------------ lanes */

/* The heavy lane is full, and each of its workers busy: the others' calls do not notice. */
static void a_full_lane_keeps_nothing_of_the_other(void **state)
{
	struct answers heavy = {0}, from_one = {0}, light = {0};
	struct user a, b;
	struct pair pair;

	pair_open(&pair,
		  (struct rpc_server_options){.workers = 1,
					      .heavy = {.workers = 2,
							.queue_max = 8,
							.queue_user_max = 3,
							.nice = 10,
							.busy = "login_busy"}},
		  (struct rpc_channel_options){0});
	be_at(&a, "192.0.2.1");
	be_at(&b, "192.0.2.2");
	ask(&pair, &pair_heavy, NULL, "gate", 2, &heavy);
	wait_for(pair_running == 2);
	ask(&pair, &pair_heavy, &a, "place", 10, &from_one);
	wait_for(from_one.refused == 7);
	assert_string_equal(from_one.reason, "login_busy");
	ask(&pair, &pair_heavy, &b, "place", 1, &heavy);
	ask(&pair, &pair_echo, NULL, "place", 50, &light);
	wait_for(light.ok == 50);
	assert_int_equal(heavy.n, 0);
	pair_gate = true;
	wait_for(heavy.ok == 3 && from_one.ok == 3);
	pair_close(&pair);
}

/* ------------------------------------------------------------------ unary calls beside streams */

static int64_t told(const struct pair_listener *l)
{
	int64_t n = 0;

	for (int i = 0; i < BUSY; i++)
		n += l[i].messages;
	return n;
}

/* Figures of one call, taken where its answer comes. */
struct beside {
	const struct pair_listener *busy;
	int64_t told, start_us, us;
	enum status status;
	_Atomic bool over;
};

static void beside_streams(void *ctx, enum status status, const ProtobufCMessage *resp,
			   const struct error *err)
{
	struct beside *beside = ctx;

	beside->told = told(beside->busy) - beside->told;
	beside->us = clock_mono_us() - beside->start_us;
	beside->status = status;
	beside->over = true;
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The data of streams is not in front of a unary call. Counted in the streams' messages that
 * come between a call and its answer, so a busy machine makes no difference. */
static void a_unary_call_overtakes_busy_streams(void **state)
{
	static struct pair_listener busy[BUSY];
	int64_t between[ROUNDS], us[ROUNDS];
	pair_text req = PAIR_TEXT_INIT;
	struct user bob;
	struct pair pair;

	req.value = (char *)"x";
	memset(busy, 0, sizeof(busy));
	pair_open(&pair, (struct rpc_server_options){0}, (struct rpc_channel_options){0});
	be(&bob, "bob", "b");
	served(&pair, &bob);
	for (int i = 0; i < BUSY; i++)
		pair_stream(&pair, &pair_count, FOR_EVER, NULL, &busy[i]);
	for (int i = 0; i < BUSY; i++)
		wait_for(busy[i].messages > 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct beside beside = {.busy = busy, .start_us = clock_mono_us()};

		beside.told = told(busy);
		rpc_call_async(pair.channel, &pair_echo, &bob.options, &req.base, beside_streams,
			       &beside);
		wait_for(beside.over);
		assert_int_equal(beside.status, OK);
		between[i] = beside.told;
		us[i] = beside.us;
	}
	pair_close(&pair);
	qsort(between, ROUNDS, sizeof(between[0]), by_value);
	qsort(us, ROUNDS, sizeof(us[0]), by_value);
	printf("# %d busy streams: between a call and its answer %lld of their messages, 95 %% "
	       "below %lld; %lld us, 95 %% below %lld\n",
	       BUSY, (long long)between[ROUNDS / 2], (long long)between[ROUNDS * 95 / 100],
	       (long long)us[ROUNDS / 2], (long long)us[ROUNDS * 95 / 100]);
	/* On one connection they are some 5,000. */
	assert_true(between[ROUNDS / 2] < 4 * BUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_that_are_never_read_end_and_those_of_others_go_on),
		cmocka_unit_test(the_server_ends_streams_that_are_never_read),
		cmocka_unit_test(streams_of_a_user_and_of_a_session_are_capped),
		cmocka_unit_test(a_crowd_of_calls_lets_the_next_user_pass),
		cmocka_unit_test(one_user_never_fills_the_queue),
		cmocka_unit_test(a_household_shares_its_places),
		cmocka_unit_test(a_full_lane_keeps_nothing_of_the_other),
		cmocka_unit_test(a_unary_call_overtakes_busy_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
