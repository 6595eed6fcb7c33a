/* OpenAI's chat completions, streamed: also spoken by OpenRouter, Ollama, llama.cpp, vLLM and
 * others. */
#include "chat/provider/openai.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *messages_json(const struct prompt *prompt)
{
	json_t *list = json_array();

	for (size_t i = 0; i < prompt->n_messages; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "role", prompt->messages[i].role,
						"content", prompt->messages[i].text));
	return list;
}

static int add_to_buf(const char *data, size_t len, void *ctx)
{
	return buf_add(ctx, data, len) ? 0 : -1;
}

/* Some models take the limit under its newer name alone, some under no name. */
static const char *limit_name(uint8_t without)
{
	if (!(without & PARAMETER_MAX_TOKENS))
		return "max_tokens";
	return without & PARAMETER_MAX_COMPLETION_TOKENS ? NULL : "max_completion_tokens";
}

static bool write_body(const char *upstream, const struct prompt *prompt, uint8_t without,
		       struct buf *body)
{
	const char *limit = limit_name(without);
	json_t *root = json_pack("{s:s, s:o, s:b}", "model", upstream, "messages",
				 messages_json(prompt), "stream", 1);
	bool ok;

	if (!(without & PARAMETER_STREAM_OPTIONS))
		json_object_set_new(root, "stream_options", json_pack("{s:b}", "include_usage", 1));
	if (limit)
		json_object_set_new(root, limit, json_integer(prompt->max_output_tokens));
	if (prompt->has_temperature && !(without & PARAMETER_TEMPERATURE))
		json_object_set_new(root, "temperature", json_real(prompt->temperature));
	if (prompt->has_top_p && !(without & PARAMETER_TOP_P))
		json_object_set_new(root, "top_p", json_real(prompt->top_p));
	ok = root && json_dump_callback(root, add_to_buf, body, JSON_COMPACT) == 0;
	json_decref(root);
	return ok;
}

enum status openai_request(const struct provider_pick *pick, const struct prompt *prompt,
			   uint8_t without, struct arena *arena, struct buf *body,
			   struct http_request *ret, struct error *reterr)
{
	const struct provider *provider = pick->route->provider;
	const char *authorization = provider_authorization(arena, provider, pick->key);
	const char **headers = arena_array(arena, 5, sizeof *headers);
	size_t n = 0;

	if (!headers || !write_body(pick->route->upstream, prompt, without, body))
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large",
				 "the request is longer than %zu bytes", body->max);
	headers[n++] = "Content-Type: application/json";
	headers[n++] = "Accept: text/event-stream";
	headers[n++] = "Accept-Encoding: identity"; /* a packed stream may be kept back */
	if (authorization)
		headers[n++] = authorization;
	*ret = (struct http_request){
		.method = "POST",
		.url = provider_url(arena, provider, "/chat/completions"),
		.headers = headers,
		.body = body->data,
		.body_len = body->len,
		.proxy = provider->proxy,
	};
	return OK;
}

const struct provider_api provider_openai = {
	.name = "openai",
	.request = openai_request,
	.event = openai_event,
	.refusal = provider_fault_body,
};
PROVIDER_API(provider_openai);
