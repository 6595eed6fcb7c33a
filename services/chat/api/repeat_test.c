/* What a client's library sends again: it gets the answer that it missed, and pays once. */
#include "caller_test.h"

#include <unistd.h>

#define COUNT "count [[tokens:30]] [[pace:40]]"
#define NUMBERS "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30"
#define SLOW "wait [[first:60000]]"
#define RACES 40
#define STORMS 25

static const struct manner finish = {.on_disconnect = "finish"};
static const struct manner again = {.on_disconnect = "finish", .retry_count = "1"};

static bool in_state(struct stage *stage, const char *column, const char *value)
{
	char sql[300];

	snprintf(sql, sizeof sql, "SELECT %s FROM chat.api_call WHERE user_id = '%s'", column,
		 stage->user);
	return strcmp(pg_value(sql), value) == 0;
}

static void set_key(struct stage *stage, const char *key)
{
	snprintf(stage->key, sizeof stage->key, "%s", key);
}

static void new_user(struct stage *stage)
{
	uuid_v7(stage->user);
	set_key(stage, "");
}

/* The client's connection breaks after a while. */
static void lose(struct stage *stage, const char *body, bool done)
{
	struct caller *caller = caller_call(stage, &finish, body);

	calls_wait_held(stage);
	caller_free(caller);
	eventually(in_state(stage, "connection", "LOST"));
	if (done)
		eventually(calls_in(stage, "DONE") == 1);
}

/* A repeat after a lost connection: while it runs and afterwards, on both replicas, told by a header,
 * by a key, and by nothing but the loss. */
static void a_lost_answer_comes_again(void **state)
{
	static const char *const how[] = {"header", "key", "loss"};
	struct stage *stage = *state;

	for (int i = 0; i < 24; i++) {
		bool done = i & 1, elsewhere = i & 2, stream = i & 4;
		const char *told = how[i / 8];
		char *body = caller_body(stage, PLAIN, COUNT, stream);
		const struct manner *manner = strcmp(told, "header") == 0 ? &again : &finish;

		new_user(stage);
		if (strcmp(told, "key") == 0)
			set_key(stage, "the same");
		stage->replica = CHAT_A;
		lose(stage, body, done);
		if (elsewhere)
			stage->replica = CHAT_B;
		assert_string_equal(caller_answer(stage, manner, body), NUMBERS);
		assert_int_equal(calls_in(stage, ""), 1);
		stage_expect_balance(stage, GIFT - 2 * CREDIT);
		eventually(in_state(stage, "connection", "WHOLE"));
	}
}

/* A lost connection is good for one repeat; equal requests are otherwise new ones. */
static void equal_requests_are_new_ones(void **state)
{
	struct stage *stage = *state;
	char *body = caller_body(stage, PLAIN, COUNT, true);
	_cleanup_(caller_freep) struct caller *first = caller_call(stage, NULL, body);
	_cleanup_(caller_freep) struct caller *second = caller_call(stage, NULL, body);

	caller_expect_whole(stage, first, NUMBERS);
	caller_expect_whole(stage, second, NUMBERS);
	assert_string_equal(caller_answer(stage, NULL, body), NUMBERS);
	assert_int_equal(calls_in(stage, "DONE"), 3);
	stage_expect_balance(stage, GIFT - 6 * CREDIT);
	new_user(stage);
	lose(stage, body, true);
	assert_string_equal(caller_answer(stage, &finish, body), NUMBERS);
	assert_int_equal(calls_in(stage, "DONE"), 1);
	assert_string_equal(caller_answer(stage, &finish, body), NUMBERS);
	assert_int_equal(calls_in(stage, "DONE"), 2);
	stage_expect_balance(stage, GIFT - 4 * CREDIT);
}

/* Another key, body, route's format or user has another fingerprint. */
static void others_have_other_answers(void **state)
{
	struct stage *stage = *state;
	char key[UUID_SIZE];
	const struct manner of_key = {
		.on_disconnect = "finish", .retry_count = "1", .api_key = key};

	uuid_v7(key);
	lose(stage, caller_body(stage, PLAIN, COUNT, true), true);
	caller_answer(stage, &again, caller_body(stage, PLAIN, COUNT " ", true));
	caller_answer(stage, &of_key, caller_body(stage, PLAIN, COUNT, true));
	assert_int_equal(calls_in(stage, "DONE"), 3);
	stage_expect_balance(stage, GIFT - 6 * CREDIT);
	new_user(stage);
	caller_answer(stage, &again, caller_body(stage, PLAIN, COUNT, true));
	assert_int_equal(calls_in(stage, "DONE"), 1);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

static void a_key_is_for_one_request(void **state)
{
	struct stage *stage = *state;
	_cleanup_(caller_freep) struct caller *other = NULL;

	set_key(stage, "mine");
	caller_answer(stage, NULL, caller_body(stage, PLAIN, "hello [[say:one]]", false));
	other = caller_call(stage, NULL, caller_body(stage, PLAIN, "hello [[say:two]]", false));
	caller_expect_refused(other, ALREADY_EXISTS, "idempotency_key_reused");
	/* It decides alone: another one is a new call, whatever the header says. */
	set_key(stage, "another");
	caller_answer(stage, &again, caller_body(stage, PLAIN, "hello [[say:one]]", false));
	assert_int_equal(calls_in(stage, "DONE"), 2);
	stage_expect_balance(stage, GIFT - 4 * CREDIT);
}

/* An answer that failed or was stopped is no answer: the repeat begins anew, under the same key. */
static void what_gave_no_answer_begins_anew(void **state)
{
	struct stage *stage = *state;
	char *failing = caller_body(stage, PLAIN, "x [[fault:cut after=2]]", false);
	char *body = caller_body(stage, PLAIN, COUNT, true);
	struct caller *caller;

	for (int keyed = 0; keyed < 2; keyed++) {
		new_user(stage);
		set_key(stage, keyed ? "mine" : "");
		for (int i = 1; i <= 2; i++) {
			caller = caller_call(stage, &again, failing);
			caller_wait_end(caller);
			assert_int_not_equal(caller->status, OK);
			caller_free(caller);
			assert_int_equal(calls_in(stage, "FAILED"), i);
		}
		set_key(stage, keyed ? "yours" : "");
		caller = caller_call(stage, NULL, body);
		caller_wait_words(caller, "\"content\":\"1");
		caller_free(caller);
		/* The end of the first may be on its way. */
		assert_string_equal(
			caller_answer(stage, &(struct manner){.retry_count = "1"}, body), NUMBERS);
		assert_int_equal(calls_in(stage, "CANCELLED"), 1);
		assert_int_equal(calls_in(stage, "DONE"), 1);
		stage_expect_balance(stage, GIFT - 4 * CREDIT); /* both wrote something */
	}
}

static void after_a_while_it_is_a_new_request(void **state)
{
	struct stage *stage = *state;
	char *body = caller_body(stage, PLAIN, "hello [[say:there]]", false);
	char sql[300];

	caller_answer(stage, NULL, body);
	caller_answer(stage, &again, body);
	assert_int_equal(calls_in(stage, ""), 1);
	snprintf(sql, sizeof sql,
		 "UPDATE chat.generation SET end_time = end_time - interval '11 minutes' "
		 "WHERE user_id = '%s'",
		 stage->user);
	pg_exec(sql);
	caller_answer(stage, &again, body);
	assert_int_equal(calls_in(stage, ""), 2);
	stage_expect_balance(stage, GIFT - 4 * CREDIT);
}

/* Ten thousand equal requests before it: a look for what one repeats reads a few rows. */
static void equal_bodies_are_found_quickly(void **state)
{
	struct stage *stage = *state;
	char *body = caller_body(stage, PLAIN, "hello [[say:there]]", false);
	char sql[1200];

	caller_answer(stage, NULL, body);
	eventually(in_state(stage, "connection", "WHOLE"));
	snprintf(
		sql, sizeof sql,
		"INSERT INTO chat.generation (id, user_id, model, state, request_hash, request_id, "
		"max_output_tokens, end_time) SELECT gen_random_uuid(), '%s', 'plain', 'DONE', '', "
		"'', 0, "
		"now() FROM generate_series(1, 10000);"
		"INSERT INTO chat.api_call (generation_id, user_id, dialect, fingerprint, "
		"cancel_unread, reader_boot_id, connection, end_time) SELECT g.id, g.user_id, "
		"c.dialect, c.fingerprint, false, c.reader_boot_id, 'WHOLE', now() FROM "
		"chat.api_call c JOIN chat.generation g ON g.user_id = c.user_id AND g.id <> "
		"c.generation_id WHERE c.user_id = '%s'; ANALYZE chat.api_call; "
		"SET enable_seqscan = off;",
		stage->user, stage->user);
	pg_exec(sql);
	snprintf(sql, sizeof sql,
		 "SELECT idx_tup_fetch FROM pg_stat_user_indexes "
		 "WHERE indexrelname = 'api_call_newest'");
	caller_answer(stage, NULL, body);
	caller_answer(stage, &again, body);
	assert_int_equal(calls_in(stage, ""), 10002);
	pg_exec("SELECT pg_stat_force_next_flush()");
	assert_true(strtoll(pg_value(sql), NULL, 10) < 1000);
	snprintf(sql, sizeof sql, "DELETE FROM chat.generation WHERE user_id = '%s'", stage->user);
	pg_exec(sql);
}

/* ---------------------------------------------------------------- several readers */

/* The answer ends when the last of its readers has left, wherever they are. */
static void the_last_reader_stops_it(void **state)
{
	struct stage *stage = *state;
	char *body = caller_body(stage, PLAIN, "count [[tokens:200]] [[pace:40]]", true);
	const struct manner manner = {.retry_count = "1"};

	for (int i = 0; i < 4; i++) {
		struct caller *first, *second;

		new_user(stage);
		stage->replica = CHAT_A;
		first = caller_call(stage, NULL, body);
		caller_wait_words(first, "\"content\":\"1");
		stage->replica = i & 1 ? CHAT_B : CHAT_A;
		second = caller_call(stage, &manner, body);
		caller_wait_words(second, "\"content\":\"1");
		assert_int_equal(calls_in(stage, ""), 1);
		caller_free(i & 2 ? first : second);
		eventually(!in_state(stage, "connection", "OPEN") || i);
		usleep(200000);
		assert_int_equal(calls_in(stage, "RUNNING"), 1);
		caller_free(i & 2 ? second : first);
		eventually(calls_in(stage, "CANCELLED") == 1);
		stage_expect_balance(stage, GIFT - 2 * CREDIT);
	}
}

/* ---------------------------------------------------------------- races */

/* Equal repeats at once, with the first request among them or not, meet in one generation. */
static void repeats_at_once_are_one_call(void **state)
{
	struct stage *stage = *state;
	char *body = caller_body(stage, PLAIN, "hello [[say:there]]", false);

	for (int i = 0; i < RACES; i++) {
		struct caller *callers[4];

		new_user(stage);
		set_key(stage, i & 1 ? "same" : "");
		for (size_t k = 0; k < ARRAY_SIZE(callers); k++) {
			stage->replica = (i ^ (int)k) & 1 ? CHAT_B : CHAT_A;
			callers[k] = caller_call(stage, &again, body);
		}
		for (size_t k = 0; k < ARRAY_SIZE(callers); k++) {
			caller_expect_whole(stage, callers[k], "there");
			caller_free(callers[k]);
		}
		assert_int_equal(calls_in(stage, ""), 1);
		stage_expect_balance(stage, GIFT - 2 * CREDIT);
	}
}

/* A library whose connections break at random moments asks until it has the answer. */
static void a_storm_of_repeats_is_billed_once(void **state)
{
	struct stage *stage = *state;
	unsigned seed = (unsigned)time(NULL);
	char *body = caller_body(stage, PLAIN, "count [[tokens:30]] [[pace:400]]", true);

	print_message("seed %u\n", seed);
	for (int i = 0; i < STORMS; i++) {
		struct manner manner = {.on_disconnect = "finish"};
		char text[16];
		int sent = 0;

		new_user(stage);
		for (;;) {
			struct caller *caller;
			bool ended;

			stage->replica = rand_r(&seed) & 1 ? CHAT_B : CHAT_A;
			snprintf(text, sizeof text, "%d", sent++);
			manner.retry_count = text;
			caller = caller_call(stage, &manner, body);
			if (sent < 12)
				usleep((useconds_t)(rand_r(&seed) % 20000));
			else
				caller_wait_end(caller);
			ended = caller->ended && caller->status == OK;
			if (ended)
				caller_expect_whole(stage, caller, NUMBERS);
			caller_free(caller);
			if (ended)
				break;
		}
		eventually(calls_in(stage, "RUNNING") == 0);
		assert_int_equal(calls_in(stage, ""), 1);
		stage_expect_balance(stage, GIFT - 2 * CREDIT);
	}
}

int repeat_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_lost_answer_comes_again),       TEST(equal_requests_are_new_ones),
		TEST(others_have_other_answers),       TEST(a_key_is_for_one_request),
		TEST(what_gave_no_answer_begins_anew), TEST(after_a_while_it_is_a_new_request),
		TEST(equal_bodies_are_found_quickly),  TEST(the_last_reader_stops_it),
		TEST(repeats_at_once_are_one_call),    TEST(a_storm_of_repeats_is_billed_once),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
