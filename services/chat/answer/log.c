#include "chat/answer/log.h"

#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KIND_BITS 3
#define KIND_MASK ((1u << KIND_BITS) - 1)
#define VARINT_MAX 5
#define LENGTH_MAX (1u << 28)

static_assert(EVENT_KINDS <= 1 << KIND_BITS, "a kind must fit its bits");
static_assert(EVENT_BYTES_MAX < LENGTH_MAX, "a length must fit the rest of a mark");

static enum event_kind kind_of(uint32_t mark)
{
	return (enum event_kind)(mark & KIND_MASK);
}

static size_t length_of(uint32_t mark)
{
	return mark >> KIND_BITS;
}

/* Events of these kinds may be cut and joined anywhere between characters. */
static bool is_text(enum event_kind kind)
{
	return kind == EVENT_TEXT || kind == EVENT_REASONING;
}

static size_t bytes_of(const struct event_log *log)
{
	return log->text.len + log->reasoning.len + log->items.len;
}

struct event_log *log_new(int32_t epoch, size_t bytes_max)
{
	struct event_log *log = calloc(1, sizeof *log);

	ensure(log);
	log->refs = 1;
	log->epoch = epoch;
	buf_init(&log->text, bytes_max);
	buf_init(&log->reasoning, bytes_max);
	buf_init(&log->items, bytes_max);
	return log;
}

struct event_log *log_ref(struct event_log *log)
{
	log->refs++;
	return log;
}

void log_unref(struct event_log *log)
{
	if (!log || --log->refs > 0)
		return;
	buf_done(&log->text);
	buf_done(&log->reasoning);
	buf_done(&log->items);
	free(log->marks);
	free(log);
}

static void add_mark(struct event_log *log, enum event_kind kind, size_t len)
{
	if (log->n_marks == log->marks_room) {
		log->marks_room = log->marks_room ? log->marks_room * 2 : 64;
		log->marks = realloc(log->marks, log->marks_room * sizeof *log->marks);
		ensure(log->marks);
	}
	log->marks[log->n_marks++] = (uint32_t)len << KIND_BITS | (uint32_t)kind;
}

/* The longest beginning of at most max bytes that ends between characters. */
static size_t whole_characters(const char *text, size_t len, size_t max)
{
	size_t n = max;

	if (len <= max)
		return len;
	while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
		n--;
	return n;
}

bool log_add_text(struct event_log *log, enum event_kind kind, const char *text, size_t len)
{
	struct buf *buf = kind == EVENT_TEXT ? &log->text : &log->reasoning;
	size_t used = bytes_of(log);
	size_t room = buf->max > used ? buf->max - used : 0;
	size_t take = whole_characters(text, len, room);
	bool whole = take == len;

	while (take > 0 && log->n_marks < LOG_EVENTS_MAX) {
		size_t n = whole_characters(text, take, EVENT_BYTES_MAX);

		if (n == 0) /* no UTF-8: no character is that long */
			n = EVENT_BYTES_MAX;
		if (!buf_add(buf, text, n))
			return false;
		add_mark(log, kind, n);
		text += n;
		take -= n;
	}
	return whole && take == 0;
}

bool log_add_item(struct event_log *log, const char *json, size_t len)
{
	struct buf *items = &log->items;
	size_t at = items->len;

	if (len >= LENGTH_MAX || bytes_of(log) + len + 1 > items->max ||
	    log->n_marks >= LOG_EVENTS_MAX)
		return false;
	if (!buf_add(items, json, len) || !buf_addc(items, '\n'))
		return false;
	for (size_t i = at; i < at + len; i++) {
		if (items->data[i] == '\n' || items->data[i] == '\r')
			items->data[i] = ' ';
	}
	add_mark(log, EVENT_ITEM, len + 1);
	return true;
}

void log_add_all(struct event_log *log, const struct event_log *from)
{
	struct place place = {0};
	struct event event;

	while (log_next(from, &place, &event, &place)) {
		if (event.kind == EVENT_ITEM)
			log_add_item(log, event.text, event.len);
		else if (is_text(event.kind))
			log_add_text(log, event.kind, event.text, event.len);
	}
}

void log_add(struct event_log *log, enum event_kind kind)
{
	add_mark(log, kind, 0);
}

void log_clear(struct event_log *log)
{
	buf_clear(&log->text);
	buf_clear(&log->reasoning);
	buf_clear(&log->items);
	log->n_marks = 0;
}

void log_encode(const struct event_log *log, size_t from, size_t to, struct buf *out)
{
	for (size_t i = from; i < to; i++) {
		uint32_t mark = log->marks[i];

		for (; mark >= 0x80; mark >>= 7)
			buf_addc(out, (char)(mark | 0x80));
		buf_addc(out, (char)mark);
	}
}

/* Reads one mark. Returns its bytes, or 0 when there is no whole one. */
static size_t read_mark(const uint8_t *p, size_t n, uint32_t *ret)
{
	uint32_t value = 0;

	for (size_t i = 0; i < n && i < VARINT_MAX; i++) {
		value |= (uint32_t)(p[i] & 0x7F) << (7 * i);
		if (p[i] < 0x80) {
			*ret = value;
			return i + 1;
		}
	}
	return 0;
}

static void pass_mark(struct place *place, uint32_t mark)
{
	place->index++;
	if (kind_of(mark) == EVENT_TEXT)
		place->text_at += length_of(mark);
	else if (kind_of(mark) == EVENT_REASONING)
		place->reasoning_at += length_of(mark);
	else if (kind_of(mark) == EVENT_ITEM)
		place->items_at += length_of(mark);
}

/* Where an item ends, a line must end: its reader cuts by lines. */
static bool fits_items(uint32_t mark, const struct place *after, const char *items, size_t len)
{
	return kind_of(mark) != EVENT_ITEM || (length_of(mark) > 0 && after->items_at <= len &&
					       items[after->items_at - 1] == '\n');
}

bool log_decode(struct event_log *log, const struct log_piece *piece)
{
	size_t text_len = strlen(piece->text), reasoning_len = strlen(piece->reasoning);
	size_t items_len = strlen(piece->items), n = piece->n;
	const uint8_t *p = piece->marks;
	struct place place = {0};

	while (n > 0) {
		uint32_t mark;
		size_t used = read_mark(p, n, &mark);

		if (used == 0 || kind_of(mark) >= EVENT_KINDS || log->n_marks >= LOG_EVENTS_MAX)
			return false;
		pass_mark(&place, mark);
		if (!fits_items(mark, &place, piece->items, items_len))
			return false;
		add_mark(log, kind_of(mark), length_of(mark));
		p += used;
		n -= used;
	}
	return place.text_at == text_len && place.reasoning_at == reasoning_len &&
	       place.items_at == items_len && buf_add(&log->text, piece->text, text_len) &&
	       buf_add(&log->reasoning, piece->reasoning, reasoning_len) &&
	       buf_add(&log->items, piece->items, items_len);
}

bool cursor_parse(const char *text, struct cursor *ret)
{
	const char *dot = strchr(text, '.');
	int64_t epoch, seq;

	if (!dot || !text_parse_i64(text, (size_t)(dot - text), 1, INT32_MAX, &epoch) ||
	    !text_parse_i64(dot + 1, strlen(dot + 1), 0, INT32_MAX, &seq))
		return false;
	*ret = (struct cursor){(int32_t)epoch, (int32_t)seq};
	return true;
}

void cursor_format(struct cursor cursor, char out[CURSOR_SIZE])
{
	snprintf(out, CURSOR_SIZE, "%" PRId32 ".%" PRId32, cursor.epoch, cursor.seq);
}

bool log_seek(const struct event_log *log, int32_t seq, struct place *ret)
{
	struct place place = {0};

	if (seq < 0 || (size_t)seq > log->n_marks)
		return false;
	while (place.index < (size_t)seq)
		pass_mark(&place, log->marks[place.index]);
	*ret = place;
	return true;
}

bool log_next(const struct event_log *log, const struct place *place, struct event *ret,
	      struct place *ret_after)
{
	struct place after = *place;
	size_t len = 0;
	enum event_kind kind;

	if (place->index >= log->n_marks)
		return false;
	kind = kind_of(log->marks[place->index]);
	do {
		len += length_of(log->marks[after.index]);
		pass_mark(&after, log->marks[after.index]);
	} while (is_text(kind) && after.index < log->n_marks &&
		 kind_of(log->marks[after.index]) == kind &&
		 len + length_of(log->marks[after.index]) <= EVENT_BYTES_MAX);
	*ret = (struct event){.kind = kind, .len = len};
	if (kind == EVENT_TEXT)
		ret->text = buf_text(&log->text) + place->text_at;
	else if (kind == EVENT_REASONING)
		ret->text = buf_text(&log->reasoning) + place->reasoning_at;
	else if (kind == EVENT_ITEM)
		*ret = (struct event){kind, buf_text(&log->items) + place->items_at, len - 1};
	*ret_after = after;
	return true;
}
