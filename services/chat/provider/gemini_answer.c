/* Answers of Gemini. Each event is a whole GenerateContentResponse with the next parts; an answer in
 * one piece is a single one, or a list of them. */
#include "chat/provider/gemini.h"

#include "chat/provider/item.h"

#include <jansson.h>
#include <string.h>

#define DATA_BYTES_MAX (16u << 20)

/* ---------------------------------------------------------------- parts */

/* Keeps the signature of a part. It goes back at the same part: the text, a thought, or the call of
 * this id. */
static void keep_signature(struct provider_stream *stream, struct peek part, const char *on)
{
	struct peek signature = peek_member(part, "thoughtSignature"), object;
	struct buf *data = &stream->block;

	if (!signature.at) /* Vertex and some proxies */
		signature = peek_member(part, "thought_signature");
	if (!peek_is_string(signature) || !peek_says(signature))
		return;
	buf_clear(data);
	data->overflow = false;
	buf_addf(data, "{\"on\":\"%s\",\"thoughtSignature\":", on);
	if (!item_json(signature, data))
		return;
	buf_addc(data, '}');
	if (peek_object(buf_text(data), data->len, &object))
		item_reasoning(stream, GEMINI_API, object);
}

static void take_call(struct provider_stream *stream, struct peek part, struct peek call)
{
	struct peek arguments = peek_member(call, "args");
	static const char none[] = "{}";
	char id[ITEM_ID_SIZE];
	int32_t index =
		item_call_named(stream, peek_member(call, "id"), peek_member(call, "name"), id);

	if (!peek_is_object(arguments))
		arguments = (struct peek){none, none + 2};
	item_arguments(stream, index, arguments);
	if (index >= 0)
		keep_signature(stream, part, id);
}

static void take_part(struct provider_stream *stream, struct peek part)
{
	struct peek call = peek_member(part, "functionCall"), text = peek_member(part, "text");
	bool thought = peek_says(peek_member(part, "thought"));

	if (peek_is_object(call)) {
		take_call(stream, part, call);
		return;
	}
	if (peek_is_string(text))
		provider_stream_add(stream, thought ? PART_THOUGHT : PART_TEXT, text);
	if (peek_is_object(peek_member(part, "inlineData")) && !thought)
		stream->usage.images++;
	keep_signature(stream, part, thought ? "thought" : "text");
}

/* ---------------------------------------------------------------- how it ends */

/* False: it is an error. An unknown word counts as STOP. Calls of tools end with STOP, too. */
static bool take_reason(struct provider_stream *stream, struct peek reason,
			struct provider_fault *fault)
{
	static const struct {
		const char *word;
		enum { NONE, LENGTH, FILTER, BROKEN } means;
	} words[] = {
		{"", NONE},
		{"FINISH_REASON_UNSPECIFIED", NONE},
		{"MAX_TOKENS", LENGTH},
		{"SAFETY", FILTER},
		{"RECITATION", FILTER},
		{"LANGUAGE", FILTER},
		{"BLOCKLIST", FILTER},
		{"PROHIBITED_CONTENT", FILTER},
		{"SPII", FILTER},
		{"IMAGE_SAFETY", FILTER},
		{"IMAGE_PROHIBITED_CONTENT", FILTER},
		{"IMAGE_RECITATION", FILTER},
		{"MODEL_ARMOR", FILTER},
		{"MALFORMED_FUNCTION_CALL", BROKEN},
		{"MALFORMED_RESPONSE", BROKEN},
		{"UNEXPECTED_TOOL_CALL", BROKEN},
		{"TOO_MANY_TOOL_CALLS", BROKEN},
	};
	size_t i = 0;

	if (!peek_is_string(reason))
		return true;
	while (i < ARRAY_SIZE(words) && !peek_is(reason, words[i].word))
		i++;
	if (i < ARRAY_SIZE(words) && words[i].means == NONE)
		return true;
	if (i < ARRAY_SIZE(words) && words[i].means == BROKEN && !stream->wrote_text &&
	    stream->n_calls == 0) {
		provider_fault_broken(fault, "it called a tool in a form that cannot be read");
		return false;
	}
	stream->stop = stream->n_calls > 0 ? STOP_TOOL : STOP_STOP;
	if (i < ARRAY_SIZE(words) && words[i].means == LENGTH)
		stream->stop = STOP_LENGTH;
	else if (i < ARRAY_SIZE(words) && words[i].means == FILTER)
		stream->stop = STOP_FILTER;
	return true;
}

static int64_t count(struct peek usage, const char *name)
{
	int64_t n;

	return peek_number(peek_member(usage, name), &n) && n > 0 ? n : 0;
}

/* The tokens of images in a list of modalities. */
static int64_t image_tokens(struct peek list)
{
	struct peek one;
	int64_t n = 0;

	while (peek_next(&list, &one)) {
		if (peek_is(peek_member(one, "modality"), "IMAGE"))
			n += count(one, "tokenCount");
	}
	return n;
}

static int64_t at_least_0(int64_t n)
{
	return n > 0 ? n : 0;
}

/* Each usage holds all that was used so far. The prompt's count includes what the cache held, the
 * answer's count leaves thoughts out. Prompts that results of the provider's own tools add are
 * counted beside. */
static bool take_usage(struct provider_stream *stream, struct peek usage)
{
	int64_t prompt = count(usage, "promptTokenCount"), output, thoughts, tools, cached, images;

	if (prompt == 0)
		return false;
	cached = count(usage, "cachedContentTokenCount");
	tools = count(usage, "toolUsePromptTokenCount");
	thoughts = count(usage, "thoughtsTokenCount");
	output = count(usage, "candidatesTokenCount");
	if (output == 0)
		output = at_least_0(count(usage, "totalTokenCount") - prompt - tools - thoughts);
	images = at_least_0(image_tokens(peek_member(usage, "promptTokensDetails")) -
			    image_tokens(peek_member(usage, "cacheTokensDetails")));
	if (cached > prompt)
		cached = prompt;
	if (images > prompt - cached)
		images = prompt - cached;
	stream->has_usage = true;
	stream->usage = (struct usage){.input = prompt - cached - images + tools,
				       .cached_input = cached,
				       .image_input = images,
				       .output = output,
				       .reasoning = thoughts,
				       .images = stream->usage.images};
	return true;
}

/* ---------------------------------------------------------------- beside the text */

static json_t *logprob_json(const json_t *candidate)
{
	return json_pack("{s:s, s:f, s:n}", "token",
			 json_string_value(json_object_get(candidate, "token"))
				 ? json_string_value(json_object_get(candidate, "token"))
				 : "",
			 "logprob", json_number_value(json_object_get(candidate, "logProbability")),
			 "bytes");
}

/* Gemini's lists of chosen and of likely tokens, in OpenAI's shape. */
static void take_logprobs(struct provider_stream *stream, struct peek result)
{
	_cleanup_(json_decrefp) json_t *root = NULL;
	_cleanup_(buf_done) struct buf text;
	json_t *list, *chosen, *likely;
	char *dump;
	size_t i, k;

	buf_init(&text, DATA_BYTES_MAX);
	if (!peek_is_object(result) || !item_json(result, &text))
		return;
	root = json_loads(buf_text(&text), JSON_ALLOW_NUL, NULL);
	list = json_array();
	json_array_foreach(json_object_get(root, "chosenCandidates"), i, chosen)
	{
		json_t *one = logprob_json(chosen), *top = json_array();
		const json_t *at = json_array_get(json_object_get(root, "topCandidates"), i);

		json_array_foreach(json_object_get(at, "candidates"), k, likely)
			json_array_append_new(top, logprob_json(likely));
		json_object_set_new(one, "top_logprobs", top);
		json_array_append_new(list, one);
	}
	dump = json_dumps(list, JSON_COMPACT);
	if (dump)
		item_logprobs(stream, (struct peek){dump, dump + strlen(dump)});
	free(dump);
	json_decref(list);
}

static void take_sources(struct provider_stream *stream, struct peek grounding)
{
	struct peek chunks = peek_member(grounding, "groundingChunks"), chunk;

	while (peek_next(&chunks, &chunk)) {
		struct peek web = peek_member(chunk, "web");

		item_citation(stream, peek_member(web, "uri"), peek_member(web, "title"));
	}
}

/* ---------------------------------------------------------------- events */

/* The words of fault.c's table for a prompt that the provider does not answer. */
static enum provider_event blocked(struct provider_fault *fault)
{
	static const char body[] = "{\"error\":{\"code\":\"prohibited_content\"}}";

	provider_fault_body(200, NULL, body, sizeof body - 1, fault);
	return PROVIDER_EVENT_ERROR;
}

static bool says_block(struct peek feedback)
{
	struct peek reason = peek_member(feedback, "blockReason");

	return peek_says(reason) && !peek_is(reason, "BLOCK_REASON_UNSPECIFIED");
}

static bool take_candidate(struct provider_stream *stream, struct peek candidate,
			   struct provider_fault *fault)
{
	struct peek parts = peek_member(peek_member(candidate, "content"), "parts"), part;

	while (peek_next(&parts, &part))
		take_part(stream, part);
	take_logprobs(stream, peek_member(candidate, "logprobsResult"));
	take_sources(stream, peek_member(candidate, "groundingMetadata"));
	return take_reason(stream, peek_member(candidate, "finishReason"), fault);
}

enum provider_event gemini_event(struct provider_stream *stream, const char *name, const char *data,
				 size_t len, struct provider_fault *fault)
{
	struct peek root, candidates, candidate;
	bool usage;

	if (!peek_object(data, len, &root)) {
		if (len == 6 && memcmp(data, "[DONE]", 6) == 0) { /* some proxies */
			stream->done = true;
			return PROVIDER_EVENT_READ;
		}
		if (len == 0 || strcmp(name, "error") != 0)
			return PROVIDER_EVENT_ODD;
		provider_fault_body(200, stream->retry_after, data, len, fault);
		return PROVIDER_EVENT_ERROR;
	}
	if (peek_says(peek_member(root, "error"))) {
		provider_fault_body(200, stream->retry_after, data, len, fault);
		return PROVIDER_EVENT_ERROR;
	}
	usage = take_usage(stream, peek_member(root, "usageMetadata"));
	if (says_block(peek_member(root, "promptFeedback")))
		return blocked(fault);
	candidates = peek_member(root, "candidates");
	/* Only the first one is shown; one is asked for. */
	if (peek_next(&candidates, &candidate) && !take_candidate(stream, candidate, fault))
		return PROVIDER_EVENT_ERROR;
	return candidates.at || usage ? PROVIDER_EVENT_READ : PROVIDER_EVENT_ODD;
}
