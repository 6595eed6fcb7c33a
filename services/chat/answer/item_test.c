/* Items of answers through real processes: watched, relayed, taken over, resumed, and sent back with
 * the next question. The stand-in signs thoughts, and refuses one that was changed. */
#include "../api/caller_test.h"

#include <jansson.h>
#include <signal.h>
#include <unistd.h>

#define CLAUDE "by-claude" /* a block of thoughts is an item */
#define ROUTER "by-router" /* all blocks before the text are an item */
#define PROVIDERS "  - {name: claude, api: anthropic, base_url: \"http://127.0.0.1:%d\", keys: k}\n"
#define MODEL(id, name, provider)                                                                  \
	"  - {id: " id ", name: " name ", provider: Acme, window: 8192, max_output: 4096, "        \
	"modalities: [text], price: {per_message: 2}, upstream: {" provider ": demo, demo: \"\"}}" \
	"\n"

/* Six thoughts, one of which no byte may change, and a slow text. */
#define THOUGHTS "one|two \xE2\x82\xAC|th\\\"ree|four|five|six"
#define SLOWLY "x [[think:" THOUGHTS "]] [[say:Here you are, as you like it.]] [[pace:12]]"
#define TEXT "Here you are, as you like it."

static const struct way {
	const char *model;
	size_t items; /* of an answer */
} ways[] = {{CLAUDE, 6}, {ROUTER, 1}};

static bool has_model(struct stage *stage, const char *id)
{
	Chat__V1__ListModelsRequest req = CHAT__V1__LIST_MODELS_REQUEST__INIT;
	Chat__V1__ListModelsResponse *resp;

	stage_ok(stage, chat_v1_list_models, &req, &resp);
	for (size_t i = 0; i < resp->n_models; i++) {
		if (strcmp(resp->models[i]->id, id) == 0)
			return true;
	}
	return false;
}

static void offer(struct stage *stage)
{
	char text[300];

	snprintf(text, sizeof text, PROVIDERS, process_standin_port());
	process_write_more(text, MODEL(CLAUDE, "C", "claude") MODEL(ROUTER, "R", "openrouter"));
	for (int i = 0; i < 2; i++) {
		stage->replica = i == 0 ? CHAT_B : CHAT_A;
		process_kill(stage->replica, SIGHUP);
		eventually(has_model(stage, CLAUDE) && has_model(stage, ROUTER));
	}
}

static void withdraw(struct stage *stage)
{
	process_write_more("", "");
	for (int i = 0; i < 2; i++) {
		stage->replica = i == 0 ? CHAT_B : CHAT_A;
		process_kill(stage->replica, SIGHUP);
		eventually(!has_model(stage, CLAUDE));
	}
}

static size_t count(const char *text, const char *words)
{
	size_t n = 0;

	while ((text = strstr(text, words))) {
		text += strlen(words);
		n++;
	}
	return n;
}

/* All six, each once, in their order and with a signature, beside the text. */
static void expect_whole(struct reader *reader, const struct way *way)
{
	static const char *const thoughts[] = {"\"one\"",           "\"two \xE2\x82\xAC\"",
					       "\"th\\\\\\\"ree\"", "\"four\"",
					       "\"five\"",          "\"six\""};
	const char *items, *at;
	char sql[200];

	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	assert_string_equal(reader_text(reader), TEXT);
	items = at = buf_text(&reader->items);
	assert_int_equal(count(items, "\n"), way->items);
	assert_int_equal(count(items, "\"signature\":\"c3RhbmQtaW4t"), 6);
	for (size_t i = 0; i < ARRAY_SIZE(thoughts); i++) {
		at = strstr(at, thoughts[i]);
		if (!at)
			fail_msg("%s: no %s in %s", way->model, thoughts[i], items);
		assert_int_equal(count(items, thoughts[i]), 1);
	}
	snprintf(sql, sizeof sql, "SELECT items FROM chat.message WHERE generation_id = '%s'",
		 reader->generation);
	if (*reader->generation)
		assert_string_equal(pg_value(sql), items);
}

/* Asks again in the chat. The stand-in answers when every thought came back as it was. */
static void expect_back(struct stage *stage, const char *chat, const struct way *way)
{
	char text[100];
	_cleanup_(reader_freep) struct reader *reader = NULL;

	snprintf(text, sizeof text, "again %s [[say:so]]", chat);
	reader = stage_answer(stage, chat, text);
	assert_string_equal(reader_text(reader), "so");
	snprintf(text, sizeof text, "again %s", chat);
	assert_int_equal(stage_request_blocks(text), 6);
	assert_string_equal(stage_messages(stage, chat)->messages[1]->model, way->model);
}

static void items_go_back_verbatim(void **state)
{
	struct stage *stage = *state;

	offer(stage);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		char *chat = stage_new_chat(stage, ways[i].model);
		_cleanup_(reader_freep) struct reader *reader =
			reader_generate(stage, chat, "x [[think:" THOUGHTS "]] [[say:" TEXT "]]");

		expect_whole(reader, &ways[i]);
		expect_back(stage, chat, &ways[i]);
	}
	withdraw(stage);
}

/* A reader of the other replica saw items when the writer died. It sees a reset, and then all items
 * of the next attempt. The next question has them, too. */
static void a_killed_replica_loses_no_item(void **state)
{
	struct stage *stage = *state;

	offer(stage);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		char *chat = stage_new_chat(stage, ways[i].model);
		struct reader *first = reader_generate(stage, chat, SLOWLY);
		_cleanup_(reader_freep) struct reader *watcher = NULL, *late = NULL;

		reader_wait_items(first, 1);
		stage->replica = CHAT_B;
		watcher = reader_watch(stage, first->generation, "");
		reader_wait_items(watcher, 1);
		assert_false(watcher->done); /* it was relayed while it was written */
		process_kill(CHAT_A, SIGKILL);
		reader_expect_done(watcher, CHAT__V1__STOP_REASON__STOP);
		assert_int_equal(watcher->n_resets, 1);
		expect_whole(watcher, &ways[i]);
		/* A page that comes back with its last cursor is told to begin anew. */
		late = reader_watch(stage, first->generation, first->cursors[first->n_events - 1]);
		expect_whole(late, &ways[i]);
		assert_int_equal(late->n_resets, 1);
		expect_back(stage, chat, &ways[i]);
		reader_free(first);
		process_start(CHAT_A);
		stage->replica = CHAT_A;
	}
	withdraw(stage);
}

static void expect_every_rest(struct stage *stage, struct reader *whole)
{
	for (size_t i = 0; i < whole->n_events; i++) {
		_cleanup_(reader_freep) struct reader *rest =
			reader_watch(stage, whole->generation, whole->cursors[i]);

		reader_wait_end(rest);
		assert_int_equal(rest->status, OK);
		assert_string_equal(reader_text(rest), reader_text(whole) + whole->text_at[i]);
		assert_string_equal(buf_text(&rest->items),
				    buf_text(&whole->items) + whole->items_at[i]);
	}
}

static void every_cursor_resumes_among_items(void **state)
{
	struct stage *stage = *state;

	offer(stage);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		char *chat = stage_new_chat(stage, ways[i].model);
		struct reader *whole = reader_generate(stage, chat, SLOWLY), *rests[2] = {NULL};

		/* While it is written, from the middle of its items, here and through the other. */
		reader_wait_items(whole, ways[i].items / 2 + 1);
		for (size_t r = 0; r < ARRAY_SIZE(rests); r++) {
			stage->replica = r == 0 ? CHAT_A : CHAT_B;
			rests[r] = reader_watch(stage, whole->generation, whole->cursors[1]);
		}
		expect_whole(whole, &ways[i]);
		for (size_t r = 0; r < ARRAY_SIZE(rests); r++) {
			reader_expect_done(rests[r], CHAT__V1__STOP_REASON__STOP);
			assert_string_equal(buf_text(&rests[r]->items),
					    buf_text(&whole->items) + whole->items_at[1]);
			stage->replica = r == 0 ? CHAT_A : CHAT_B;
			expect_every_rest(stage, whole);
			reader_free(rests[r]);
		}
		stage->replica = CHAT_A;
		reader_free(whole);
	}
	withdraw(stage);
}

/* ---------------------------------------------------------------- calls of tools, of the API */

#define ARGUMENTS "{\"q\":\"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\"}"
#define MIDDLE "\"arguments\":\" 3\"" /* a piece of them */
#define QUESTION                                                                          \
	"{\"role\":\"user\",\"content\":\"x [[say:See.]] [[tool:look]] [[arguments:20]] " \
	"[[pace:25]]\"}"

static char *tool_body(struct stage *stage, const char *model, const char *messages)
{
	return arena_printf(
		stage->arena,
		"{\"model\":\"%s\",\"stream\":true,\"max_tokens\":500,\"messages\":[%s],"
		"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look\","
		"\"parameters\":{\"type\":\"object\"}}}]}",
		model, messages);
}

/* Adds a piece of the call that an event brings. */
static void add_piece(const char *data, size_t len, char id[100], struct buf *arguments)
{
	_cleanup_(json_decrefp) json_t *event = json_loadb(data, len, 0, NULL);
	const json_t *delta =
		json_object_get(json_array_get(json_object_get(event, "choices"), 0), "delta");
	const json_t *call = json_array_get(json_object_get(delta, "tool_calls"), 0);
	const json_t *piece = json_object_get(json_object_get(call, "function"), "arguments");

	if (json_string_value(json_object_get(call, "id"))) {
		assert_string_equal(id, ""); /* it begins once */
		snprintf(id, 100, "%s", json_string_value(json_object_get(call, "id")));
	}
	if (json_string_value(piece))
		buf_adds(arguments, json_string_value(piece));
}

/* The only call in a stream that ended well: its id. */
static char *expect_call(struct stage *stage, struct caller *caller)
{
	_cleanup_(buf_done) struct buf arguments;
	const char *at;
	char id[100] = "";

	buf_init(&arguments, 10000);
	caller_wait_end(caller);
	assert_int_equal(caller->status, OK);
	for (at = buf_text(&caller->body); (at = strstr(at, "data: {")); at++)
		add_piece(at + 6, strcspn(at + 6, "\n"), id, &arguments);
	assert_string_equal(buf_text(&arguments), ARGUMENTS);
	assert_non_null(strstr(buf_text(&caller->body), "\"finish_reason\":\"tool_calls\""));
	return arena_strdup(stage->arena, id);
}

/* Asks at the other replica until there is an answer, as libraries do. */
static char *repeat(struct stage *stage, const char *body)
{
	static const struct manner again = {.retry_count = "1"};
	struct caller *caller;
	char *id;

	for (caller = caller_call(stage, &again, body);;
	     caller = caller_call(stage, &again, body)) {
		caller_wait_end(caller);
		if (caller->status == OK)
			break;
		assert_int_equal(caller->status, UNAVAILABLE);
		caller_free(caller);
		usleep(20000);
	}
	id = expect_call(stage, caller);
	caller_free(caller);
	return id;
}

/* The next turn: the call and its result. The stand-in wants each call to have its result. */
static void expect_result_taken(struct stage *stage, const char *model, const char *id)
{
	char *messages = arena_printf(
		stage->arena,
		QUESTION
		",{\"role\":\"assistant\",\"content\":\"See.\",\"tool_calls\":[{\"id\":\"%s\","
		"\"type\":\"function\",\"function\":{\"name\":\"look\",\"arguments\":\"{}\"}}]},"
		"{\"role\":\"tool\",\"tool_call_id\":\"%s\",\"content\":\"seen\"},"
		"{\"role\":\"user\",\"content\":\"%s [[say:so]]\"}",
		id, id, stage->user);

	assert_string_equal(caller_answer(stage, NULL, tool_body(stage, model, messages)), "so");
	assert_int_equal(stage_requests(stage->user), 1);
}

/* The replica dies between two pieces of a call's arguments, while a program reads at the other. Its
 * repeat gets the whole call, once, and pays once. */
static void a_killed_replica_loses_no_call(void **state)
{
	static const char *const models[] = {PLAIN, CLAUDE};
	struct stage *stage = *state;

	offer(stage);
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		char *body = tool_body(stage, models[i], QUESTION), *id;
		struct caller *first, *second;

		uuid_v7(stage->user);
		stage->replica = CHAT_A;
		eventually(has_model(stage, models[i]));
		first = caller_call(stage, NULL, body);
		caller_wait_words(first, MIDDLE);
		stage->replica = CHAT_B;
		second = caller_call(stage, &(struct manner){.retry_count = "1"}, body);
		caller_wait_words(second, MIDDLE); /* relayed */
		process_kill(CHAT_A, SIGKILL);
		caller_wait_end(second);
		assert_string_equal(second->err.reason, "answer_restarted");
		caller_free(first);
		caller_free(second);
		id = repeat(stage, body);
		assert_int_equal(calls_in(stage, ""), 1);
		stage_expect_balance(stage, GIFT - 2 * CREDIT);
		expect_result_taken(stage, models[i], id);
		process_start(CHAT_A);
	}
	stage->replica = CHAT_A;
	withdraw(stage);
}

int item_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(items_go_back_verbatim),
		TEST(a_killed_replica_loses_no_item),
		TEST(every_cursor_resumes_among_items),
		TEST(a_killed_replica_loses_no_call),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
