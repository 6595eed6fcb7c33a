/* Providers that fail, one row a fault of tools/standin/fault.c. */
#include "../chat_test.h"

#include <signal.h>

#define ANY -1

/* Ends in an error event before any text; costs nothing; the question stays. tries: requests that
 * the provider sees. */
static void expect_fault_of(struct stage *stage, const char *model, const char *text,
			    const char *reason, int tries)
{
	char *chat = stage_new_chat(stage, model), question[300];
	_cleanup_(reader_freep) struct reader *reader = NULL;
	Chat__V1__ListMessagesResponse *list;

	snprintf(question, sizeof question, "%s %s", chat, text);
	reader = reader_generate(stage, chat, question);
	reader_expect_failed(reader, reason);
	assert_true(reader->accepted);
	assert_string_equal(reader_text(reader), "");
	assert_int_equal(reader->cost, 0);
	list = stage_messages(stage, chat);
	assert_int_equal(list->n_messages, 2);
	assert_string_equal(list->messages[0]->text, question);
	assert_int_equal(list->messages[1]->state, CHAT__V1__MESSAGE__STATE__FAILED);
	assert_string_equal(list->messages[1]->error->reason, reason);
	if (tries != ANY)
		assert_int_equal(stage_requests(chat), tries);
	stage_expect_balance(stage, GIFT);
}

static void expect_fault(struct stage *stage, const char *text, const char *reason, int tries)
{
	expect_fault_of(stage, PLAIN, text, reason, tries);
}

static void errors_are_tried_again_then_told(void **state)
{
	expect_fault(*state, "[[fault:500]]", "PROVIDER_UNAVAILABLE", 3);
}

static void a_busy_provider_is_told(void **state)
{
	expect_fault(*state, "[[fault:429 retry_after=60]]", "PROVIDER_BUSY", 3);
}

static void a_refusal_is_final(void **state)
{
	expect_fault(*state, "[[fault:400]]", "PROVIDER_REFUSED", 1);
}

static void a_hang_up_is_tried_again(void **state)
{
	/* libcurl repeats a request whose kept connection was closed before it: one more. */
	expect_fault(*state, "[[fault:cut after=0]]", "PROVIDER_UNAVAILABLE", ANY);
}

static void a_page_is_no_answer(void **state)
{
	expect_fault(*state, "[[fault:wrong_type]]", "PROVIDER_BROKEN", 3);
}

static void one_failure_is_hidden(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN), text[200];
	_cleanup_(reader_freep) struct reader *reader = NULL;

	snprintf(text, sizeof text, "once [[fault:503 times=2 key=%s]] [[say:third time]]",
		 stage->user);
	reader = stage_answer(stage, chat, text);
	assert_string_equal(reader_text(reader), "third time");
	assert_int_equal(reader->n_resets, 0);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

static bool is_of_openai(struct stage *stage, const char *model)
{
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, stage_new_chat(stage, model), "rested?");
	char text[200];

	reader_wait_end(reader);
	if (!reader->accepted) /* a machine under load may refuse it */
		return false;
	snprintf(text, sizeof text, "SELECT provider FROM chat.usage WHERE generation_id = '%s'",
		 reader->generation);
	return strcmp(pg_value(text), "openai") == 0;
}

/* Replicas share what they know of keys. An operator who sends SIGHUP makes them forget. Both keys
 * of the model's first provider are free then. */
static void forget_rests(struct stage *stage, const char *model)
{
	enum process_name replica = stage->replica;
	char somebody[UUID_SIZE];

	process_kill(CHAT_A, SIGHUP);
	process_kill(CHAT_B, SIGHUP);
	uuid_v7(somebody);
	stage->as = somebody;
	for (stage->replica = CHAT_A; stage->replica <= CHAT_B; stage->replica++)
		eventually(is_of_openai(stage, model) && is_of_openai(stage, model));
	stage->replica = replica;
	stage->as = stage->user;
}

/* With two keys and a fallback a key that must wait a minute delays nobody. */
static void a_busy_key_makes_room_for_another(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, KEYED), text[200];
	_cleanup_(reader_freep) struct reader *reader = NULL;
	int64_t start_us = clock_mono_us();

	snprintf(text, sizeof text,
		 "busy [[fault:429 retry_after=60 times=2 key=%s]] [[say:other key]]", stage->user);
	reader = stage_answer(stage, chat, text);
	assert_string_equal(reader_text(reader), "other key");
	assert_true(clock_mono_us() - start_us < 20 * US_PER_S);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

static void a_refused_key_makes_room_for_another(void **state)
{
	struct stage *stage = *state;
	char text[200];
	_cleanup_(reader_freep) struct reader *reader = NULL;

	stage->replica = CHAT_B;
	forget_rests(stage, KEYED);
	snprintf(text, sizeof text, "paid? [[fault:401 times=1 key=%s]] [[say:other key]]",
		 stage->user);
	reader = stage_answer(stage, stage_new_chat(stage, KEYED), text);
	assert_string_equal(reader_text(reader), "other key");
}

static const char *answers_for(struct stage *stage, const char *words, int64_t price)
{
	char *chat = stage_new_chat(stage, BACKED), text[2000];
	_cleanup_(reader_freep) struct reader *reader = NULL;
	Chat__V1__ListMessagesResponse *list;

	snprintf(text, sizeof text, "%s [[say:there]]", words);
	reader = stage_answer(stage, chat, text);
	assert_string_equal(reader_text(reader), "there");
	assert_int_equal(reader->cost, price * CREDIT);
	list = stage_messages(stage, chat);
	assert_string_equal(list->messages[1]->asked_model,
			    strcmp(list->messages[1]->model, BACKED) == 0 ? "" : BACKED);
	assert_string_equal(stage_generation(stage, reader->generation)->model,
			    list->messages[1]->model);
	return list->messages[1]->model;
}

/* The model that answers is told and paid; the next question goes to the chosen one again. */
static void a_fallback_answers_for_a_model_that_fails(void **state)
{
	struct stage *stage = *state;
	char text[200], sql[200];

	snprintf(text, sizeof text, "[[fault:503 times=3 key=%s]]", stage->user);
	assert_string_equal(answers_for(stage, text, 2), NARROW);
	assert_string_equal(answers_for(stage, "well again", 7), BACKED);
	snprintf(text, sizeof text, "[[fault:503 times=6 key=%s2]]", stage->user);
	assert_string_equal(answers_for(stage, text, 2), PLAIN);
	snprintf(sql, sizeof sql,
		 "SELECT string_agg(model, ' ' ORDER BY create_time) FROM chat.usage"
		 " WHERE user_id = '%s'",
		 stage->user);
	assert_string_equal(pg_value(sql), NARROW " " BACKED " " PLAIN);
	stage_expect_balance(stage, GIFT - 11 * CREDIT);
}

static void a_request_at_fault_has_no_fallback(void **state)
{
	expect_fault_of(*state, BACKED, "[[fault:400]]", "PROVIDER_REFUSED", 1);
}

static bool single_answers(struct stage *stage)
{
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, stage_new_chat(stage, SINGLE), "rested?");

	reader_wait_end(reader);
	return reader->done;
}

/* ---------------------------------------------------------------- one user's verdict, another's
 * answer */

/* SINGLE has one key and no other way: when the key rests, everybody waits. */
static void one_users_refusal_is_no_others(void **state)
{
	static const struct {
		const char *fault, *reason;
		int tries;
	} refusals[] = {
		{"403 says=flagged", "PROMPT_FLAGGED", 1},
		{"400 says=context", "CONTEXT_TOO_LONG", 1},
		{"402", "PROVIDER_LIMIT", 1},
		{"403", "PROVIDER_REFUSED", 1},
		{"400", "PROVIDER_REFUSED", 1},
	};
	struct stage *stage = *state;
	int64_t left = GIFT;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		_cleanup_(reader_freep) struct reader *reader = NULL;
		char text[64];

		snprintf(text, sizeof text, "[[fault:%s]]", refusals[i].fault);
		stage->as = stage->user;
		expect_fault_of(stage, SINGLE, text, refusals[i].reason, refusals[i].tries);
		stage->as = stage->other;
		reader = stage_answer(stage, stage_new_chat(stage, SINGLE), "me? [[say:yes]]");
		assert_string_equal(reader_text(reader), "yes");
		left -= 2 * CREDIT;
		stage_expect_balance(stage, left);
	}
	stage->as = stage->user;
}

/* The account cannot pay for this answer, so a shorter one is asked for, once. */
static void what_can_be_paid_is_asked_for(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, SINGLE), text[200];
	_cleanup_(reader_freep) struct reader *reader = NULL;

	snprintf(text, sizeof text, "%s [[fault:402 says=afford times=1 key=%s]] [[tokens:500]]",
		 chat, stage->user);
	reader = reader_generate(stage, chat, text);
	reader_expect_done(reader, CHAT__V1__STOP_REASON__LENGTH);
	assert_int_equal(reader->completion_tokens, 300);
	assert_int_equal(stage_requests(chat), 2);
	stage->as = stage->other;
	expect_fault_of(stage, SINGLE, "[[fault:402 says=afford]]", "PROVIDER_LIMIT", 2);
}

static void a_key_without_quota_makes_room_for_another(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, KEYED), text[200];
	_cleanup_(reader_freep) struct reader *reader = NULL;

	stage->replica = CHAT_B;
	forget_rests(stage, KEYED);
	snprintf(text, sizeof text, "%s [[fault:429 says=quota times=1 key=%s]] [[say:other key]]",
		 chat, stage->user);
	reader = stage_answer(stage, chat, text);
	assert_string_equal(reader_text(reader), "other key");
	assert_int_equal(stage_requests(chat), 2);
	process_kill(CHAT_B, SIGHUP);
}

/* A key that does not get the model leaves it to the next route, at once. */
static void a_missing_model_is_had_elsewhere(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, SPARE), text[200];
	_cleanup_(reader_freep) struct reader *reader = NULL;

	snprintf(text, sizeof text, "%s [[fault:404 says=model times=1 key=%s]] [[say:here]]", chat,
		 stage->user);
	forget_rests(stage, SPARE);
	reader = stage_answer(stage, chat, text);
	assert_string_equal(reader_text(reader), "here");
	assert_int_equal(stage_requests(chat), 2);
	snprintf(text, sizeof text, "SELECT provider FROM chat.usage WHERE generation_id = '%s'",
		 reader->generation);
	assert_string_equal(pg_value(text), "demo");
	stage->as = stage->other;
	expect_fault_of(stage, SINGLE, "[[fault:429 says=quota]]", "PROVIDER_ACCOUNT", 1);
	process_kill(CHAT_A, SIGHUP); /* rested, for those that follow */
	eventually(single_answers(stage));
}

/* A server that says 200 and then loads its model has as long as one that says nothing. */
static void a_local_server_has_time_to_load(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	int64_t start_us = clock_mono_us();
	_cleanup_(reader_freep) struct reader *reader = /* ": hi" and silence */
		reader_generate(stage, chat, "[[fault:body data=OiBoaQoK end=open]]");

	reader_expect_failed(reader, "PROVIDER_UNAVAILABLE");
	assert_true(clock_mono_us() - start_us > 4 * US_PER_S); /* the idle time is one */
}

/* ---------------------------------------------------------------- parameters */

static struct reader *ask_warmly(struct stage *stage, const char *chat, const char *words)
{
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Parameters parameters = CHAT__V1__PARAMETERS__INIT;
	Google__Protobuf__DoubleValue warm = GOOGLE__PROTOBUF__DOUBLE_VALUE__INIT;
	char text[300];
	struct reader *reader;

	snprintf(text, sizeof text, "%s %s", chat, words);
	warm.value = 0.5;
	parameters.temperature = &warm;
	req.chat = (char *)chat;
	req.text = text;
	req.parameters = &parameters;
	reader = reader_request(stage, &req);
	reader_wait_end(reader);
	return reader;
}

/* Each costs one request, no quick try, and only the first time. */
static void a_refused_parameter_is_left_out(void **state)
{
	static const char words[] =
		"[[refuse:max_tokens,temperature,stream_options,top_p]] [[say:as you like]]";
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PICKY), *next = stage_new_chat(stage, PICKY);
	_cleanup_(reader_freep) struct reader *first = NULL, *second = NULL, *never = NULL;

	first = ask_warmly(stage, chat, words);
	reader_expect_done(first, CHAT__V1__STOP_REASON__STOP);
	assert_string_equal(reader_text(first), "as you like");
	assert_int_equal(stage_requests(chat), 4);
	second = ask_warmly(stage, next, words);
	assert_string_equal(reader_text(second), "as you like");
	assert_int_equal(stage_requests(next), 1);
	/* The user is told of what cannot be left out. */
	never = ask_warmly(stage, next, "[[refuse:messages]]");
	reader_expect_failed(never, "PROVIDER_REFUSED");
}

static void the_catalogue_knows_what_a_model_takes(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, NEWER);
	_cleanup_(reader_freep) struct reader *reader = NULL;

	reader = ask_warmly(stage, chat,
			    "[[refuse:max_tokens,temperature,stream_options]] [[say:at once]]");
	assert_string_equal(reader_text(reader), "at once");
	assert_int_equal(stage_requests(chat), 1);
}

static void retry_after_is_honoured(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, SINGLE), text[200];
	_cleanup_(reader_freep) struct reader *reader = NULL;
	int64_t start_us = clock_mono_us();

	snprintf(text, sizeof text, "later [[fault:429 retry_after=1 times=1 key=%s]] [[say:now]]",
		 stage->user);
	reader = stage_answer(stage, chat, text);
	assert_string_equal(reader_text(reader), "now");
	assert_true(clock_mono_us() - start_us >= US_PER_S);
}

/* Without it the rest would be a second. */
static void milliseconds_are_honoured_too(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, SINGLE), text[200];
	_cleanup_(reader_freep) struct reader *reader = NULL;
	int64_t start_us = clock_mono_us();

	snprintf(text, sizeof text,
		 "later [[fault:429 header=retry-after-ms:2500 times=1 key=%s]] [[say:now]]",
		 stage->user);
	reader = stage_answer(stage, chat, text);
	assert_string_equal(reader_text(reader), "now");
	assert_true(clock_mono_us() - start_us >= 2500 * US_PER_MS);
}

static void a_long_rest_is_an_error(void **state)
{
	struct stage *stage = *state;
	int64_t start_us = clock_mono_us();

	expect_fault_of(stage, SINGLE, "[[fault:429 retry_after=3600]]", "PROVIDER_BUSY", 1);
	expect_fault_of(stage, SINGLE, "not even asked", "PROVIDER_BUSY", 0);
	process_kill(CHAT_A, SIGHUP); /* providers and keys are read anew: rested */
	eventually(single_answers(stage));
	assert_true(clock_mono_us() - start_us < 20 * US_PER_S);
}

/* After the first token there is no second try. The text is kept and paid for. */
static void expect_torn(struct stage *stage, const char *fault, const char *reason)
{
	char *chat = stage_new_chat(stage, METERED), text[200];
	_cleanup_(reader_freep) struct reader *reader = NULL, *again = NULL;
	Chat__V1__Message *message;

	snprintf(text, sizeof text, "torn [[tokens:20]] [[fault:%s after=4]]", fault);
	reader = reader_generate(stage, chat, text);
	reader_expect_failed(reader, reason);
	assert_string_equal(reader_text(reader), "1 2 3 4");
	assert_true(reader->cost > CREDIT);
	again = reader_watch(stage, reader->generation, "");
	reader_expect_failed(again, reason);
	assert_string_equal(reader_text(again), "1 2 3 4");
	message = stage_messages(stage, chat)->messages[1];
	assert_string_equal(message->text, "1 2 3 4");
	assert_int_equal(message->state, CHAT__V1__MESSAGE__STATE__FAILED);
	assert_int_equal(message->credits_used_microcredits, reader->cost);
	stage_expect_balance(stage, GIFT - reader->cost);
}

static void cut_in_the_middle(void **state)
{
	expect_torn(*state, "cut", "PROVIDER_UNAVAILABLE");
}

static void stalled_in_the_middle(void **state)
{
	expect_torn(*state, "stall", "PROVIDER_UNAVAILABLE");
}

/* Usage that is missing or cannot be is not believed: we count, and say so. */
static void absurd_usage_is_counted(void **state)
{
	static const char *const usages[] = {"no_usage", "usage value=0", "usage value=-5",
					     "usage value=1000000000000"};
	struct stage *stage = *state;
	int64_t left = GIFT;

	for (size_t i = 0; i < ARRAY_SIZE(usages); i++) {
		char *chat = stage_new_chat(stage, METERED), text[200];
		_cleanup_(reader_freep) struct reader *reader = NULL;

		snprintf(text, sizeof text, "count [[tokens:100]] [[fault:%s]]", usages[i]);
		reader = stage_answer(stage, chat, text);
		/* 291 characters: letters and digits in turn */
		assert_int_equal(reader->completion_tokens, 199);
		assert_true(reader->prompt_tokens > 5 && reader->prompt_tokens < 30);
		snprintf(text, sizeof text,
			 "SELECT source FROM chat.usage WHERE generation_id = '%s'",
			 reader->generation);
		assert_string_equal(pg_value(text), "COUNTED");
		left -= reader->cost;
		stage_expect_balance(stage, left);
	}
}

/* Odd events of a stream are passed over; body_test.c has many more. */
static void odd_streams_are_read(void **state)
{
	static const struct {
		const char *fault, *text;
	} cases[] = {
		{"two_dones", "fine day"},
		{"drip value=1", "fine day"},
		{"broken_json after=0", "fine day"},
		{"broken_json after=1", "fine day"},
		{"broken_utf8 after=1", "fine\xEF\xBF\xBD\xEF\xBF\xBD( day"},
		{"long_line after=0 value=9000000", "fine day"},
	};
	struct stage *stage = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *chat = stage_new_chat(stage, FREE), text[200];
		_cleanup_(reader_freep) struct reader *reader = NULL;

		snprintf(text, sizeof text, "%s [[fault:%s]] [[say:fine day]]", chat,
			 cases[i].fault);
		reader = stage_answer(stage, chat, text);
		assert_string_equal(reader_text(reader), cases[i].text);
		assert_int_equal(stage_requests(chat), 1);
	}
}

int fault_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(errors_are_tried_again_then_told),
		TEST(a_busy_provider_is_told),
		TEST(a_refusal_is_final),
		TEST(a_hang_up_is_tried_again),
		TEST(a_page_is_no_answer),
		TEST(one_failure_is_hidden),
		TEST(a_busy_key_makes_room_for_another),
		TEST(a_refused_key_makes_room_for_another),
		TEST(one_users_refusal_is_no_others),
		TEST(what_can_be_paid_is_asked_for),
		TEST(a_key_without_quota_makes_room_for_another),
		TEST(a_missing_model_is_had_elsewhere),
		TEST(a_local_server_has_time_to_load),
		TEST(a_refused_parameter_is_left_out),
		TEST(the_catalogue_knows_what_a_model_takes),
		TEST(retry_after_is_honoured),
		TEST(milliseconds_are_honoured_too),
		TEST(a_long_rest_is_an_error),
		TEST(cut_in_the_middle),
		TEST(stalled_in_the_middle),
		TEST(absurd_usage_is_counted),
		TEST(a_fallback_answers_for_a_model_that_fails),
		TEST(a_request_at_fault_has_no_fallback),
		TEST(odd_streams_are_read),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
