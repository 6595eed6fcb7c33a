/* Gemini's generateContent (ai.google.dev/api/generate-content). Lines end in CR LF, and no [DONE]
 * comes. Thoughts are signed; the signature stands at the last text, or at the call of a tool. */
#include "exchange.h"

#include <stdio.h>
#include <string.h>

#define METHOD_STREAM ":streamGenerateContent"

#define CALLED_BY_ANOTHER "skip_thought_signature_validator"

/* ---------------------------------------------------------------- the question */

static bool known(const char *name)
{
	static const char *const names[] = {
		"contents",         "systemInstruction", "tools",  "toolConfig", "safetySettings",
		"generationConfig", "cachedContent",     "labels", "model"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* False: the refusal says why. Counts signatures. */
static bool read_part(const json_t *part, struct buf *text, json_int_t *blocks,
		      struct refusal *refusal)
{
	const char *signature = json_string_value(json_object_get(part, "thoughtSignature"));
	const json_t *result = json_object_get(part, "functionResponse");

	if (json_is_string(json_object_get(part, "text")) &&
	    !json_is_true(json_object_get(part, "thought")))
		buf_adds(text, json_string_value(json_object_get(part, "text")));
	if (result && !json_is_object(json_object_get(result, "response")))
		return refuse(refusal, NULL, NULL, "Invalid value at 'function_response.response'");
	if (result)
		buf_adds(text, "(result)");
	if (!signature || strcmp(signature, CALLED_BY_ANOTHER) == 0)
		return true;
	if (strncmp(signature, SIGNATURE, strlen(SIGNATURE)) != 0)
		return refuse(refusal, NULL, NULL, "Thought signature is not valid.");
	(*blocks)++;
	return true;
}

static bool read_content(const json_t *content, const char *role, json_t *messages,
			 json_int_t *blocks, struct refusal *refusal)
{
	const json_t *parts = json_object_get(content, "parts"), *part;
	_cleanup_(buf_done) struct buf text;
	size_t i;

	buf_init(&text, 32 << 20);
	if (!json_is_array(parts) || json_array_size(parts) == 0)
		return refuse(refusal, NULL, NULL,
			      "GenerateContentRequest.contents[].parts: contents.parts must not be "
			      "empty.");
	json_array_foreach(parts, i, part)
	{
		if (!read_part(part, &text, blocks, refusal))
			return false;
	}
	json_array_append_new(messages,
			      json_pack("{s:s, s:s}", "role", role, "content", buf_text(&text)));
	return true;
}

static bool read_contents(const json_t *body, json_t *messages, json_int_t *blocks,
			  struct refusal *refusal)
{
	const json_t *contents = json_object_get(body, "contents"), *content;
	size_t i;

	if (!json_is_array(contents) || json_array_size(contents) == 0)
		return refuse(refusal, NULL, NULL,
			      "GenerateContentRequest.contents: contents is not specified");
	json_array_foreach(contents, i, content)
	{
		const char *role = json_string_value(json_object_get(content, "role"));
		bool model = role && strcmp(role, "model") == 0;

		if (role && !model && strcmp(role, "user") != 0)
			return refuse(refusal, NULL, NULL, "Please use a valid role: user, model.");
		if (i == 0 && model)
			return refuse(refusal, NULL, NULL,
				      "Please ensure that multiturn requests begin with a user "
				      "turn.");
		if (!read_content(content, model ? "assistant" : "user", messages, blocks, refusal))
			return false;
	}
	return true;
}

/* The name of the model and whether a stream is wanted stand in the address. */
static void read_path(const struct httpd_request *req, struct arena *arena, json_t *out)
{
	const char *name = strstr(req->path, "/models/") + strlen("/models/");

	json_object_set_new(out, "model",
			    json_string(arena_strndup(arena, name, strcspn(name, ":"))));
	json_object_set_new(out, "stream", json_boolean(strstr(name, METHOD_STREAM) != NULL));
}

static json_t *read_body(const struct httpd_request *req, json_t *body, struct arena *arena,
			 struct refusal *refusal)
{
	const json_t *config = json_object_get(body, "generationConfig");
	const json_t *system = json_object_get(body, "systemInstruction");
	json_t *messages = json_array();
	json_t *out = json_pack("{s:o}", "messages", messages), *value;
	json_int_t blocks = 0;
	const char *name;
	bool ok = true;

	json_object_foreach(body, name, value)
	{
		if (ok && !known(name))
			ok = refuse(
				refusal, NULL, NULL,
				"Invalid JSON payload received. Unknown name \"%s\": Cannot find "
				"field.",
				name);
	}
	read_path(req, arena, out);
	if (ok && system)
		ok = read_content(system, "system", messages, &blocks, refusal);
	ok = ok && read_contents(body, messages, &blocks, refusal);
	json_object_set_new(out, "blocks", json_integer(blocks));
	if (json_object_get(config, "maxOutputTokens"))
		json_object_set(out, "max_tokens", json_object_get(config, "maxOutputTokens"));
	if (json_object_get(config, "temperature"))
		json_object_set(out, "temperature", json_object_get(config, "temperature"));
	if (ok)
		return out;
	json_decref(out);
	return NULL;
}

/* ---------------------------------------------------------------- the answer */

static json_t *usage_json(const struct exchange *x)
{
	struct counts counts;
	json_t *usage;

	if (!exchange_usage(x, &counts))
		return NULL;
	usage = json_pack("{s:I, s:I, s:I, s:I}", "promptTokenCount", (json_int_t)counts.in,
			  "candidatesTokenCount", (json_int_t)counts.out, "thoughtsTokenCount",
			  (json_int_t)counts.thoughts, "totalTokenCount",
			  (json_int_t)((uint64_t)counts.in + (uint64_t)counts.out +
				       (uint64_t)counts.thoughts));
	if (counts.cached > 0)
		json_object_set_new(usage, "cachedContentTokenCount", json_integer(counts.cached));
	return usage;
}

/* One answer with these parts (taken). */
static json_t *answer_json(const struct exchange *x, json_t *parts, const char *reason)
{
	return json_pack("{s:[{s:{s:o, s:s}, s:s*, s:i}], s:o*, s:s, s:s}", "candidates", "content",
			 "parts", parts, "role", "model", "finishReason", reason, "index", 0,
			 "usageMetadata", usage_json(x), "modelVersion", x->question.model,
			 "responseId", x->id);
}

static json_t *thought_part(const struct exchange *x)
{
	return json_pack("{s:s, s:b}", "text", x->question.think, "thought", 1);
}

/* The last part carries the signature. */
static void add_last(const struct exchange *x, const char *text, json_t *parts)
{
	char signature[100];
	json_t *last = json_pack("{s:s}", "text", text);

	if (x->question.tool) {
		if (*text)
			json_array_append(parts, last);
		json_decref(last);
		last = json_pack("{s:{s:s, s:o}}", "functionCall", "name", x->question.tool, "args",
				 json_loads(exchange_arguments(x), 0, NULL));
	}
	snprintf(signature, sizeof signature, SIGNATURE "%.60s", x->id);
	if (x->question.think)
		json_object_set_new(last, "thoughtSignature", json_string(signature));
	json_array_append_new(parts, last);
}

static const char *reason_of(const struct exchange *x)
{
	return strcmp(x->finish_reason, "length") == 0 ? "MAX_TOKENS" : "STOP";
}

static void head(struct exchange *x, struct buf *out)
{
	if (x->question.think)
		exchange_event(out, NULL, answer_json(x, json_pack("[o]", thought_part(x)), NULL),
			       "\r\n");
}

static void token(struct exchange *x, const char *text, struct buf *out)
{
	exchange_event(out, NULL, answer_json(x, json_pack("[{s:s}]", "text", text), NULL), "\r\n");
}

static void finish(struct exchange *x, struct buf *out)
{
	json_t *parts = json_array();

	add_last(x, "", parts);
	x->next_piece = x->n_pieces;
	exchange_event(out, NULL, answer_json(x, parts, reason_of(x)), "\r\n");
	if (x->question.fault.kind == FAULT_TWO_DONES)
		exchange_event(out, NULL, answer_json(x, json_array(), reason_of(x)), "\r\n");
}

static json_t *whole(struct exchange *x, const char *text)
{
	json_t *parts = json_array();

	if (x->question.think)
		json_array_append_new(parts, thought_part(x));
	add_last(x, text, parts);
	return answer_json(x, parts, reason_of(x));
}

/* A wrong key is a 400 here. */
static json_t *error(struct refusal *refusal, int64_t retry_after)
{
	static const struct {
		int32_t status;
		const char *word;
	} words[] = {
		{400, "INVALID_ARGUMENT"}, {401, "UNAUTHENTICATED"},    {403, "PERMISSION_DENIED"},
		{404, "NOT_FOUND"},        {429, "RESOURCE_EXHAUSTED"}, {500, "INTERNAL"},
		{503, "UNAVAILABLE"},      {529, "UNAVAILABLE"},        {504, "DEADLINE_EXCEEDED"}};
	json_t *details = json_array();
	const char *word = "UNKNOWN";
	char delay[32];

	if (refusal->code && strcmp(refusal->code, "invalid_api_key") == 0) {
		refusal->status = 400;
		snprintf(refusal->message, sizeof refusal->message,
			 "API key not valid. Please pass a valid API key.");
		json_array_append_new(details, json_pack("{s:s, s:s}", "@type",
							 "type.googleapis.com/google.rpc.ErrorInfo",
							 "reason", "API_KEY_INVALID"));
	}
	snprintf(delay, sizeof delay, "%llds", (long long)retry_after);
	if (retry_after >= 0)
		json_array_append_new(details, json_pack("{s:s, s:s}", "@type",
							 "type.googleapis.com/google.rpc.RetryInfo",
							 "retryDelay", delay));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		word = words[i].status == refusal->status ? words[i].word : word;
	return json_pack("{s:{s:i, s:s, s:s, s:o}}", "error", "code", (int)refusal->status,
			 "message", refusal->message, "status", word, "details", details);
}

static void failed(_unused_ struct exchange *x, struct refusal *refusal, struct buf *out)
{
	exchange_event(out, NULL, error(refusal, -1), "\r\n");
}

const struct wire wire_gemini = {
	.name = "gemini",
	.read = read_body,
	.head = head,
	.token = token,
	.finish = finish,
	.whole = whole,
	.error = error,
	.failed = failed,
	.key_header = "x-goog-api-key",
	.key_prefix = "",
	.broken_json = "data: {\"candidates\":[{\"content\":{\"parts\":[\r\n\r\n",
	.broken_utf8 =
		"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\xff\xc3\x28\"}]"
		"}}]}\r\n\r\n",
};
