/* Anthropic's Messages API: requests, always streamed. */
#include "chat/provider/anthropic.h"

#include "chat/provider/request.h"

#include <string.h>

#define VERSION "anthropic-version: 2023-06-01"
#define THOUGHT_TOKENS_MIN 1024 /* Anthropic refuses a smaller budget */
#define ANSWER_TOKENS_MIN 256   /* that thoughts leave for the answer */

/* ---------------------------------------------------------------- messages */

static json_t *text_json(const char *text)
{
	return json_pack("{s:s, s:s}", "type", "text", "text", text);
}

static json_t *image_json(const struct prompt_part *part)
{
	const char *type, *data;
	size_t len;

	if (request_data_url(part->image_url, &type, &len, &data))
		return json_pack("{s:s, s:{s:s, s:s%, s:s}}", "type", "image", "source", "type",
				 "base64", "media_type", type, len, "data", data);
	return json_pack("{s:s, s:{s:s, s:s}}", "type", "image", "source", "type", "url", "url",
			 part->image_url);
}

static json_t *call_json(const struct prompt_part *part)
{
	json_t *input = request_json(part->arguments);

	if (!json_is_object(input)) { /* the model wrote no JSON; the API takes objects alone */
		json_decref(input);
		input = json_object();
	}
	return json_pack("{s:s, s:s, s:s, s:o}", "type", "tool_use", "id", part->tool_id, "name",
			 part->tool_name, "input", input);
}

static json_t *result_json(const struct prompt_part *part)
{
	json_t *block = json_pack("{s:s, s:s, s:s}", "type", "tool_result", "tool_use_id",
				  part->tool_id, "content", part->text ? part->text : "");

	if (part->is_error)
		json_object_set_new(block, "is_error", json_true());
	return block;
}

static void set_cache(json_t *block, const char *cache)
{
	if (block && cache)
		json_object_set_new(block, "cache_control", request_json(cache));
}

/* NULL: the part is left out. The API refuses blank texts. */
static json_t *block_json(const struct prompt_part *part)
{
	switch (part->kind) {
	case PROMPT_TEXT:
		return part->text[strspn(part->text, " \t\r\n")] ? text_json(part->text) : NULL;
	case PROMPT_IMAGE:
		return image_json(part);
	case PROMPT_TOOL_CALL:
		return call_json(part);
	case PROMPT_TOOL_RESULT:
		return result_json(part);
	default:
		return part->api && strcmp(part->api, ANTHROPIC_API) == 0 ? request_json(part->data)
									  : NULL;
	}
}

static json_t *part_json(const struct prompt_part *part)
{
	json_t *block = block_json(part);

	set_cache(block, part->cache);
	return block;
}

static bool is_result(const json_t *block)
{
	return json_object_get(block, "tool_use_id") != NULL;
}

/* Takes block. Results come before words, as the API wants it. */
static void place(json_t *content, json_t *block)
{
	size_t at = 0;

	while (at < json_array_size(content) && is_result(json_array_get(content, at)))
		at++;
	if (is_result(block))
		json_array_insert_new(content, at, block);
	else
		json_array_append_new(content, block);
}

/* Places what a message says. */
static void add_content(json_t *content, const struct prompt_message *message)
{
	if (message->n_parts == 0 && message->text[strspn(message->text, " \t\r\n")])
		place(content, text_json(message->text));
	for (size_t i = 0; i < message->n_parts; i++) {
		json_t *block = part_json(&message->parts[i]);

		if (block)
			place(content, block);
	}
}

/* The content of the next message of this role: neighbours of one role are one message. */
static json_t *content_of(json_t *list, const char *role)
{
	const json_t *last = json_array_get(list, json_array_size(list) - 1);
	const char *former = json_string_value(json_object_get(last, "role"));
	json_t *content;

	if (former && strcmp(former, role) == 0)
		return json_object_get(last, "content");
	content = json_array();
	json_array_append_new(list, json_pack("{s:s, s:o}", "role", role, "content", content));
	return content;
}

static void add_message(json_t *list, const struct prompt_message *message)
{
	json_t *content = json_array(), *block;
	size_t i;

	add_content(content, message);
	if (json_array_size(list) == 0 && strcmp(message->role, "assistant") == 0)
		json_array_append_new(content_of(list, "user"), text_json("…")); /* it is first */
	json_array_foreach(content, i, block)
		place(content_of(list, message->role), json_incref(block));
	json_decref(content);
}

/* Instructions stand beside the messages. Alone they are a question. */
static void add_messages(json_t *root, const struct prompt *prompt)
{
	json_t *system = json_array(), *list = json_array();

	for (size_t i = 0; i < prompt->n_messages; i++) {
		if (strcmp(prompt->messages[i].role, "system") == 0)
			add_content(system, &prompt->messages[i]);
		else
			add_message(list, &prompt->messages[i]);
	}
	if (json_array_size(list) == 0) {
		json_array_extend(content_of(list, "user"), system);
		json_array_clear(system);
	}
	request_set_list(root, "system", system);
	json_object_set_new(root, "messages", list);
}

/* ---------------------------------------------------------------- parameters */

static json_t *schema_json(const char *text)
{
	json_t *schema = request_json(text);

	if (json_is_object(schema))
		return schema;
	json_decref(schema);
	return json_pack("{s:s, s:{}}", "type", "object", "properties");
}

/* An answer in a schema is the arguments of a tool that the model must call: every model takes
 * that, and newer ways only some. */
static bool asks_schema(const struct prompt *prompt)
{
	return prompt->format == FORMAT_SCHEMA && prompt->n_tools == 0;
}

static json_t *choice_json(const struct prompt *prompt)
{
	static const char *const choices[] = {
		[TOOLS_AUTO] = "auto", [TOOLS_NONE] = "none", [TOOLS_REQUIRED] = "any"};
	json_t *choice;

	if (asks_schema(prompt))
		return json_pack("{s:s, s:s}", "type", "tool", "name", ANTHROPIC_ANSWER_TOOL);
	if (prompt->tool_choice == TOOLS_ONE)
		choice = json_pack("{s:s, s:s}", "type", "tool", "name", prompt->tool_choice_name);
	else
		choice = json_pack("{s:s}", "type", choices[prompt->tool_choice]);
	if (prompt->one_tool_at_a_time && prompt->tool_choice != TOOLS_NONE)
		json_object_set_new(choice, "disable_parallel_tool_use", json_true());
	return choice;
}

static void add_tools(json_t *root, const struct prompt *prompt)
{
	json_t *list;

	if (prompt->n_tools == 0 && !asks_schema(prompt))
		return;
	list = json_array();
	for (size_t i = 0; i < prompt->n_tools; i++) {
		const struct prompt_tool *tool = &prompt->tools[i];

		json_t *one =
			json_pack("{s:s, s:s*, s:o}", "name", tool->name, "description",
				  tool->description, "input_schema", schema_json(tool->schema));

		set_cache(one, tool->cache);
		json_array_append_new(list, one);
	}
	if (asks_schema(prompt))
		json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "name",
						      ANTHROPIC_ANSWER_TOOL, "description",
						      "Gives the answer in the wanted form.",
						      "input_schema", schema_json(prompt->schema)));
	json_object_set_new(root, "tools", list);
	json_object_set_new(root, "tool_choice", choice_json(prompt));
}

/* Tokens for thoughts, a share of the whole answer by the effort. 0: none. */
static int32_t thought_tokens(const struct prompt *prompt)
{
	static const struct {
		const char *effort;
		int32_t percent;
	} efforts[] = {{"low", 20}, {"medium", 50}, {"high", 80}};
	int32_t most = prompt->max_output_tokens - ANSWER_TOKENS_MIN, share = 0;

	if ((!prompt->effort && prompt->thought_tokens <= 0) ||
	    prompt->thought_tokens == THOUGHTS_EXTRA || asks_schema(prompt) ||
	    prompt->tool_choice == TOOLS_ONE ||
	    prompt->tool_choice == TOOLS_REQUIRED) /* a forced tool forbids thoughts */
		return 0;
	share = prompt->thought_tokens;
	for (size_t i = 0; share == 0 && i < ARRAY_SIZE(efforts); i++) {
		if (strcmp(prompt->effort, efforts[i].effort) == 0)
			share = (int32_t)((int64_t)prompt->max_output_tokens * efforts[i].percent /
					  100);
	}
	if (share == 0 || most < THOUGHT_TOKENS_MIN)
		return 0;
	if (share > most)
		share = most;
	return share < THOUGHT_TOKENS_MIN ? THOUGHT_TOKENS_MIN : share;
}

/* Older models take a budget of tokens, newer ones only an effort. */
static void set_thinking(json_t *root, const struct prompt *prompt, int32_t tokens, uint8_t without)
{
	if (!(without & PARAMETER_THINKING_BUDGET)) {
		json_object_set_new(
			root, "thinking",
			json_pack("{s:s, s:i}", "type", "enabled", "budget_tokens", (int)tokens));
		return;
	}
	json_object_set_new(root, "thinking", json_pack("{s:s}", "type", "adaptive"));
	if (prompt->effort)
		json_object_set_new(root, "output_config",
				    json_pack("{s:s}", "effort", prompt->effort));
}

static void add_parameters(json_t *root, const struct prompt *prompt, uint8_t without)
{
	int32_t thoughts = thought_tokens(prompt);
	json_t *stop = json_array();

	for (size_t i = 0; i < prompt->n_stop; i++)
		json_array_append_new(stop, json_string(prompt->stop[i]));
	request_set_list(root, "stop_sequences", stop);
	if (thoughts > 0) { /* the API takes no temperature beside them */
		set_thinking(root, prompt, thoughts, without);
		return;
	}
	if (prompt->has_temperature && !(without & PARAMETER_TEMPERATURE))
		json_object_set_new(root, "temperature",
				    json_real(prompt->temperature > 1 ? 1 : prompt->temperature));
	if (prompt->has_top_p && !(without & PARAMETER_TOP_P))
		json_object_set_new(root, "top_p", json_real(prompt->top_p));
}

/* base_url may end in /v1, as others' do, or before it, as Anthropic's own clients have it. */
static char *url(struct arena *arena, const struct provider *provider)
{
	size_t len = strlen(provider->base_url);
	bool has_version = len >= 3 && strcmp(provider->base_url + len - 3, "/v1") == 0;

	return provider_url(arena, provider, has_version ? "/messages" : "/v1/messages");
}

static enum status anthropic_request(const struct provider_pick *pick, const struct prompt *prompt,
				     uint8_t without, struct arena *arena, struct buf *body,
				     struct http_request *ret, struct error *reterr)
{
	json_t *root = json_pack("{s:s, s:i, s:b}", "model", pick->route->upstream, "max_tokens",
				 (int)prompt->max_output_tokens, "stream", 1);

	add_messages(root, prompt);
	add_tools(root, prompt);
	add_parameters(root, prompt, without);
	return request_post(pick, prompt, ANTHROPIC_API, root, url(arena, pick->route->provider),
			    arena, body, ret, reterr);
}

const struct provider_api provider_anthropic = {
	.name = ANTHROPIC_API,
	.base_url = PROVIDER_ANTHROPIC_URL,
	.key_header = "x-api-key: ",
	.header = VERSION,
	.request = anthropic_request,
	.event = anthropic_event,
	.refusal = provider_fault_body,
};
PROVIDER_API(provider_anthropic);
