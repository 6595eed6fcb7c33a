/* Two replicas: an answer that runs on one is seen and stopped through the other. */
#include "../chat_test.h"

static const char *boot_id_of(const char *generation)
{
	static char sql[200];

	snprintf(sql, sizeof sql, "SELECT boot_id FROM chat.generation WHERE id = '%s'",
		 generation);
	return pg_value(sql);
}

static void a_stream_is_relayed(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	_cleanup_(reader_freep) struct reader *here =
		reader_generate(stage, chat, "count [[tokens:60]] [[pace:100]]");
	_cleanup_(reader_freep) struct reader *there = NULL;

	reader_wait_text(here, 10);
	stage->replica = CHAT_B;
	there = reader_watch(stage, here->generation, "");
	reader_wait_text(there, 20);
	assert_false(here->done); /* it came while it was written */
	reader_expect_done(there, CHAT__V1__STOP_REASON__STOP);
	reader_expect_done(here, CHAT__V1__STOP_REASON__STOP);
	assert_string_equal(reader_text(there), reader_text(here));
	assert_int_equal(there->n_resets, 0);
	assert_int_equal(there->cost, here->cost);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

static void the_stop_button_works_anywhere(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	Chat__V1__CancelGenerationRequest req = CHAT__V1__CANCEL_GENERATION_REQUEST__INIT;
	_cleanup_(reader_freep) struct reader *here =
		reader_generate(stage, chat, "wait [[first:60000]]");
	Chat__V1__Generation *g;

	reader_wait_accepted(here);
	stage->replica = CHAT_B;
	req.generation = here->generation;
	stage_ok(stage, chat_v1_cancel_generation, &req, &g);
	assert_int_equal(g->state, CHAT__V1__GENERATION__STATE__CANCELLED);
	reader_expect_done(here, CHAT__V1__STOP_REASON__CANCELLED);
	stage_expect_balance(stage, GIFT);
}

static void only_the_process_that_is_meant_answers(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	Chat__V1__ForwardWatchRequest watch = CHAT__V1__FORWARD_WATCH_REQUEST__INIT;
	Chat__V1__ForwardCancelRequest stop = CHAT__V1__FORWARD_CANCEL_REQUEST__INIT;
	_cleanup_(reader_freep) struct reader *here =
		reader_generate(stage, chat, "count [[tokens:2000]] [[pace:50]]");
	_cleanup_(reader_freep) struct reader *there = NULL;
	Google__Protobuf__Empty *empty;
	char boot_id[UUID_SIZE];

	reader_wait_text(here, 10);
	snprintf(boot_id, sizeof boot_id, "%s", boot_id_of(here->generation));
	watch.generation = stop.generation = here->generation;
	watch.user_id = stage->user;
	watch.boot_id = stop.boot_id = (char *)NOBODY;
	there = reader_forward(stage, &watch);
	reader_expect_refused(there, FAILED_PRECONDITION, "generation_moved");
	stage_fails(stage, chat_v1_forward_cancel, &stop, &empty, FAILED_PRECONDITION,
		    "generation_moved");
	reader_free(there);

	watch.boot_id = stop.boot_id = boot_id;
	watch.user_id = stage->other;
	there = reader_forward(stage, &watch);
	reader_expect_refused(there, FAILED_PRECONDITION, "generation_moved");
	reader_free(there);

	watch.user_id = stage->user;
	there = reader_forward(stage, &watch);
	reader_wait_text(there, 10);
	stage_ok(stage, chat_v1_forward_cancel, &stop, &empty);
	reader_expect_done(there, CHAT__V1__STOP_REASON__CANCELLED);
	reader_expect_done(here, CHAT__V1__STOP_REASON__CANCELLED);
	assert_string_equal(reader_text(there), reader_text(here));
}

int forward_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_is_relayed),
		TEST(the_stop_button_works_anywhere),
		TEST(only_the_process_that_is_meant_answers),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
