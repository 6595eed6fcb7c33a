#include "payments/signature.h"

#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define SHA256_BYTES 32
#define SHA256_HEX (2 * SHA256_BYTES)
#define TIME_DIGITS_MAX 12

static enum status refuse(struct error *reterr)
{
	return error_set(reterr, INVALID_ARGUMENT, "signature_invalid",
			 "the signature does not match the body");
}

/* Takes the next "name=value" off *list. False: no more. */
static bool next_pair(const char **list, const char **ret_name, size_t *ret_name_len,
		      const char **ret_value, size_t *ret_value_len)
{
	const char *item = *list;
	size_t len = strcspn(item, ",");
	const char *equals = memchr(item, '=', len);

	if (*item == '\0')
		return false;
	*ret_name = item;
	*ret_name_len = equals ? (size_t)(equals - item) : len;
	*ret_value = equals ? equals + 1 : item + len;
	*ret_value_len = equals ? len - *ret_name_len - 1 : 0;
	*list = item + len + (item[len] == ',');
	return true;
}

/* The header's one `t`, as text and number. False: none, two, or no number. */
static bool find_time(const char *header, const char **ret_text, size_t *ret_len, int64_t *ret)
{
	const char *name, *value;
	size_t name_len, value_len;
	int found = 0;

	while (next_pair(&header, &name, &name_len, &value, &value_len)) {
		if (name_len != 1 || *name != 't')
			continue;
		*ret_text = value;
		*ret_len = value_len;
		found++;
	}
	return found == 1 && *ret_len <= TIME_DIGITS_MAX &&
	       text_parse_i64(*ret_text, *ret_len, 0, INT64_MAX, ret);
}

/* Hex of HMAC-SHA256(secret, "<time>.<body>"). */
static void sign(const char *secret, const char *time, size_t time_len, const void *body,
		 size_t body_len, char out[SHA256_HEX + 1])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, (const uint8_t *)secret,
						     strlen(secret));
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t mac[SHA256_BYTES];
	size_t len = sizeof mac;

	ensure(key && md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestSignUpdate(md, time, time_len) == 1 &&
	       EVP_DigestSignUpdate(md, ".", 1) == 1 &&
	       EVP_DigestSignUpdate(md, body, body_len) == 1 &&
	       EVP_DigestSignFinal(md, mac, &len) == 1 && len == sizeof mac);
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	hex_encode(mac, sizeof mac, out);
}

static bool has_signature(const char *header, const char *expected)
{
	const char *name, *value;
	size_t name_len, value_len;
	bool found = false;

	while (next_pair(&header, &name, &name_len, &value, &value_len))
		if (name_len == 2 && memcmp(name, "v1", 2) == 0 && value_len == SHA256_HEX &&
		    equal_constant_time(value, expected, SHA256_HEX))
			found = true;
	return found;
}

enum status signature_check(const char *header, const void *body, size_t body_len,
			    const char *const *secrets, int64_t now_seconds,
			    int64_t tolerance_seconds, struct error *reterr)
{
	char expected[SHA256_HEX + 1];
	const char *time = NULL;
	size_t time_len = 0;
	int64_t seconds;

	if (strlen(header) > SIGNATURE_HEADER_MAX || !find_time(header, &time, &time_len, &seconds))
		return refuse(reterr);
	for (; *secrets; secrets++) {
		sign(*secrets, time, time_len, body, body_len, expected);
		if (!has_signature(header, expected))
			continue;
		if (seconds < now_seconds - tolerance_seconds ||
		    seconds > now_seconds + tolerance_seconds)
			return error_set(reterr, INVALID_ARGUMENT, "signature_invalid",
					 "the signature's time is more than %lld s from ours",
					 (long long)tolerance_seconds);
		return OK;
	}
	return refuse(reterr);
}
