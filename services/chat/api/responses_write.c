/* OpenAI's responses: answers, whole and as events. Events repeat what they told: blocks keep their
 * texts. */
#include "chat/api/responses.h"

#include "chat/api/opaque.h"
#include "chat/api/writing.h"
#include "runtime/json/json.h"

#include <inttypes.h>
#include <string.h>

/* ---------------------------------------------------------------- items */

static void add_id(const struct api_writer *writer, const struct block *block, struct buf *out)
{
	static const char *const prefixes[] = {[BLOCK_TEXT] = "msg",
					       [BLOCK_THOUGHT] = "rs",
					       [BLOCK_CALL] = "fc",
					       [BLOCK_OPAQUE] = "rs"};

	buf_addf(out, "\"%s_%s_%zu\"", prefixes[block->kind], writer->id,
		 (size_t)(block - writer->blocks));
}

static void add_part(const struct block *block, struct buf *out)
{
	buf_adds(out, "{\"type\":\"output_text\",\"annotations\":[");
	add_buf(out, &block->notes);
	buf_adds(out, "],\"logprobs\":[");
	add_buf(out, &block->more);
	buf_adds(out, "],\"text\":\"");
	add_buf(out, &block->text);
	buf_adds(out, "\"}");
}

static void add_summary(const struct block *block, struct buf *out)
{
	buf_adds(out, "{\"type\":\"summary_text\",\"text\":\"");
	add_buf(out, &block->text);
	buf_adds(out, "\"}");
}

static void add_thought(const struct api_writer *writer, const struct block *block, struct buf *out)
{
	buf_adds(out, "\"type\":\"reasoning\",\"summary\":[");
	if (block->text.len > 0)
		add_summary(block, out);
	buf_addc(out, ']');
	if (writer->wants_opaque && block->more.len > 0) {
		buf_adds(out, ",\"encrypted_content\":\"");
		add_buf(out, &block->more);
		buf_addc(out, '"');
	}
}

/* status: NULL where the format has none. */
static void add_item(const struct api_writer *writer, const struct block *block, const char *status,
		     struct buf *out)
{
	buf_adds(out, "{\"id\":");
	add_id(writer, block, out);
	buf_addc(out, ',');
	if (block->kind == BLOCK_TEXT) {
		buf_addf(out,
			 "\"type\":\"message\",\"status\":\"%s\",\"role\":\"assistant\","
			 "\"content\":[",
			 status);
		if (strcmp(status, "in_progress") != 0)
			add_part(block, out);
		buf_addc(out, ']');
	} else if (block->kind == BLOCK_CALL) {
		buf_addf(out, "\"type\":\"function_call\",\"status\":\"%s\",\"arguments\":\"",
			 status);
		add_buf(out, &block->text);
		buf_adds(out, "\",\"call_id\":\"");
		add_buf(out, &block->id);
		buf_adds(out, "\",\"name\":\"");
		add_buf(out, &block->name);
		buf_addc(out, '"');
	} else {
		add_thought(writer, block, out);
	}
	buf_addc(out, '}');
}

/* ---------------------------------------------------------------- the response */

static bool is_incomplete(const struct api_writer *writer)
{
	return writer->stop == CHAT__V1__STOP_REASON__LENGTH ||
	       writer->stop == CHAT__V1__STOP_REASON__FILTER ||
	       writer->stop == CHAT__V1__STOP_REASON__CANCELLED;
}

static const char *incomplete_reason(const struct api_writer *writer)
{
	if (writer->stop == CHAT__V1__STOP_REASON__LENGTH)
		return "max_output_tokens";
	return writer->stop == CHAT__V1__STOP_REASON__FILTER ? "content_filter" : "cancelled";
}

/* Only the last item of an answer that was cut is not complete. */
static const char *item_status(const struct api_writer *writer, const struct block *block)
{
	bool last = block == &writer->blocks[writer->n_blocks - 1];

	return last && is_incomplete(writer) ? "incomplete" : "completed";
}

static void add_usage(const struct api_writer *writer, struct buf *out)
{
	const Chat__V1__Usage *usage = &writer->usage;

	buf_addf(out,
		 "{\"input_tokens\":%" PRId32
		 ",\"input_tokens_details\":{\"cached_tokens\":%" PRId32
		 "},\"output_tokens\":%" PRId32
		 ",\"output_tokens_details\":{\"reasoning_tokens\":%" PRId32
		 "},\"total_tokens\":%" PRId64 "}",
		 usage->prompt_tokens, usage->cached_tokens, usage->completion_tokens,
		 usage->reasoning_tokens, (int64_t)usage->prompt_tokens + usage->completion_tokens);
}

/* error: JSON. */
static void add_response(const struct api_writer *writer, const char *status, const char *error,
			 struct buf *out)
{
	buf_addf(out,
		 "{\"id\":\"resp_%s\",\"object\":\"response\",\"created_at\":%" PRId64
		 ",\"status\":\"%s\",\"error\":%s,\"incomplete_details\":",
		 writer->id, writer->create_s, status, error);
	if (strcmp(status, "incomplete") == 0)
		buf_addf(out, "{\"reason\":\"%s\"},", incomplete_reason(writer));
	else
		buf_adds(out, "null,");
	buf_adds(out, writer->echo);
	buf_adds(out, "\"model\":");
	add_buf(out, &writer->model);
	buf_adds(out, ",\"output\":[");
	for (size_t i = 0; i < writer->n_blocks; i++) {
		if (i > 0)
			buf_addc(out, ',');
		add_item(writer, &writer->blocks[i], item_status(writer, &writer->blocks[i]), out);
	}
	buf_adds(out, "],\"usage\":");
	if (writer->ended)
		add_usage(writer, out);
	else
		buf_adds(out, "null");
	buf_addc(out, '}');
}

/* ---------------------------------------------------------------- events */

/* Each event is numbered. One of an item names it. */
static void begin_event(struct api_writer *writer, const char *type, const struct block *block,
			struct buf *out)
{
	buf_addf(out,
		 "event: response.%s\ndata: {\"type\":\"response.%s\",\"sequence_number\":%" PRId64,
		 type, type, writer->sequence++);
	if (block)
		buf_addf(out, ",\"output_index\":%zu", (size_t)(block - writer->blocks));
}

static void begin_inner(struct api_writer *writer, const char *type, const struct block *block,
			const char *index, struct buf *out)
{
	begin_event(writer, type, block, out);
	buf_adds(out, ",\"item_id\":");
	add_id(writer, block, out);
	if (index)
		buf_addf(out, ",\"%s\":0", index);
}

static void end_event(struct buf *out)
{
	buf_adds(out, "}\n\n");
}

static void write_response(struct api_writer *writer, const char *type, const char *status,
			   const char *error, struct buf *out)
{
	begin_event(writer, type, NULL, out);
	buf_adds(out, ",\"response\":");
	add_response(writer, status, error, out);
	end_event(out);
}

static void begin_block(struct api_writer *writer, struct block *block, struct buf *out)
{
	begin_event(writer, "output_item.added", block, out);
	buf_adds(out, ",\"item\":");
	add_item(writer, block, "in_progress", out);
	end_event(out);
	if (block->kind != BLOCK_TEXT)
		return;
	begin_inner(writer, "content_part.added", block, "content_index", out);
	buf_adds(out, ",\"part\":");
	add_part(block, out);
	end_event(out);
}

static void end_text(struct api_writer *writer, const struct block *block, struct buf *out)
{
	begin_inner(writer, "output_text.done", block, "content_index", out);
	buf_adds(out, ",\"text\":\"");
	add_buf(out, &block->text);
	buf_adds(out, "\",\"logprobs\":[");
	add_buf(out, &block->more);
	buf_addc(out, ']');
	end_event(out);
	begin_inner(writer, "content_part.done", block, "content_index", out);
	buf_adds(out, ",\"part\":");
	add_part(block, out);
	end_event(out);
}

static void end_thought(struct api_writer *writer, const struct block *block, struct buf *out)
{
	if (block->text.len == 0)
		return;
	begin_inner(writer, "reasoning_summary_text.done", block, "summary_index", out);
	buf_adds(out, ",\"text\":\"");
	add_buf(out, &block->text);
	buf_addc(out, '"');
	end_event(out);
	begin_inner(writer, "reasoning_summary_part.done", block, "summary_index", out);
	buf_adds(out, ",\"part\":");
	add_summary(block, out);
	end_event(out);
}

static void end_call(struct api_writer *writer, const struct block *block, struct buf *out)
{
	begin_inner(writer, "function_call_arguments.done", block, NULL, out);
	buf_adds(out, ",\"name\":\"");
	add_buf(out, &block->name);
	buf_adds(out, "\",\"arguments\":\"");
	add_buf(out, &block->text);
	buf_addc(out, '"');
	end_event(out);
}

static void end_block(struct api_writer *writer, struct block *block, struct buf *out)
{
	if (block->kind == BLOCK_TEXT)
		end_text(writer, block, out);
	else if (block->kind == BLOCK_CALL)
		end_call(writer, block, out);
	else
		end_thought(writer, block, out);
	begin_event(writer, "output_item.done", block, out);
	buf_adds(out, ",\"item\":");
	add_item(writer, block, item_status(writer, block), out);
	end_event(out);
}

static void write_begin(struct api_writer *writer, struct buf *out)
{
	writer->block_begin = begin_block;
	writer->block_end = end_block;
	write_response(writer, "created", "in_progress", "null", out);
	write_response(writer, "in_progress", "in_progress", "null", out);
}

static void write_delta(struct api_writer *writer, const char *type, const struct block *block,
			const char *index, struct peek string, struct buf *out)
{
	begin_inner(writer, type, block, index, out);
	buf_adds(out, ",\"delta\":\"");
	add_inside(out, string);
	buf_addc(out, '"');
}

/* ---------------------------------------------------------------- pieces */

static void take_text(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	struct block *block = writer_block(writer, BLOCK_TEXT, out);

	add_inside(&block->text, piece->text);
	if (!writer->stream)
		return;
	write_delta(writer, "output_text.delta", block, "content_index", piece->text, out);
	buf_adds(out, ",\"logprobs\":[]");
	end_event(out);
}

static void take_thought(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	struct block *block = writer_block(writer, BLOCK_THOUGHT, out);
	bool first = block->text.len == 0;

	if (writer->stream && first) {
		begin_inner(writer, "reasoning_summary_part.added", block, "summary_index", out);
		buf_adds(out, ",\"part\":");
		add_summary(block, out);
		end_event(out);
	}
	add_inside(&block->text, piece->text);
	if (!writer->stream)
		return;
	write_delta(writer, "reasoning_summary_text.delta", block, "summary_index", piece->text,
		    out);
	end_event(out);
}

static void take_arguments(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	struct block *block = writer_arguments(writer, piece);

	if (!block || !writer->stream)
		return;
	write_delta(writer, "function_call_arguments.delta", block, NULL, piece->text, out);
	end_event(out);
}

/* It belongs to the thought before it, or is a thought without words. */
static void take_opaque(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	struct block *block;

	if (!writer->wants_opaque)
		return;
	block = writer_block(writer, BLOCK_THOUGHT, out);
	opaque_write(&block->more, piece->api, piece->data);
	writer_end_block(writer, block, out);
}

static void take_logprobs(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	static const char nothing[] = "\"\"";
	struct block *block = writer_block(writer, BLOCK_TEXT, out);
	size_t len = (size_t)(piece->data.end - piece->data.at - 2);

	if (block->more.len > 0)
		buf_addc(&block->more, ',');
	buf_add(&block->more, piece->data.at + 1, len);
	if (!writer->stream)
		return;
	write_delta(writer, "output_text.delta", block, "content_index",
		    (struct peek){nothing, nothing + 2}, out);
	buf_adds(out, ",\"logprobs\":[");
	buf_add(out, piece->data.at + 1, len);
	buf_addc(out, ']');
	end_event(out);
}

static void take_citation(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	struct block *block = writer_block(writer, BLOCK_TEXT, out);
	struct buf note;

	buf_init(&note, WRITER_BYTES_MAX);
	buf_adds(&note, "{\"type\":\"url_citation\",\"url\":");
	add_string(writer, &note, piece->text);
	buf_adds(&note, ",\"title\":");
	add_string(writer, &note, piece->name);
	buf_addf(&note, ",\"start_index\":%" PRId64 ",\"end_index\":%" PRId64 "}",
		 writer->characters, writer->characters);
	if (block->notes.len > 0)
		buf_addc(&block->notes, ',');
	add_buf(&block->notes, &note);
	if (writer->stream) {
		begin_inner(writer, "output_text.annotation.added", block, "content_index", out);
		buf_addf(out,
			 ",\"annotation_index\":%" PRId32 ",\"annotation\":", block->n_notes++);
		add_buf(out, &note);
		end_event(out);
	}
	buf_done(&note);
}

static void take_piece(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	switch (piece->kind) {
	case PIECE_TEXT:
		take_text(writer, piece, out);
		break;
	case PIECE_THOUGHT:
		take_thought(writer, piece, out);
		break;
	case PIECE_CALL:
		writer_call(writer, piece, out);
		break;
	case PIECE_ARGUMENTS:
		take_arguments(writer, piece, out);
		break;
	case PIECE_OPAQUE:
		take_opaque(writer, piece, out);
		break;
	case PIECE_LOGPROBS:
		take_logprobs(writer, piece, out);
		break;
	case PIECE_CITATION:
		take_citation(writer, piece, out);
		break;
	default:
		break;
	}
}

/* ---------------------------------------------------------------- the writer */

static void write_end(struct api_writer *writer, struct buf *out)
{
	const char *status = is_incomplete(writer) ? "incomplete" : "completed";

	if (writer->stream) {
		writer_end_blocks(writer, out);
		writer->ended = true;
		write_response(writer, status, status, "null", out);
	} else {
		writer->ended = true;
		add_response(writer, status, "null", out);
	}
}

static bool responses_write(struct api_writer *writer, const Chat__V1__GenerationEvent *event,
			    struct buf *out)
{
	struct piece piece;

	if (writer->ended)
		return true;
	writer->keeps = true;
	if (writer->stream && !writer->begun)
		write_begin(writer, out);
	writer->begun = true;
	if (event->event_case == CHAT__V1__GENERATION_EVENT__EVENT_RESET)
		return writer_reset(writer);
	if (event->event_case == CHAT__V1__GENERATION_EVENT__EVENT_USAGE)
		writer->usage = *event->usage;
	if (event->event_case == CHAT__V1__GENERATION_EVENT__EVENT_DONE) {
		writer->stop = event->done->stop_reason;
		write_end(writer, out);
		return true;
	}
	piece_read(writer, event, &piece);
	take_piece(writer, &piece, out);
	return true;
}

/* The format has three words for what was wrong. */
static const char *code_of(const struct error *err)
{
	if (err->code == RESOURCE_EXHAUSTED)
		return "rate_limit_exceeded";
	return err->code == INVALID_ARGUMENT || err->code == FAILED_PRECONDITION ? "invalid_prompt"
										 : "server_error";
}

static bool responses_write_failure(struct api_writer *writer, const struct error *err,
				    struct buf *out)
{
	struct buf error;

	if (!writer->stream || !writer->begun || writer->ended)
		return false;
	buf_init(&error, 4096);
	buf_addf(&error, "{\"code\":\"%s\",\"message\":", code_of(err));
	json_write_text(&error, err->message, strlen(err->message));
	buf_addc(&error, '}');
	writer->ended = true;
	write_response(writer, "failed", "failed", buf_text(&error), out);
	buf_done(&error);
	return true;
}

const struct api_dialect dialect_responses = {
	.name = "responses",
	.route = "/v1/responses",
	.read = responses_read,
	.writer_new = writer_new,
	.write = responses_write,
	.write_failure = responses_write_failure,
	.writer_free = writer_free,
};
