#include "runtime/base/text.h"

#include "runtime/base/ensure.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>

/* Length of the well-formed UTF-8 sequence at p (RFC 3629 section 4), or 0. */
static size_t utf8_sequence(const uint8_t *p, size_t len)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (p[0] == 0 || (p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, above U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

bool text_is_utf8(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;

	while (len) {
		size_t n = utf8_sequence(p, len);

		if (n == 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* The code point of a well-formed sequence of n bytes. */
static uint32_t code_point(const uint8_t *p, size_t n)
{
	uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

static bool is_break(uint32_t c)
{
	return c <= 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
}

/* PropList.txt of Unicode: Bidi_Control. */
static bool is_bidi_control(uint32_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

void text_make_line(char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text), len = 0;

	while (left) {
		size_t n = utf8_sequence(p, left);
		uint32_t c = n ? code_point(p, n) : 0;

		if (n == 0)
			n = 1;
		if (is_break(c)) {
			if (len > 0 && text[len - 1] != ' ')
				text[len++] = ' ';
		} else if (!is_bidi_control(c)) {
			memmove(text + len, p, n);
			len += n;
		}
		p += n;
		left -= n;
	}
	if (len > 0 && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
}

char *text_line(struct arena *arena, const char *text)
{
	char *line = arena_strdup(arena, text);

	text_make_line(line);
	return line;
}

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *encode(struct arena *arena, const char *alphabet, bool pad, const uint8_t *in,
		    size_t len)
{
	char *out = arena_alloc(arena, (len + 2) / 3 * 4 + 1);
	char *o = out;

	if (!out)
		return (char *)"";
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)in[i] << 16 | (n > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
			     (n > 2 ? in[i + 2] : 0);

		for (size_t k = 0; k < 4; k++) {
			if (k <= n)
				*o++ = alphabet[v >> (18 - 6 * k) & 63];
			else if (pad)
				*o++ = '=';
		}
	}
	*o = '\0';
	return out;
}

static int value_of(char c, bool standard_too)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-' || (standard_too && c == '+'))
		return 62;
	if (c == '_' || (standard_too && c == '/'))
		return 63;
	return -1;
}

static uint8_t *decode(struct arena *arena, bool standard_too, const char *text, size_t len,
		       size_t *ret_len)
{
	uint32_t v = 0;
	size_t n = 0;
	uint8_t *out;

	if (len % 4 == 1)
		return NULL;
	out = arena_alloc(arena, len / 4 * 3 + 3);
	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		int d = value_of(text[i], standard_too);

		if (d < 0)
			return NULL;
		v = v << 6 | (uint32_t)d;
		if (i % 4 == 3) {
			out[n++] = (uint8_t)(v >> 16);
			out[n++] = (uint8_t)(v >> 8);
			out[n++] = (uint8_t)v;
			v = 0;
		}
	}
	/* Bits of the last group that stand for no byte must be zero, or one value had many
	 * spellings. */
	if (len % 4 == 2) {
		if (v & 15)
			return NULL;
		out[n++] = (uint8_t)(v >> 4);
	} else if (len % 4 == 3) {
		if (v & 3)
			return NULL;
		out[n++] = (uint8_t)(v >> 10);
		out[n++] = (uint8_t)(v >> 2);
	}
	*ret_len = n;
	return out;
}

char *base64url_encode(struct arena *arena, const void *data, size_t len)
{
	return encode(arena, url_safe, false, data, len);
}

uint8_t *base64url_decode(struct arena *arena, const char *text, size_t len, size_t *ret_len)
{
	return decode(arena, false, text, len, ret_len);
}

char *base64_encode(struct arena *arena, const void *data, size_t len)
{
	return encode(arena, standard, true, data, len);
}

uint8_t *base64_decode(struct arena *arena, const char *text, size_t len, size_t *ret_len)
{
	if (len % 4 == 0)
		for (int i = 0; i < 2 && len && text[len - 1] == '='; i++)
			len--;
	return decode(arena, true, text, len, ret_len);
}

void hex_encode(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

bool equal_constant_time(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void random_bytes(void *out, size_t len)
{
	uint8_t *p = out;

	while (len) {
		ssize_t n = getrandom(p, len < 256 ? len : 256, 0);

		ensure(n > 0);
		p += n;
		len -= (size_t)n;
	}
}

uint64_t random_below(uint64_t below)
{
	/* Values under `skip` would make small results likelier: draw again (arc4random_uniform's
	 * way). */
	uint64_t skip, value;

	ensure(below > 0);
	skip = -below % below;
	do {
		random_bytes(&value, sizeof value);
	} while (value < skip);
	return value % below;
}

bool text_parse_i64(const char *text, size_t len, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = len && text[0] == '-';
	int64_t value = 0;

	if (len == (size_t)negative)
		return false;
	for (size_t i = negative; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, text[i] - '0', &value))
			return false; /* summed up below zero, where INT64_MIN has room */
	}
	if (!negative && __builtin_sub_overflow(0, value, &value))
		return false;
	if (value < min || value > max)
		return false;
	*ret = value;
	return true;
}
