/* Processes that die while they answer programs: the same request gets the whole answer, once, and
 * pays once. */
#include "caller_test.h"

#include <signal.h>
#include <unistd.h>

#define NUMBERS "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30"
#define SHOWN "\"content\":\"1"
#define TRIES 200

static const struct manner again = {.retry_count = "1"};

/* Sends it until it is answered, as libraries do. */
static char *ask_until_answered(struct stage *stage, const char *body)
{
	for (int i = 0; i < TRIES; i++) {
		_cleanup_(caller_freep) struct caller *caller = caller_call(stage, &again, body);

		caller_wait_end(caller);
		if (caller->status == OK)
			return caller_text(stage, caller);
		assert_int_equal(caller->status, UNAVAILABLE);
		usleep(20000);
	}
	fail_msg("no answer after %d tries", TRIES);
	return NULL;
}

/* kill -9 of the replica after so many milliseconds, or once something was shown (0). */
static void kill_after(struct stage *stage, int ms, bool stream)
{
	char *body = caller_body(stage, PLAIN, "count [[tokens:30]] [[pace:100]]", stream);
	struct caller *caller;

	uuid_v7(stage->user);
	stage->replica = CHAT_A;
	caller_answer(stage, NULL, caller_body(stage, FREE, "a connection [[say:x]]", false));
	caller = caller_call(stage, NULL, body);
	if (ms > 0)
		usleep((useconds_t)ms * 1000);
	else
		caller_wait_words(caller, SHOWN);
	process_kill(CHAT_A, SIGKILL);
	caller_wait_end(caller);
	caller_free(caller);
	stage->replica = CHAT_B;
	assert_string_equal(ask_until_answered(stage, body), NUMBERS);
	assert_int_equal(calls_in(stage, "DONE"), 2); /* with the free one */
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	process_start(CHAT_A);
}

static void a_killed_replica_costs_no_answer(void **state)
{
	static const int points[] = {1, 3, 6, 10, 15, 25, 40, 80, 150, 300};
	struct stage *stage = *state;

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		kill_after(stage, points[i], i & 1);
	kill_after(stage, 0, true);
}

/* A reader at another replica stays connected. It does not notice when nothing was shown; otherwise
 * its stream ends, and its repeat gets the answer. */
static void a_takeover_is_seen_only_after_text(void **state)
{
	struct stage *stage = *state;

	for (int shown = 0; shown < 2; shown++) {
		for (int stream = 0; stream < 2; stream++) {
			char *body = caller_body(stage, PLAIN,
						 shown ? "count [[tokens:30]] [[pace:150]]"
						       : "count [[first:900]] [[tokens:30]]",
						 stream);
			struct caller *first, *second;

			uuid_v7(stage->user);
			stage->replica = CHAT_A;
			first = caller_call(stage, NULL, body);
			eventually(calls_in(stage, "RUNNING") == 1);
			stage->replica = CHAT_B;
			second = caller_call(stage, &again, body);
			if (stream && shown)
				caller_wait_words(second, SHOWN);
			else if (stream)
				caller_wait_pieces(second, 1);
			else
				usleep(300000);
			process_kill(CHAT_A, SIGKILL);
			caller_free(first);
			if (stream && shown) {
				caller_wait_end(second);
				assert_int_equal(second->status, UNAVAILABLE);
				assert_string_equal(second->err.reason, "answer_restarted");
				assert_string_equal(ask_until_answered(stage, body), NUMBERS);
			} else {
				caller_expect_whole(stage, second, NUMBERS);
			}
			caller_free(second);
			assert_int_equal(calls_in(stage, ""), 1);
			stage_expect_balance(stage, GIFT - 2 * CREDIT);
			process_start(CHAT_A);
		}
	}
}

/* A budget counts each attempt, also of a replica that took the answer over. */
static void a_taken_over_call_keeps_its_terms(void **state)
{
	struct stage *stage = *state;
	char key[UUID_SIZE], sql[300];
	const struct manner manner = {
		.api_key = key, .of_key = "CANCEL", .retry_count = "1", .on_disconnect = NULL};
	char *body = caller_body(stage, PLAIN, "count [[tokens:200]] [[pace:40]]", true);
	struct caller *caller;

	uuid_v7(key);
	caller_budget(stage, key, 50 * CREDIT);
	caller = caller_call(stage, &manner, body);
	caller_wait_words(caller, SHOWN);
	process_kill(CHAT_A, SIGKILL);
	caller_free(caller);
	stage->replica = CHAT_B;
	caller = caller_call(stage, &manner, body);
	caller_wait_words(caller, SHOWN);
	snprintf(sql, sizeof sql,
		 "SELECT attempt || ' ' || (api_key_id = '%s') FROM chat.generation "
		 "WHERE user_id = '%s'",
		 key, stage->user);
	assert_string_equal(pg_value(sql), "2 true");
	caller_free(caller);
	eventually(calls_in(stage, "CANCELLED") == 1);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	snprintf(sql, sizeof sql,
		 "SELECT debits_posted FROM credits.budget WHERE subject_id = '%s'", key);
	assert_string_equal(pg_value(sql), "2000000");
	process_start(CHAT_A);
}

int call_crash_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_killed_replica_costs_no_answer),
		TEST(a_takeover_is_seen_only_after_text),
		TEST(a_taken_over_call_keeps_its_terms),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
