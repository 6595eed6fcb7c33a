#include "chat/api/writing.h"

#include "runtime/base/ensure.h"
#include "runtime/json/json.h"
#include "runtime/json/mend.h"

#include <jansson.h>
#include <string.h>

/* ---------------------------------------------------------------- a writer */

struct api_writer *writer_new(const struct api_request *request, const struct api_head *head)
{
	struct api_writer *writer = calloc(1, sizeof *writer);
	struct buf *bufs[] = {&writer->model, &writer->head, &writer->stopped, &writer->details,
			      &writer->scratch};
	size_t n = 0;

	ensure(writer);
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		buf_init(bufs[i], WRITER_BYTES_MAX);
	for (const char *p = head->generation; *p && n < sizeof writer->id - 1; p++) {
		if (*p != '-')
			writer->id[n++] = *p;
	}
	json_write_text(&writer->model, head->model, strlen(head->model));
	writer->create_s = head->create_us / 1000000;
	writer->stream = request->stream;
	writer->stream_usage = request->stream_usage;
	writer->wants_opaque = request->wants_opaque;
	writer->floats = request->floats;
	writer->keeps = !request->stream;
	writer->echo = strdup(request->echo ? request->echo : "");
	ensure(writer->echo);
	return writer;
}

static void free_blocks(struct api_writer *writer)
{
	for (size_t i = 0; i < writer->n_blocks; i++) {
		struct block *block = &writer->blocks[i];

		buf_done(&block->text);
		buf_done(&block->more);
		buf_done(&block->notes);
		buf_done(&block->id);
		buf_done(&block->name);
	}
	writer->n_blocks = 0;
	writer->first_open = 0;
	writer->n_calls = 0;
	writer->characters = 0;
	buf_clear(&writer->details);
	buf_clear(&writer->stopped);
}

void writer_free(struct api_writer *writer)
{
	if (!writer)
		return;
	free_blocks(writer);
	free(writer->blocks);
	free(writer->echo);
	buf_done(&writer->model);
	buf_done(&writer->head);
	buf_done(&writer->stopped);
	buf_done(&writer->details);
	buf_done(&writer->scratch);
	free(writer);
}

bool writer_reset(struct api_writer *writer)
{
	if (writer->stream && writer->shown)
		return false;
	free_blocks(writer);
	if (!writer->stream)
		writer->sequence = 0;
	return true;
}

/* ---------------------------------------------------------------- pieces of JSON */

void add_inside(struct buf *out, struct peek string)
{
	if (peek_is_string(string))
		buf_add(out, string.at + 1, (size_t)(string.end - string.at - 2));
}

void add_buf(struct buf *out, const struct buf *from)
{
	if (from->len > 0)
		buf_add(out, from->data, from->len);
}

void add_string(struct api_writer *writer, struct buf *out, struct peek string)
{
	struct mend mend = {0};

	buf_clear(&writer->scratch);
	if (peek_is_string(string)) {
		mend_add(&mend, string, &writer->scratch);
		mend_end(&mend, &writer->scratch);
	}
	json_write_text(out, buf_text(&writer->scratch), writer->scratch.len);
}

bool is_json(struct peek value)
{
	json_t *json = json_loadb(value.at, (size_t)(value.end - value.at),
				  JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);

	json_decref(json);
	return json;
}

bool has_elements(struct peek list)
{
	struct peek element;

	return peek_is_array(list) && peek_next(&list, &element);
}

/* ---------------------------------------------------------------- pieces of events */

static struct peek write_text(struct api_writer *writer, const char *text)
{
	buf_clear(&writer->scratch);
	json_write_text(&writer->scratch, text, strlen(text));
	return (struct peek){buf_text(&writer->scratch),
			     buf_text(&writer->scratch) + writer->scratch.len};
}

static int item_kind(struct peek item)
{
	static const struct {
		const char *type;
		int kind;
	} kinds[] = {
		{"tool_call", PIECE_CALL},    {"tool_arguments", PIECE_ARGUMENTS},
		{"reasoning", PIECE_OPAQUE},  {"logprobs", PIECE_LOGPROBS},
		{"citation", PIECE_CITATION}, {"stop_sequence", PIECE_STOPPED},
	};
	struct peek type = peek_member(item, "type");

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (peek_is(type, kinds[i].type))
			return kinds[i].kind;
	}
	return PIECE_NONE;
}

static void read_item(const Chat__V1__Item *item, struct piece *ret)
{
	struct peek object, api;
	int64_t index = -1;

	if (!peek_object((const char *)item->json.data, item->json.len, &object))
		return;
	ret->kind = item_kind(object);
	if (ret->kind == PIECE_CITATION || ret->kind == PIECE_STOPPED)
		ret->text = peek_member(object, ret->kind == PIECE_CITATION ? "url" : "text");
	else
		ret->text = peek_member(object, "delta");
	ret->id = peek_member(object, "id");
	ret->name = peek_member(object, ret->kind == PIECE_CITATION ? "title" : "name");
	ret->data = peek_member(object, ret->kind == PIECE_LOGPROBS ? "content" : "data");
	api = peek_member(object, "api");
	if (peek_is_string(api))
		snprintf(ret->api, sizeof ret->api, "%.*s", (int)(api.end - api.at - 2),
			 api.at + 1);
	peek_number(peek_member(object, "index"), &index);
	ret->index = (int32_t)index;
	if (ret->kind == PIECE_OPAQUE && (!ret->data.at || !is_json(ret->data)))
		ret->kind = PIECE_NONE;
	if (ret->kind == PIECE_LOGPROBS && (!has_elements(ret->data) || !is_json(ret->data)))
		ret->kind = PIECE_NONE;
}

static int64_t count_characters(const char *text)
{
	int64_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

void piece_read(struct api_writer *writer, const Chat__V1__GenerationEvent *event,
		struct piece *ret)
{
	const char *text = NULL;

	*ret = (struct piece){.kind = PIECE_NONE};
	if (event->event_case == CHAT__V1__GENERATION_EVENT__EVENT_DELTA) {
		text = event->delta->text;
		ret->kind = *text ? PIECE_TEXT : PIECE_NONE;
		writer->characters += count_characters(text);
	} else if (event->event_case == CHAT__V1__GENERATION_EVENT__EVENT_REASONING) {
		text = event->reasoning->text;
		ret->kind = *text ? PIECE_THOUGHT : PIECE_NONE;
	} else if (event->event_case == CHAT__V1__GENERATION_EVENT__EVENT_ITEM) {
		read_item(event->item, ret);
	}
	if (text)
		ret->text = write_text(writer, text);
	if (ret->kind != PIECE_NONE)
		writer->shown = true;
}

/* ---------------------------------------------------------------- blocks */

static struct block *add_block(struct api_writer *writer, enum block_kind kind)
{
	struct block *block;

	if (writer->n_blocks == writer->blocks_capacity) {
		writer->blocks_capacity = writer->blocks_capacity ? 2 * writer->blocks_capacity : 4;
		writer->blocks = reallocarray(writer->blocks, writer->blocks_capacity,
					      sizeof *writer->blocks);
		ensure(writer->blocks);
	}
	block = &writer->blocks[writer->n_blocks++];
	*block = (struct block){.kind = kind, .open = true, .call = -1};
	buf_init(&block->text, WRITER_BYTES_MAX);
	buf_init(&block->more, WRITER_BYTES_MAX);
	buf_init(&block->notes, WRITER_BYTES_MAX);
	buf_init(&block->id, WRITER_BYTES_MAX);
	buf_init(&block->name, WRITER_BYTES_MAX);
	return block;
}

void writer_end_block(struct api_writer *writer, struct block *block, struct buf *out)
{
	if (block->open && writer->block_end)
		writer->block_end(writer, block, out);
	block->open = false;
}

void writer_end_blocks(struct api_writer *writer, struct buf *out)
{
	for (size_t i = 0; i < writer->n_blocks; i++)
		writer_end_block(writer, &writer->blocks[i], out);
}

static bool has_all_arguments(const struct block *block)
{
	return block->kind != BLOCK_CALL || (block->begun && block->depth == 0);
}

/* A call that waits for arguments stays open: some servers send those of several calls in turns. */
static void end_complete(struct api_writer *writer, struct buf *out)
{
	while (writer->first_open < writer->n_blocks && !writer->blocks[writer->first_open].open)
		writer->first_open++;
	for (size_t i = writer->first_open; i < writer->n_blocks; i++) {
		if (has_all_arguments(&writer->blocks[i]))
			writer_end_block(writer, &writer->blocks[i], out);
	}
}

struct block *writer_block(struct api_writer *writer, enum block_kind kind, struct buf *out)
{
	struct block *block = writer->n_blocks > 0 ? &writer->blocks[writer->n_blocks - 1] : NULL;

	if (block && block->open && block->kind == kind)
		return block;
	end_complete(writer, out);
	block = add_block(writer, kind);
	if (writer->block_begin)
		writer->block_begin(writer, block, out);
	return block;
}

struct block *writer_call(struct api_writer *writer, const struct piece *piece, struct buf *out)
{
	struct block *block;

	end_complete(writer, out);
	block = add_block(writer, BLOCK_CALL);
	block->call = writer->n_calls++;
	add_inside(&block->id, piece->id);
	add_inside(&block->name, piece->name);
	if (writer->block_begin)
		writer->block_begin(writer, block, out);
	return block;
}

/* Counts the brackets of arguments, so that their end is known. */
static void follow(struct api_writer *writer, struct block *block, struct peek string)
{
	struct mend mend = {0};
	const char *text;

	buf_clear(&writer->scratch);
	mend_add(&mend, string, &writer->scratch);
	text = buf_text(&writer->scratch);
	for (size_t i = 0; i < writer->scratch.len; i++) {
		char c = text[i];

		if (block->in_string) {
			i += c == '\\'; /* an escape that is cut in two is forgiven */
			block->in_string = c != '"';
			continue;
		}
		block->in_string = c == '"';
		block->begun |= c == '{';
		block->depth += c == '{' || c == '[';
		block->depth -= (c == '}' || c == ']') && block->depth > 0;
	}
}

struct block *writer_arguments(struct api_writer *writer, const struct piece *piece)
{
	for (size_t i = writer->n_blocks; i > 0; i--) {
		struct block *block = &writer->blocks[i - 1];

		if (block->kind != BLOCK_CALL || block->call != piece->index)
			continue;
		if (!block->open || !peek_is_string(piece->text))
			return NULL;
		follow(writer, block, piece->text);
		if (writer->keeps)
			add_inside(&block->text, piece->text);
		return block;
	}
	return NULL;
}
