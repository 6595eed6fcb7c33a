/* Adapters against the stand-in: answers of chats, thoughts and calls of tools that go back with the
 * next question, and checks of keys. */
#include "../chat_test.h"
#include "chat/chat.h"
#include "chat/provider/answer.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <signal.h>

#define METERED_MODEL                                                                           \
	"  - {id: by-claude-metered, name: M, provider: Acme, window: 8192, max_output: 4096, " \
	"modalities: [text], price: {input_per_1k: 1, output_per_1k: 10}, upstream: "           \
	"{claude: demo, demo: \"\"}}\n"
#define MODELS                                                                                     \
	"  - {id: by-gemini, name: G, provider: Acme, window: 8192, max_output: 4096, modalities:" \
	" [text], price: {per_message: 2}, upstream: {gem: demo, demo: \"\"}}\n"                   \
	"  - {id: by-responses, name: R, provider: Acme, window: 8192, max_output: 4096, "         \
	"modalities:"                                                                              \
	" [text], price: {per_message: 2}, upstream: {resp: demo, demo: \"\"}}\n"

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

/* A port that takes connections and never answers. */
static int silent_port(void)
{
	static int fd = -1;
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;

	if (fd < 0) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ensure(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0);
		ensure(listen(fd, 16) == 0);
	}
	ensure(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	return ntohs(address.sin_port);
}

static void offer(struct stage *stage)
{
	char text[1000];

	snprintf(text, sizeof text,
		 "  - {name: gem, api: gemini, base_url: \"http://127.0.0.1:%d/v1beta\", keys: "
		 "\"first-key-of-gemini second-key-of-gemini\"}\n"
		 "  - {name: resp, api: openai_responses, base_url: \"http://127.0.0.1:%d/v1\", "
		 "keys: k}\n"
		 "  - {name: away, api: gemini, base_url: \"http://127.0.0.1:1/v1beta\", keys: k}\n"
		 "  - {name: keyless, api: gemini}\n"
		 "  - {name: claude, api: anthropic, base_url: \"http://127.0.0.1:%d\", keys: k}\n"
		 "  - {name: silent, base_url: \"http://127.0.0.1:%d/v1\", keys: \"a b c\", "
		 "discover: "
		 "\"false\"}\n",
		 process_standin_port(), process_standin_port(), process_standin_port(),
		 silent_port());
	process_write_more(text, MODELS METERED_MODEL);
	process_kill(CHAT_A, SIGHUP);
	eventually(has_model(stage, "by-gemini") && has_model(stage, "by-responses") &&
		   has_model(stage, "by-claude-metered"));
}

static void withdraw(struct stage *stage)
{
	process_write_more("", "");
	process_kill(CHAT_A, SIGHUP);
	eventually(!has_model(stage, "by-gemini"));
}

static void answers_by(struct stage *stage, const char *model, const char *provider)
{
	_cleanup_(reader_freep) struct reader *reader = NULL;
	char sql[200];

	reader = stage_answer(stage, stage_new_chat(stage, model),
			      "hi [[think:hm, so]] [[say:from the wire]]");
	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	assert_string_equal(reader_text(reader), "from the wire");
	assert_string_equal(buf_text(&reader->reasoning), "hm, so");
	assert_true(reader->prompt_tokens > 0 && reader->completion_tokens > 0);
	snprintf(sql, sizeof sql,
		 "SELECT provider || ' ' || source FROM chat.usage WHERE generation_id = '%s'",
		 reader->generation);
	snprintf(sql + 150, 50, "%s PROVIDER", provider);
	assert_string_equal(pg_value(sql), sql + 150);
}

static void a_chat_speaks_to_each_api(void **state)
{
	struct stage *stage = *state;
	_cleanup_(reader_freep) struct reader *failed = NULL;

	offer(stage);
	answers_by(stage, "by-gemini", "gem");
	answers_by(stage, "by-responses", "resp");
	failed = reader_generate(stage, stage_new_chat(stage, "by-gemini"), "hi [[fault:400]]");
	reader_expect_failed(failed, "PROVIDER_REFUSED");
	withdraw(stage);
}

/* Anthropic tells the prompt's tokens at the beginning and the answer's at the end. What comes of an
 * answer that is cut is counted, and the prompt's tokens are as they were told. */
static void a_cut_answer_costs_what_came(void **state)
{
	struct stage *stage = *state;
	_cleanup_(reader_freep) struct reader *reader = NULL;
	char sql[300];

	offer(stage);
	reader = reader_generate(
		stage, stage_new_chat(stage, "by-claude-metered"),
		"count [[tokens:40]] [[cached:3]] [[think:so it is]] [[fault:cut after=20]]");
	reader_expect_failed(reader, "PROVIDER_UNAVAILABLE");
	assert_int_equal(reader->completion_tokens, 39 + 3);
	snprintf(sql, sizeof sql,
		 "SELECT source || ' ' || cached_input_tokens || ' ' || reasoning_tokens FROM "
		 "chat.usage "
		 "WHERE generation_id = '%s'",
		 reader->generation);
	assert_string_equal(pg_value(sql), "COUNTED 3 3");
	assert_int_equal(reader->cost, (int64_t)reader->prompt_tokens * 1000 + (39 + 3) * 10000);
	stage_expect_balance(stage, GIFT - reader->cost);
	withdraw(stage);
}

/* ---------------------------------------------------------------- thoughts go back */

static void hear(void *ctx, _unused_ const char *text, _unused_ size_t len)
{
	(void)ctx;
}

static void hear_item(void *ctx, const char *json, size_t len)
{
	json_array_append_new(ctx, json_loadb(json, len, 0, NULL));
}

/* Asks the stand-in, and returns the items of its answer. */
static json_t *ask(struct http_client *client, const struct provider *provider,
		   const struct prompt *prompt, struct arena *arena)
{
	const struct provider_route route = {.provider = provider, .upstream = "demo"};
	const struct provider_pick pick = {&route, &provider->keys[0]};
	_cleanup_(buf_done) struct buf body;
	struct provider_answer answer;
	struct http_request request;
	struct http_answer got;
	struct error err;
	json_t *items = json_array();

	buf_init(&body, 1 << 20);
	assert_int_equal(provider->api->request(&pick, prompt, 0, arena, &body, &request, &err),
			 OK);
	request.connect_timeout_ms = request.first_byte_timeout_ms = 60000;
	request.total_timeout_ms = 60000;
	request.answer_bytes_max = 1 << 20;
	if (http_call(client, &request, arena, &got, &err) != OK)
		fail_msg("%s", err.message);
	if (got.status != 200)
		fail_msg("%d %.*s", got.status, (int)got.body_len, (const char *)got.body);
	answer_init(&answer, provider->api, 1 << 20);
	answer.stream.on_text = hear;
	answer.stream.on_reasoning = hear;
	answer.stream.on_item = hear_item;
	answer.stream.ctx = items;
	answer.stream.calls_max = 128;
	(void)!answer_feed(&answer, got.body, got.body_len);
	answer_end(&answer);
	assert_true(answer_finished(&answer));
	answer_done(&answer);
	return items;
}

static const char *text_of(struct arena *arena, const json_t *item, const char *name)
{
	return arena_strdup(arena, json_string_value(json_object_get(item, name)));
}

/* The parts that a message of these items has. */
static size_t parts_of(struct arena *arena, const json_t *items, struct prompt_part *parts)
{
	const json_t *item;
	size_t n = 0, i;

	json_array_foreach(items, i, item)
	{
		const char *type = json_string_value(json_object_get(item, "type"));
		char *data = json_dumps(json_object_get(item, "data"), JSON_COMPACT);

		if (strcmp(type, "reasoning") == 0)
			parts[n++] = (struct prompt_part){.kind = PROMPT_REASONING,
							  .api = text_of(arena, item, "api"),
							  .data = arena_strdup(arena, data)};
		else if (strcmp(type, "tool_call") == 0)
			parts[n++] =
				(struct prompt_part){.kind = PROMPT_TOOL_CALL,
						     .tool_id = text_of(arena, item, "id"),
						     .tool_name = text_of(arena, item, "name")};
		else
			parts[n - 1].arguments = arena_printf(
				arena, "%s%s", parts[n - 1].arguments ? parts[n - 1].arguments : "",
				text_of(arena, item, "delta"));
		free(data);
	}
	return n;
}

static bool came_back(struct http_client *client, const char *words, struct arena *arena)
{
	const char *const headers[] = {"Authorization: Bearer " STANDIN_TOKEN, NULL};
	struct http_request request = {
		.method = "GET",
		.url = arena_printf(arena, "http://127.0.0.1:%d/standin/requests",
				    process_standin_port()),
		.headers = headers,
		.connect_timeout_ms = 60000,
		.first_byte_timeout_ms = 60000,
		.total_timeout_ms = 60000,
		.answer_bytes_max = 32 << 20,
	};
	struct http_answer got;
	struct error err;
	const char *at;

	assert_int_equal(http_call(client, &request, arena, &got, &err), OK);
	at = strstr(arena_strndup(arena, (const char *)got.body, got.body_len), words);
	return at && strncmp(strstr(at, "\"blocks\":"), "\"blocks\":1,", 11) == 0;
}

static void thoughts_go_back_verbatim(void **state)
{
	static const struct {
		const char *api, *name, *path, *next;
		size_t items;
	} ways[] = {
		{"gemini", "g", "/v1beta", "[[say:back to gemini]]", 3},
		{"openai_responses", "r", "/v1", "[[say:back to responses]]", 3},
		{"openai", "openrouter", "/v1", "[[say:back to openrouter]]", 5},
		{"anthropic", "a", "", "[[say:back to anthropic]]", 5},
	};
	struct http_client *client = http_client_new(&(struct http_client_options){0});

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 64 << 20);
		struct provider_key key = {.secret = "k"};
		const struct provider provider = {
			.name = ways[i].name,
			.base_url = arena_printf(arena, "http://127.0.0.1:%d%s",
						 process_standin_port(), ways[i].path),
			.query = "",
			.api = provider_api_find(ways[i].api),
			.keys = &key,
			.n_keys = 1};
		struct prompt_part parts[8] = {0},
				   result = {.kind = PROMPT_TOOL_RESULT, .text = "seen"};
		struct prompt_message messages[] = {
			{.role = "user", .text = "x [[think:hm]] [[tool:look]] [[say:See.]]"},
			{.role = "assistant", .parts = parts},
			{.role = "user", .parts = &result, .n_parts = 1},
			{.role = "user", .text = ways[i].next}};
		struct prompt prompt = {
			.messages = messages, .n_messages = 1, .max_output_tokens = 100};
		_cleanup_(json_decrefp) json_t *items = NULL, *more = NULL;

		items = ask(client, &provider, &prompt, arena);
		assert_int_equal(json_array_size(items), ways[i].items);
		messages[1].n_parts = parts_of(arena, items, parts);
		assert_int_equal(messages[1].n_parts, 2);
		result.tool_id = parts[0].tool_id ? parts[0].tool_id : parts[1].tool_id;
		prompt.n_messages = 4;
		more = ask(client, &provider, &prompt, arena);
		assert_int_equal(json_array_size(more), 0);
		assert_true(came_back(client, ways[i].next, arena));
	}
	http_client_free(client);
}

/* ---------------------------------------------------------------- checks of keys */

static enum status validate_key(struct stage *stage, const char *provider, const char *key,
				bool admin, Chat__V1__ValidateProviderResponse **ret)
{
	Chat__V1__ValidateProviderRequest req = CHAT__V1__VALIDATE_PROVIDER_REQUEST__INIT;

	req.provider = (char *)provider;
	req.key = (char *)key;
	stage_options(stage);
	stage->ctx.subject.admin = admin;
	return chat_v1_validate_provider_call(stage_channel(stage), &stage->options, &req,
					      stage->arena, ret, &stage->err);
}

static enum status validate(struct stage *stage, const char *provider, bool admin,
			    Chat__V1__ValidateProviderResponse **ret)
{
	return validate_key(stage, provider, "", admin, ret);
}

static void a_provider_is_validated_by_each_key(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ValidateProviderResponse *resp;
	char id[UUID_SIZE];

	offer(stage);
	assert_int_equal(validate(stage, "gem", false, &resp), PERMISSION_DENIED);
	assert_int_equal(validate(stage, "gem", true, &resp), OK);
	assert_true(resp->ok);
	assert_int_equal(resp->n_keys, 2);
	assert_string_equal(resp->keys[0]->hint, "mini");
	assert_true(resp->keys[0]->ok && resp->keys[1]->ok);
	assert_string_equal(resp->keys[0]->reason, "");
	assert_true(process_said(CHAT_A, "provider_validated"));
	snprintf(id, sizeof id, "%s", resp->keys[1]->key);
	assert_int_equal(validate_key(stage, "gem", id, true, &resp), OK);
	assert_int_equal(resp->n_keys, 1);
	assert_string_equal(resp->keys[0]->key, id);
	assert_true(resp->ok);
	assert_int_equal(validate_key(stage, "away", id, true, &resp), NOT_FOUND);

	assert_int_equal(validate(stage, "away", true, &resp), OK);
	assert_false(resp->ok);
	assert_string_equal(resp->keys[0]->reason, "provider_unavailable");
	assert_string_equal(resp->detail, resp->keys[0]->detail);
	assert_string_not_equal(resp->detail, "");

	/* The times of the tests' configuration: 3 s for a question, 4 s for all keys. */
	assert_int_equal(validate(stage, "silent", true, &resp), OK);
	assert_int_equal(resp->n_keys, 3);
	assert_string_equal(resp->keys[1]->reason, "provider_unavailable");
	assert_string_equal(resp->keys[2]->reason, "deadline");

	assert_int_equal(validate(stage, "keyless", true, &resp), OK);
	assert_false(resp->ok);
	assert_int_equal(resp->n_keys, 0);
	assert_int_equal(validate(stage, "nobody", true, &resp), NOT_FOUND);
	assert_string_equal(stage->err.reason, "not_found");
	withdraw(stage);
}

int wire_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_chat_speaks_to_each_api),
		TEST(a_cut_answer_costs_what_came),
		TEST(thoughts_go_back_verbatim),
		TEST(a_provider_is_validated_by_each_key),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
