/* The contents of a request, its price, repeats of it, and the stop button. */
#include "../chat_test.h"

#define RUNNING CHAT__V1__GENERATION__STATE__RUNNING
#define DONE CHAT__V1__GENERATION__STATE__DONE
#define FAILED CHAT__V1__GENERATION__STATE__FAILED
#define STOPPED CHAT__V1__GENERATION__STATE__CANCELLED

static Chat__V1__Generation *start(struct stage *stage, const char *chat, const char *text)
{
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Generation *generation;

	req.chat = (char *)chat;
	req.text = (char *)text;
	stage_ok(stage, chat_v1_start_generation, &req, &generation);
	return generation;
}

static Chat__V1__Generation *cancel(struct stage *stage, const char *id)
{
	Chat__V1__CancelGenerationRequest req = CHAT__V1__CANCEL_GENERATION_REQUEST__INIT;
	Chat__V1__Generation *generation;

	req.generation = (char *)id;
	stage_ok(stage, chat_v1_cancel_generation, &req, &generation);
	return generation;
}

static void an_answer_is_started_and_got(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	Chat__V1__Generation *g = start(stage, chat, "hello [[say:good day]]");

	assert_int_equal(g->state, RUNNING);
	assert_string_equal(g->chat, chat);
	assert_string_equal(g->model, PLAIN);
	assert_int_equal(g->attempt, 1);
	eventually(stage_generation(stage, g->id)->state == DONE);
	g = stage_generation(stage, g->id);
	assert_int_equal(g->credits_used_microcredits, 2 * CREDIT);
	assert_int_equal(g->stop_reason, CHAT__V1__STOP_REASON__STOP);
	assert_non_null(g->end_time);
	assert_string_equal(stage_messages(stage, chat)->messages[1]->text, "good day");
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

static void tokens_are_metered_once(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, METERED), sql[500];
	_cleanup_(reader_freep) struct reader *reader =
		stage_answer(stage, chat, "count [[tokens:321]]");
	int64_t cost = CREDIT + 1000LL * reader->prompt_tokens + 5000LL * 321;

	assert_int_equal(reader->completion_tokens, 321);
	assert_true(reader->prompt_tokens > 0);
	assert_int_equal(reader->cost, cost);
	stage_expect_balance(stage, GIFT - cost);
	/* Anybody can compute the charge again. */
	snprintf(sql, sizeof sql,
		 "SELECT u.cost_microcredits = (SELECT ceil(sum((c->>'microcredits')::numeric * "
		 "CASE c->>'dimension' WHEN 'MESSAGE' THEN 1 WHEN 'INPUT' THEN u.prompt_tokens / "
		 "1e6 ELSE u.completion_tokens / 1e6 END)) FROM jsonb_array_elements(p.components) "
		 "c) FROM chat.usage u JOIN chat.model_price p ON p.version = u.price_version "
		 "WHERE u.generation_id = '%s'",
		 reader->generation);
	assert_string_equal(pg_value(sql), "t");
	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM credits.transfer t JOIN chat.usage u "
		 "ON u.price_version = t.price_version WHERE u.generation_id = '%s'",
		 reader->generation);
	assert_string_not_equal(pg_value(sql), "0");
}

static void a_free_model_holds_nothing(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);

	reader_free(stage_answer(stage, chat, "hello"));
	stage_expect_balance(stage, GIFT);
}

static void refused(struct stage *stage, const Chat__V1__GenerateRequest *req, enum status status,
		    const char *reason, const char *field)
{
	_cleanup_(reader_freep) struct reader *reader = reader_request(stage, req);
	Chat__V1__Generation *generation;

	reader_expect_refused(reader, status, reason);
	assert_string_equal(reader->err.field, field);
	stage_fails(stage, chat_v1_start_generation, req, &generation, status, reason);
}

static void bad_requests_name_the_field(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Parameters parameters = CHAT__V1__PARAMETERS__INIT;
	Google__Protobuf__DoubleValue hot = GOOGLE__PROTOBUF__DOUBLE_VALUE__INIT;
	_cleanup_(freep) char *long_text = malloc(262146);
	char *file = (char *)NOBODY;

	ensure(long_text);
	memset(long_text, 'x', 262145);
	long_text[262145] = '\0';
	req.chat = stage_new_chat(stage, FREE);
	refused(stage, &req, INVALID_ARGUMENT, "field_required", "text");
	req.text = (char *)" \n\t ";
	refused(stage, &req, INVALID_ARGUMENT, "field_required", "text");
	req.text = long_text;
	refused(stage, &req, INVALID_ARGUMENT, "field_too_long", "text");
	req.text = (char *)"hello";
	req.model = (char *)"gpt-9";
	refused(stage, &req, INVALID_ARGUMENT, "model_unknown", "model");
	req.model = (char *)"";
	req.parent = (char *)NOBODY;
	refused(stage, &req, INVALID_ARGUMENT, "parent_unknown", "parent");
	req.parent = (char *)"";
	req.attachments = &file;
	req.n_attachments = 1;
	refused(stage, &req, INVALID_ARGUMENT, "field_invalid", "attachments");
	req.n_attachments = 0;
	req.parameters = &parameters;
	parameters.temperature = &hot;
	hot.value = 2.5;
	refused(stage, &req, INVALID_ARGUMENT, "field_invalid", "parameters.temperature");
	parameters.temperature = NULL;
	parameters.top_p = &hot;
	refused(stage, &req, INVALID_ARGUMENT, "field_invalid", "parameters.top_p");
	parameters.top_p = NULL;
	parameters.max_output_tokens = -1;
	refused(stage, &req, INVALID_ARGUMENT, "field_invalid", "parameters.max_output_tokens");
	req.parameters = NULL;
	req.chat = (char *)NOBODY;
	refused(stage, &req, NOT_FOUND, "not_found", "");
	req.chat = stage_new_chat(stage, FREE);
	stage->as = stage->other;
	refused(stage, &req, NOT_FOUND, "not_found", "");
	stage->as = stage->user;
	assert_int_equal(stage_messages(stage, req.chat)->n_messages, 0);
}

/* A letter and a digit are never one token. */
static void write_tokens(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text[i] = i % 2 ? '1' : 'x';
	text[n] = '\0';
}

/* A window of 1,024 tokens with 256 for the answer: old messages fall out, a long one is refused.
 */
static void the_context_is_cut_to_the_window(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, NARROW), text[4096];
	_cleanup_(reader_freep) struct reader *first = NULL, *second = NULL, *too_long = NULL;

	write_tokens(text, 500);
	snprintf(text + 500, 100, " [[say:short]]");
	first = stage_answer(stage, chat, text);
	second = stage_answer(stage, chat, text);
	assert_true(second->prompt_tokens < first->prompt_tokens + 20);
	write_tokens(text, 4000);
	too_long = reader_generate(stage, chat, text);
	reader_expect_refused(too_long, INVALID_ARGUMENT, "context_too_long");
	assert_int_equal(stage_messages(stage, chat)->n_messages, 4); /* nothing of it is stored */
	stage_expect_balance(stage, GIFT - 4 * CREDIT);
}

/* A question whose answer never came does not stop the chat: strict templates want turns. */
static void a_chat_goes_on_after_an_empty_answer(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE), words[100];
	_cleanup_(reader_freep) struct reader *failed = NULL, *stopped = NULL, *thought = NULL,
					      *last = NULL;

	failed = reader_generate(stage, chat, "zero [[fault:500]]");
	reader_expect_failed(failed, "PROVIDER_UNAVAILABLE");
	stopped = reader_generate(stage, chat, "one [[first:60000]]");
	reader_wait_accepted(stopped);
	assert_int_equal(cancel(stage, stopped->generation)->state, STOPPED);
	reader_expect_done(stopped, CHAT__V1__STOP_REASON__CANCELLED);
	/* {"choices":[{"delta":{"reasoning":"hm"}}]} */
	thought = reader_generate(stage, chat,
				  "two [[strict:1]] [[fault:body data="
				  "eyJjaG9pY2VzIjpbeyJkZWx0YSI6eyJyZWFzb25pbmciOiJobSJ9fV19]]");
	reader_expect_failed(thought, "ANSWER_THOUGHTS");
	snprintf(words, sizeof words, "three %s [[strict:1]] [[say:on it goes]]", chat);
	last = stage_answer(stage, chat, words);
	assert_string_equal(reader_text(last), "on it goes");
	/* All that was asked is there, in one turn. */
	snprintf(words, sizeof words, "zero[^\"]*one[^\"]*two[^\"]*three %s", chat);
	assert_int_equal(stage_requests(words), 1);
}

/* A question that a provider refused for its words is not sent again with each later one. */
static void a_refused_question_is_left_out(void **state)
{
	static const char *const faults[] = {"403 says=flagged", "400 says=context", "400"};
	struct stage *stage = *state;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		char *chat = stage_new_chat(stage, FREE), words[100];
		_cleanup_(reader_freep) struct reader *refused = NULL, *next = NULL;

		snprintf(words, sizeof words, "wicked [[fault:%s]]", faults[i]);
		refused = reader_generate(stage, chat, words);
		reader_wait_end(refused);
		assert_true(refused->failed);
		snprintf(words, sizeof words, "good %s [[strict:1]] [[say:yes]]", chat);
		next = stage_answer(stage, chat, words);
		assert_string_equal(reader_text(next), "yes");
		snprintf(words, sizeof words, "good %s", chat);
		assert_int_equal(stage_requests(words), 1);
		snprintf(words, sizeof words, "wicked[^\"]*%s", chat);
		assert_int_equal(stage_requests(words), 0);
	}
}

static void the_request_limits_the_answer(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Parameters parameters = CHAT__V1__PARAMETERS__INIT;
	_cleanup_(reader_freep) struct reader *reader = NULL;

	req.chat = chat;
	req.text = (char *)"count [[tokens:500]]";
	req.parameters = &parameters;
	parameters.max_output_tokens = 10;
	reader = reader_request(stage, &req);
	reader_expect_done(reader, CHAT__V1__STOP_REASON__LENGTH);
	assert_int_equal(reader->completion_tokens, 10);
}

static void one_answer_at_a_time(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	Chat__V1__GetChatRequest get = CHAT__V1__GET_CHAT_REQUEST__INIT;
	Chat__V1__Generation *g = start(stage, chat, "wait [[first:60000]]");
	_cleanup_(reader_freep) struct reader *second = reader_generate(stage, chat, "and this?");
	Chat__V1__Chat *found;

	reader_expect_refused(second, FAILED_PRECONDITION, "generation_running");
	get.chat = chat;
	stage_ok(stage, chat_v1_get_chat, &get, &found);
	assert_string_equal(found->running_generation, g->id);
	assert_int_equal(cancel(stage, g->id)->state, STOPPED);
	stage_ok(stage, chat_v1_get_chat, &get, &found);
	assert_string_equal(found->running_generation, "");
}

/* ---------------------------------------------------------------- the same request again */

static void a_repeat_attaches(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN), text[100];
	_cleanup_(reader_freep) struct reader *first = NULL, *again = NULL, *late = NULL,
					      *other = NULL;
	Chat__V1__Generation *g;

	snprintf(text, sizeof text, "repeat %s [[tokens:40]] [[pace:100]]", stage->user);
	snprintf(stage->key, sizeof stage->key, "one");
	first = reader_generate(stage, chat, text);
	reader_wait_text(first, 1);
	again = reader_generate(stage, chat, text);
	other = reader_generate(stage, chat, "something else");
	reader_expect_refused(other, ALREADY_EXISTS, "idempotency_key_reused");
	reader_expect_done(first, CHAT__V1__STOP_REASON__STOP);
	reader_expect_done(again, CHAT__V1__STOP_REASON__STOP);
	late = stage_answer(stage, chat, text); /* after the end */
	g = start(stage, chat, text);
	assert_string_equal(again->generation, first->generation);
	assert_string_equal(late->generation, first->generation);
	assert_string_equal(g->id, first->generation);
	assert_string_equal(reader_text(late), reader_text(first));
	snprintf(text, sizeof text, "repeat %s", stage->user);
	assert_int_equal(stage_requests(text), 1);
	assert_int_equal(stage_messages(stage, chat)->n_messages, 2);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

/* Keys belong to users: another one's request with the same key is a request of its own. */
static void keys_are_each_users_own(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	_cleanup_(reader_freep) struct reader *first = NULL, *second = NULL;

	snprintf(stage->key, sizeof stage->key, "same");
	first = stage_answer(stage, chat, "hello");
	stage->as = stage->other;
	stage->key[0] = '\0';
	chat = stage_new_chat(stage, FREE);
	snprintf(stage->key, sizeof stage->key, "same");
	second = stage_answer(stage, chat, "hello");
	assert_string_not_equal(first->generation, second->generation);
}

static void twenty_at_once_are_one(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	struct reader *readers[20];

	snprintf(stage->key, sizeof stage->key, "race");
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		stage->replica = i % 2 ? CHAT_B : CHAT_A;
		readers[i] = reader_generate(stage, chat, "hello [[tokens:30]] [[pace:100]]");
	}
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		reader_expect_done(readers[i], CHAT__V1__STOP_REASON__STOP);
		assert_string_equal(readers[i]->generation, readers[0]->generation);
		assert_string_equal(reader_text(readers[i]), reader_text(readers[0]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		reader_free(readers[i]);
	stage->replica = CHAT_A;
	stage->key[0] = '\0';
	assert_int_equal(stage_messages(stage, chat)->n_messages, 2);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

/* ---------------------------------------------------------------- the stop button */

static void stopped_before_the_first_token_is_free(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, chat, "wait [[first:60000]]");

	reader_wait_accepted(reader);
	assert_int_equal(cancel(stage, reader->generation)->state, STOPPED);
	reader_expect_done(reader, CHAT__V1__STOP_REASON__CANCELLED);
	assert_string_equal(reader_text(reader), "");
	assert_int_equal(reader->cost, 0);
	stage_expect_balance(stage, GIFT);
}

static void stopped_later_costs_what_was_written(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, METERED);
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, chat, "count [[tokens:900]] [[pace:50]]");
	Chat__V1__Message *message;
	Chat__V1__Generation *g;

	reader_wait_text(reader, 20);
	g = cancel(stage, reader->generation);
	assert_int_equal(g->state, STOPPED);
	reader_expect_done(reader, CHAT__V1__STOP_REASON__CANCELLED);
	assert_true(reader->cost > CREDIT && reader->cost < 2 * CREDIT);
	assert_int_equal(g->credits_used_microcredits, reader->cost);
	message = stage_messages(stage, chat)->messages[1];
	assert_int_equal(message->state, CHAT__V1__MESSAGE__STATE__CANCELLED);
	assert_string_equal(message->text, reader_text(reader));
	assert_int_equal(cancel(stage, reader->generation)->state, STOPPED); /* twice: the same */
	stage_expect_balance(stage, GIFT - reader->cost);
}

static void deleting_a_chat_stops_it(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	Chat__V1__DeleteChatRequest delete = CHAT__V1__DELETE_CHAT_REQUEST__INIT;
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, chat, "wait [[first:60000]]");
	Google__Protobuf__Empty *empty;

	reader_wait_accepted(reader);
	delete.chat = chat;
	stage_ok(stage, chat_v1_delete_chat, &delete, &empty);
	reader_expect_done(reader, CHAT__V1__STOP_REASON__CANCELLED);
	stage_expect_balance(stage, GIFT);
}

static void others_generations_are_not_found(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	Chat__V1__CancelGenerationRequest cancel_req = CHAT__V1__CANCEL_GENERATION_REQUEST__INIT;
	Chat__V1__GetGenerationRequest get = CHAT__V1__GET_GENERATION_REQUEST__INIT;
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, chat, "wait [[first:60000]]");
	_cleanup_(reader_freep) struct reader *spy = NULL;
	Chat__V1__Generation *g;

	reader_wait_accepted(reader);
	stage->as = stage->other;
	get.generation = cancel_req.generation = reader->generation;
	stage_fails(stage, chat_v1_get_generation, &get, &g, NOT_FOUND, "not_found");
	stage_fails(stage, chat_v1_cancel_generation, &cancel_req, &g, NOT_FOUND, "not_found");
	spy = reader_watch(stage, reader->generation, "");
	reader_expect_refused(spy, NOT_FOUND, "not_found");
	stage->as = stage->user;
	assert_int_equal(stage_generation(stage, reader->generation)->state, RUNNING);
	cancel(stage, reader->generation);
	reader_expect_done(reader, CHAT__V1__STOP_REASON__CANCELLED);
}

int request_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_is_started_and_got),
		TEST(tokens_are_metered_once),
		TEST(a_free_model_holds_nothing),
		TEST(bad_requests_name_the_field),
		TEST(the_context_is_cut_to_the_window),
		TEST(a_chat_goes_on_after_an_empty_answer),
		TEST(a_refused_question_is_left_out),
		TEST(the_request_limits_the_answer),
		TEST(one_answer_at_a_time),
		TEST(a_repeat_attaches),
		TEST(keys_are_each_users_own),
		TEST(twenty_at_once_are_one),
		TEST(stopped_before_the_first_token_is_free),
		TEST(stopped_later_costs_what_was_written),
		TEST(deleting_a_chat_stops_it),
		TEST(others_generations_are_not_found),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
