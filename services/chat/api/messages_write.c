/* Anthropic's messages: answers, whole and as events. */
#include "chat/api/messages.h"

#include "chat/api/opaque.h"
#include "chat/api/writing.h"
#include "chat/provider/anthropic.h"
#include "runtime/json/mend.h"

#include <inttypes.h>
#include <string.h>

/* ---------------------------------------------------------------- parts of both forms */

static void add_usage(const struct api_writer *writer, struct buf *out)
{
	const Chat__V1__Usage *usage = &writer->usage;

	buf_addf(out,
		 "\"usage\":{\"input_tokens\":%" PRId32 ",\"cache_creation_input_tokens\":%" PRId32
		 ",\"cache_read_input_tokens\":%" PRId32 ",\"output_tokens\":%" PRId32,
		 usage->prompt_tokens - usage->cached_tokens - usage->cache_write_tokens,
		 usage->cache_write_tokens, usage->cached_tokens, usage->completion_tokens);
}

static void add_whole_usage(const struct api_writer *writer, struct buf *out)
{
	add_usage(writer, out);
	buf_adds(out, ",\"cache_creation\":null,\"server_tool_use\":null,"
		      "\"service_tier\":\"standard\"}");
}

static void add_head(const struct api_writer *writer, struct buf *out)
{
	buf_addf(out, "{\"id\":\"msg_%s\",\"type\":\"message\",\"role\":\"assistant\",\"model\":",
		 writer->id);
	add_buf(out, &writer->model);
	buf_adds(out, ",\"content\":[");
}

static void add_stop(const struct api_writer *writer, struct buf *out)
{
	const char *reason = writer->n_calls > 0 ? "tool_use" : "end_turn";

	if (writer->stop == CHAT__V1__STOP_REASON__LENGTH)
		reason = "max_tokens";
	else if (writer->stop == CHAT__V1__STOP_REASON__FILTER)
		reason = "refusal";
	else if (writer->stopped.len > 0)
		reason = "stop_sequence";
	buf_addf(out, "\"stop_reason\":\"%s\",\"stop_sequence\":", reason);
	if (writer->stopped.len == 0 || strcmp(reason, "stop_sequence") != 0) {
		buf_adds(out, "null");
		return;
	}
	buf_addc(out, '"');
	add_buf(out, &writer->stopped);
	buf_addc(out, '"');
}

/* ---------------------------------------------------------------- events */

static void begin_event(const struct api_writer *writer, const char *type,
			const struct block *block, struct buf *out)
{
	buf_addf(out, "event: %s\ndata: {\"type\":\"%s\"", type, type);
	if (block)
		buf_addf(out, ",\"index\":%zu", (size_t)(block - writer->blocks));
}

static void end_event(struct buf *out)
{
	buf_adds(out, "}\n\n");
}

static void begin_block(struct api_writer *writer, struct block *block, struct buf *out)
{
	begin_event(writer, "content_block_start", block, out);
	buf_adds(out, ",\"content_block\":{\"type\":");
	switch (block->kind) {
	case BLOCK_TEXT:
		buf_adds(out, "\"text\",\"text\":\"\"");
		break;
	case BLOCK_THOUGHT:
		buf_adds(out, "\"thinking\",\"thinking\":\"\",\"signature\":\"\"");
		break;
	case BLOCK_CALL:
		buf_adds(out, "\"tool_use\",\"id\":\"");
		add_buf(out, &block->id);
		buf_adds(out, "\",\"name\":\"");
		add_buf(out, &block->name);
		buf_adds(out, "\",\"input\":{}");
		break;
	case BLOCK_OPAQUE:
		buf_adds(out, "\"redacted_thinking\",\"data\":\"");
		add_buf(out, &writer->details);
		buf_addc(out, '"');
		break;
	}
	buf_addc(out, '}');
	end_event(out);
}

static void end_block(struct api_writer *writer, struct block *block, struct buf *out)
{
	begin_event(writer, "content_block_stop", block, out);
	end_event(out);
}

static void write_delta(const struct api_writer *writer, const struct block *block,
			const char *type, const char *name, struct peek string, struct buf *out)
{
	begin_event(writer, "content_block_delta", block, out);
	buf_addf(out, ",\"delta\":{\"type\":\"%s\",\"%s\":\"", type, name);
	add_inside(out, string);
	buf_adds(out, "\"}");
	end_event(out);
}

static void write_begin(struct api_writer *writer, struct buf *out)
{
	writer->block_begin = begin_block;
	writer->block_end = end_block;
	begin_event(writer, "message_start", NULL, out);
	buf_adds(out, ",\"message\":");
	add_head(writer, out);
	buf_adds(out, "],\"stop_reason\":null,\"stop_sequence\":null,");
	add_whole_usage(writer, out);
	buf_addc(out, '}');
	end_event(out);
	begin_event(writer, "ping", NULL, out);
	end_event(out);
}

/* ---------------------------------------------------------------- pieces */

/* An answer's blocks keep their texts when it is whole; otherwise they go out. */
static void take_text(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	bool text = piece->kind == PIECE_TEXT;
	struct block *block = writer_block(writer, text ? BLOCK_TEXT : BLOCK_THOUGHT, out);

	if (writer->keeps)
		add_inside(&block->text, piece->text);
	else
		write_delta(writer, block, text ? "text_delta" : "thinking_delta",
			    text ? "text" : "thinking", piece->text, out);
}

/* The signature of the thought that came before. Without one before, the model shows no words. */
static void take_signature(struct api_writer *writer, struct peek signature, struct buf *out)
{
	struct block *block = writer_block(writer, BLOCK_THOUGHT, out);
	struct buf text;
	struct peek string;

	buf_init(&text, WRITER_BYTES_MAX);
	add_string(writer, &text, signature);
	string = (struct peek){buf_text(&text), buf_text(&text) + text.len};
	if (writer->keeps)
		add_inside(&block->more, string);
	else
		write_delta(writer, block, "signature_delta", "signature", string, out);
	buf_done(&text);
	writer_end_block(writer, block, out);
}

/* A block whose data is `details`, inside of a JSON string. */
static void take_redacted(struct api_writer *writer, struct buf *out)
{
	struct block *block;

	block = writer_block(writer, BLOCK_OPAQUE, out);
	add_buf(&block->more, &writer->details);
	buf_clear(&writer->details);
	writer_end_block(writer, block, out);
}

static void take_opaque(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	struct peek type = peek_member(piece->data, "type");
	struct buf text;

	buf_clear(&writer->details);
	if (strcmp(piece->api, ANTHROPIC_API) != 0) {
		opaque_write(&writer->details, piece->api, piece->data);
		take_redacted(writer, out);
	} else if (peek_is(type, "thinking")) {
		take_signature(writer, peek_member(piece->data, "signature"), out);
	} else if (peek_is(type, "redacted_thinking")) {
		buf_init(&text, WRITER_BYTES_MAX);
		add_string(writer, &text, peek_member(piece->data, "data"));
		add_inside(&writer->details,
			   (struct peek){buf_text(&text), buf_text(&text) + text.len});
		buf_done(&text);
		take_redacted(writer, out);
	}
}

static void take_stopped(struct api_writer *writer, struct peek string)
{
	struct buf text;

	buf_init(&text, WRITER_BYTES_MAX);
	add_string(writer, &text, string);
	buf_clear(&writer->stopped);
	add_inside(&writer->stopped, (struct peek){buf_text(&text), buf_text(&text) + text.len});
	buf_done(&text);
}

static void take_piece(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	struct block *block;

	switch (piece->kind) {
	case PIECE_TEXT:
	case PIECE_THOUGHT:
		take_text(writer, piece, out);
		break;
	case PIECE_CALL:
		writer_call(writer, piece, out);
		break;
	case PIECE_ARGUMENTS:
		block = writer_arguments(writer, piece);
		if (block && !writer->keeps)
			write_delta(writer, block, "input_json_delta", "partial_json", piece->text,
				    out);
		break;
	case PIECE_OPAQUE:
		take_opaque(writer, piece, out);
		break;
	case PIECE_STOPPED:
		take_stopped(writer, piece->text);
		break;
	default: /* there are no logprobs in this format */
		break;
	}
}

/* ---------------------------------------------------------------- the end */

static void write_end(struct api_writer *writer, struct buf *out)
{
	writer_end_blocks(writer, out);
	begin_event(writer, "message_delta", NULL, out);
	buf_adds(out, ",\"delta\":{");
	add_stop(writer, out);
	buf_adds(out, "},");
	add_usage(writer, out);
	buf_addc(out, '}');
	end_event(out);
	begin_event(writer, "message_stop", NULL, out);
	end_event(out);
}

/* The format has objects alone: a model that wrote none called with nothing. */
static void add_input(struct api_writer *writer, const struct block *block, struct buf *out)
{
	struct mend mend = {0};
	struct peek object;
	struct buf text;

	buf_init(&text, WRITER_BYTES_MAX);
	buf_addc(&text, '"');
	add_buf(&text, &block->text);
	buf_addc(&text, '"');
	buf_clear(&writer->scratch);
	mend_add(&mend, (struct peek){buf_text(&text), buf_text(&text) + text.len},
		 &writer->scratch);
	buf_done(&text);
	if (peek_object(buf_text(&writer->scratch), writer->scratch.len, &object) &&
	    is_json(object))
		buf_add(out, object.at, (size_t)(object.end - object.at));
	else
		buf_adds(out, "{}");
}

static void add_block(struct api_writer *writer, const struct block *block, struct buf *out)
{
	switch (block->kind) {
	case BLOCK_TEXT:
		buf_adds(out, "{\"type\":\"text\",\"text\":\"");
		add_buf(out, &block->text);
		buf_adds(out, "\"}");
		break;
	case BLOCK_THOUGHT:
		buf_adds(out, "{\"type\":\"thinking\",\"thinking\":\"");
		add_buf(out, &block->text);
		buf_adds(out, "\",\"signature\":\"");
		add_buf(out, &block->more);
		buf_adds(out, "\"}");
		break;
	case BLOCK_CALL:
		buf_adds(out, "{\"type\":\"tool_use\",\"id\":\"");
		add_buf(out, &block->id);
		buf_adds(out, "\",\"name\":\"");
		add_buf(out, &block->name);
		buf_adds(out, "\",\"input\":");
		add_input(writer, block, out);
		buf_addc(out, '}');
		break;
	case BLOCK_OPAQUE:
		buf_adds(out, "{\"type\":\"redacted_thinking\",\"data\":\"");
		add_buf(out, &block->more);
		buf_adds(out, "\"}");
		break;
	}
}

static void write_whole(struct api_writer *writer, struct buf *out)
{
	add_head(writer, out);
	for (size_t i = 0; i < writer->n_blocks; i++) {
		if (i > 0)
			buf_addc(out, ',');
		add_block(writer, &writer->blocks[i], out);
	}
	buf_adds(out, "],");
	add_stop(writer, out);
	buf_addc(out, ',');
	add_whole_usage(writer, out);
	buf_addc(out, '}');
}

static bool messages_write(struct api_writer *writer, const Chat__V1__GenerationEvent *event,
			   struct buf *out)
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
	take_piece(writer, &piece, out);
	return true;
}

/* The gateway writes errors of this format. */
static bool messages_write_failure(struct api_writer *writer, const struct error *err,
				   struct buf *out)
{
	(void)writer;
	(void)err;
	(void)out;
	return false;
}

const struct api_dialect dialect_messages = {
	.name = "messages",
	.route = "/v1/messages",
	.read = messages_read,
	.writer_new = writer_new,
	.write = messages_write,
	.write_failure = messages_write_failure,
	.writer_free = writer_free,
};
