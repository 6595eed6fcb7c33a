#include "chat/usage/csv.h"

#include <inttypes.h>
#include <string.h>

#define MICRO 1000000

void csv_text(struct buf *out, const char *text)
{
	bool quoted = strpbrk(text, ",\"\r\n") != NULL;

	if (quoted)
		buf_addc(out, '"');
	if (*text && strchr("=+-@\t\r", *text))
		buf_addc(out, '\'');
	for (; *text; text++) {
		if (*text == '"')
			buf_addc(out, '"');
		buf_addc(out, *text);
	}
	if (quoted)
		buf_addc(out, '"');
}

void csv_credits(struct buf *out, int64_t microcredits)
{
	uint64_t size = microcredits < 0 ? -(uint64_t)microcredits : (uint64_t)microcredits;
	uint64_t rest = size % MICRO;
	int digits = 6;

	buf_addf(out, "%s%" PRIu64, microcredits < 0 ? "-" : "", size / MICRO);
	if (rest == 0)
		return;
	for (; rest % 10 == 0; rest /= 10)
		digits--;
	buf_addf(out, ".%0*" PRIu64, digits, rest);
}
