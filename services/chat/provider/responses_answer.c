/* Answers of OpenAI's Responses: events that are named by their type, or one whole response. */
#include "chat/provider/responses.h"

#include "chat/provider/item.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- usage and the end */

static int64_t count(struct peek usage, const char *name)
{
	int64_t n;

	return peek_number(peek_member(usage, name), &n) && n > 0 ? n : 0;
}

static int64_t at_most(int64_t n, int64_t max)
{
	return n < max ? n : max;
}

/* Tokens of the cache are counted in the prompt's, and tokens of thoughts in the answer's. */
static void take_usage(struct provider_stream *stream, struct peek usage)
{
	struct peek in = peek_member(usage, "input_tokens_details");
	int64_t input = count(usage, "input_tokens"), output = count(usage, "output_tokens");
	int64_t cached = at_most(count(in, "cached_tokens"), input);
	int64_t written = at_most(count(in, "cache_write_tokens"), input - cached);
	int64_t thoughts = at_most(
		count(peek_member(usage, "output_tokens_details"), "reasoning_tokens"), output);

	if (input == 0)
		return;
	stream->has_usage = true;
	stream->usage = (struct usage){.input = input - cached - written,
				       .cached_input = cached,
				       .cache_write_5m = written,
				       .output = output - thoughts,
				       .reasoning = thoughts,
				       .images = stream->usage.images,
				       .tool_calls = stream->usage.tool_calls};
}

static void take_end(struct provider_stream *stream, struct peek response)
{
	struct peek reason = peek_member(peek_member(response, "incomplete_details"), "reason");

	take_usage(stream, peek_member(response, "usage"));
	stream->stop = stream->n_calls > 0 ? STOP_TOOL : STOP_STOP;
	if (peek_is(reason, "max_output_tokens") || peek_is(reason, "max_tokens"))
		stream->stop = STOP_LENGTH;
	else if (peek_is(reason, "content_filter"))
		stream->stop = STOP_FILTER;
	stream->done = true;
}

/* ---------------------------------------------------------------- items */

/* The content of a message that came without deltas. */
static void take_content(struct provider_stream *stream, struct peek list)
{
	struct peek part;

	while (peek_next(&list, &part)) {
		if (peek_is_string(peek_member(part, "text")))
			provider_stream_add(stream, PART_TEXT, peek_member(part, "text"));
		if (peek_is_string(peek_member(part, "refusal")))
			provider_stream_add(stream, PART_REFUSAL, peek_member(part, "refusal"));
	}
}

static void take_thoughts(struct provider_stream *stream, struct peek list)
{
	static const char gap[] = "\"\\n\\n\"";
	bool first = true;
	struct peek part;

	while (peek_next(&list, &part)) {
		if (!peek_says(peek_member(part, "text")))
			continue;
		if (!first)
			provider_stream_add(stream, PART_THOUGHT,
					    (struct peek){gap, gap + sizeof gap - 1});
		provider_stream_add(stream, PART_THOUGHT, peek_member(part, "text"));
		first = false;
	}
}

/* The item goes back as it came. Without its encrypted part it is of no use there. */
static void take_reasoning(struct provider_stream *stream, struct peek item)
{
	if (!stream->wrote_thought) {
		take_thoughts(stream, peek_member(item, "summary"));
		take_thoughts(stream, peek_member(item, "content"));
	}
	if (peek_says(peek_member(item, "encrypted_content")))
		item_reasoning(stream, RESPONSES_API, item);
}

/* Some servers leave out the place: then it is the last call's. */
static int32_t call_at(const struct provider_stream *stream, int64_t at)
{
	return at < 0 ? stream->n_calls - 1 : item_call_at(stream, at);
}

static void end_call(struct provider_stream *stream, int32_t index, struct peek arguments)
{

	if (!item_has_arguments(stream, index))
		item_arguments(stream, index, arguments);
}

/* Calls of tools that run there. */
static bool is_own_tool(struct peek type)
{
	static const char *const types[] = {"web_search_call", "file_search_call",
					    "code_interpreter_call", "mcp_call", "computer_call"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (peek_is(type, types[i]))
			return true;
	}
	return false;
}

static void take_item(struct provider_stream *stream, int64_t at, struct peek item)
{
	struct peek type = peek_member(item, "type");

	if (peek_is(type, "message")) {
		if (!stream->deltas)
			take_content(stream, peek_member(item, "content"));
	} else if (peek_is(type, "reasoning")) {
		take_reasoning(stream, item);
	} else if (peek_is(type, "function_call")) {
		end_call(stream,
			 item_call_find(stream, at, peek_member(item, "call_id"),
					peek_member(item, "name")),
			 peek_member(item, "arguments"));
	} else if (peek_is(type, "image_generation_call")) {
		stream->usage.images++;
	} else if (is_own_tool(type)) {
		stream->usage.tool_calls++;
	}
}

/* ---------------------------------------------------------------- events */

static enum provider_event failed(struct provider_stream *stream, struct peek object,
				  struct provider_fault *fault)
{
	provider_fault_body(200, stream->retry_after, object.at, (size_t)(object.end - object.at),
			    fault);
	return PROVIDER_EVENT_ERROR;
}

/* A response in one piece. */
static enum provider_event take_whole(struct provider_stream *stream, struct peek response,
				      struct provider_fault *fault)
{
	struct peek output = peek_member(response, "output"), item;
	int64_t at = 0;

	if (peek_is(peek_member(response, "status"), "failed"))
		return failed(stream, response, fault);
	while (peek_next(&output, &item))
		take_item(stream, at++, item);
	take_end(stream, response);
	stream->whole = true;
	return PROVIDER_EVENT_READ;
}

/* True: it is one of the pieces of text. */
static bool take_delta(struct provider_stream *stream, struct peek type, struct peek root)
{
	static const struct {
		const char *type;
		enum part part;
	} deltas[] = {
		{"response.output_text.delta", PART_TEXT},
		{"response.refusal.delta", PART_REFUSAL},
		{"response.reasoning_summary_text.delta", PART_THOUGHT},
		{"response.reasoning_text.delta", PART_THOUGHT},
	};
	struct peek delta = peek_member(root, "delta");

	for (size_t i = 0; i < ARRAY_SIZE(deltas); i++) {
		if (!peek_is(type, deltas[i].type))
			continue;
		if (peek_is_string(delta))
			provider_stream_add(stream, deltas[i].part, delta);
		if (deltas[i].part != PART_THOUGHT)
			stream->deltas = true;
		item_logprobs(stream, peek_member(root, "logprobs"));
		return true;
	}
	return false;
}

/* The parts of a summary have no line between them. */
static void begin_summary(struct provider_stream *stream)
{
	static const char gap[] = "\"\\n\\n\"";

	if (stream->wrote_thought)
		provider_stream_add(stream, PART_THOUGHT, (struct peek){gap, gap + sizeof gap - 1});
}

/* True: it is part of an item. */
static bool take_piece(struct provider_stream *stream, struct peek type, struct peek root)
{
	struct peek item = peek_member(root, "item");
	int64_t at;

	if (!peek_number(peek_member(root, "output_index"), &at))
		at = -1;
	if (take_delta(stream, type, root))
		return true;
	if (peek_is(type, "response.output_item.added")) {
		if (peek_is(peek_member(item, "type"), "function_call"))
			item_call(stream, at, peek_member(item, "call_id"),
				  peek_member(item, "name"));
	} else if (peek_is(type, "response.output_item.done")) {
		take_item(stream, at, item);
	} else if (peek_is(type, "response.function_call_arguments.delta")) {
		item_arguments(stream, call_at(stream, at), peek_member(root, "delta"));
	} else if (peek_is(type, "response.function_call_arguments.done")) {
		end_call(stream, call_at(stream, at), peek_member(root, "arguments"));
	} else if (peek_is(type, "response.reasoning_summary_part.added")) {
		begin_summary(stream);
	} else if (peek_is(type, "response.output_text.annotation.added")) {
		struct peek source = peek_member(root, "annotation");

		item_citation(stream, peek_member(source, "url"), peek_member(source, "title"));
	} else {
		return false;
	}
	return true;
}

static bool begins_so(struct peek string, const char *words)
{
	size_t n = strlen(words);

	return peek_is_string(string) && (size_t)(string.end - string.at) > n + 1 &&
	       strncasecmp(string.at + 1, words, n) == 0;
}

static bool nothing_came(const struct provider_stream *stream)
{
	return !stream->deltas && !stream->wrote_text && stream->n_calls == 0;
}

static enum provider_event take_event(struct provider_stream *stream, struct peek type,
				      struct peek root, struct provider_fault *fault)
{
	struct peek response = peek_member(root, "response");

	if (take_piece(stream, type, root))
		return PROVIDER_EVENT_READ;
	if (peek_is(type, "error"))
		return failed(stream, root, fault);
	if (peek_is(type, "response.failed"))
		return failed(stream, response.at ? response : root, fault);
	if (peek_is(type, "response.completed") || peek_is(type, "response.incomplete") ||
	    peek_is(type, "response.done")) {
		if (nothing_came(stream))
			return take_whole(stream, response, fault);
		take_end(stream, response);
		return PROVIDER_EVENT_READ;
	}
	return begins_so(type, "response.") || peek_is(type, "keepalive") ? PROVIDER_EVENT_READ
									  : PROVIDER_EVENT_ODD;
}

enum provider_event responses_event(struct provider_stream *stream, const char *name,
				    const char *data, size_t len, struct provider_fault *fault)
{
	char quoted[80];
	struct peek root, type;

	if (len == 6 && memcmp(data, "[DONE]", 6) == 0) {
		stream->done = true;
		return PROVIDER_EVENT_READ;
	}
	if (!peek_object(data, len, &root)) {
		if (len == 0 || strcmp(name, "error") != 0)
			return PROVIDER_EVENT_ODD;
		provider_fault_body(200, stream->retry_after, data, len, fault);
		return PROVIDER_EVENT_ERROR;
	}
	if (peek_is(peek_member(root, "object"), "response"))
		return take_whole(stream, root, fault);
	type = peek_member(root, "type");
	if (!peek_is_string(type)) { /* some proxies leave it to the line `event:` */
		snprintf(quoted, sizeof quoted, "\"%.70s\"", name);
		type = (struct peek){quoted, quoted + strlen(quoted)};
	}
	if (!begins_so(type, "response.") && peek_says(peek_member(root, "error")))
		return failed(stream, root, fault);
	return take_event(stream, type, root, fault);
}
