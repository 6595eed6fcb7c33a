/* Anthropic's messages (docs.anthropic.com/en/api/messages) and count_tokens. A thought is a signed
 * block, which must come back as it was. */
#include "exchange.h"

#include <stdio.h>
#include <string.h>

#define THOUGHT_TOKENS_MIN 1024

/* ---------------------------------------------------------------- the question */

static bool known(const char *name)
{
	static const char *const names[] = {
		"model",          "messages",     "max_tokens", "system",
		"stop_sequences", "temperature",  "top_p",      "top_k",
		"metadata",       "stream",       "tools",      "thinking",
		"tool_choice",    "service_tier", "container",  "context_management",
		"mcp_servers",    "output_config"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* Where a block stands, for refusals and for the checks of calls and their results. */
struct at {
	size_t message, block;
	const json_t *messages;
	json_int_t blocks; /* signed thoughts so far */
};

static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* Whether a message has a block of this type whose member is this id. */
static bool has_block(const json_t *message, const char *type, const char *name, const char *id)
{
	const json_t *block;
	size_t i;

	json_array_foreach(json_object_get(message, "content"), i, block)
	{
		const char *of = member(block, "type"), *its = member(block, name);

		if (of && its && strcmp(of, type) == 0 && strcmp(its, id) == 0)
			return true;
	}
	return false;
}

static bool check_thought(const json_t *block, struct at *at, struct refusal *refusal)
{
	const char *thinking = member(block, "thinking"), *signature = member(block, "signature");

	if (!thinking || !signature || !signature_fits(thinking, signature))
		return refuse(refusal, NULL, NULL,
			      "messages.%zu.content.%zu: Invalid `signature` in `thinking` block",
			      at->message, at->block);
	at->blocks++;
	return true;
}

static bool check_call(const json_t *block, const struct at *at, struct refusal *refusal)
{
	const char *id = member(block, "id");

	if (!id || !member(block, "name") || !json_is_object(json_object_get(block, "input")))
		return refuse(refusal, NULL, NULL,
			      "messages.%zu.content.%zu.tool_use.input: Input should be a valid "
			      "dictionary",
			      at->message, at->block);
	if (!has_block(json_array_get(at->messages, at->message + 1), "tool_result", "tool_use_id",
		       id))
		return refuse(
			refusal, NULL, NULL,
			"messages.%zu: `tool_use` ids were found without `tool_result` blocks "
			"immediately after: %.60s.",
			at->message, id);
	return true;
}

static bool check_result(const json_t *block, const struct at *at, struct refusal *refusal)
{
	const char *id = member(block, "tool_use_id");

	if (!id || at->message == 0 ||
	    !has_block(json_array_get(at->messages, at->message - 1), "tool_use", "id", id))
		return refuse(refusal, NULL, NULL,
			      "messages.%zu.content.%zu: unexpected `tool_use_id` found in "
			      "`tool_result` blocks: %.60s.",
			      at->message, at->block, id ? id : "");
	return true;
}

/* Appends the words of a block. */
static bool read_block(const json_t *block, struct at *at, struct buf *text,
		       struct refusal *refusal)
{
	const char *type = member(block, "type"), *words = member(block, "text");

	if (type && strcmp(type, "text") == 0) {
		if (!words || !words[strspn(words, " \t\r\n")])
			return refuse(refusal, NULL, NULL,
				      "messages: text content blocks must contain non-whitespace "
				      "text");
		return buf_adds(text, words);
	}
	if (type && strcmp(type, "thinking") == 0)
		return check_thought(block, at, refusal);
	if (type && strcmp(type, "tool_use") == 0)
		return check_call(block, at, refusal);
	if (type && strcmp(type, "tool_result") == 0)
		return check_result(block, at, refusal) && buf_adds(text, "(result)");
	if (type && strcmp(type, "image") == 0)
		return json_is_object(json_object_get(block, "source")) ||
		       refuse(refusal, NULL, NULL,
			      "messages.%zu.content.%zu.image.source: Field required", at->message,
			      at->block);
	return refuse(
		refusal, NULL, NULL,
		"messages.%zu.content.%zu: Input tag '%.40s' found using 'type' does not match "
		"any of the expected tags",
		at->message, at->block, type ? type : "");
}

static bool read_content(const json_t *content, const char *role, struct at *at, json_t *out,
			 struct refusal *refusal)
{
	_cleanup_(buf_done) struct buf text;
	const json_t *block;

	buf_init(&text, 32 << 20);
	if (json_is_string(content))
		buf_adds(&text, json_string_value(content));
	else if (!json_is_array(content))
		return refuse(refusal, NULL, NULL,
			      "messages.%zu.content: Input should be a valid list", at->message);
	json_array_foreach(content, at->block, block)
	{
		if (!read_block(block, at, &text, refusal))
			return false;
	}
	json_array_append_new(out,
			      json_pack("{s:s, s:s}", "role", role, "content", buf_text(&text)));
	return true;
}

static bool read_messages(const json_t *body, json_t *out, json_int_t *blocks,
			  struct refusal *refusal)
{
	const json_t *system = json_object_get(body, "system"), *message;
	struct at at = {.messages = json_object_get(body, "messages")};

	if (system && !read_content(system, "system", &at, out, refusal))
		return false;
	if (json_array_size(at.messages) == 0)
		return refuse(refusal, NULL, NULL, "messages: at least one message is required");
	json_array_foreach(at.messages, at.message, message)
	{
		const char *role = member(message, "role");

		if (!role || (strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0))
			return refuse(refusal, NULL, NULL,
				      "messages: Unexpected role \"%.40s\". Allowed roles are "
				      "\"user\" or \"assistant\".",
				      role ? role : "");
		if (at.message == 0 && strcmp(role, "user") != 0)
			return refuse(refusal, NULL, NULL,
				      "messages: first message must use the \"user\" role");
		if (!read_content(json_object_get(message, "content"), role, &at, out, refusal))
			return false;
	}
	*blocks = at.blocks;
	return true;
}

/* Parameters that the API takes, and what it says of others. */
static bool check_parameters(const struct httpd_request *req, const json_t *body, bool counts,
			     struct refusal *refusal)
{
	const json_t *thinking = json_object_get(body, "thinking"), *value;
	json_int_t max = json_integer_value(json_object_get(body, "max_tokens"));
	json_int_t budget = json_integer_value(json_object_get(thinking, "budget_tokens"));
	const char *name, *kind = member(thinking, "type");

	if (!httpd_header(req, "anthropic-version"))
		return refuse(refusal, NULL, NULL, "anthropic-version: header is required");
	json_object_foreach((json_t *)body, name, value)
	{
		if (!known(name))
			return refuse(refusal, NULL, NULL, "%.60s: Extra inputs are not permitted",
				      name);
	}
	if (!counts && max < 1)
		return refuse(refusal, NULL, NULL, "max_tokens: Field required");
	if (json_number_value(json_object_get(body, "temperature")) > 1)
		return refuse(refusal, NULL, NULL,
			      "temperature: Input should be less than or equal to 1");
	if (!kind || strcmp(kind, "enabled") != 0)
		return true;
	if (budget < THOUGHT_TOKENS_MIN)
		return refuse(refusal, NULL, NULL,
			      "thinking.enabled.budget_tokens: Input should be greater than or "
			      "equal to 1024");
	return counts || budget < max ||
	       refuse(refusal, NULL, NULL,
		      "`max_tokens` must be greater than "
		      "`thinking.budget_tokens`.");
}

static json_t *read_as(const struct httpd_request *req, const json_t *body, bool counts,
		       struct refusal *refusal)
{
	static const char *const same[] = {"model", "max_tokens", "temperature", "top_p", NULL};
	json_t *messages = json_array(), *out = json_pack("{s:o}", "messages", messages);
	json_int_t blocks = 0;

	for (size_t i = 0; same[i]; i++) {
		if (json_object_get(body, same[i]))
			json_object_set(out, same[i], json_object_get(body, same[i]));
	}
	if (!counts && json_object_get(body, "stream"))
		json_object_set(out, "stream", json_object_get(body, "stream"));
	if (!check_parameters(req, body, counts, refusal) ||
	    !read_messages(body, messages, &blocks, refusal)) {
		json_decref(out);
		return NULL;
	}
	json_object_set_new(out, "blocks", json_integer(blocks));
	return out;
}

static json_t *read_body(const struct httpd_request *req, json_t *body,
			 _unused_ struct arena *arena, struct refusal *refusal)
{
	return read_as(req, body, false, refusal);
}

static json_t *read_count(const struct httpd_request *req, json_t *body,
			  _unused_ struct arena *arena, struct refusal *refusal)
{
	return read_as(req, body, true, refusal);
}

/* ---------------------------------------------------------------- the message */

static uint64_t input_of(const struct counts *counts)
{
	return (uint64_t)counts->in - (uint64_t)counts->cached - (uint64_t)counts->written;
}

/* What the cache gave and took is counted beside the input. */
static json_t *usage_json(const struct exchange *x, bool begins)
{
	struct counts counts;

	if (!exchange_usage(x, &counts))
		return NULL;
	return json_pack("{s:I, s:I, s:I, s:{s:I, s:i}, s:I, s:s}", "input_tokens",
			 (json_int_t)input_of(&counts), "cache_read_input_tokens",
			 (json_int_t)counts.cached, "cache_creation_input_tokens",
			 (json_int_t)counts.written, "cache_creation", "ephemeral_5m_input_tokens",
			 (json_int_t)counts.written, "ephemeral_1h_input_tokens", 0,
			 "output_tokens",
			 begins ? (json_int_t)1
				: (json_int_t)((uint64_t)counts.out + (uint64_t)counts.thoughts),
			 "service_tier", "standard");
}

static const char *reason_of(const struct exchange *x)
{
	if (x->question.tool)
		return "tool_use";
	return strcmp(x->finish_reason, "length") == 0 ? "max_tokens" : "end_turn";
}

static json_t *thought_block(const char *text)
{
	char signature[SIGNATURE_SIZE];

	signature_make(text, signature);
	return json_pack("{s:s, s:s, s:s}", "type", "thinking", "thinking", text, "signature",
			 signature);
}

/* The call, with its arguments or with none yet. */
static json_t *call_block(const struct exchange *x, json_t *input)
{
	char id[64];

	snprintf(id, sizeof id, "toolu_%.50s", x->id);
	return json_pack("{s:s, s:s, s:s, s:o}", "type", "tool_use", "id", id, "name",
			 x->question.tool, "input", input);
}

/* content: taken. reason NULL: it goes on. */
static json_t *message_json(const struct exchange *x, json_t *content, const char *reason)
{
	char id[64];

	snprintf(id, sizeof id, "msg_%.50s", x->id);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s?, s:n, s:o*}", "id", id, "type", "message",
			 "role", "assistant", "model", x->question.model, "content", content,
			 "stop_reason", reason, "stop_sequence", "usage", usage_json(x, !reason));
}

static json_t *whole(struct exchange *x, const char *text)
{
	json_t *content = json_array();

	for (size_t i = 0; i < x->n_thoughts; i++)
		json_array_append_new(content, thought_block(x->thoughts[i]));
	if (*text)
		json_array_append_new(content,
				      json_pack("{s:s, s:s}", "type", "text", "text", text));
	if (x->question.tool)
		json_array_append_new(content,
				      call_block(x, json_loads(exchange_arguments(x), 0, NULL)));
	return message_json(x, content, reason_of(x));
}

/* ---------------------------------------------------------------- events */

/* members is taken. */
static void add(const char *type, json_t *members, struct buf *out)
{
	json_object_set_new(members, "type", json_string(type));
	exchange_event(out, type, members, "\n");
}

static void begin_block(int at, json_t *block, struct buf *out)
{
	add("content_block_start", json_pack("{s:i, s:o}", "index", at, "content_block", block),
	    out);
}

static void add_delta(int at, const char *type, const char *name, const char *text, struct buf *out)
{
	add("content_block_delta",
	    json_pack("{s:i, s:{s:s, s:s}}", "index", at, "delta", "type", type, name, text), out);
}

static void end_block(int at, struct buf *out)
{
	add("content_block_stop", json_pack("{s:i}", "index", at), out);
}

static int text_at(const struct exchange *x)
{
	return (int)x->n_thoughts;
}

static void begin_text(const struct exchange *x, struct buf *out)
{
	begin_block(text_at(x), json_pack("{s:s, s:s}", "type", "text", "text", ""), out);
}

static void thought(struct exchange *x, const char *text, struct buf *out)
{
	int at = (int)x->next_thought;
	char signature[SIGNATURE_SIZE];

	signature_make(text, signature);
	begin_block(
		at,
		json_pack("{s:s, s:s, s:s}", "type", "thinking", "thinking", "", "signature", ""),
		out);
	add_delta(at, "thinking_delta", "thinking", text, out);
	add_delta(at, "signature_delta", "signature", signature, out);
	end_block(at, out);
	if (at + 1 == text_at(x))
		begin_text(x, out);
}

static void head(struct exchange *x, struct buf *out)
{
	add("message_start", json_pack("{s:o}", "message", message_json(x, json_array(), NULL)),
	    out);
	add("ping", json_object(), out);
	if (x->n_thoughts == 0)
		begin_text(x, out);
}

static void token(struct exchange *x, const char *text, struct buf *out)
{
	add_delta(text_at(x), "text_delta", "text", text, out);
}

static void call(struct exchange *x, struct buf *out)
{
	end_block(text_at(x), out);
	begin_block(text_at(x) + 1, call_block(x, json_object()), out);
}

static void piece(struct exchange *x, const char *text, struct buf *out)
{
	add_delta(text_at(x) + 1, "input_json_delta", "partial_json", text, out);
}

static void finish(struct exchange *x, struct buf *out)
{
	end_block(text_at(x) + (x->question.tool ? 1 : 0), out);
	add("message_delta",
	    json_pack("{s:{s:s, s:n}, s:o*}", "delta", "stop_reason", reason_of(x), "stop_sequence",
		      "usage", usage_json(x, false)),
	    out);
	add("message_stop", json_object(), out);
	if (x->question.fault.kind == FAULT_TWO_DONES)
		add("message_stop", json_object(), out);
}

/* ---------------------------------------------------------------- errors */

static json_t *error(struct refusal *refusal, _unused_ int64_t retry_after)
{
	static const struct {
		int32_t status;
		const char *type;
	} types[] = {{400, "invalid_request_error"}, {401, "authentication_error"},
		     {402, "billing_error"},         {403, "permission_error"},
		     {404, "not_found_error"},       {413, "request_too_large"},
		     {429, "rate_limit_error"},      {503, "overloaded_error"},
		     {504, "timeout_error"},         {529, "overloaded_error"}};
	const char *type = "api_error";

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		type = types[i].status == refusal->status ? types[i].type : type;
	if (refusal->status == 401)
		snprintf(refusal->message, sizeof refusal->message, "invalid x-api-key");
	return json_pack("{s:s, s:{s:s, s:s}, s:s}", "type", "error", "error", "type", type,
			 "message", refusal->message, "request_id", "req_standin");
}

static void failed(_unused_ struct exchange *x, struct refusal *refusal, struct buf *out)
{
	exchange_event(out, "error", error(refusal, -1), "\n");
}

const struct wire wire_anthropic = {
	.name = "anthropic",
	.read = read_body,
	.head = head,
	.thought = thought,
	.token = token,
	.call = call,
	.piece = piece,
	.finish = finish,
	.whole = whole,
	.error = error,
	.failed = failed,
	.key_header = "x-api-key",
	.key_prefix = "",
	.broken_json = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\n\n",
	.broken_utf8 =
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
		"\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"\xff\xc3\x28\"}}\n\n",
};

/* ---------------------------------------------------------------- count_tokens */

static json_t *count_json(struct exchange *x, _unused_ const char *text)
{
	return json_pack("{s:I}", "input_tokens", (json_int_t)x->question.prompt_tokens);
}

const struct wire wire_anthropic_count = {
	.name = "count_tokens",
	.read = read_count,
	.whole = count_json,
	.error = error,
	.wordless = true,
	.key_header = "x-api-key",
	.key_prefix = "",
};
