/* Server-sent events: lines end in LF, CR or CRLF, an empty line ends an event. */
#include "runtime/http/http.h"

#include <string.h>

#define KEPT_BYTES 65536 /* of a buffer, from one line or event to the next */

typedef bool event_fn(const char *event, const char *data, size_t data_len, const char *id,
		      void *ctx);

void sse_reader_init(struct sse_reader *reader, size_t event_bytes_max)
{
	memset(reader, 0, sizeof *reader);
	buf_init(&reader->line, event_bytes_max);
	buf_init(&reader->data, event_bytes_max);
}

void sse_reader_done(struct sse_reader *reader)
{
	buf_done(&reader->line);
	buf_done(&reader->data);
}

/* Keeps a value that fits; one that does not is left out rather than cut into another. */
static void keep(char *out, size_t size, const char *value, size_t len)
{
	if (len >= size || memchr(value, '\0', len))
		return;
	memcpy(out, value, len);
	out[len] = '\0';
}

/* Gives back the memory of a line or event that was much longer than others. */
static void shrink(struct buf *buf)
{
	buf_clear(buf);
	buf_trim(buf, KEPT_BYTES);
}

static bool named(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= n && memcmp(line, name, n) == 0 && (len == n || line[n] == ':');
}

/* Whether the line carries data. llama.cpp writes `error: {…}` where others write two lines. */
static bool carries_data(const char *line, size_t len)
{
	return named(line, len, "data") || named(line, len, "error");
}

static void field(struct sse_reader *reader, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	const char *value = colon ? colon + 1 : line + len;
	size_t value_len = len - (size_t)(value - line);

	if (value_len > 0 && *value == ' ') {
		value++;
		value_len--;
	}
	if (carries_data(line, len)) {
		if (*line == 'e')
			keep(reader->event, sizeof reader->event, "error", 5);
		if (!buf_add(&reader->data, value, value_len) || !buf_addc(&reader->data, '\n'))
			reader->too_long = true;
	} else if (named(line, len, "event")) {
		keep(reader->event, sizeof reader->event, value, value_len);
	} else if (named(line, len, "id")) {
		keep(reader->id, sizeof reader->id, value, value_len);
	}
	/* comments, retry and unknown fields say nothing to a server */
}

/* An empty line: tells the event. False: it was the last one that is wanted. */
static bool dispatch(struct sse_reader *reader, event_fn *on_event, void *ctx)
{
	bool go_on = true;

	if (reader->too_long) {
		reader->skipped++;
	} else if (reader->data.len > 0) {
		reader->data.data[--reader->data.len] = '\0';
		go_on = on_event(reader->event[0] ? reader->event : "message",
				 buf_text(&reader->data), reader->data.len, reader->id, ctx);
	}
	reader->too_long = false;
	shrink(&reader->data);
	reader->event[0] = '\0';
	return go_on;
}

/* One whole line is in reader->line, or the beginning of one that is too long. */
static bool take_line(struct sse_reader *reader, event_fn *on_event, void *ctx)
{
	const char *line = buf_text(&reader->line);
	size_t len = reader->line.len;
	bool cut = reader->line.overflow, go_on = true;

	if (!reader->started && len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
		line += 3;
		len -= 3;
	}
	reader->started = true;
	if (cut)
		reader->too_long |= carries_data(line, len);
	else if (len > 0)
		field(reader, line, len);
	else
		go_on = dispatch(reader, on_event, ctx);
	shrink(&reader->line);
	return go_on;
}

/* Bytes that do not fit are left out; enough is there to see what the line was. */
static void add_to_line(struct sse_reader *reader, const char *text, size_t len)
{
	struct buf *line = &reader->line;
	size_t room = line->max - line->len;

	if (line->overflow)
		return;
	buf_add(line, text, len < room ? len : room);
	line->overflow = len > room;
}

enum status sse_reader_feed(struct sse_reader *reader, const void *data, size_t len,
			    event_fn *on_event, void *ctx)
{
	const char *p = data, *end = p + len;

	while (p < end) {
		const char *stop;

		if (reader->skip_lf) {
			reader->skip_lf = false;
			if (*p == '\n' && ++p == end)
				break;
		}
		for (stop = p; stop < end && *stop != '\n' && *stop != '\r'; stop++)
			;
		add_to_line(reader, p, (size_t)(stop - p));
		if (stop == end)
			break;
		reader->skip_lf = *stop == '\r';
		p = stop + 1;
		if (!take_line(reader, on_event, ctx))
			return CANCELLED;
	}
	return OK;
}

void sse_reader_end(struct sse_reader *reader, event_fn *on_event, void *ctx)
{
	if (reader->line.len > 0 && !take_line(reader, on_event, ctx))
		return;
	(void)!dispatch(reader, on_event, ctx);
}
