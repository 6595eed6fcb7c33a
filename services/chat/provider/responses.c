/* OpenAI's Responses (platform.openai.com/docs/api-reference/responses), for models that want it.
 * Nothing is stored there: the whole conversation goes with each question, and thoughts come and go
 * encrypted. */
#include "chat/provider/responses.h"

#include "chat/provider/request.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SYSTEM_BYTES_MAX (16u << 20)
#define OUTPUT_TOKENS_MIN 16 /* a smaller limit is refused */

/* ---------------------------------------------------------------- the conversation */

static json_t *text_json(const char *type, const char *text)
{
	return json_pack("{s:s, s:s}", "type", type, "text", text);
}

static json_t *image_json(const struct prompt_part *part)
{
	return json_pack("{s:s, s:s, s:s}", "type", "input_image", "image_url", part->image_url,
			 "detail", part->image_detail ? part->image_detail : "auto");
}

/* Writes the parts of one message. Texts and images that follow each other are one item. */
struct writing {
	json_t *input;
	json_t *content; /* of the item that is open, or NULL */
	bool assistant;
};

static void close_item(struct writing *writing)
{
	if (writing->content)
		json_array_append_new(writing->input,
				      json_pack("{s:s, s:s, s:o}", "type", "message", "role",
						writing->assistant ? "assistant" : "user",
						"content", writing->content));
	writing->content = NULL;
}

static void add_content(struct writing *writing, json_t *part)
{
	if (!writing->content)
		writing->content = json_array();
	json_array_append_new(writing->content, part);
}

static void add_item(struct writing *writing, json_t *item)
{
	close_item(writing);
	json_array_append_new(writing->input, item);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void add_part(struct writing *writing, const struct prompt_part *part)
{
	switch (part->kind) {
	case PROMPT_TEXT:
		if (part->text && *part->text)
			add_content(writing,
				    text_json(writing->assistant ? "output_text" : "input_text",
					      part->text));
		break;
	case PROMPT_IMAGE:
		add_content(writing, image_json(part));
		break;
	case PROMPT_TOOL_CALL:
		add_item(writing,
			 json_pack("{s:s, s:s, s:s, s:s}", "type", "function_call", "call_id",
				   or_empty(part->tool_id), "name", or_empty(part->tool_name),
				   "arguments",
				   part->arguments && *part->arguments ? part->arguments : "{}"));
		break;
	case PROMPT_TOOL_RESULT:
		add_item(writing,
			 json_pack("{s:s, s:s, s:s}", "type", "function_call_output", "call_id",
				   or_empty(part->tool_id), "output", or_empty(part->text)));
		break;
	case PROMPT_REASONING:
		if (part->api && strcmp(part->api, RESPONSES_API) == 0 && part->data)
			add_item(writing, request_json(part->data));
		break;
	}
}

static bool is_reasoning(const json_t *item)
{
	const char *type = json_string_value(json_object_get(item, "type"));

	return type && strcmp(type, "reasoning") == 0;
}

/* A thought is refused unless the item that it led to stands behind it. */
static void drop_last_thoughts(json_t *input)
{
	while (json_array_size(input) > 0 &&
	       is_reasoning(json_array_get(input, json_array_size(input) - 1)))
		json_array_remove(input, json_array_size(input) - 1);
}

static void add_message(json_t *input, const struct prompt_message *message)
{
	struct writing writing = {.input = input,
				  .assistant = strcmp(message->role, "assistant") == 0};
	const struct prompt_part *parts;
	struct prompt_part only;
	size_t n;

	parts = request_parts(message, &only, &n);
	for (size_t i = 0; i < n; i++)
		add_part(&writing, &parts[i]);
	close_item(&writing);
	if (writing.assistant)
		drop_last_thoughts(input);
}

/* Instructions alone are a question. */
static void set_messages(json_t *root, const struct prompt *prompt)
{
	json_t *input = json_array();
	_cleanup_(buf_done) struct buf system;

	buf_init(&system, SYSTEM_BYTES_MAX);
	request_system(prompt, &system);
	for (size_t i = 0; i < prompt->n_messages; i++) {
		if (strcmp(prompt->messages[i].role, "system") != 0)
			add_message(input, &prompt->messages[i]);
	}
	if (json_array_size(input) == 0 && system.len > 0)
		add_message(input,
			    &(struct prompt_message){.role = "user", .text = buf_text(&system)});
	else if (system.len > 0)
		json_object_set_new(root, "instructions", json_string(buf_text(&system)));
	json_object_set_new(root, "input", input);
}

/* ---------------------------------------------------------------- tools and settings */

static json_t *tool_choice_json(const struct prompt *prompt)
{
	switch (prompt->tool_choice) {
	case TOOLS_NONE:
		return json_string("none");
	case TOOLS_REQUIRED:
		return json_string("required");
	case TOOLS_ONE:
		return json_pack("{s:s, s:s}", "type", "function", "name",
				 or_empty(prompt->tool_choice_name));
	default:
		return json_string("auto");
	}
}

static void set_tools(json_t *root, const struct prompt *prompt)
{
	json_t *list;

	if (prompt->n_tools == 0)
		return;
	list = json_array();
	for (size_t i = 0; i < prompt->n_tools; i++) {
		const struct prompt_tool *tool = &prompt->tools[i];
		json_t *schema = request_json(tool->schema);
		json_t *one =
			json_pack("{s:s, s:s, s:s*, s:b}", "type", "function", "name", tool->name,
				  "description", tool->description, "strict", tool->strict);

		if (!schema)
			schema = json_pack("{s:s, s:{}}", "type", "object", "properties");
		json_object_set_new(one, "parameters", schema);
		json_array_append_new(list, one);
	}
	json_object_set_new(root, "tools", list);
	json_object_set_new(root, "tool_choice", tool_choice_json(prompt));
	json_object_set_new(root, "parallel_tool_calls", json_boolean(!prompt->one_tool_at_a_time));
}

static void set_format(json_t *root, const struct prompt *prompt)
{
	json_t *format;

	if (prompt->format == FORMAT_TEXT)
		return;
	if (prompt->format == FORMAT_JSON) {
		format = json_pack("{s:s}", "type", "json_object");
	} else {
		format = json_pack("{s:s, s:s, s:b}", "type", "json_schema", "name",
				   prompt->schema_name ? prompt->schema_name : "answer", "strict",
				   prompt->schema_strict);
		request_set(format, "schema", request_json(prompt->schema));
	}
	json_object_set_new(root, "text", json_pack("{s:o}", "format", format));
}

/* Others refuse to be asked for their thoughts. */
static bool thinks(const char *upstream)
{
	const char *slash = strrchr(upstream, '/');
	const char *name = slash ? slash + 1 : upstream;

	return (name[0] == 'o' && isdigit((unsigned char)name[1])) ||
	       (strncmp(name, "gpt-5", 5) == 0 && !strstr(name, "-chat")) ||
	       strncmp(name, "gpt-oss", 7) == 0 || strstr(name, "codex");
}

static void set_reasoning(json_t *root, const struct prompt *prompt, const char *upstream,
			  uint8_t without, json_t *include)
{
	json_t *reasoning;

	if (!prompt->effort && !thinks(upstream))
		return;
	json_array_append_new(include, json_string("reasoning.encrypted_content"));
	reasoning = json_object();
	if (prompt->effort)
		json_object_set_new(reasoning, "effort", json_string(prompt->effort));
	if (!(without & PARAMETER_REASONING_SUMMARY))
		json_object_set_new(reasoning, "summary", json_string("auto"));
	json_object_set_new(root, "reasoning", reasoning);
}

static void set_settings(json_t *root, const struct prompt *prompt, uint8_t without)
{
	const uint8_t limit = PARAMETER_MAX_TOKENS | PARAMETER_MAX_COMPLETION_TOKENS;
	int32_t tokens = prompt->max_output_tokens;

	if (tokens > 0 && (without & limit) != limit)
		json_object_set_new(
			root, "max_output_tokens",
			json_integer(tokens < OUTPUT_TOKENS_MIN ? OUTPUT_TOKENS_MIN : tokens));
	if (prompt->has_temperature && !(without & PARAMETER_TEMPERATURE))
		json_object_set_new(root, "temperature", json_real(prompt->temperature));
	if (prompt->has_top_p && !(without & PARAMETER_TOP_P))
		json_object_set_new(root, "top_p", json_real(prompt->top_p));
	if (prompt->cache_key)
		json_object_set_new(root, "prompt_cache_key", json_string(prompt->cache_key));
}

static enum status responses_request(const struct provider_pick *pick, const struct prompt *prompt,
				     uint8_t without, struct arena *arena, struct buf *body,
				     struct http_request *ret, struct error *reterr)
{
	const char *upstream = pick->route->upstream;
	json_t *root = json_pack("{s:s, s:b, s:b}", "model", upstream, "stream", 1, "store", 0);
	json_t *include = json_array();

	set_messages(root, prompt);
	set_tools(root, prompt);
	set_format(root, prompt);
	set_settings(root, prompt, without);
	set_reasoning(root, prompt, upstream, without, include);
	if (prompt->wants_logprobs) {
		json_array_append_new(include, json_string("message.output_text.logprobs"));
		if (prompt->top_logprobs > 0)
			json_object_set_new(root, "top_logprobs",
					    json_integer(prompt->top_logprobs));
	}
	if (json_array_size(include) > 0)
		json_object_set(root, "include", include);
	json_decref(include);
	return request_post(pick, prompt, RESPONSES_API, root,
			    provider_url(arena, pick->route->provider, "/responses"), arena, body,
			    ret, reterr);
}

const struct provider_api provider_responses = {
	.name = RESPONSES_API,
	.base_url = PROVIDER_OPENAI_URL,
	.request = responses_request,
	.event = responses_event,
	.refusal = provider_fault_body,
};
PROVIDER_API(provider_responses);
