/* Answers of servers that speak OpenAI's chat completions. Only the needed members are read: no
 * other can break an answer. A whole completion is an event with `message`. */
#include "chat/provider/openai.h"

#include "chat/provider/details.h"
#include "chat/provider/embeddings.h"
#include "chat/provider/item.h"

#include <string.h>
#include <strings.h>

#define PARTS_DEPTH_MAX 4 /* of parts within parts */

/* ---------------------------------------------------------------- text in its many shapes */

static bool is_thought(struct peek part)
{
	static const char *const types[] = {"thinking", "reasoning", "reasoning.text",
					    "reasoning.summary", "reasoning_content"};
	struct peek type = peek_member(part, "type");

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (peek_is(type, types[i]))
			return true;
	}
	return false;
}

/* A string, a part with text in it, or a list of both. False: no text was in it. */
static bool add_parts(struct provider_stream *stream, enum part kind, struct peek value,
		      int32_t depth)
{
	static const char *const members[] = {"text",    "thinking", "reasoning", "summary",
					      "content", "refusal",  "value"};
	struct peek part;
	bool some = false;

	if (peek_is_string(value)) {
		some = value.end - value.at > 2;
		if (some)
			provider_stream_add(stream, kind, value);
		return some;
	}
	if (depth == 0 || !(peek_is_array(value) || peek_is_object(value)))
		return false;
	if (peek_is_array(value)) {
		while (peek_next(&value, &part))
			some |= add_parts(stream, kind, part, depth - 1);
		return some;
	}
	if (is_thought(value))
		kind = PART_THOUGHT;
	else if (peek_is(peek_member(value, "type"), "refusal"))
		kind = PART_REFUSAL;
	for (size_t i = 0; !some && i < ARRAY_SIZE(members); i++)
		some = add_parts(stream, kind, peek_member(value, members[i]), depth - 1);
	return some;
}

/* Some servers send the same thoughts under two names, or one of the names with nothing. */
static void take_thoughts(struct provider_stream *stream, struct peek delta)
{
	static const char *const members[] = {"reasoning_content", "reasoning", "thinking",
					      "reasoning_details", "thinking_blocks"};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (add_parts(stream, PART_THOUGHT, peek_member(delta, members[i]),
			      PARTS_DEPTH_MAX))
			return;
	}
}

static void take_call(struct provider_stream *stream, struct peek call, struct peek function)
{
	int64_t place;

	if (!peek_number(peek_member(call, "index"), &place))
		place = -1;
	item_arguments(stream,
		       item_call_find(stream, place, peek_member(call, "id"),
				      peek_member(function, "name")),
		       peek_member(function, "arguments"));
}

static void take_calls(struct provider_stream *stream, struct peek delta)
{
	struct peek list = peek_member(delta, "tool_calls"), call;
	struct peek old = peek_member(delta, "function_call");

	while (peek_next(&list, &call)) {
		if (peek_is_object(call))
			take_call(stream, call, peek_member(call, "function"));
	}
	if (peek_says(old)) /* the API before tool_calls had one call */
		take_call(stream, (struct peek){0}, old);
}

/* Blocks that go back stand before what they led to. */
static void take_details(struct provider_stream *stream, struct peek delta)
{
	struct peek list = peek_member(delta, "reasoning_details"), detail;

	while (peek_next(&list, &detail))
		details_add(stream, detail);
	if (peek_says(peek_member(delta, "content")) || peek_says(peek_member(delta, "tool_calls")))
		details_end(stream);
}

static void take_delta(struct provider_stream *stream, struct peek delta)
{
	take_thoughts(stream, delta);
	take_details(stream, delta);
	add_parts(stream, PART_TEXT, peek_member(delta, "content"), PARTS_DEPTH_MAX);
	add_parts(stream, PART_REFUSAL, peek_member(delta, "refusal"), 0);
	take_calls(stream, delta);
}

/* ---------------------------------------------------------------- how it ends */

static bool is_one_of(struct peek value, const char *const *words)
{
	while (*words && !peek_is(value, *words))
		words++;
	return *words;
}

/* False: it is an error. An unknown word counts as STOP. */
static bool take_reason(struct provider_stream *stream, struct peek reason)
{
	static const char *const none[] = {"", "null", "none", NULL};
	static const char *const length[] = {"length", "max_tokens", "max_output_tokens",
					     "model_length", NULL};
	static const char *const filter[] = {
		"content_filter",     "safety",    "refusal", "recitation",
		"prohibited_content", "blocklist", "spii",    NULL};
	static const char *const tool[] = {"tool_calls", "function_call", "tool_use", NULL};

	if (!peek_is_string(reason) || is_one_of(reason, none))
		return true;
	if (peek_is(reason, "error"))
		return false;
	if (is_one_of(reason, tool))
		stream->wants_tool = true;
	if (is_one_of(reason, length))
		stream->stop = STOP_LENGTH;
	else if (is_one_of(reason, filter))
		stream->stop = STOP_FILTER;
	else if (stream->stop == STOP_NONE)
		stream->stop = STOP_STOP;
	return true;
}

/* A count within another: what exceeds it is no count. */
static int64_t part_of(struct peek details, const char *name, int64_t whole)
{
	int64_t n;

	if (!peek_number(peek_member(details, name), &n) || n < 0 || whole < 0)
		return 0;
	return n < whole ? n : whole;
}

/* Each usage holds all that was used so far. Parts of it are taken out of the whole. */
static bool take_usage(struct provider_stream *stream, struct peek root)
{
	struct peek usage = peek_member(root, "usage");
	struct peek details = peek_member(usage, "prompt_tokens_details");
	int64_t prompt, completion, reads, writes, images, thoughts, total;

	if (!peek_number(peek_member(usage, "prompt_tokens"), &prompt) ||
	    !peek_number(peek_member(usage, "completion_tokens"), &completion))
		return false;
	reads = part_of(details, "cached_tokens", prompt);
	writes = part_of(details, "cache_write_tokens", prompt - reads);
	images = part_of(details, "image_tokens", prompt - reads - writes);
	thoughts = part_of(peek_member(usage, "completion_tokens_details"), "reasoning_tokens",
			   INT64_MAX);
	/* xAI counts thoughts beside the answer, all others within it. */
	if (thoughts > 0 && peek_number(peek_member(usage, "total_tokens"), &total) &&
	    completion >= 0 && prompt >= 0 && total - prompt - completion == thoughts)
		completion += thoughts;
	if (thoughts > completion)
		thoughts = completion > 0 ? completion : 0;
	stream->has_usage = true;
	stream->usage = (struct usage){
		.input = prompt - reads - writes - images,
		.cached_input = reads,
		.cache_write_5m = writes,
		.image_input = images,
		.output = completion - thoughts,
		.reasoning = thoughts,
	};
	return true;
}

/* ---------------------------------------------------------------- events */

/* Words without choices, before any text, say why there is no answer. */
static bool only_explains(const struct provider_stream *stream, struct peek root)
{
	return !stream->wrote_text && !stream->wrote_thought && !peek_member(root, "choices").at &&
	       (peek_is_string(peek_member(root, "message")) ||
		peek_is_string(peek_member(root, "detail")));
}

static bool is_error(struct peek root, const char *name)
{
	struct peek error = peek_member(root, "error");

	if (peek_is_object(error) && !peek_says(peek_member(error, "message")) &&
	    !peek_says(peek_member(error, "code")) && !peek_says(peek_member(error, "type")))
		error = (struct peek){0}; /* it says that there was none */
	return peek_says(error) || strcmp(name, "error") == 0 ||
	       peek_is(peek_member(root, "object"), "error") ||
	       peek_is(peek_member(root, "type"), "error");
}

/* False: it is an error. */
static bool take_choice(struct provider_stream *stream, struct peek choice)
{
	struct peek delta = peek_member(choice, "delta"), message = peek_member(choice, "message");

	if (peek_says(delta)) {
		stream->deltas = true;
		take_delta(stream, delta);
	} else if (peek_is_object(message)) {
		if (!stream->deltas) /* otherwise it repeats their text */
			take_delta(stream, message);
		stream->whole = true;
	} else {
		add_parts(stream, PART_TEXT, peek_member(choice, "text"), 0);
	}
	if (stream->wants_logprobs)
		item_logprobs(stream, peek_member(peek_member(choice, "logprobs"), "content"));
	return take_reason(stream, peek_member(choice, "finish_reason"));
}

/* The data without the wrapping of some servers. */
static void unwrap(const char **data, size_t *len)
{
	for (;;) {
		while (*len > 0 && strchr(" \t\r\n", **data)) {
			(*data)++;
			(*len)--;
		}
		if (*len < 5 || memcmp(*data, "data:", 5) != 0)
			break;
		*data += 5;
		*len -= 5;
	}
	while (*len > 0 && strchr(" \t\r\n", (*data)[*len - 1]))
		(*len)--;
}

static bool is_done(const char *data, size_t len)
{
	return (len == 6 && strncasecmp(data, "[DONE]", 6) == 0) ||
	       (len == 8 && strncasecmp(data, "\"[DONE]\"", 8) == 0);
}

enum provider_event openai_event(struct provider_stream *stream, const char *name, const char *data,
				 size_t len, struct provider_fault *fault)
{
	struct peek root, choices, choice;
	bool some, usage;

	unwrap(&data, &len);
	if (is_done(data, len)) {
		stream->done = true;
		return PROVIDER_EVENT_READ;
	}
	if (!peek_object(data, len, &root)) {
		if (len == 0 || strcmp(name, "error") != 0)
			return PROVIDER_EVENT_ODD;
		provider_fault_body(200, stream->retry_after, data, len, fault);
		return PROVIDER_EVENT_ERROR;
	}
	if (is_error(root, name) || only_explains(stream, root)) {
		provider_fault_body(200, stream->retry_after, data, len, fault);
		return PROVIDER_EVENT_ERROR;
	}
	if (stream->embedding.input)
		return embeddings_take(stream, root, fault);
	choices = peek_member(root, "choices");
	some = peek_next(&choices, &choice);
	if (some && !take_choice(stream, choice)) {
		provider_fault_broken(fault, "it ended with an error");
		return PROVIDER_EVENT_ERROR;
	}
	usage = take_usage(stream, root);
	stream->last_usage |= usage && !some;
	return choices.at || usage ? PROVIDER_EVENT_READ : PROVIDER_EVENT_ODD;
}
