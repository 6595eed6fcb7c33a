/* Crockford's alphabet of 32 has no I, L, O and U: nothing in a code looks like something else. */
#include "voucher.h"

#include "runtime/base/digest.h"
#include "runtime/base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define GROUP 5 /* symbols between two dashes */

void voucher_make(const char *prefix, char out[VOUCHER_SIZE])
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	unsigned char bytes[VOUCHER_SYMBOLS];
	size_t n = strlen(prefix);

	random_bytes(bytes, sizeof bytes);
	memcpy(out, prefix, n);
	for (size_t i = 0; i < VOUCHER_SYMBOLS; i++) {
		if (i % GROUP == 0 && n > 0)
			out[n++] = '-';
		out[n++] = alphabet[bytes[i] % 32];
	}
	out[n] = '\0';
}

bool voucher_normalize(const char *text, char out[VOUCHER_SIZE])
{
	size_t n = 0;

	for (; *text; text++) {
		char c = (char)toupper((unsigned char)*text);

		if (c == '-' || isspace((unsigned char)c))
			continue;
		if (!isalnum((unsigned char)c) || n == VOUCHER_PREFIX_MAX + VOUCHER_SYMBOLS)
			return false;
		out[n++] = (char)(c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c);
	}
	out[n] = '\0';
	return n >= VOUCHER_SYMBOLS;
}

void voucher_hash(const char *normal, unsigned char out[VOUCHER_HASH_SIZE])
{
	digest_sha256(normal, strlen(normal), out);
}

bool voucher_prefix_ok(const char *prefix)
{
	size_t len = strlen(prefix);

	return len <= VOUCHER_PREFIX_MAX &&
	       strspn(prefix, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}
