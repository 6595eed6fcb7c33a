/* OpenAI's chat completions, streamed: also spoken by OpenRouter, Ollama, llama.cpp, vLLM and
 * others. */
#include "chat/provider/openai.h"

#include "chat/provider/embeddings.h"
#include "chat/provider/request.h"

#include <string.h>

/* ---------------------------------------------------------------- messages */

static json_t *image_json(const struct prompt_part *part)
{
	return json_pack("{s:s, s:{s:s, s:s*}}", "type", "image_url", "image_url", "url",
			 part->image_url, "detail", part->image_detail);
}

/* Text and images: one text as a string, which every server takes. */
static json_t *content_json(const struct prompt_message *message)
{
	json_t *list = json_array(), *only;

	for (size_t i = 0; i < message->n_parts; i++) {
		const struct prompt_part *part = &message->parts[i];

		if (part->kind == PROMPT_TEXT)
			json_array_append_new(
				list, json_pack("{s:s, s:s}", "type", "text", "text", part->text));
		else if (part->kind == PROMPT_IMAGE)
			json_array_append_new(list, image_json(part));
	}
	only = json_array_get(list, 0);
	if (json_array_size(list) > 1 || json_object_get(only, "image_url"))
		return list;
	only = only ? json_incref(json_object_get(only, "text")) : json_null();
	json_decref(list);
	return only;
}

/* Results are messages of their own, before the words of the user. */
static void add_results(json_t *list, const struct prompt_message *message)
{
	for (size_t i = 0; i < message->n_parts; i++) {
		const struct prompt_part *part = &message->parts[i];

		if (part->kind == PROMPT_TOOL_RESULT)
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:s}", "role", "tool",
							"tool_call_id", part->tool_id, "content",
							part->text ? part->text : ""));
	}
}

static json_t *calls_json(const struct prompt_message *message)
{
	json_t *list = json_array();

	for (size_t i = 0; i < message->n_parts; i++) {
		const struct prompt_part *part = &message->parts[i];

		if (part->kind == PROMPT_TOOL_CALL)
			json_array_append_new(list, json_pack("{s:s, s:s, s:{s:s, s:s}}", "id",
							      part->tool_id, "type", "function",
							      "function", "name", part->tool_name,
							      "arguments",
							      part->arguments && *part->arguments
								      ? part->arguments
								      : "{}"));
	}
	return list;
}

/* Also behind a proxy of the operator's. */
static bool is_openrouter(const struct provider *provider)
{
	return strstr(provider->base_url, "openrouter") ||
	       strcmp(provider->name, "openrouter") == 0;
}

/* Blocks of reasoning in OpenRouter's shape. Others that speak this API refuse them. */
static json_t *reasoning_json(const struct provider *provider, const struct prompt_message *message)
{
	json_t *list = json_array();

	if (!is_openrouter(provider))
		return list;
	for (size_t i = 0; i < message->n_parts; i++) {
		const struct prompt_part *part = &message->parts[i];
		json_t *data = part->kind == PROMPT_REASONING && part->api &&
					       strcmp(part->api, OPENAI_API) == 0
				       ? request_json(part->data)
				       : NULL;

		if (json_is_array(data))
			json_array_extend(list, data);
		json_decref(data);
	}
	return list;
}

static void add_message(json_t *list, const struct provider *provider,
			const struct prompt_message *message)
{
	json_t *content, *object;

	if (message->n_parts == 0) {
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s*}", "role", message->role,
						"content", message->text, "name", message->name));
		return;
	}
	add_results(list, message);
	content = content_json(message);
	object = json_pack("{s:s, s:o}", "role", message->role, "content", content);
	if (message->name)
		json_object_set_new(object, "name", json_string(message->name));
	request_set_list(object, "tool_calls", calls_json(message));
	request_set_list(object, "reasoning_details", reasoning_json(provider, message));
	if (json_is_null(content) && !json_object_get(object, "tool_calls"))
		json_decref(object); /* it had results alone */
	else
		json_array_append_new(list, object);
}

static json_t *messages_json(const struct provider *provider, const struct prompt *prompt)
{
	json_t *list = json_array();

	for (size_t i = 0; i < prompt->n_messages; i++)
		add_message(list, provider, &prompt->messages[i]);
	return list;
}

/* ---------------------------------------------------------------- parameters */

static void add_tools(json_t *root, const struct prompt *prompt)
{
	static const char *const choices[] = {
		[TOOLS_AUTO] = "auto", [TOOLS_NONE] = "none", [TOOLS_REQUIRED] = "required"};
	json_t *list = json_array();

	for (size_t i = 0; i < prompt->n_tools; i++) {
		const struct prompt_tool *tool = &prompt->tools[i];
		json_t *function =
			json_pack("{s:s, s:s*, s:o*}", "name", tool->name, "description",
				  tool->description, "parameters", request_json(tool->schema));

		if (tool->strict)
			json_object_set_new(function, "strict", json_true());
		json_array_append_new(
			list, json_pack("{s:s, s:o}", "type", "function", "function", function));
	}
	request_set_list(root, "tools", list);
	if (prompt->n_tools == 0)
		return;
	if (prompt->tool_choice == TOOLS_ONE)
		json_object_set_new(root, "tool_choice",
				    json_pack("{s:s, s:{s:s}}", "type", "function", "function",
					      "name", prompt->tool_choice_name));
	else if (prompt->tool_choice != TOOLS_AUTO)
		json_object_set_new(root, "tool_choice", json_string(choices[prompt->tool_choice]));
	if (prompt->one_tool_at_a_time)
		json_object_set_new(root, "parallel_tool_calls", json_false());
}

static void add_format(json_t *root, const struct prompt *prompt)
{
	if (prompt->format == FORMAT_JSON)
		json_object_set_new(root, "response_format",
				    json_pack("{s:s}", "type", "json_object"));
	else if (prompt->format == FORMAT_SCHEMA)
		json_object_set_new(root, "response_format",
				    json_pack("{s:s, s:{s:s, s:o*, s:b}}", "type", "json_schema",
					      "json_schema", "name",
					      prompt->schema_name ? prompt->schema_name : "answer",
					      "schema", request_json(prompt->schema), "strict",
					      (int)prompt->schema_strict));
}

/* What a chat of ours never asks for, and callers of the API may. */
static void add_wishes(json_t *root, const struct prompt *prompt)
{
	json_t *stop = json_array();

	for (size_t i = 0; i < prompt->n_stop; i++)
		json_array_append_new(stop, json_string(prompt->stop[i]));
	request_set_list(root, "stop", stop);
	if (prompt->effort)
		json_object_set_new(root, "reasoning_effort", json_string(prompt->effort));
	if (prompt->wants_logprobs)
		json_object_set_new(root, "logprobs", json_true());
	if (prompt->wants_logprobs && prompt->top_logprobs > 0)
		json_object_set_new(root, "top_logprobs", json_integer(prompt->top_logprobs));
	if (prompt->cache_key)
		json_object_set_new(root, "prompt_cache_key", json_string(prompt->cache_key));
}

/* Some models take the limit under its newer name alone, some under no name. */
static const char *limit_name(uint8_t without)
{
	if (!(without & PARAMETER_MAX_TOKENS))
		return "max_tokens";
	return without & PARAMETER_MAX_COMPLETION_TOKENS ? NULL : "max_completion_tokens";
}

static json_t *body_json(const struct provider_route *route, const struct prompt *prompt,
			 uint8_t without)
{
	const char *limit = limit_name(without);
	json_t *root = json_pack("{s:s, s:o, s:b}", "model", route->upstream, "messages",
				 messages_json(route->provider, prompt), "stream", 1);

	if (!(without & PARAMETER_STREAM_OPTIONS))
		json_object_set_new(root, "stream_options", json_pack("{s:b}", "include_usage", 1));
	if (limit)
		json_object_set_new(root, limit, json_integer(prompt->max_output_tokens));
	if (prompt->has_temperature && !(without & PARAMETER_TEMPERATURE))
		json_object_set_new(root, "temperature", json_real(prompt->temperature));
	if (prompt->has_top_p && !(without & PARAMETER_TOP_P))
		json_object_set_new(root, "top_p", json_real(prompt->top_p));
	add_tools(root, prompt);
	add_format(root, prompt);
	add_wishes(root, prompt);
	return root;
}

enum status openai_request(const struct provider_pick *pick, const struct prompt *prompt,
			   uint8_t without, struct arena *arena, struct buf *body,
			   struct http_request *ret, struct error *reterr)
{
	if (prompt->embedding.input)
		return request_post(pick, prompt, OPENAI_API,
				    embeddings_body(pick->route->upstream, &prompt->embedding),
				    provider_url(arena, pick->route->provider, "/embeddings"),
				    arena, body, ret, reterr);
	return request_post(pick, prompt, OPENAI_API, body_json(pick->route, prompt, without),
			    provider_url(arena, pick->route->provider, "/chat/completions"), arena,
			    body, ret, reterr);
}

const struct provider_api provider_openai = {
	.name = OPENAI_API,
	.embeds = true,
	.request = openai_request,
	.event = openai_event,
	.refusal = provider_fault_body,
};
PROVIDER_API(provider_openai);
