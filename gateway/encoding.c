#include "gateway/encoding.h"

#include <string.h>
#include <strings.h>
#include <zlib.h>

/* 64 KiB of window and chains and 64 KiB of hash: half of zlib's default, which suffices for JSON
 * and its near repetitions. */
#define WINDOW_BITS 14
#define GZIP_HEADER 16 /* added to the window: gzip's frame instead of zlib's */
#define MEMORY_LEVEL 7
#define TAIL_BYTES 64 /* header and checksum, which deflateBound leaves out */

bool encoding_accepted(const char *list, const char *coding)
{
	size_t len = strlen(coding);

	while (list && *list) {
		size_t n;
		const char *q;

		list += strspn(list, " \t,");
		n = strcspn(list, " \t,;");
		q = list + n + strspn(list + n, " \t");
		if ((n == len && strncasecmp(list, coding, len) == 0) || (n == 1 && *list == '*')) {
			if (*q != ';')
				return true;
			q += strcspn(q, "=,");
			return strspn(q, "=0.") !=
			       strcspn(q, ", \t"); /* q=0 in any spelling refuses it */
		}
		list += strcspn(list, ",");
	}
	return false;
}

bool encoding_gzip(const void *data, size_t len, int level, struct buf *out)
{
	z_stream stream = {.next_in = (Bytef *)data, .avail_in = (uInt)len};
	bool whole = false;
	size_t room;
	uint8_t *to;

	if (len > INT32_MAX || deflateInit2(&stream, level, Z_DEFLATED, WINDOW_BITS + GZIP_HEADER,
					    MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	room = deflateBound(&stream, len) + TAIL_BYTES;
	to = buf_reserve(out, room);
	if (to) {
		stream.next_out = to;
		stream.avail_out = (uInt)room;
		whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
		if (whole)
			buf_commit(out, stream.total_out);
	}
	deflateEnd(&stream);
	return whole;
}
