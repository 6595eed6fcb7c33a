/* Processes that die, freeze and come back while answers are written: no lost message, no hanging
 * hold, one charge. */
#include "../chat_test.h"

#include <signal.h>
#include <unistd.h>

#define NUMBERS "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30"

#define FOLLOW_MAX 500
#define DATABASE_CRASHES 5

/* Follows it to its end on the replica, as a page does that comes back with its last cursor. */
static void follow(struct stage *stage, const char *generation, const char *cursor,
		   struct reader **ret)
{
	for (int i = 0; i < FOLLOW_MAX; i++) {
		struct reader *reader = reader_watch(stage, generation, cursor);

		reader_wait_end(reader);
		if (reader->status == OK) {
			*ret = reader;
			return;
		}
		assert_int_equal(reader->status, UNAVAILABLE);
		reader_free(reader);
		usleep(20000);
	}
	fail_msg("there is no end of %s", generation);
}

static void expect_whole(struct stage *stage, const char *chat, const char *generation)
{
	_cleanup_(reader_freep) struct reader *reader = NULL;
	Chat__V1__ListMessagesResponse *list;

	follow(stage, generation, "", &reader);
	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	assert_string_equal(reader_text(reader), NUMBERS);
	list = stage_messages(stage, chat);
	assert_int_equal(list->n_messages, 2);
	assert_string_equal(list->messages[1]->text, NUMBERS);
	assert_int_equal(list->messages[1]->state, CHAT__V1__MESSAGE__STATE__DONE);
}

static char *only_generation(struct stage *stage)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT id FROM chat.generation WHERE user_id = '%s'",
		 stage->user);
	return arena_strdup(stage->arena, pg_value(sql));
}

/* Streams have a connection of their own, which the first one opens and waits for: so the kill
 * meets the request. */
static void open_streams(struct stage *stage)
{
	_cleanup_(reader_freep) struct reader *reader = NULL;
	char nothing[UUID_SIZE];

	uuid_v7(nothing);
	reader = reader_watch(stage, nothing, "");
	reader_wait_end(reader);
	assert_int_equal(reader->status, NOT_FOUND);
}

/* kill -9 of the replica after so many bytes of text; a negative number: that many milliseconds
 * after the request, which may be before the first transaction. */
static void kill_at(struct stage *stage, int bytes)
{
	char *chat, *generation;
	struct reader *reader;
	int64_t left;
	int64_t held;

	stage->replica = CHAT_A;
	stage_balance(stage, &left, &held);
	chat = stage_new_chat(stage, PLAIN);
	open_streams(stage);
	reader = reader_generate(stage, chat, "count [[tokens:30]] [[pace:60]]");
	if (bytes > 0)
		reader_wait_text(reader, (size_t)bytes);
	else
		usleep((useconds_t)-bytes * 1000);
	process_kill(CHAT_A, SIGKILL);
	reader_wait_end(reader);
	stage->replica = CHAT_B;
	generation = only_generation(stage);
	if (*generation) {
		expect_whole(stage, chat, generation);
		stage_expect_balance(stage, left - 2 * CREDIT);
	} else { /* nothing of it was stored */
		assert_false(reader->accepted);
		stage_expect_balance(stage, left);
	}
	reader_free(reader);
	process_start(CHAT_A);
}

static void a_killed_replica_loses_nothing(void **state)
{
	static const int points[] = {-1, -3, -6, -10, -15, -25, -40, 1, 10, 30, 60, 79};
	struct stage *stage = *state;

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		uuid_v7(stage->user);
		kill_at(stage, points[i]);
	}
}

/* The reader of another replica sees the takeover as it happens. */
static void a_watcher_sees_the_next_attempt(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	struct reader *first = reader_generate(stage, chat, "count [[tokens:30]] [[pace:40]]");
	_cleanup_(reader_freep) struct reader *watcher = NULL;

	reader_wait_accepted(first);
	stage->replica = CHAT_B;
	watcher = reader_watch(stage, first->generation, "");
	reader_wait_text(watcher, 20);
	process_kill(CHAT_A, SIGKILL);
	reader_expect_done(watcher, CHAT__V1__STOP_REASON__STOP);
	assert_string_equal(reader_text(watcher), NUMBERS);
	assert_int_equal(watcher->n_resets, 1);
	assert_int_equal(stage_generation(stage, first->generation)->attempt, 2);
	reader_free(first);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	process_start(CHAT_A);
}

/* With nobody else there the restarted process takes up what its former self ran. */
static void a_restarted_replica_goes_on(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	struct reader *first = reader_generate(stage, chat, "count [[tokens:30]] [[pace:60]]");
	char generation[UUID_SIZE];

	reader_wait_text(first, 20);
	memcpy(generation, first->generation, UUID_SIZE);
	assert_int_equal(process_stop(CHAT_B), 0);
	process_kill(CHAT_A, SIGKILL);
	reader_free(first);
	process_start(CHAT_A);
	expect_whole(stage, chat, generation);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	process_start(CHAT_B);
}

/* SIGTERM: an answer that ends within the drain is not bought twice, even when nobody reads it. */
static void a_stopping_replica_ends_its_answers(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	struct reader *first = reader_generate(stage, chat, "count [[tokens:30]] [[pace:20]]");
	char generation[UUID_SIZE];

	reader_wait_text(first, 4);
	memcpy(generation, first->generation, UUID_SIZE);
	reader_leave(first);
	reader_wait_end(first);
	reader_free(first);
	assert_int_equal(process_stop(CHAT_A), 0);
	stage->replica = CHAT_B;
	expect_whole(stage, chat, generation);
	assert_int_equal(stage_generation(stage, generation)->attempt, 1);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	process_start(CHAT_A);
}

/* What is left after the drain goes on elsewhere at once, and that is no loss. */
static void a_stopped_replica_hands_over(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN), sql[200];
	struct reader *first = reader_generate(stage, chat, "count [[tokens:30]] [[pace:3]]");
	char generation[UUID_SIZE];

	reader_wait_text(first, 4);
	memcpy(generation, first->generation, UUID_SIZE);
	assert_int_equal(process_stop(CHAT_A), 0);
	reader_wait_end(first);
	assert_int_not_equal(first->status, OK);
	reader_free(first);
	stage->replica = CHAT_B;
	expect_whole(stage, chat, generation);
	snprintf(sql, sizeof sql, "SELECT lost FROM chat.generation WHERE id = '%s'", generation);
	assert_string_equal(pg_value(sql), "0");
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	process_start(CHAT_A);
}

/* It wakes up when another one has its work: nothing that it still wants to write counts. */
static void a_frozen_replica_finds_its_lease_gone(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	struct reader *first = reader_generate(stage, chat, "count [[tokens:30]] [[pace:20]]");

	reader_wait_text(first, 10);
	process_kill(CHAT_A, SIGSTOP);
	stage->replica = CHAT_B;
	eventually(stage_generation(stage, first->generation)->attempt == 2);
	expect_whole(stage, chat, first->generation);
	process_kill(CHAT_A, SIGCONT);
	reader_expect_done(first, CHAT__V1__STOP_REASON__STOP);
	assert_string_equal(reader_text(first), NUMBERS);
	reader_free(first);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

static void lost_too_often_it_fails(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN), sql[300];
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, chat, "count [[tokens:500]] [[pace:20]]");

	reader_wait_text(reader, 10);
	snprintf(sql, sizeof sql,
		 "UPDATE chat.generation SET lost = 3, lease_until = now() - interval '1 hour', "
		 "lease_token = nextval('chat.lease_seq') "
		 "WHERE id = '%s'",
		 reader->generation);
	pg_exec(sql);
	reader_expect_failed(reader, "GENERATION_LOST");
	assert_int_equal(reader->cost, 0);
	stage_expect_balance(stage, GIFT);
}

/* ---------------------------------------------------------------- credits */

static void settling_waits_for_credits(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, chat, "count [[tokens:30]] [[pace:60]]");

	reader_wait_text(reader, 4);
	process_kill(CREDITS, SIGKILL);
	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP); /* the user does not wait */
	process_start(CREDITS);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

/* It is taken up while credits is away, before any text was stored. A reader that saw it accepted
 * sees its failure as an event. */
static void a_takeover_without_credits_ends(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	struct reader *first = reader_generate(stage, chat, "x [[first:60000]]");
	_cleanup_(reader_freep) struct reader *rest = NULL;

	reader_wait_accepted(first);
	process_kill(CREDITS, SIGKILL);
	process_kill(CHAT_A, SIGKILL);
	reader_wait_end(first);
	stage->replica = CHAT_B;
	follow(stage, first->generation, first->cursors[0], &rest);
	reader_expect_failed(rest, "SERVICE_UNAVAILABLE");
	assert_int_equal(rest->cost, 0);
	process_start(CREDITS);
	process_start(CHAT_A);
	stage_expect_balance(stage, GIFT);
	reader_free(first);
}

/* Without a hold there is no answer; the same request later begins anew. */
static void a_request_is_repeated_when_credits_is_back(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	_cleanup_(reader_freep) struct reader *reader = NULL, *again = NULL;

	snprintf(stage->key, sizeof stage->key, "again");
	process_kill(CREDITS, SIGKILL);
	reader = reader_generate(stage, chat, "hello [[say:there]]");
	reader_expect_refused(reader, UNAVAILABLE, "service_unavailable");
	process_start(CREDITS);
	again = reader_generate(stage, chat, "hello [[say:there]]");
	for (reader_wait_end(again); again->status == UNAVAILABLE; reader_wait_end(again)) {
		reader_free(again); /* its channel still rests after the failure */
		usleep(20000);
		again = reader_generate(stage, chat, "hello [[say:there]]");
	}
	reader_expect_done(again, CHAT__V1__STOP_REASON__STOP);
	assert_string_equal(reader_text(again), "there");
	assert_int_equal(stage_messages(stage, chat)->n_messages, 2);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

/* ---------------------------------------------------------------- PostgreSQL */

static void an_answer_outlives_the_database(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, chat, "count [[tokens:30]] [[pace:60]]");
	char generation[UUID_SIZE];

	reader_wait_text(reader, 4);
	memcpy(generation, reader->generation, UUID_SIZE);
	pg_crash();
	usleep(700000);
	pg_restart();
	expect_whole(stage, chat, generation);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

/* Its commit did not wait for the disk, but its hold's did. */
static void a_held_start_outlives_the_database(void **state)
{
	struct stage *stage = *state;

	for (int i = 0; i < DATABASE_CRASHES; i++) {
		char *chat = stage_new_chat(stage, PLAIN);
		_cleanup_(reader_freep) struct reader *reader =
			reader_generate(stage, chat, "hello [[first:1500]] [[say:there]]");
		_cleanup_(reader_freep) struct reader *again = NULL;
		char generation[UUID_SIZE];

		reader_wait_accepted(reader);
		memcpy(generation, reader->generation, UUID_SIZE);
		pg_crash();
		pg_restart();
		follow(stage, generation, "", &again);
		assert_string_equal(reader_text(again), "there");
		assert_int_equal(stage_messages(stage, chat)->n_messages, 2);
		stage_expect_balance(stage, GIFT - (i + 1) * 2 * CREDIT);
	}
}

/* Without credits' schema nobody knows where a hold is stored. */
static void a_start_hurries_beside_its_ledger(_unused_ void **state)
{
	assert_string_equal(pg_value("SELECT chat.start_hurry(true)"), "off");
	assert_string_equal(pg_value("SELECT coalesce(chat.start_hurry(false), 'no')"), "no");
	pg_exec("ALTER SCHEMA credits RENAME TO elsewhere");
	assert_string_equal(pg_value("SELECT coalesce(chat.start_hurry(true), 'no')"), "no");
	pg_exec("ALTER SCHEMA elsewhere RENAME TO credits");
}

int crash_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_killed_replica_loses_nothing),
		TEST(a_watcher_sees_the_next_attempt),
		TEST(a_restarted_replica_goes_on),
		TEST(a_stopping_replica_ends_its_answers),
		TEST(a_stopped_replica_hands_over),
		TEST(a_frozen_replica_finds_its_lease_gone),
		TEST(lost_too_often_it_fails),
		TEST(settling_waits_for_credits),
		TEST(a_takeover_without_credits_ends),
		TEST(a_request_is_repeated_when_credits_is_back),
		TEST(an_answer_outlives_the_database),
		TEST(a_held_start_outlives_the_database),
		TEST(a_start_hurries_beside_its_ledger),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
