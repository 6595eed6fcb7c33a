#include "runtime/json/mend.h"

#include <string.h>

#define REPLACEMENT 0xFFFD
#define HIGH_FIRST 0xD800
#define LOW_FIRST 0xDC00
#define LOW_LAST 0xDFFF

static void put(struct buf *out, uint32_t c)
{
	char text[4];
	size_t n = 0;

	if (c < 0x80) {
		text[n++] = (char)c;
	} else if (c < 0x800) {
		text[n++] = (char)(0xC0 | c >> 6);
	} else if (c < 0x10000) {
		text[n++] = (char)(0xE0 | c >> 12);
		text[n++] = (char)(0x80 | (c >> 6 & 0x3F));
	} else {
		text[n++] = (char)(0xF0 | c >> 18);
		text[n++] = (char)(0x80 | (c >> 12 & 0x3F));
		text[n++] = (char)(0x80 | (c >> 6 & 0x3F));
	}
	if (c >= 0x80)
		text[n++] = (char)(0x80 | (c & 0x3F));
	buf_add(out, text, n);
}

void mend_end(struct mend *mend, struct buf *out)
{
	if (mend->high || mend->n_part)
		put(out, REPLACEMENT);
	*mend = (struct mend){0};
}

/* One UTF-16 unit of an escape, or a character of a short one. */
static void add_unit(struct mend *mend, uint32_t unit, struct buf *out)
{
	if (mend->high && unit >= LOW_FIRST && unit <= LOW_LAST) {
		put(out, 0x10000 + ((mend->high - HIGH_FIRST) << 10) + (unit - LOW_FIRST));
		mend->high = 0;
		return;
	}
	mend_end(mend, out);
	if (unit >= HIGH_FIRST && unit < LOW_FIRST)
		mend->high = unit;
	else
		put(out, unit == 0 || (unit >= LOW_FIRST && unit <= LOW_LAST) ? REPLACEMENT : unit);
}

/* How many bytes the sequence has that begins so; 0: none does. */
static size_t sequence_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xC2 && first <= 0xDF)
		return 2;
	if (first >= 0xE0 && first <= 0xEF)
		return 3;
	return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

/* Whether a second byte makes a sequence that can still become a character (RFC 3629). */
static bool second_fits(uint8_t first, uint8_t second)
{
	uint8_t min = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
	uint8_t max = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;

	return second >= min && second <= max;
}

static void add_byte(struct mend *mend, uint8_t byte, struct buf *out)
{
	bool fits = mend->n_part == 1 ? second_fits(mend->part[0], byte)
				      : mend->n_part > 0 && (byte & 0xC0) == 0x80;

	if (!fits) {
		mend_end(mend, out);
		if (byte == 0 || sequence_length(byte) == 0) {
			put(out, REPLACEMENT);
			return;
		}
	}
	mend->part[mend->n_part++] = byte;
	if (mend->n_part == sequence_length(mend->part[0])) {
		buf_add(out, mend->part, mend->n_part);
		mend->n_part = 0;
	}
}

/* Value of the four hex digits at p, or -1. */
static int32_t hex4(const char *p, const char *end)
{
	static const char digits[] = "0123456789abcdef";
	int32_t value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const char *digit = memchr(digits, p[i] | 0x20, 16);

		if (p[i] >= '0' && p[i] <= '9')
			digit = digits + (p[i] - '0');
		if (!digit)
			return -1;
		value = value << 4 | (int32_t)(digit - digits);
	}
	return value;
}

/* The escape behind a backslash at p. Returns its bytes. */
static size_t add_escape(struct mend *mend, const char *p, const char *end, struct buf *out)
{
	static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
	const char *name = *p ? strchr(names, *p) : NULL;
	int32_t unit = *p == 'u' ? hex4(p + 1, end) : -1;

	if (unit >= 0) {
		add_unit(mend, (uint32_t)unit, out);
		return 5;
	}
	add_byte(mend, (uint8_t)(name ? values[name - names] : *p), out);
	return 1;
}

void mend_add(struct mend *mend, struct peek string, struct buf *out)
{
	const char *p = string.at + 1, *end = string.end - 1;

	while (p < end) {
		if (*p == '\\' && p + 1 < end)
			p += 1 + add_escape(mend, p + 1, end, out);
		else
			add_byte(mend, (uint8_t)*p++, out);
	}
}
