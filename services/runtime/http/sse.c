/* Server-sent events: lines end in LF, CR or CRLF, an empty line ends an event. */
#include "runtime/http/http.h"

#include <string.h>

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

static bool field(struct sse_reader *reader, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	size_t name_len = colon ? (size_t)(colon - line) : len;
	const char *value = colon ? colon + 1 : line + len;
	size_t value_len = len - (size_t)(value - line);

	if (value_len > 0 && *value == ' ') {
		value++;
		value_len--;
	}
	if (name_len == 4 && memcmp(line, "data", 4) == 0)
		return buf_add(&reader->data, value, value_len) && buf_addc(&reader->data, '\n');
	if (name_len == 5 && memcmp(line, "event", 5) == 0)
		keep(reader->event, sizeof reader->event, value, value_len);
	else if (name_len == 2 && memcmp(line, "id", 2) == 0)
		keep(reader->id, sizeof reader->id, value, value_len);
	return true; /* comments, retry and unknown fields say nothing to a server */
}

/* One whole line is in reader->line. */
static enum status take_line(struct sse_reader *reader, event_fn *on_event, void *ctx,
			     struct error *reterr)
{
	const char *line = buf_text(&reader->line);
	size_t len = reader->line.len;
	bool go_on = true;

	if (!reader->started && len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
		line += 3;
		len -= 3;
	}
	reader->started = true;
	if (len > 0) {
		if (!field(reader, line, len))
			return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large",
					 "an event is longer than %zu bytes", reader->data.max);
		buf_clear(&reader->line);
		return OK;
	}
	buf_clear(&reader->line);
	if (reader->data.len > 0) {
		reader->data.data[--reader->data.len] = '\0';
		go_on = on_event(reader->event[0] ? reader->event : "message",
				 buf_text(&reader->data), reader->data.len, reader->id, ctx);
	}
	buf_clear(&reader->data);
	reader->event[0] = '\0';
	return go_on ? OK : CANCELLED;
}

enum status sse_reader_feed(struct sse_reader *reader, const void *data, size_t len,
			    event_fn *on_event, void *ctx, struct error *reterr)
{
	const char *p = data, *end = p + len;

	while (p < end) {
		const char *stop;
		enum status s;

		if (reader->skip_lf) {
			reader->skip_lf = false;
			if (*p == '\n' && ++p == end)
				break;
		}
		for (stop = p; stop < end && *stop != '\n' && *stop != '\r'; stop++)
			;
		if (!buf_add(&reader->line, p, (size_t)(stop - p)))
			return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large",
					 "a line is longer than %zu bytes", reader->line.max);
		if (stop == end)
			break;
		reader->skip_lf = *stop == '\r';
		p = stop + 1;
		s = take_line(reader, on_event, ctx, reterr);
		if (s != OK)
			return s;
	}
	return OK;
}
