/* Answers to programs: streams and whole ones, refusals, limits, what a client's leaving does, and
 * what is deleted. Requests are chat completions; dialect_*_test.c has the other formats. */
#include "caller_test.h"

#include <unistd.h>

#define COUNT "count [[tokens:30]] [[pace:40]]"
#define NUMBERS "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30"
#define SLOW "wait [[first:60000]]"

static const char *call_value(struct stage *stage, const char *what)
{
	char sql[600];

	snprintf(sql, sizeof sql,
		 "SELECT %s FROM chat.generation g JOIN chat.api_call c ON c.generation_id = g.id "
		 "WHERE g.user_id = '%s'",
		 what, stage->user);
	return pg_value(sql);
}

/* ---------------------------------------------------------------- the answer */

static void a_stream_begins_early_and_ends_whole(void **state)
{
	struct stage *stage = *state;
	_cleanup_(caller_freep) struct caller *caller = caller_call(
		stage, NULL, caller_body(stage, PLAIN, "count [[first:600]] [[tokens:30]]", true));

	caller_wait_pieces(caller, 1);
	assert_string_equal(caller->content_type, "text/event-stream");
	assert_string_equal(caller_text(stage, caller), "");
	caller_expect_whole(stage, caller, NUMBERS);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	assert_string_equal(call_value(stage, "g.state || ' ' || c.text"), "DONE " NUMBERS);
	/* It has no chat, and its user's chats are as before. */
	assert_string_equal(call_value(stage, "num_nonnulls(g.chat_id, g.user_message_id)"), "0");
	eventually(strcmp(call_value(stage, "c.connection"), "WHOLE") == 0);
	assert_string_equal(call_value(stage, "c.body IS NULL"), "t");
}

static void a_whole_answer_is_one_body(void **state)
{
	struct stage *stage = *state;
	_cleanup_(caller_freep) struct caller *caller =
		caller_call(stage, NULL, caller_body(stage, PLAIN, "hello [[say:there]]", false));

	caller_expect_whole(stage, caller, "there");
	assert_string_equal(caller->content_type, "application/json");
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

/* A large one comes in several pieces, to a slow reader, too. */
static void a_long_answer_comes_in_pieces(void **state)
{
	struct stage *stage = *state;

	stage->replica = CHAT_B; /* it has patience with a stand-in that is busy */
	for (int stream = 0; stream < 2; stream++) {
		_cleanup_(caller_freep) struct caller *caller = caller_call(
			stage, NULL, caller_body(stage, ENDLESS, "x [[tokens:90000]]", stream));
		char *text;

		caller_pause(caller);
		caller_wait_pieces(caller, 1);
		usleep(100000);
		caller_resume(caller);
		caller_wait_end(caller);
		assert_int_equal(caller->status, OK);
		text = caller_text(stage, caller);
		assert_true(strlen(text) > 500000);
		assert_true(caller->n_pieces > 1);
	}
}

static void a_tool_is_called(void **state)
{
	struct stage *stage = *state;
	const char *body =
		"{\"model\":\"plain\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":"
		"\"x [[tool:weather]] [[tokens:300]]\"}],\"tools\":[{\"type\":\"function\","
		"\"function\":{\"name\":\"weather\",\"parameters\":{\"type\":\"object\"}}}]}";
	_cleanup_(caller_freep) struct caller *caller = caller_call(stage, NULL, body);

	caller_wait_words(caller, "\"tool_calls\"");
	caller_wait_words(caller, "weather");
	caller_wait_end(caller);
	assert_int_equal(caller->status, OK);
}

/* Each format, in both ways: dialect_test.c has their bytes. */
static void every_format_is_served(void **state)
{
	struct stage *stage = *state;
	static const struct {
		struct manner manner;
		const char *begin, *stream_end, *whole;
	} rows[] = {
		{{.format = RESPONSES},
		 "{\"model\":\"plain\",\"input\":\"hello [[say:there]]\"",
		 "event: response.completed",
		 "\"object\":\"response\""},
		{{.format = MESSAGES},
		 "{\"model\":\"plain\",\"max_tokens\":100,\"messages\":[{\"role\":\"user\","
		 "\"content\":\"hello [[say:there]]\"}]",
		 "event: message_stop",
		 "\"type\":\"message\""},
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		bool stream = i & 1;
		char *body = arena_printf(stage->arena, "%s,\"stream\":%s}", rows[i / 2].begin,
					  stream ? "true" : "false");
		_cleanup_(caller_freep) struct caller *caller =
			caller_call(stage, &rows[i / 2].manner, body);

		caller_wait_words(caller, stream ? rows[i / 2].stream_end : rows[i / 2].whole);
		if (!stream)
			caller_wait_words(caller, "there");
		caller_wait_end(caller);
		assert_int_equal(caller->status, OK);
		assert_string_equal(caller->content_type,
				    stream ? "text/event-stream" : "application/json");
	}
	stage_expect_balance(stage, GIFT - 8 * CREDIT);
}

/* ---------------------------------------------------------------- refusals */

static void refusals_are_plain(void **state)
{
	struct stage *stage = *state;
	static const struct {
		const char *body, *reason;
		enum status status;
	} rows[] = {
		{"", "json_invalid", INVALID_ARGUMENT},
		{"{", "json_invalid", INVALID_ARGUMENT},
		{"{\"model\":\"nothing\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
		 "model_unknown", INVALID_ARGUMENT},
		{"{\"model\":\"dear\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
		 "insufficient_credits", FAILED_PRECONDITION},
		{"{\"model\":\"dear\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":"
		 "\"x\"}]}",
		 "insufficient_credits", FAILED_PRECONDITION},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(caller_freep) struct caller *caller =
			caller_call(stage, NULL, rows[i].body);

		caller_expect_refused(caller, rows[i].status, rows[i].reason);
	}
	assert_int_equal(calls_in(stage, ""), 0);
	stage_expect_balance(stage, GIFT);
}

static void a_refused_header_is_named(void **state)
{
	struct stage *stage = *state;
	const struct manner manner = {.on_disconnect = "perhaps"};
	_cleanup_(caller_freep) struct caller *caller =
		caller_call(stage, &manner, caller_body(stage, PLAIN, "x", true));

	caller_expect_refused(caller, INVALID_ARGUMENT, "field_invalid");
	assert_string_equal(caller->err.field, "x-on-disconnect");
}

static void a_failed_provider_is_a_plain_error(void **state)
{
	struct stage *stage = *state;
	_cleanup_(caller_freep) struct caller *caller =
		caller_call(stage, NULL, caller_body(stage, FREE, "x [[fault:400]]", false));

	caller_wait_end(caller);
	assert_int_equal(caller->n_pieces, 0);
	assert_int_not_equal(caller->status, OK);
}

/* A whole answer that broke off shows nothing, so it costs nothing; a stream's text is paid. */
static void only_what_is_shown_is_paid(void **state)
{
	struct stage *stage = *state;

	for (int stream = 0; stream < 2; stream++) {
		struct caller *caller;

		uuid_v7(stage->user);
		caller = caller_call(
			stage, NULL,
			caller_body(stage, PLAIN, "x [[tokens:9]] [[fault:cut after=4]]", stream));
		caller_wait_end(caller);
		assert_int_not_equal(caller->status, OK);
		stage_expect_balance(stage, stream ? GIFT - 2 * CREDIT : GIFT);
		caller_free(caller);
	}
}

/* ---------------------------------------------------------------- limits */

static void a_key_has_its_budget(void **state)
{
	struct stage *stage = *state;
	char key[UUID_SIZE];
	const struct manner manner = {.api_key = key};
	_cleanup_(caller_freep) struct caller *refused = NULL;

	uuid_v7(key);
	caller_budget(stage, key, 5 * CREDIT);
	caller_answer(stage, &manner, caller_body(stage, PLAIN, "one [[say:x]]", false));
	caller_answer(stage, &manner, caller_body(stage, PLAIN, "two [[say:x]]", true));
	stage_expect_balance(stage, GIFT - 4 * CREDIT);
	refused = caller_call(stage, &manner, caller_body(stage, PLAIN, "three", true));
	caller_expect_refused(refused, FAILED_PRECONDITION, "budget_exhausted");
	stage_expect_balance(stage, GIFT - 4 * CREDIT);
	assert_int_equal(calls_in(stage, ""), 2); /* nothing of the refused one stays */
}

#define PER_KEY 3 /* process_test.c: api.calls_per_key */
#define PER_USER 5

static void calls_at_once_are_bounded(void **state)
{
	struct stage *stage = *state;
	struct caller *callers[PER_USER];
	char key[UUID_SIZE], other[UUID_SIZE];
	const struct manner first = {.api_key = key}, second = {.api_key = other};
	_cleanup_(caller_freep) struct caller *of_key = NULL, *of_user = NULL;
	char *chat = stage_new_chat(stage, FREE);

	uuid_v7(key);
	uuid_v7(other);
	for (size_t i = 0; i < PER_USER; i++) {
		stage->replica = i % 2 ? CHAT_B : CHAT_A;
		callers[i] = caller_call(stage, i < PER_KEY ? &first : &second,
					 caller_body(stage, FREE, SLOW, true));
		caller_wait_pieces(callers[i], 1);
	}
	of_key = caller_call(stage, &first, caller_body(stage, FREE, SLOW, true));
	caller_expect_refused(of_key, RESOURCE_EXHAUSTED, "generations_full");
	of_user = caller_call(stage, &second, caller_body(stage, FREE, SLOW, true));
	caller_expect_refused(of_user, RESOURCE_EXHAUSTED, "generations_full");
	reader_free(stage_answer(stage, chat, "chats have places of their own [[say:x]]"));
	for (size_t i = 0; i < PER_USER; i++)
		caller_free(callers[i]);
}

/* A body of chat completions that blanks make long. */
static char *long_body(struct stage *stage, size_t len)
{
	const char *begin = caller_body(stage, FREE, SLOW, true);
	char *body = arena_alloc(stage->arena, len + 1);

	memset(body, ' ', len);
	memcpy(body, begin, strlen(begin));
	body[len] = '\0';
	return body;
}

/* Each body counts twice: 4 MiB (process_test.c: api.memory_per_user) are two of 900 KiB. */
static void bodies_at_once_are_bounded(void **state)
{
	struct stage *stage = *state;
	struct caller *first, *second;
	_cleanup_(caller_freep) struct caller *third = NULL;
	const char *user = stage->as;

	first = caller_call(stage, NULL, long_body(stage, 900 << 10));
	caller_wait_pieces(first, 1);
	second = caller_call(stage, NULL, long_body(stage, 900 << 10));
	caller_wait_pieces(second, 1);
	third = caller_call(stage, NULL, long_body(stage, 900 << 10));
	caller_expect_refused(third, RESOURCE_EXHAUSTED, "bodies_full");
	stage->as = stage->other;
	caller_answer(stage, NULL, caller_body(stage, FREE, "another user [[say:x]]", false));
	stage->as = user;
	caller_free(first);
	caller_free(second);
	/* They are given back with their answers. */
	for (int i = 0; i < 4; i++) {
		char *body = long_body(stage, 900 << 10);

		eventually(calls_in(stage, "RUNNING") == 0);
		first = caller_call(stage, NULL, body);
		caller_wait_pieces(first, 1);
		caller_free(first);
	}
}

static void a_body_has_a_limit(void **state)
{
	struct stage *stage = *state;
	size_t len = (1 << 20) + 1; /* process_test.c: api.body_bytes_max */
	char *body = arena_alloc(stage->arena, len + 1);
	_cleanup_(caller_freep) struct caller *caller = NULL;

	memset(body, ' ', len);
	body[len] = '\0';
	caller = caller_call(stage, NULL, body);
	caller_expect_refused(caller, RESOURCE_EXHAUSTED, "body_too_large");
}

static void a_request_beyond_the_window_is_refused(void **state)
{
	struct stage *stage = *state;
	char text[20000];
	_cleanup_(caller_freep) struct caller *caller = NULL;

	for (size_t i = 0; i < sizeof text - 1; i++)
		text[i] = i % 5 == 4 ? ' ' : (char)('a' + (char)(i * 7 % 26));
	text[sizeof text - 1] = '\0';
	caller = caller_call(stage, NULL, caller_body(stage, NARROW, text, true));
	caller_expect_refused(caller, INVALID_ARGUMENT, "context_too_long");
}

/* ---------------------------------------------------------------- the client leaves */

enum when { BEFORE, AFTER };

/* The client leaves before or after the first token: what becomes of the answer, and its cost. */
static void leave(struct stage *stage, const struct manner *manner, bool stream, enum when when,
		  bool finishes)
{
	const char *text = when == BEFORE ? "count [[first:1500]] [[tokens:30]]" : COUNT;
	struct caller *caller;

	uuid_v7(stage->user);
	caller = caller_call(stage, manner, caller_body(stage, PLAIN, text, stream));
	calls_wait_held(stage);
	if (when == AFTER && stream)
		caller_wait_words(caller, "\"content\":\"1");
	else if (when == AFTER)
		eventually(strcmp(pg_value("SELECT count(*) FROM chat.checkpoint"), "0") != 0);
	else if (stream)
		caller_wait_pieces(caller, 1);
	caller_free(caller);
	eventually(calls_in(stage, finishes ? "DONE" : "CANCELLED") == 1);
	if (finishes)
		assert_string_equal(call_value(stage, "c.text"), NUMBERS);
	stage_expect_balance(stage, GIFT - (finishes || when == AFTER ? 2 * CREDIT : 0));
	if (!finishes && when == BEFORE)
		return;
	assert_string_equal(call_value(stage,
				       "(SELECT count(*) FROM chat.usage u WHERE u.generation_id = "
				       "g.id AND u.prompt_tokens > 0 AND u.completion_tokens > 0)"),
			    "1");
}

static void a_policy_says_what_leaving_does(void **state)
{
	struct stage *stage = *state;
	char key[UUID_SIZE];
	const struct {
		struct manner manner;
		bool stream, finishes;
	} rows[] = {
		{{0}, true, false}, /* by default */
		{{0}, false, true},
		{{.on_disconnect = "finish"}, true, true},
		{{.on_disconnect = "cancel"}, false, false},
		{{.api_key = key, .of_key = "FINISH"}, true, true},
		{{.api_key = key, .of_key = "CANCEL"}, false, false},
		{{.api_key = key, .of_key = "DEFAULT"}, true, false},
		{{.api_key = key, .of_key = "FINISH", .on_disconnect = "cancel"}, true, false},
		{{.api_key = key, .of_key = "CANCEL", .on_disconnect = "finish"}, false, true},
	};

	uuid_v7(key);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		leave(stage, &rows[i].manner, rows[i].stream, BEFORE, rows[i].finishes);
		leave(stage, &rows[i].manner, rows[i].stream, AFTER, rows[i].finishes);
	}
}

/* ---------------------------------------------------------------- it is deleted */

static void a_call_is_deleted_after_a_while(void **state)
{
	struct stage *stage = *state;
	char key[UUID_SIZE], sql[300];
	const struct manner manner = {.api_key = key};

	uuid_v7(key);
	caller_answer(stage, &manner, caller_body(stage, PLAIN, "hello [[say:there]]", false));
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	snprintf(sql, sizeof sql,
		 "UPDATE chat.api_call SET end_time = end_time - interval '9 minutes' "
		 "WHERE user_id = '%s'",
		 stage->user);
	pg_exec(sql);
	usleep(300000);
	assert_int_equal(calls_in(stage, ""), 1);
	snprintf(sql, sizeof sql,
		 "UPDATE chat.api_call SET end_time = end_time - interval '2 minutes' "
		 "WHERE user_id = '%s'; UPDATE chat.job SET run_time = now() "
		 "WHERE name = 'purge_calls'",
		 stage->user);
	pg_exec(sql);
	eventually(calls_in(stage, "") == 0);
	snprintf(sql, sizeof sql,
		 "SELECT count(*) || ' ' || (min(api_key_id::text) = '%s') FROM chat.usage "
		 "WHERE user_id = '%s'",
		 key, stage->user);
	assert_string_equal(pg_value(sql), "1 true");
}

int call_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_begins_early_and_ends_whole),
		TEST(a_whole_answer_is_one_body),
		TEST(a_long_answer_comes_in_pieces),
		TEST(a_tool_is_called),
		TEST(every_format_is_served),
		TEST(refusals_are_plain),
		TEST(a_refused_header_is_named),
		TEST(a_failed_provider_is_a_plain_error),
		TEST(only_what_is_shown_is_paid),
		TEST(a_key_has_its_budget),
		TEST(calls_at_once_are_bounded),
		TEST(bodies_at_once_are_bounded),
		TEST(a_body_has_a_limit),
		TEST(a_request_beyond_the_window_is_refused),
		TEST(a_policy_says_what_leaving_does),
		TEST(a_call_is_deleted_after_a_while),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
