/* A request in a format of the API, or an answer. The first byte says which. What is read is good for
 * each provider's API. What is written is JSON, whatever an answer's items hold. */
#include "tests/fuzz/fuzz.h"
#include "tests/lib/api_limits.h"

#include "chat/api/dialect.h"
#include "chat/provider/provider.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <jansson.h>
#include <string.h>

#define ARENA_BYTES_MAX (16u << 20)
#define BODY_BYTES_MAX (64u << 20)

static const struct api_dialect *const dialects[] = {
	&dialect_chat_completions,
	&dialect_responses,
	&dialect_messages,
};

/* ---------------------------------------------------------------- requests */

static void check_text(const char *text)
{
	ensure(!text || text_is_utf8(text, strlen(text)));
}

static void check_json(const char *text)
{
	json_t *json = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	ensure(!text || json);
	json_decref(json);
}

static void check_part(const struct prompt_part *part)
{
	check_text(part->text);
	check_text(part->tool_id);
	check_text(part->tool_name);
	check_text(part->arguments);
	check_json(part->data);
	check_json(part->cache);
	ensure(part->kind != PROMPT_TEXT || part->text);
	ensure(part->kind != PROMPT_IMAGE || part->image_url);
	ensure(part->kind != PROMPT_TOOL_CALL ||
	       (part->tool_id && part->tool_name && part->arguments));
	ensure(part->kind != PROMPT_TOOL_RESULT || (part->tool_id && part->text));
	ensure(part->kind != PROMPT_REASONING || (part->api && part->data));
}

static void check_prompt(const struct prompt *prompt)
{
	check_json(prompt->embedding.input);
	ensure((prompt->n_messages > 0) != (prompt->embedding.n > 0));
	for (size_t i = 0; i < prompt->n_messages; i++) {
		check_text(prompt->messages[i].text);
		ensure(prompt->messages[i].text && prompt->messages[i].role);
		for (size_t p = 0; p < prompt->messages[i].n_parts; p++)
			check_part(&prompt->messages[i].parts[p]);
	}
	for (size_t i = 0; i < prompt->n_tools; i++) {
		check_text(prompt->tools[i].description);
		check_json(prompt->tools[i].schema);
	}
	ensure(prompt->tool_choice != TOOLS_ONE || prompt->tool_choice_name);
	ensure(prompt->format != FORMAT_SCHEMA || prompt->schema);
	check_json(prompt->schema);
	check_json(prompt->extra);
}

/* Each provider's API can be asked so. */
static void ask(const struct prompt *prompt, const char *api, struct arena *arena)
{
	struct provider_key key = {.secret = "secret"};
	struct provider provider = {.name = "p",
				    .base_url = "http://p.example/v1",
				    .query = "",
				    .api = provider_api_find(api),
				    .keys = &key,
				    .n_keys = 1};
	struct provider_route route = {.provider = &provider, .upstream = "gemini-2.5-gpt-5"};
	const struct provider_pick pick = {.route = &route, .key = &key};
	struct http_request request;
	struct error err;
	struct buf body;
	json_t *json;

	buf_init(&body, BODY_BYTES_MAX);
	if (provider.api->request(&pick, prompt, 0, arena, &body, &request, &err) == OK) {
		json = json_loadb(request.body, request.body_len, JSON_REJECT_DUPLICATES, NULL);
		ensure(json);
		json_decref(json);
	}
	buf_done(&body);
}

static void read_request(const struct api_dialect *dialect, const char *body, size_t len)
{
	static const char *const apis[] = {"openai", "openai_responses", "anthropic", "gemini"};
	struct arena *arena = arena_new(4096, ARENA_BYTES_MAX);
	struct api_request request;
	struct error err = {0};

	if (dialect->read(&(struct api_body){&test_limits, body, len}, arena, &request, &err) ==
	    OK) {
		check_text(request.model);
		check_prompt(&request.prompt);
		if (request.prompt.max_output_tokens == 0)
			request.prompt.max_output_tokens = 4096;
		for (size_t i = 0; i < (dialect->embeds ? 1 : ARRAY_SIZE(apis)); i++)
			ask(&request.prompt, apis[i], arena);
	} else {
		ensure(*err.reason && *err.message);
	}
	arena_free(arena);
}

/* ---------------------------------------------------------------- answers */

/* Items are written by adapters, so they are JSON. */
static bool is_json(const char *line)
{
	json_t *json = json_loads(line, JSON_ALLOW_NUL, NULL);

	json_decref(json);
	return json;
}

static bool write_event(const struct api_dialect *dialect, struct api_writer *writer, char *line,
			struct buf *out)
{
	Chat__V1__GenerationEvent event = CHAT__V1__GENERATION_EVENT__INIT;
	Chat__V1__Delta delta = CHAT__V1__DELTA__INIT;
	Chat__V1__Reasoning reasoning = CHAT__V1__REASONING__INIT;
	Chat__V1__Item item = CHAT__V1__ITEM__INIT;
	Chat__V1__Reset reset = CHAT__V1__RESET__INIT;

	delta.text = reasoning.text = line + 1;
	item.json = (ProtobufCBinaryData){strlen(line), (uint8_t *)line};
	event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_ITEM;
	event.item = &item;
	if (*line == 'T') {
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_DELTA;
		event.delta = &delta;
	} else if (*line == 'R') {
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_REASONING;
		event.reasoning = &reasoning;
	} else if (*line == 'X') {
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_RESET;
		event.reset = &reset;
	}
	if (event.event_case == CHAT__V1__GENERATION_EVENT__EVENT_ITEM && !is_json(line))
		return true;
	return dialect->write(writer, &event, out);
}

static void write_done(const struct api_dialect *dialect, struct api_writer *writer,
		       struct buf *out)
{
	Chat__V1__GenerationEvent event = CHAT__V1__GENERATION_EVENT__INIT;
	Chat__V1__Done done = CHAT__V1__DONE__INIT;

	event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_DONE;
	event.done = &done;
	dialect->write(writer, &event, out);
}

/* Each line of data is JSON. */
static void check_lines(char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (strncmp(line, "data: ", 6) == 0)
			line += 6;
		ensure(*line == '\0' || *line == '{' || strncmp(line, "event: ", 7) == 0 ||
		       strcmp(line, "[DONE]") == 0);
		if (*line == '{')
			check_json(line);
	}
}

static void write_answer(const struct api_dialect *dialect, bool stream, const char *lines)
{
	const struct api_request request = {.model = "m",
					    .stream = stream && !dialect->embeds,
					    .floats = stream,
					    .stream_usage = true,
					    .wants_opaque = true};
	const struct api_head head = {"0190a000-0000-7000-8000-000000000001", "m", 1000000};
	struct api_writer *writer = dialect->writer_new(&request, &head);
	char *copy = strdup(lines), *rest = copy, *line;
	bool goes_on = true;
	struct buf out;

	buf_init(&out, BODY_BYTES_MAX);
	while (goes_on && (line = strsep(&rest, "\n"))) {
		if (*line)
			goes_on = write_event(dialect, writer, line, &out);
	}
	if (goes_on)
		write_done(dialect, writer, &out);
	/* The caller sees the connection cut when a body in one piece cannot go on. */
	if (!out.overflow && out.len > 0 && (goes_on || request.stream))
		check_lines((char *)out.data);
	dialect->writer_free(writer);
	buf_done(&out);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct api_dialect *dialect;
	char *text;

	if (len == 0)
		return 0;
	dialect = data[0] >= 'e' ? &dialect_embeddings : dialects[data[0] % ARRAY_SIZE(dialects)];
	text = strndup((const char *)data + 1, len - 1);
	ensure(text);
	/* '0' to '2' are requests, '3' to '5' answers in events, '6' to '8' whole ones; of embeddings
	 * 'e' is a request, 'f' an answer in numbers, and 'g' one in base64. */
	if (data[0] >= '3' && data[0] <= '8')
		write_answer(dialect, data[0] <= '5', text);
	else if (data[0] == 'f' || data[0] == 'g')
		write_answer(dialect, data[0] == 'f', text);
	else
		read_request(dialect, (const char *)data + 1, len - 1);
	free(text);
	return 0;
}
