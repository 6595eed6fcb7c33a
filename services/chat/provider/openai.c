/* OpenAI's chat completions, streamed: also spoken by OpenRouter, Ollama, llama.cpp, vLLM and
 * others. */
#include "chat/provider/provider.h"

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

/* Some models know the limit by its newer name alone, some by none. */
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

static enum status openai_request(const struct provider_pick *pick, const struct prompt *prompt,
				  uint8_t without, struct arena *arena, struct buf *body,
				  struct http_request *ret, struct error *reterr)
{
	const struct provider *provider = pick->route->provider;
	const struct provider_key *key = pick->key;
	const char **headers = arena_array(arena, 4, sizeof *headers);
	size_t n = 0;

	if (!headers || !write_body(pick->route->upstream, prompt, without, body))
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large",
				 "the request is longer than %zu bytes", body->max);
	headers[n++] = "Content-Type: application/json";
	headers[n++] = "Accept: text/event-stream";
	if (key->secret)
		headers[n++] = arena_printf(arena, "Authorization: Bearer %s", key->secret);
	*ret = (struct http_request){
		.method = "POST",
		.url = arena_printf(arena, "%s/chat/completions", provider->base_url),
		.headers = headers,
		.body = body->data,
		.body_len = body->len,
		.proxy = provider->proxy,
	};
	return OK;
}

/* PostgreSQL stores no NUL, and no reader could show it. */
static void pass(void (*sink)(void *ctx, const char *text, size_t len), void *ctx,
		 const json_t *value)
{
	const char *text = json_string_value(value);
	size_t left = json_string_length(value);

	while (left > 0) {
		size_t len = strnlen(text, left);

		if (len > 0)
			sink(ctx, text, len);
		left -= len;
		text += len;
		if (left > 0) {
			left--;
			text++;
		}
	}
}

static bool take_delta(struct provider_stream *stream, const json_t *choice)
{
	const json_t *delta = json_object_get(choice, "delta"), *text, *reasoning;

	if (!delta || json_is_null(delta))
		return true;
	text = json_object_get(delta, "content");
	reasoning = json_object_get(delta, "reasoning");
	if (!reasoning)
		reasoning = json_object_get(delta, "reasoning_content");
	if (!json_is_object(delta) || (text && !json_is_string(text) && !json_is_null(text)))
		return false;
	if (json_is_string(reasoning))
		pass(stream->on_reasoning, stream->ctx, reasoning);
	if (json_is_string(text))
		pass(stream->on_text, stream->ctx, text);
	return true;
}

static void take_reason(struct provider_stream *stream, const json_t *choice)
{
	const char *reason = json_string_value(json_object_get(choice, "finish_reason"));

	if (!reason)
		return;
	if (strcmp(reason, "length") == 0)
		stream->stop = STOP_LENGTH;
	else if (strcmp(reason, "content_filter") == 0)
		stream->stop = STOP_FILTER;
	else
		stream->stop = STOP_STOP;
}

static void take_usage(struct provider_stream *stream, const json_t *root)
{
	const json_t *usage = json_object_get(root, "usage");
	const json_t *prompt = json_object_get(usage, "prompt_tokens");
	const json_t *completion = json_object_get(usage, "completion_tokens");

	if (!json_is_integer(prompt) || !json_is_integer(completion))
		return;
	stream->has_usage = true;
	stream->prompt_tokens = json_integer_value(prompt);
	stream->completion_tokens = json_integer_value(completion);
}

/* An error in the middle of a stream carries the status that would have been the answer's. */
static void take_error(const json_t *error, struct provider_fault *fault)
{
	const json_t *code = json_object_get(error, "code");

	provider_fault_status(json_is_integer(code) ? (int32_t)json_integer_value(code) : 500,
			      fault);
}

static bool openai_event(struct provider_stream *stream, const char *data, size_t len,
			 struct provider_fault *fault)
{
	const json_t *error, *choice;
	bool ok = true;
	json_t *root;

	if (len == 6 && memcmp(data, "[DONE]", 6) == 0)
		return true;
	root = json_loadb(data, len, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		provider_fault_broken(fault, "an event is not JSON");
		return false;
	}
	error = json_object_get(root, "error");
	choice = json_array_get(json_object_get(root, "choices"), 0);
	if (error && !json_is_null(error)) {
		take_error(error, fault);
		ok = false;
	} else if (!take_delta(stream, choice)) {
		provider_fault_broken(fault, "an event has no text where it should");
		ok = false;
	} else {
		take_reason(stream, choice);
		take_usage(stream, root);
	}
	json_decref(root);
	return ok;
}

const struct provider_api provider_openai = {openai_request, openai_event, provider_fault_body};
