#include "runtime/base/page.h"
#include "runtime/base/digest.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <string.h>

/* A token is base64url of: mac, list, key, NUL, id. The MAC covers all that follows it. */
#define MAC_SIZE 16
#define LIST_SIZE sizeof(((struct page *)0)->list)
#define HEAD_SIZE (MAC_SIZE + LIST_SIZE)

static uint8_t secret_hash[32];
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

/* Nobody can sign with a secret that nobody was given. */
static void make_secret(void)
{
	random_bytes(secret_hash, sizeof(secret_hash));
}

void page_set_secret(const char *secret)
{
	pthread_once(&secret_once, make_secret);
	digest_sha256(secret, strlen(secret), secret_hash);
}

static void sign(const uint8_t *data, size_t len, uint8_t out[MAC_SIZE])
{
	uint8_t mac[32];

	pthread_once(&secret_once, make_secret);
	ensure(HMAC(EVP_sha256(), secret_hash, sizeof(secret_hash), data, len, mac, NULL));
	memcpy(out, mac, MAC_SIZE);
}

static enum status hash_list(struct page *page, struct arena *arena, const char *method,
			     const char *filter, struct error *reterr)
{
	size_t method_size = strlen(method) + 1; /* its NUL keeps method and filter apart */
	size_t filter_len = strlen(filter);
	uint8_t *text = arena_alloc(arena, method_size + filter_len);
	uint8_t hash[32];

	if (!text)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "filter of a list");
	memcpy(text, method, method_size);
	memcpy(text + method_size, filter, filter_len);
	digest_sha256(text, method_size + filter_len, hash);
	memcpy(page->list, hash, LIST_SIZE);
	return OK;
}

static enum status refuse(struct error *reterr)
{
	return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "page_token",
			   "not a page token of this list");
}

/* Key, NUL, id. A good signature does not make them so: another version may have signed it. */
static enum status read_row(struct page *page, struct arena *arena, const char *text, size_t len,
			    struct error *reterr)
{
	const char *middle = memchr(text, '\0', len);
	size_t key_len, id_len;

	if (!middle)
		return refuse(reterr);
	key_len = (size_t)(middle - text);
	id_len = len - key_len - 1;
	if (!text_is_utf8(text, key_len) || !text_is_utf8(middle + 1, id_len))
		return refuse(reterr); /* NUL is none of it */
	page->key = arena_strndup(arena, text, key_len);
	page->id = arena_strndup(arena, middle + 1, id_len);
	return OK;
}

static enum status read_token(struct page *page, struct arena *arena, const char *token,
			      struct error *reterr)
{
	size_t token_len = strlen(token), len = 0;
	uint8_t mac[MAC_SIZE], *raw = NULL;

	if (token_len <= PAGE_TOKEN_MAX)
		raw = base64url_decode(arena, token, token_len, &len);
	if (!raw || len < HEAD_SIZE)
		return refuse(reterr);
	sign(raw + MAC_SIZE, len - MAC_SIZE, mac);
	if (!equal_constant_time(mac, raw, MAC_SIZE))
		return refuse(reterr);
	if (memcmp(raw + MAC_SIZE, page->list, LIST_SIZE) != 0)
		return error_field(reterr, INVALID_ARGUMENT, "page_token_mismatch", "page_token",
				   "the page token belongs to another list or filter");

	return read_row(page, arena, (const char *)raw + HEAD_SIZE, len - HEAD_SIZE, reterr);
}

enum status page_begin(struct page *ret, struct arena *arena, const char *method,
		       const char *filter, int32_t size, const char *token, struct error *reterr)
{
	struct page page = {.size = size};
	enum status s;

	if (size < 0)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "page_size",
				   "page_size is negative");
	if (size == 0)
		page.size = PAGE_SIZE_DEFAULT;
	if (size > PAGE_SIZE_MAX)
		page.size = PAGE_SIZE_MAX;

	s = hash_list(&page, arena, method, filter, reterr);
	if (s != OK)
		return s;
	if (token && token[0]) {
		s = read_token(&page, arena, token, reterr);
		if (s != OK)
			return s;
	}
	*ret = page;
	return OK;
}

char *page_next(const struct page *page, struct arena *arena, const char *key, const char *id)
{
	size_t key_size = strlen(key) + 1, id_len = strlen(id);
	uint8_t raw[HEAD_SIZE + PAGE_KEY_MAX + 1];

	ensure(key_size - 1 + id_len <= PAGE_KEY_MAX);
	memcpy(raw + MAC_SIZE, page->list, LIST_SIZE);
	memcpy(raw + HEAD_SIZE, key, key_size);
	memcpy(raw + HEAD_SIZE + key_size, id, id_len);
	sign(raw + MAC_SIZE, LIST_SIZE + key_size + id_len, raw);
	return base64url_encode(arena, raw, HEAD_SIZE + key_size + id_len);
}
