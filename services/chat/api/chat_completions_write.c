/* OpenAI's chat completions: answers, whole and as chunks. */
#include "chat/api/chat_completions.h"

#include "chat/api/opaque.h"
#include "chat/api/writing.h"

#include <inttypes.h>
#include <string.h>

/* ---------------------------------------------------------------- parts of both forms */

static void add_head(const struct api_writer *writer, const char *object, struct buf *out)
{
	buf_addf(out,
		 "{\"id\":\"chatcmpl-%s\",\"object\":\"%s\",\"created\":%" PRId64 ",\"model\":",
		 writer->id, object, writer->create_s);
	add_buf(out, &writer->model);
	buf_adds(out, ",\"service_tier\":\"default\",\"system_fingerprint\":null,\"choices\":[");
}

static void add_usage(const struct api_writer *writer, struct buf *out)
{
	const Chat__V1__Usage *usage = &writer->usage;

	buf_addf(out,
		 "\"usage\":{\"prompt_tokens\":%" PRId32 ",\"completion_tokens\":%" PRId32
		 ",\"total_tokens\":%" PRId64
		 ",\"prompt_tokens_details\":{\"cached_tokens\":%" PRId32
		 ",\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":%" PRId32
		 ",\"audio_tokens\":0,\"accepted_prediction_tokens\":0,"
		 "\"rejected_prediction_tokens\":0}}",
		 usage->prompt_tokens, usage->completion_tokens,
		 (int64_t)usage->prompt_tokens + usage->completion_tokens, usage->cached_tokens,
		 usage->reasoning_tokens);
}

static const char *finish_reason(const struct api_writer *writer)
{
	switch (writer->stop) {
	case CHAT__V1__STOP_REASON__LENGTH:
		return "length";
	case CHAT__V1__STOP_REASON__FILTER:
		return "content_filter";
	default:
		return writer->n_calls > 0 ? "tool_calls" : "stop";
	}
}

/* Blocks come together in the last chunk: clients replace a member that they do not know by the
 * next one of its name. */
static void keep_details(struct api_writer *writer, const struct piece *piece)
{
	struct buf *details = &writer->details;
	struct peek list = piece->data;

	if (strcmp(piece->api, "openai") == 0) { /* elements of OpenRouter's own list */
		if (has_elements(list)) {
			if (details->len > 0)
				buf_addc(details, ',');
			buf_add(details, list.at + 1, (size_t)(list.end - list.at - 2));
		}
		return;
	}
	if (details->len > 0)
		buf_addc(details, ',');
	buf_adds(details, "{\"type\":\"reasoning.encrypted\",\"format\":\"limitless\",\"data\":\"");
	opaque_write(details, piece->api, piece->data);
	buf_addf(details, "\",\"id\":null,\"index\":%" PRId64 "}", writer->sequence++);
}

static void add_details(const struct api_writer *writer, struct buf *out)
{
	buf_adds(out, "\"reasoning_details\":[");
	add_buf(out, &writer->details);
	buf_addc(out, ']');
}

static void add_annotation(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	buf_adds(out, "{\"type\":\"url_citation\",\"url_citation\":{\"url\":");
	add_string(writer, out, piece->text);
	buf_adds(out, ",\"title\":");
	add_string(writer, out, piece->name);
	buf_addf(out, ",\"start_index\":%" PRId64 ",\"end_index\":%" PRId64 "}}",
		 writer->characters, writer->characters);
}

/* ---------------------------------------------------------------- chunks */

/* Each chunk has the same beginning. */
static void begin_chunk(struct api_writer *writer, struct buf *out)
{
	if (writer->head.len == 0) {
		buf_adds(&writer->head, "data: ");
		add_head(writer, "chat.completion.chunk", &writer->head);
	}
	add_buf(out, &writer->head);
}

static void begin_delta(struct api_writer *writer, struct buf *out)
{
	begin_chunk(writer, out);
	buf_adds(out, "{\"index\":0,\"delta\":{");
}

static void end_chunk(const struct api_writer *writer, struct buf *out)
{
	buf_adds(out, writer->stream_usage ? "],\"usage\":null}\n\n" : "]}\n\n");
}

static void end_delta(const struct api_writer *writer, struct buf *out)
{
	buf_adds(out, "},\"logprobs\":null,\"finish_reason\":null}");
	end_chunk(writer, out);
}

static void write_begin(struct api_writer *writer, struct buf *out)
{
	begin_delta(writer, out);
	buf_adds(out, "\"role\":\"assistant\",\"content\":\"\",\"refusal\":null");
	end_delta(writer, out);
}

static void write_string(struct api_writer *writer, const char *name, struct peek string,
			 struct buf *out)
{
	begin_delta(writer, out);
	buf_addf(out, "\"%s\":\"", name);
	add_inside(out, string);
	buf_addc(out, '"');
	end_delta(writer, out);
}

static void write_call(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	begin_delta(writer, out);
	buf_addf(out, "\"tool_calls\":[{\"index\":%" PRId32 ",\"id\":\"", writer->n_calls++);
	add_inside(out, piece->id);
	buf_adds(out, "\",\"type\":\"function\",\"function\":{\"name\":\"");
	add_inside(out, piece->name);
	buf_adds(out, "\",\"arguments\":\"\"}}]");
	end_delta(writer, out);
}

static void write_arguments(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	if (piece->index < 0 || piece->index >= writer->n_calls)
		return;
	begin_delta(writer, out);
	buf_addf(out, "\"tool_calls\":[{\"index\":%" PRId32 ",\"function\":{\"arguments\":\"",
		 piece->index);
	add_inside(out, piece->text);
	buf_adds(out, "\"}}]");
	end_delta(writer, out);
}

static void write_logprobs(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	begin_delta(writer, out);
	buf_adds(out, "},\"logprobs\":{\"content\":");
	buf_add(out, piece->data.at, (size_t)(piece->data.end - piece->data.at));
	buf_adds(out, ",\"refusal\":null},\"finish_reason\":null}");
	end_chunk(writer, out);
}

static void write_piece(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	switch (piece->kind) {
	case PIECE_TEXT:
		write_string(writer, "content", piece->text, out);
		break;
	case PIECE_THOUGHT:
		write_string(writer, "reasoning_content", piece->text, out);
		break;
	case PIECE_CALL:
		write_call(writer, piece, out);
		break;
	case PIECE_ARGUMENTS:
		write_arguments(writer, piece, out);
		break;
	case PIECE_LOGPROBS:
		write_logprobs(writer, piece, out);
		break;
	case PIECE_OPAQUE:
		keep_details(writer, piece);
		break;
	case PIECE_CITATION:
		begin_delta(writer, out);
		buf_adds(out, "\"annotations\":[");
		add_annotation(writer, piece, out);
		buf_addc(out, ']');
		end_delta(writer, out);
		break;
	default:
		break;
	}
}

static void write_end(struct api_writer *writer, struct buf *out)
{
	begin_delta(writer, out);
	if (writer->details.len > 0)
		add_details(writer, out);
	buf_addf(out, "},\"logprobs\":null,\"finish_reason\":\"%s\"}", finish_reason(writer));
	end_chunk(writer, out);
	if (writer->stream_usage) {
		begin_chunk(writer, out);
		buf_adds(out, "],");
		add_usage(writer, out);
		buf_adds(out, "}\n\n");
	}
	buf_adds(out, "data: [DONE]\n\n");
}

/* ---------------------------------------------------------------- a whole answer */

/* Blocks of one kind come together: the format has one text, one thought and a list of calls. */
static void keep_piece(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	struct block *block;

	switch (piece->kind) {
	case PIECE_TEXT:
	case PIECE_THOUGHT:
		block = writer_block(writer, piece->kind == PIECE_TEXT ? BLOCK_TEXT : BLOCK_THOUGHT,
				     out);
		add_inside(&block->text, piece->text);
		break;
	case PIECE_CALL:
		writer_call(writer, piece, out);
		break;
	case PIECE_ARGUMENTS:
		writer_arguments(writer, piece);
		break;
	case PIECE_OPAQUE:
		keep_details(writer, piece);
		break;
	case PIECE_LOGPROBS: /* elements of the list */
		block = writer_block(writer, BLOCK_TEXT, out);
		if (block->more.len > 0)
			buf_addc(&block->more, ',');
		buf_add(&block->more, piece->data.at + 1,
			(size_t)(piece->data.end - piece->data.at - 2));
		break;
	case PIECE_CITATION:
		block = writer_block(writer, BLOCK_TEXT, out);
		if (block->notes.len > 0)
			buf_addc(&block->notes, ',');
		add_annotation(writer, piece, &block->notes);
		break;
	default:
		break;
	}
}

/* The blocks of a kind, one behind the other. False: there is nothing in them. */
static bool add_kind(const struct api_writer *writer, enum block_kind kind, size_t member,
		     const char *between, struct buf *out)
{
	bool some = false;

	for (size_t i = 0; i < writer->n_blocks; i++) {
		const struct block *block = &writer->blocks[i];
		const struct buf *text = (const struct buf *)((const char *)block + member);

		if (block->kind != kind || text->len == 0)
			continue;
		if (some)
			buf_adds(out, between);
		add_buf(out, text);
		some = true;
	}
	return some;
}

static void add_calls(const struct api_writer *writer, struct buf *out)
{
	bool first = true;

	buf_adds(out, ",\"tool_calls\":[");
	for (size_t i = 0; i < writer->n_blocks; i++) {
		const struct block *block = &writer->blocks[i];

		if (block->kind != BLOCK_CALL)
			continue;
		buf_adds(out, first ? "{\"id\":\"" : ",{\"id\":\"");
		add_buf(out, &block->id);
		buf_adds(out, "\",\"type\":\"function\",\"function\":{\"name\":\"");
		add_buf(out, &block->name);
		buf_adds(out, "\",\"arguments\":\"");
		add_buf(out, &block->text);
		buf_adds(out, "\"}}");
		first = false;
	}
	buf_addc(out, ']');
}

static bool has_text(const struct api_writer *writer)
{
	for (size_t i = 0; i < writer->n_blocks; i++) {
		if (writer->blocks[i].kind == BLOCK_TEXT && writer->blocks[i].text.len > 0)
			return true;
	}
	return false;
}

static void add_text(const struct api_writer *writer, struct buf *out)
{
	if (writer->n_calls > 0 && !has_text(writer)) {
		buf_adds(out, "null");
		return;
	}
	buf_addc(out, '"');
	add_kind(writer, BLOCK_TEXT, offsetof(struct block, text), "", out);
	buf_addc(out, '"');
}

static void add_message(const struct api_writer *writer, struct buf *out)
{
	struct buf thoughts;

	buf_init(&thoughts, WRITER_BYTES_MAX);
	buf_adds(out, "{\"role\":\"assistant\",\"content\":");
	add_text(writer, out);
	buf_adds(out, ",\"refusal\":null,\"annotations\":[");
	add_kind(writer, BLOCK_TEXT, offsetof(struct block, notes), ",", out);
	buf_addc(out, ']');
	if (add_kind(writer, BLOCK_THOUGHT, offsetof(struct block, text), "", &thoughts)) {
		buf_adds(out, ",\"reasoning_content\":\"");
		add_buf(out, &thoughts);
		buf_addc(out, '"');
	}
	buf_done(&thoughts);
	if (writer->details.len > 0) {
		buf_addc(out, ',');
		add_details(writer, out);
	}
	if (writer->n_calls > 0)
		add_calls(writer, out);
	buf_addc(out, '}');
}

static void write_whole(struct api_writer *writer, struct buf *out)
{
	struct buf logprobs;

	buf_init(&logprobs, WRITER_BYTES_MAX);
	add_head(writer, "chat.completion", out);
	buf_adds(out, "{\"index\":0,\"message\":");
	add_message(writer, out);
	buf_adds(out, ",\"logprobs\":");
	if (add_kind(writer, BLOCK_TEXT, offsetof(struct block, more), ",", &logprobs)) {
		buf_adds(out, "{\"content\":[");
		add_buf(out, &logprobs);
		buf_adds(out, "],\"refusal\":null}");
	} else {
		buf_adds(out, "null");
	}
	buf_done(&logprobs);
	buf_addf(out, ",\"finish_reason\":\"%s\"}],", finish_reason(writer));
	add_usage(writer, out);
	buf_addc(out, '}');
}

/* ---------------------------------------------------------------- the writer */

static bool chat_completions_write(struct api_writer *writer,
				   const Chat__V1__GenerationEvent *event, struct buf *out)
{
	struct piece piece;

	if (writer->ended)
		return true;
	if (writer->stream && !writer->begun)
		write_begin(writer, out);
	writer->begun = true;
	if (event->event_case == CHAT__V1__GENERATION_EVENT__EVENT_RESET)
		return writer_reset(writer);
	if (event->event_case == CHAT__V1__GENERATION_EVENT__EVENT_USAGE)
		writer->usage = *event->usage;
	if (event->event_case == CHAT__V1__GENERATION_EVENT__EVENT_DONE) {
		writer->stop = event->done->stop_reason;
		writer->ended = true;
		if (writer->stream)
			write_end(writer, out);
		else
			write_whole(writer, out);
		return true;
	}
	piece_read(writer, event, &piece);
	if (writer->stream)
		write_piece(writer, &piece, out);
	else
		keep_piece(writer, &piece, out);
	return true;
}

/* The gateway writes errors of this format. */
static bool chat_completions_write_failure(struct api_writer *writer, const struct error *err,
					   struct buf *out)
{
	(void)writer;
	(void)err;
	(void)out;
	return false;
}

const struct api_dialect dialect_chat_completions = {
	.name = "chat_completions",
	.route = "/v1/chat/completions",
	.read = chat_completions_read,
	.writer_new = writer_new,
	.write = chat_completions_write,
	.write_failure = chat_completions_write_failure,
	.writer_free = writer_free,
};
