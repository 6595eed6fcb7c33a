/* Answers of Anthropic's Messages API. Only the needed members are read. A whole message is an event
 * with `content`. */
#include "chat/provider/anthropic.h"

#include "chat/provider/item.h"

#include <string.h>

/* ---------------------------------------------------------------- usage */

static void set(int64_t *count, struct peek usage, const char *name)
{
	int64_t n;

	if (peek_number(peek_member(usage, name), &n))
		*count = n;
}

/* Counts are cumulative and stand in several events: each is set, never added. Cached tokens are
 * beside input_tokens. Some gateways send them in message_delta alone. */
static void take_usage(struct provider_stream *stream, struct peek usage)
{
	struct usage *counts = &stream->usage;
	struct peek written = peek_member(usage, "cache_creation");
	int64_t answer = usage_completion(counts);

	if (!peek_is_object(usage))
		return;
	set(&counts->input, usage, "input_tokens");
	set(&answer, usage,
	    "output_tokens"); /* with those of thoughts, where they are told apart */
	set(&counts->reasoning, peek_member(usage, "output_tokens_details"), "thinking_tokens");
	if (counts->reasoning > answer || counts->reasoning < 0)
		counts->reasoning = answer > 0 ? answer : 0;
	counts->output = answer - counts->reasoning;
	set(&counts->tool_calls, peek_member(usage, "server_tool_use"), "web_search_requests");
	set(&counts->cached_input, usage, "cache_read_input_tokens");
	if (peek_is_object(written)) {
		set(&counts->cache_write_5m, written, "ephemeral_5m_input_tokens");
		set(&counts->cache_write_1h, written, "ephemeral_1h_input_tokens");
	} else if (counts->cache_write_1h == 0) { /* otherwise it is their sum */
		set(&counts->cache_write_5m, usage, "cache_creation_input_tokens");
	}
	stream->has_usage |= peek_member(usage, "output_tokens").at != NULL;
	stream->usage_begun = false;
}

/* ---------------------------------------------------------------- blocks */

static bool is_type(struct peek value, const char *word)
{
	return peek_is(peek_member(value, "type"), word);
}

/* A stream's index of a block. */
static int64_t place_of(struct peek root)
{
	int64_t place;

	return peek_number(peek_member(root, "index"), &place) ? place : -1;
}

static bool is_answer_tool(const struct provider_stream *stream, struct peek block)
{
	return stream->calls_max == 0 && peek_is(peek_member(block, "name"), ANTHROPIC_ANSWER_TOOL);
}

static void begin_tool(struct provider_stream *stream, int64_t place, struct peek block)
{
	struct peek input = peek_member(block, "input");
	int32_t index;

	stream->answer_tool = is_answer_tool(stream, block);
	if (stream->answer_tool)
		return;
	index = item_call(stream, place, peek_member(block, "id"), peek_member(block, "name"));
	if (peek_says(input)) /* in a stream it is empty, and pieces follow */
		item_arguments(stream, index, input);
}

static void give_block(struct provider_stream *stream, struct peek block)
{
	stream->wrote_thought = true; /* also when its words were kept back */
	item_reasoning(stream, ANTHROPIC_API, block);
}

/* Bytes of a string between its quotation marks, as they are: a signature covers them. */
static void add_raw(struct provider_stream *stream, struct peek string)
{
	if (peek_is_string(string))
		buf_add(&stream->block, string.at + 1, (size_t)(string.end - string.at - 2));
}

static void begin_thought(struct provider_stream *stream, struct peek block)
{
	buf_clear(&stream->block);
	stream->block.overflow = false;
	stream->block_signed = false;
	buf_adds(&stream->block, "{\"type\":\"thinking\",\"thinking\":\"");
	add_raw(stream, peek_member(block, "thinking"));
}

static void sign_thought(struct provider_stream *stream, struct peek signature)
{
	if (!peek_says(signature))
		return;
	if (!stream->block_signed)
		buf_adds(&stream->block, "\",\"signature\":\"");
	stream->block_signed = true;
	add_raw(stream, signature);
}

/* A block of thoughts is complete: signed, it goes back as a whole. */
static void end_block(struct provider_stream *stream)
{
	struct peek block;

	buf_adds(&stream->block, "\"}");
	if (stream->block_signed && !stream->block.overflow &&
	    peek_object(buf_text(&stream->block), stream->block.len, &block))
		give_block(stream, block);
	stream->block_signed = false;
	stream->answer_tool = false;
}

static void begin_block(struct provider_stream *stream, int64_t place, struct peek block)
{
	if (is_type(block, "text")) {
		provider_stream_add(stream, PART_TEXT, peek_member(block, "text"));
	} else if (is_type(block, "thinking")) {
		begin_thought(stream, block);
		provider_stream_add(stream, PART_THOUGHT, peek_member(block, "thinking"));
		sign_thought(stream, peek_member(block, "signature"));
	} else if (is_type(block, "redacted_thinking")) {
		give_block(stream, block);
	} else if (is_type(block, "tool_use")) {
		begin_tool(stream, place, block);
	}
}

static void take_delta(struct provider_stream *stream, int64_t place, struct peek delta)
{
	struct peek json = peek_member(delta, "partial_json");

	if (is_type(delta, "text_delta")) {
		provider_stream_add(stream, PART_TEXT, peek_member(delta, "text"));
	} else if (is_type(delta, "thinking_delta")) {
		add_raw(stream, peek_member(delta, "thinking"));
		provider_stream_add(stream, PART_THOUGHT, peek_member(delta, "thinking"));
	} else if (is_type(delta, "signature_delta")) {
		sign_thought(stream, peek_member(delta, "signature"));
	} else if (is_type(delta, "input_json_delta") && peek_is_string(json)) {
		if (stream->answer_tool)
			provider_stream_add(stream, PART_TEXT, json);
		else
			item_arguments(stream, item_call_at(stream, place), json);
	}
}

/* ---------------------------------------------------------------- the end */

static void take_reason(struct provider_stream *stream, struct peek reason)
{
	if (!peek_is_string(reason) || !peek_says(reason))
		return;
	if (peek_is(reason, "max_tokens") || peek_is(reason, "model_context_window_exceeded"))
		stream->stop = STOP_LENGTH;
	else if (peek_is(reason, "refusal"))
		stream->stop = STOP_FILTER;
	else if (peek_is(reason, "tool_use") && stream->n_calls > 0)
		stream->stop = STOP_TOOL;
	else /* end_turn, stop_sequence, pause_turn, and those to come */
		stream->stop = STOP_STOP;
}

/* Callers of the API learn which of their texts ended the answer. */
static void take_stop(struct provider_stream *stream, struct peek end)
{
	item_stop_sequence(stream, peek_member(end, "stop_sequence"));
	take_reason(stream, peek_member(end, "stop_reason"));
}

/* An answer in one piece. */
static void take_message(struct provider_stream *stream, struct peek message)
{
	struct peek list = peek_member(message, "content"), block;
	int64_t place = 0;

	while (peek_next(&list, &block)) {
		begin_block(stream, place++, block);
		if (stream->answer_tool) {
			struct buf *text = &stream->block;

			buf_clear(text);
			if (!item_json(peek_member(block, "input"), text))
				buf_adds(text, "{}");
			stream->on_text(stream->ctx, buf_text(text), text->len);
			stream->wrote_text = true;
		}
		end_block(stream);
	}
	take_usage(stream, peek_member(message, "usage"));
	take_stop(stream, message);
	stream->whole = true;
}

enum provider_event anthropic_event(struct provider_stream *stream, const char *name,
				    const char *data, size_t len, struct provider_fault *fault)
{
	struct peek root;

	if (!peek_object(data, len, &root))
		return PROVIDER_EVENT_ODD;
	if (is_type(root, "error") || strcmp(name, "error") == 0 ||
	    peek_says(peek_member(root, "error"))) {
		provider_fault_body(200, stream->retry_after, data, len, fault);
		return PROVIDER_EVENT_ERROR;
	}
	if (is_type(root, "content_block_delta")) {
		take_delta(stream, place_of(root), peek_member(root, "delta"));
	} else if (is_type(root, "content_block_start")) {
		begin_block(stream, place_of(root), peek_member(root, "content_block"));
	} else if (is_type(root, "content_block_stop")) {
		end_block(stream);
	} else if (is_type(root, "message_start")) {
		take_usage(stream, peek_member(peek_member(root, "message"), "usage"));
		stream->usage_begun = stream->has_usage;
	} else if (is_type(root, "message_delta")) {
		take_usage(stream, peek_member(root, "usage"));
		take_stop(stream, peek_member(root, "delta"));
	} else if (is_type(root, "message_stop")) {
		stream->done = true;
	} else if (is_type(root, "message")) {
		take_message(stream, root);
	} else if (!is_type(root, "ping")) {
		return PROVIDER_EVENT_ODD;
	}
	return PROVIDER_EVENT_READ;
}
