/* Readers that come late, go away and come back. */
#include "../chat_test.h"

#include <unistd.h>

#define ANSWER_BYTES_MAX (512 * 1024) /* the default */
#define WATCH_STALL_US US_PER_S       /* of the tests' configuration */

/* Reads the generation from the cursor of every event of whole and expects the rest of the text. */
static void expect_every_rest(struct stage *stage, struct reader *whole)
{
	const char *text = reader_text(whole);

	for (size_t i = 0; i < whole->n_events; i++) {
		_cleanup_(reader_freep) struct reader *rest =
			reader_watch(stage, whole->generation, whole->cursors[i]);

		reader_wait_end(rest);
		assert_int_equal(rest->status, OK);
		assert_false(rest->accepted);
		assert_string_equal(reader_text(rest), text + whole->text_at[i]);
		assert_true(rest->done || i + 1 == whole->n_events);
	}
}

static void every_cursor_resumes_after_the_end(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	_cleanup_(reader_freep) struct reader *whole =
		stage_answer(stage, chat, "count [[tokens:60]] [[pace:300]]");

	assert_true(whole->n_events > 4);
	expect_every_rest(stage, whole);
	stage->replica = CHAT_B; /* any replica has it */
	expect_every_rest(stage, whole);
}

static void every_cursor_resumes_while_it_runs(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	struct reader *whole = reader_generate(stage, chat, "count [[tokens:200]] [[pace:100]]");
	struct reader *rests[16];
	size_t at[16], n = 0;

	reader_wait_text(whole, 20);
	for (size_t i = 0; n < ARRAY_SIZE(rests); i++) {
		char cursor[24];

		reader_wait_events(whole, i + 2);
		pthread_mutex_lock(&whole->lock);
		memcpy(cursor, whole->cursors[i], sizeof cursor);
		at[n] = whole->text_at[i];
		pthread_mutex_unlock(&whole->lock);
		stage->replica = n % 2 ? CHAT_B : CHAT_A;
		rests[n++] = reader_watch(stage, whole->generation, cursor);
	}
	reader_expect_done(whole, CHAT__V1__STOP_REASON__STOP);
	for (size_t i = 0; i < n; i++) {
		reader_wait_end(rests[i]);
		if (!rests[i]->done)
			fail_msg("%zu: %d %s %s (%s)", i, rests[i]->status, rests[i]->err.reason,
				 rests[i]->err.message, rests[i]->reason);
		assert_string_equal(reader_text(rests[i]), reader_text(whole) + at[i]);
		reader_free(rests[i]);
	}
	reader_free(whole);
}

static void a_reader_that_leaves_changes_nothing(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	_cleanup_(reader_freep) struct reader *gone =
		reader_generate(stage, chat, "count [[tokens:60]] [[pace:100]]");
	_cleanup_(reader_freep) struct reader *back = NULL;
	char text[64] = "";

	reader_wait_text(gone, 8);
	reader_leave(gone);
	assert_false(gone->done);
	snprintf(text, sizeof text, "%s", gone->cursors[gone->n_events - 1]);
	back = reader_watch(stage, gone->generation, text);
	reader_wait_end(back);
	assert_true(back->done);
	buf_adds(&gone->text, reader_text(back));
	assert_string_equal(reader_text(gone), back->done_text);
	assert_string_equal(stage_messages(stage, chat)->messages[1]->text, back->done_text);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

static void leaving_before_the_hold_loses_nothing(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);

	reader_free(reader_generate(stage, chat, "hello [[say:there]]"));
	/* It was begun, or the call was gone before it was read. */
	eventually(strcmp(pg_value("SELECT count(*) FROM chat.generation WHERE end_time IS NULL"),
			  "0") == 0);
	assert_true(stage_messages(stage, chat)->n_messages % 2 == 0);
}

static void bad_cursors_are_refused(void **state)
{
	static const char *const bad[] = {"x",   "1",    "1.",    ".1",
					  "1.x", "0.1",  "-1.2",  "1.99999",
					  "7.1", "1.-1", "1.1.1", "99999999999.1"};
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	_cleanup_(reader_freep) struct reader *whole = stage_answer(stage, chat, "hello");

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(reader_freep) struct reader *reader =
			reader_watch(stage, whole->generation, bad[i]);

		reader_expect_refused(reader, INVALID_ARGUMENT, "cursor_invalid");
	}
	reader_free(whole);
	whole = reader_watch(stage, NOBODY, "");
	reader_expect_refused(whole, NOT_FOUND, "not_found");
}

/* An answer of half a megabyte, read when it is over. */
static struct reader *read_longest(struct stage *stage)
{
	char *chat = stage_new_chat(stage, ENDLESS);
	struct reader *reader = reader_generate(stage, chat, "count [[tokens:100000]]");
	char generation[UUID_SIZE];

	reader_wait_accepted(reader);
	memcpy(generation, reader->generation, UUID_SIZE);
	reader_free(reader);
	eventually(stage_generation(stage, generation)->state == CHAT__V1__GENERATION__STATE__DONE);
	reader = reader_watch(stage, generation, "");
	reader_expect_done(reader, CHAT__V1__STOP_REASON__LENGTH);
	return reader;
}

static void the_longest_answer_is_cut(void **state)
{
	_cleanup_(reader_freep) struct reader *reader = read_longest(*state);

	assert_int_equal(reader->text.len, ANSWER_BYTES_MAX);
}

/* A reader that takes nothing for watch_stall is ended. It misses nothing when it comes back. */
static void a_slow_reader_is_ended_and_resumes(void **state)
{
	struct stage *stage = *state;
	_cleanup_(reader_freep) struct reader *whole = read_longest(stage);
	_cleanup_(reader_freep) struct reader *slow = NULL, *rest = NULL;

	slow = reader_watch(stage, whole->generation, "");
	reader_pause(slow);
	usleep(3 * WATCH_STALL_US);
	reader_resume(slow);
	reader_wait_end(slow);
	assert_int_equal(slow->status, RESOURCE_EXHAUSTED);
	assert_string_equal(slow->err.reason, "overloaded");
	rest = reader_watch(stage, whole->generation, slow->cursors[slow->n_events - 1]);
	reader_wait_end(rest);
	assert_true(rest->done);
	buf_adds(&slow->text, reader_text(rest));
	assert_string_equal(reader_text(slow), reader_text(whole));
}

int stream_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_cursor_resumes_after_the_end),
		TEST(every_cursor_resumes_while_it_runs),
		TEST(a_reader_that_leaves_changes_nothing),
		TEST(leaving_before_the_hold_loses_nothing),
		TEST(bad_cursors_are_refused),
		TEST(the_longest_answer_is_cut),
		TEST(a_slow_reader_is_ended_and_resumes),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
