/* OpenAI's Responses (platform.openai.com/docs/api-reference/responses) with its whole order of
 * events. Thoughts come encrypted, and go back so. */
#include "exchange.h"

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- the question */

/* The text of a message. An assistant's parts have another type than a user's. */
static bool read_parts(const json_t *content, bool assistant, struct buf *text, size_t at,
		       struct refusal *refusal)
{
	const json_t *part;
	size_t i;

	if (json_is_string(content)) {
		buf_adds(text, json_string_value(content));
		return true;
	}
	json_array_foreach(content, i, part)
	{
		const char *type = json_string_value(json_object_get(part, "type"));
		const char *words = json_string_value(json_object_get(part, "text"));

		if (!type || strcmp(type, "input_image") == 0)
			type = assistant ? NULL : type;
		else if (strcmp(type, assistant ? "output_text" : "input_text") != 0)
			type = NULL;
		if (!type)
			return refuse(refusal, NULL, "invalid_value",
				      "Invalid value: 'input[%zu].content[%zu].type'.", at, i);
		buf_adds(text, words ? words : "");
	}
	return true;
}

static bool read_message(const json_t *item, size_t at, json_t *messages, struct refusal *refusal)
{
	const char *role = json_string_value(json_object_get(item, "role"));
	_cleanup_(buf_done) struct buf text;

	buf_init(&text, 32 << 20);
	if (!role)
		return refuse(refusal, NULL, "invalid_value", "Invalid value: 'input[%zu].role'.",
			      at);
	if (!read_parts(json_object_get(item, "content"), strcmp(role, "assistant") == 0, &text, at,
			refusal))
		return false;
	json_array_append_new(messages,
			      json_pack("{s:s, s:s}", "role", role, "content", buf_text(&text)));
	return true;
}

static bool read_item(const json_t *item, size_t at, json_t *messages, json_int_t *blocks,
		      struct refusal *refusal)
{
	const char *type = json_string_value(json_object_get(item, "type"));
	const char *sealed = json_string_value(json_object_get(item, "encrypted_content"));
	const char *output = json_string_value(json_object_get(item, "output"));

	if (!type || strcmp(type, "message") == 0)
		return read_message(item, at, messages, refusal);
	if (strcmp(type, "reasoning") == 0) {
		if (!sealed || strncmp(sealed, SIGNATURE, strlen(SIGNATURE)) != 0)
			return refuse(refusal, NULL, "invalid_encrypted_content",
				      "The encrypted content could not be verified.");
		(*blocks)++;
		return true;
	}
	if (strcmp(type, "function_call_output") == 0 && output) {
		json_array_append_new(messages,
				      json_pack("{s:s, s:s}", "role", "tool", "content", output));
		return true;
	}
	if (strcmp(type, "function_call") == 0 && json_object_get(item, "call_id"))
		return true;
	return refuse(refusal, NULL, "invalid_value", "Invalid value: 'input[%zu].type'.", at);
}

static bool read_input(const json_t *input, json_t *messages, json_int_t *blocks,
		       struct refusal *refusal)
{
	const json_t *item;
	size_t i;

	if (json_is_string(input)) {
		json_array_append_new(messages,
				      json_pack("{s:s, s:O}", "role", "user", "content", input));
		return true;
	}
	json_array_foreach(input, i, item)
	{
		if (!read_item(item, i, messages, blocks, refusal))
			return false;
	}
	return json_array_size(messages) > 0 ||
	       refuse(refusal, "input", "missing_required_parameter",
		      "Missing required parameter: 'input'.");
}

static json_t *read_body(_unused_ const struct httpd_request *req, json_t *body,
			 _unused_ struct arena *arena, struct refusal *refusal)
{
	static const char *const same[] = {"model", "stream", "temperature", "top_p", NULL};
	json_t *messages = json_array(), *out = json_pack("{s:o}", "messages", messages);
	const json_t *instructions = json_object_get(body, "instructions");
	json_int_t blocks = 0;
	bool ok = true;

	for (size_t i = 0; same[i]; i++) {
		if (json_object_get(body, same[i]))
			json_object_set(out, same[i], json_object_get(body, same[i]));
	}
	if (json_object_get(body, "max_output_tokens"))
		json_object_set(out, "max_tokens", json_object_get(body, "max_output_tokens"));
	if (json_object_get(body, "messages") || json_object_get(body, "max_tokens"))
		ok = refuse(refusal, NULL, "unknown_parameter",
			    "Unknown parameter of chat completions: use 'input' and "
			    "'max_output_tokens'.");
	if (ok && json_is_string(instructions))
		json_array_append_new(messages, json_pack("{s:s, s:O}", "role", "system", "content",
							  instructions));
	ok = ok && read_input(json_object_get(body, "input"), messages, &blocks, refusal);
	json_object_set_new(out, "blocks", json_integer(blocks));
	if (ok)
		return out;
	json_decref(out);
	return NULL;
}

/* ---------------------------------------------------------------- the response */

static json_t *usage_json(const struct exchange *x)
{
	struct counts counts;
	int64_t out;

	if (!exchange_usage(x, &counts))
		return NULL;
	out = (int64_t)((uint64_t)counts.out + (uint64_t)counts.thoughts);
	return json_pack("{s:I, s:{s:I, s:I}, s:I, s:{s:I}, s:I}", "input_tokens",
			 (json_int_t)counts.in, "input_tokens_details", "cached_tokens",
			 (json_int_t)counts.cached, "cache_write_tokens",
			 (json_int_t)counts.written, "output_tokens", (json_int_t)out,
			 "output_tokens_details", "reasoning_tokens", (json_int_t)counts.thoughts,
			 "total_tokens", (json_int_t)((uint64_t)counts.in + (uint64_t)out));
}

static json_t *reasoning_item(const struct exchange *x, bool done)
{
	char id[64], sealed[100];
	json_t *summary = json_array();

	snprintf(id, sizeof id, "rs_%.50s", x->id);
	snprintf(sealed, sizeof sealed, SIGNATURE "%.60s", x->id);
	if (done)
		json_array_append_new(summary, json_pack("{s:s, s:s}", "type", "summary_text",
							 "text", x->question.think));
	return json_pack("{s:s, s:s, s:o, s:s*}", "type", "reasoning", "id", id, "summary", summary,
			 "encrypted_content", done ? sealed : NULL);
}

static json_t *text_part(const char *text)
{
	return json_pack("{s:s, s:s, s:[], s:[]}", "type", "output_text", "text", text,
			 "annotations", "logprobs");
}

static json_t *message_item(const struct exchange *x, const char *text)
{
	char id[64];

	snprintf(id, sizeof id, "msg_%.50s", x->id);
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "type", "message", "id", id, "status",
			 text ? "completed" : "in_progress", "role", "assistant", "content",
			 text ? json_pack("[o]", text_part(text)) : json_array());
}

static json_t *call_item(const struct exchange *x, bool done)
{
	char id[64], call[64];

	snprintf(id, sizeof id, "fc_%.50s", x->id);
	snprintf(call, sizeof call, "call_%.50s", x->id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "function_call", "id", id,
			 "call_id", call, "name", x->question.tool, "arguments",
			 done ? exchange_arguments(x) : "", "status",
			 done ? "completed" : "in_progress");
}

/* text NULL: it goes on, and has no output yet. */
static json_t *response_json(struct exchange *x, const char *text)
{
	bool cut = strcmp(x->finish_reason, "length") == 0;
	json_t *output = json_array(), *usage = text ? usage_json(x) : NULL;
	json_t *why = text && cut ? json_pack("{s:s}", "reason", "max_output_tokens") : json_null();

	if (text && x->question.think)
		json_array_append_new(output, reasoning_item(x, true));
	if (text)
		json_array_append_new(output, message_item(x, text));
	if (text && x->question.tool)
		json_array_append_new(output, call_item(x, true));
	return json_pack("{s:s, s:s, s:I, s:s, s:n, s:o, s:s, s:o, s:b, s:[], s:s, s:b, s:o*}",
			 "id", x->id, "object", "response", "created_at", (json_int_t)x->created,
			 "status",
			 !text ? "in_progress"
			 : cut ? "incomplete"
			       : "completed",
			 "error", "incomplete_details", why, "model", x->question.model, "output",
			 output, "parallel_tool_calls", 1, "tools", "tool_choice", "auto", "store",
			 0, "usage", usage);
}

/* ---------------------------------------------------------------- events */

/* members is taken. */
static void add(struct exchange *x, const char *type, json_t *members, struct buf *out)
{
	json_object_set_new(members, "type", json_string(type));
	json_object_set_new(members, "sequence_number", json_integer(x->sequence++));
	exchange_event(out, type, members, "\n");
}

static void add_item(struct exchange *x, const char *type, int at, json_t *item, struct buf *out)
{
	add(x, type, json_pack("{s:i, s:o}", "output_index", at, "item", item), out);
}

/* Events of a thought and of a text name their item and their place. */
static json_t *place(const struct exchange *x, const char *prefix, int at, const char *index)
{
	char id[64];

	snprintf(id, sizeof id, "%s_%.50s", prefix, x->id);
	return json_pack("{s:s, s:i, s:i}", "item_id", id, "output_index", at, index, 0);
}

static json_t *with(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
	return object;
}

static json_t *summary_part(const char *text)
{
	return json_pack("{s:s, s:s}", "type", "summary_text", "text", text);
}

static void add_thought(struct exchange *x, struct buf *out)
{
	static const char index[] = "summary_index";
	const char *text = x->question.think;

	add_item(x, "response.output_item.added", 0, reasoning_item(x, false), out);
	add(x, "response.reasoning_summary_part.added",
	    with(place(x, "rs", 0, index), "part", summary_part("")), out);
	add(x, "response.reasoning_summary_text.delta",
	    with(place(x, "rs", 0, index), "delta", json_string(text)), out);
	add(x, "response.reasoning_summary_text.done",
	    with(place(x, "rs", 0, index), "text", json_string(text)), out);
	add(x, "response.reasoning_summary_part.done",
	    with(place(x, "rs", 0, index), "part", summary_part(text)), out);
	add_item(x, "response.output_item.done", 0, reasoning_item(x, true), out);
}

/* The place of the message. */
static int text_at(const struct exchange *x)
{
	return x->question.think ? 1 : 0;
}

static void head(struct exchange *x, struct buf *out)
{
	add(x, "response.created", json_pack("{s:o}", "response", response_json(x, NULL)), out);
	add(x, "response.in_progress", json_pack("{s:o}", "response", response_json(x, NULL)), out);
	if (x->question.think)
		add_thought(x, out);
	add_item(x, "response.output_item.added", text_at(x), message_item(x, NULL), out);
	add(x, "response.content_part.added",
	    with(place(x, "msg", text_at(x), "content_index"), "part", text_part("")), out);
}

static void token(struct exchange *x, const char *text, struct buf *out)
{
	json_t *members = place(x, "msg", text_at(x), "content_index");

	json_object_set_new(members, "delta", json_string(text));
	add(x, "response.output_text.delta", with(members, "logprobs", json_array()), out);
}

static void add_call(struct exchange *x, struct buf *out)
{
	const char *arguments = exchange_arguments(x);
	int at = text_at(x) + 1;
	char id[64];

	snprintf(id, sizeof id, "fc_%.50s", x->id);
	add_item(x, "response.output_item.added", at, call_item(x, false), out);
	add(x, "response.function_call_arguments.delta",
	    json_pack("{s:s, s:i, s:s}", "item_id", id, "output_index", at, "delta", arguments),
	    out);
	add(x, "response.function_call_arguments.done",
	    json_pack("{s:s, s:i, s:s, s:s}", "item_id", id, "output_index", at, "arguments",
		      arguments, "name", x->question.tool),
	    out);
	add_item(x, "response.output_item.done", at, call_item(x, true), out);
}

static void finish(struct exchange *x, struct buf *out)
{
	bool cut = strcmp(x->finish_reason, "length") == 0;
	const char *text = exchange_text(x);
	int at = text_at(x);

	x->next_piece = x->n_pieces;
	add(x, "response.output_text.done",
	    with(place(x, "msg", at, "content_index"), "text", json_string(text)), out);
	add(x, "response.content_part.done",
	    with(place(x, "msg", at, "content_index"), "part", text_part(text)), out);
	add_item(x, "response.output_item.done", at, message_item(x, text), out);
	if (x->question.tool)
		add_call(x, out);
	add(x, cut ? "response.incomplete" : "response.completed",
	    json_pack("{s:o}", "response", response_json(x, text)), out);
	if (x->question.fault.kind == FAULT_TWO_DONES)
		add(x, cut ? "response.incomplete" : "response.completed",
		    json_pack("{s:o}", "response", response_json(x, text)), out);
}

static void failed(struct exchange *x, struct refusal *refusal, struct buf *out)
{
	json_t *response = response_json(x, NULL);

	json_object_set_new(response, "status", json_string("failed"));
	json_object_set_new(
		response, "error",
		json_pack("{s:s?, s:s}", "code",
			  refusal->status == 429 ? "rate_limit_exceeded" : refusal->code, "message",
			  refusal->message));
	add(x, "response.failed", json_pack("{s:o}", "response", response), out);
}

static json_t *error(struct refusal *refusal, int64_t retry_after)
{
	return wire_openai.error(refusal, retry_after);
}

const struct wire wire_responses = {
	.name = "responses",
	.read = read_body,
	.head = head,
	.token = token,
	.finish = finish,
	.whole = response_json,
	.error = error,
	.failed = failed,
	.key_header = "authorization",
	.key_prefix = "Bearer ",
	.broken_json = "event: response.output_text.delta\ndata: {\"type\":\"response.output_\n\n",
	.broken_utf8 = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text."
		       "delta\",\"output_index\":0,\"delta\":\"\xff\xc3\x28\"}\n\n",
};
