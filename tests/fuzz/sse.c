/* The reader of server-sent events. However the bytes are cut, the events are the same, and no buffer
 * grows beyond its limit. The first byte says how they are cut. */
#include "tests/fuzz/fuzz.h"

#include "runtime/base/ensure.h"
#include "runtime/http/http.h"

#include <string.h>

#define EVENT_BYTES 64

struct heard {
	struct buf events;
	size_t left; /* until it says stop */
};

static bool hear(const char *event, const char *data, size_t data_len, const char *id, void *ctx)
{
	struct heard *heard = ctx;

	ensure(data[data_len] == '\0' && data_len <= EVENT_BYTES && strlen(event) < 64);
	ensure(buf_addf(&heard->events, "<%s|%s|%zu:", event, id, data_len));
	ensure(buf_add(&heard->events, data, data_len));
	return --heard->left > 0;
}

static size_t read_all(const uint8_t *data, size_t len, size_t step, struct heard *heard)
{
	struct sse_reader reader;
	enum status s = OK;
	size_t skipped;

	buf_init(&heard->events, SIZE_MAX / 2);
	heard->left = 100;
	sse_reader_init(&reader, EVENT_BYTES);
	for (size_t at = 0; at < len && s == OK; at += step)
		s = sse_reader_feed(&reader, data + at, len - at < step ? len - at : step, hear,
				    heard);
	if (s == OK)
		sse_reader_end(&reader, hear, heard);
	ensure(reader.line.capacity <= 1024 && reader.data.capacity <= 1024);
	skipped = reader.skipped;
	sse_reader_done(&reader);
	return skipped;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct heard whole, pieces;

	if (len == 0)
		return 0;
	ensure(read_all(data + 1, len - 1, len, &whole) ==
	       read_all(data + 1, len - 1, 1 + data[0] % 16, &pieces));
	ensure(whole.events.len == pieces.events.len &&
	       memcmp(buf_text(&whole.events), buf_text(&pieces.events), whole.events.len) == 0);
	buf_done(&whole.events);
	buf_done(&pieces.events);
	return 0;
}
