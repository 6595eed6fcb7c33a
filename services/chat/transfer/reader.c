#include "chat/transfer/reader.h"

#include "runtime/base/clock.h"
#include "runtime/json/mend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 64
#define NODES_FIRST 64
#define SECONDS_MAX 1e11            /* larger numbers are milliseconds, and so on */
#define US_MAX 253402300799000000LL /* the end of the year 9999 */

struct node *chat_reader_node(struct chat_reader *reader)
{
	static const struct node empty = {
		.id = "", .parent = "", .text = "", .reasoning = "", .items = "", .model = ""};
	struct import_chat *chat = reader->chat;

	if (chat->n == reader->capacity) {
		size_t capacity = reader->capacity ? 2 * reader->capacity : NODES_FIRST;
		struct node *nodes = arena_array(reader->arena, capacity, sizeof *nodes);

		if (!nodes) { /* the arena says so */
			reader->spare = empty;
			return &reader->spare;
		}
		if (chat->n)
			memcpy(nodes, chat->nodes, chat->n * sizeof *nodes);
		chat->nodes = nodes;
		reader->capacity = capacity;
	}
	chat->nodes[chat->n] = empty;
	return &chat->nodes[chat->n++];
}

static void mend_all(struct peek string, struct buf *out)
{
	struct mend mend = {0};

	mend_add(&mend, string, out);
	mend_end(&mend, out);
}

const char *chat_reader_take(struct chat_reader *reader)
{
	const char *text =
		arena_strndup(reader->arena, buf_text(&reader->scratch), reader->scratch.len);

	buf_clear(&reader->scratch);
	return text;
}

const char *chat_reader_text(struct chat_reader *reader, struct peek value)
{
	struct buf text;
	const char *copy;

	if (!peek_is_string(value) || value.end - value.at <= 2)
		return "";
	buf_init(&text, reader->scratch.max);
	mend_all(value, &text);
	copy = arena_strndup(reader->arena, buf_text(&text), text.len);
	buf_done(&text);
	return copy;
}

const char *chat_reader_short(struct chat_reader *reader, struct peek value, size_t len)
{
	const char *text;

	/* An escape has at most six bytes for a byte of text. */
	if (value.at && (size_t)(value.end - value.at) > 6 * len + 2) {
		struct peek cut = {value.at, value.at + 6 * len + 2};

		if (!peek_is_string(value))
			return "";
		value = cut;
	}
	text = chat_reader_text(reader, value);
	if (strlen(text) <= len)
		return text;
	while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
		len--;
	return arena_strndup(reader->arena, text, len);
}

const char *chat_reader_id(struct chat_reader *reader, struct peek value)
{
	const char *id = chat_reader_short(reader, value, SOURCE_BYTES_MAX);

	return *id ? id : arena_printf(reader->arena, "\x01%zu", reader->chat->n);
}

static int64_t time_of(double value)
{
	if (!isfinite(value) || value <= 0)
		return 0;
	while (value > SECONDS_MAX)
		value /= 1000;
	value *= US_PER_S;
	return value < (double)US_MAX ? (int64_t)value : 0;
}

int64_t chat_reader_time(struct peek value)
{
	char number[NUMBER_SIZE] = "", *end;
	double seconds;
	size_t len = value.at ? (size_t)(value.end - value.at) : 0;
	int64_t us;

	if (peek_is_string(value)) {
		if (len > 2 && clock_parse_rfc3339(value.at + 1, len - 2, &us) == 0)
			return us > 0 ? us : 0;
		value = (struct peek){value.at + 1, value.end - 1};
		len -= 2;
	}
	if (len == 0 || len >= sizeof number)
		return 0;
	memcpy(number, value.at, len);
	seconds = strtod(number, &end);
	return *end ? 0 : time_of(seconds);
}

bool chat_reader_true(struct peek value)
{
	return value.at && value.end - value.at == 4 && memcmp(value.at, "true", 4) == 0;
}

/* ---------------------------------------------------------------- parts of a text */

static void between(struct chat_reader *reader)
{
	if (reader->scratch.len)
		buf_adds(&reader->scratch, "\n\n");
}

void chat_reader_add(struct chat_reader *reader, const char *text)
{
	if (!*text)
		return;
	between(reader);
	buf_adds(&reader->scratch, text);
}

void chat_reader_add_string(struct chat_reader *reader, struct peek string)
{
	if (!peek_is_string(string) || string.end - string.at <= 2)
		return;
	between(reader);
	mend_all(string, &reader->scratch);
}

/* A fence is longer than any in the text. */
static size_t fence_of(const char *text)
{
	size_t longest = 2, run = 0;

	for (; *text; text++) {
		run = *text == '`' ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	return longest + 1;
}

void chat_reader_add_code(struct chat_reader *reader, const char *language, const char *text)
{
	size_t fence = fence_of(text);

	between(reader);
	for (size_t i = 0; i < fence; i++)
		buf_addc(&reader->scratch, '`');
	for (const char *c = language; *c; c++)
		if ((unsigned char)*c > ' ' && *c != '`')
			buf_addc(&reader->scratch, *c);
	buf_addc(&reader->scratch, '\n');
	buf_adds(&reader->scratch, text);
	buf_addc(&reader->scratch, '\n');
	for (size_t i = 0; i < fence; i++)
		buf_addc(&reader->scratch, '`');
}

void chat_reader_add_raw(struct chat_reader *reader, struct peek value)
{
	struct mend mend = {0};
	struct buf text;

	buf_init(&text, reader->scratch.max);
	/* Its quotes are part of what is kept: mend_add leaves out the first and the last byte. */
	for (const char *p = value.at; p < value.end; p++) {
		char one[4] = {'"', *p, '"', 0};

		mend_add(&mend, (struct peek){one, one + 3}, &text);
	}
	mend_end(&mend, &text);
	chat_reader_add_code(reader, "json", buf_text(&text));
	buf_done(&text);
	reader->chat->unknown++;
}

void chat_reader_add_attachment(struct chat_reader *reader, struct peek name)
{
	const char *text = chat_reader_short(reader, name, SOURCE_BYTES_MAX);

	between(reader);
	buf_adds(&reader->scratch, "*[attachment not imported");
	if (*text) {
		buf_adds(&reader->scratch, ": `");
		for (; *text; text++) /* within one span of code */
			buf_addc(&reader->scratch, *text == '`' || *text == '\n' ? ' ' : *text);
		buf_addc(&reader->scratch, '`');
	}
	buf_adds(&reader->scratch, "]*");
	reader->chat->attachments++;
}
