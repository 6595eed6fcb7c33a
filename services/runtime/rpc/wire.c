#include "runtime/rpc/wire.h"

#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ timeouts */

static const struct {
	char unit;
	int64_t us;
} timeout_units[] = {{'u', 1}, {'m', 1000}, {'S', 1000000}, {'M', 60000000LL}, {'H', 3600000000LL}};

#define TIMEOUT_DIGITS 8
#define TIMEOUT_MAX 99999999

bool wire_parse_timeout(const uint8_t *text, size_t len, int64_t *ret_us)
{
	int64_t n = 0;

	if (len < 2 || len > TIMEOUT_DIGITS + 1)
		return false;
	for (size_t i = 0; i < len - 1; i++) {
		if (!isdigit(text[i]))
			return false;
		n = n * 10 + (text[i] - '0');
	}
	if (text[len - 1] == 'n') {
		*ret_us = n / 1000;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(timeout_units); i++) {
		if (timeout_units[i].unit == text[len - 1]) {
			*ret_us = n * timeout_units[i].us;
			return true;
		}
	}
	return false;
}

size_t wire_format_timeout(int64_t us, char out[WIRE_TIMEOUT_SIZE])
{
	size_t i = 0;

	if (us < 1)
		us = 1;
	while (us / timeout_units[i].us > TIMEOUT_MAX)
		i++;
	return (size_t)snprintf(out, WIRE_TIMEOUT_SIZE, "%d%c", (int)(us / timeout_units[i].us),
				timeout_units[i].unit);
}

/* ------------------------------------------------------------------ texts */

void wire_encode_message(const char *text, char *out)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text; text++) {
		uint8_t c = (uint8_t)*text;

		if (c >= 0x20 && c <= 0x7e && c != '%') {
			*out++ = *text;
			continue;
		}
		*out++ = '%';
		*out++ = digits[c >> 4];
		*out++ = digits[c & 15];
	}
	*out = '\0';
}

static int hex_digit(uint8_t c)
{
	if (isdigit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void wire_decode_message(const uint8_t *text, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		if (text[i] == '%' && i + 2 < len && hex_digit(text[i + 1]) >= 0 &&
		    hex_digit(text[i + 2]) >= 0) {
			out[n] = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
			i += 2;
		} else {
			out[n] = (char)text[i];
		}
		n += out[n] != '\0';
	}
	/* A character that was cut in the middle goes as a whole. */
	while (n > 0 && !text_is_utf8(out, n) && n + 4 >= size - 1)
		n--;
	out[n] = '\0';
}

void wire_put_prefix(uint8_t out[WIRE_PREFIX_BYTES], uint32_t len)
{
	out[0] = 0;
	out[1] = (uint8_t)(len >> 24);
	out[2] = (uint8_t)(len >> 16);
	out[3] = (uint8_t)(len >> 8);
	out[4] = (uint8_t)len;
}

static void change_case(int (*change)(int), const char *text, char *out, size_t size)
{
	size_t i = 0;

	for (; text[i] && i + 1 < size; i++)
		out[i] = (char)change((unsigned char)text[i]);
	out[i] = '\0';
}

void wire_reason_up(const char *reason, char *out, size_t size)
{
	change_case(toupper, reason, out, size);
}

void wire_reason_down(const char *reason, char *out, size_t size)
{
	change_case(tolower, reason, out, size);
}

void wire_make_request_id(char out[64])
{
	static _Atomic uint64_t counter;
	static char prefix[17];
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	if (atomic_load(&counter) == 0) {
		pthread_mutex_lock(&lock);
		if (atomic_load(&counter) == 0) {
			uint8_t bytes[8];

			random_bytes(bytes, sizeof(bytes));
			hex_encode(bytes, sizeof(bytes), prefix);
			atomic_store(&counter, 1);
		}
		pthread_mutex_unlock(&lock);
	}
	snprintf(out, 64, "%s-%llx", prefix, (unsigned long long)atomic_fetch_add(&counter, 1));
}

/* ------------------------------------------------------------------ codes */

const char *wire_default_reason(enum status s)
{
	static const char *const reasons[STATUS_N] = {
		[OK] = "",
		[CANCELLED] = "call_cancelled",
		[UNKNOWN] = "internal_error",
		[INVALID_ARGUMENT] = "field_invalid",
		[DEADLINE_EXCEEDED] = "deadline",
		[NOT_FOUND] = "not_found",
		[ALREADY_EXISTS] = "already_exists",
		[PERMISSION_DENIED] = "caller_refused",
		[RESOURCE_EXHAUSTED] = "overloaded",
		[FAILED_PRECONDITION] = "field_invalid",
		[ABORTED] = "conflict_retry",
		[OUT_OF_RANGE] = "field_invalid",
		[UNIMPLEMENTED] = "not_implemented",
		[INTERNAL] = "internal_error",
		[UNAVAILABLE] = "service_unavailable",
		[DATA_LOSS] = "internal_error",
		[UNAUTHENTICATED] = "unauthenticated",
	};

	return (unsigned)s < STATUS_N ? reasons[s] : "internal_error";
}

/* http-grpc-status-mapping.md of gRPC. */
enum status wire_status_of_http(int http)
{
	switch (http) {
	case 400:
		return INTERNAL;
	case 401:
		return UNAUTHENTICATED;
	case 403:
		return PERMISSION_DENIED;
	case 404:
		return UNIMPLEMENTED;
	case 429:
	case 502:
	case 503:
	case 504:
		return UNAVAILABLE;
	default:
		return UNKNOWN;
	}
}

enum status wire_status_of_reset(uint32_t error_code)
{
	switch (error_code) {
	case NGHTTP2_REFUSED_STREAM:
		return UNAVAILABLE;
	case NGHTTP2_CANCEL:
		return CANCELLED;
	case NGHTTP2_ENHANCE_YOUR_CALM:
		return RESOURCE_EXHAUSTED;
	case NGHTTP2_INADEQUATE_SECURITY:
		return PERMISSION_DENIED;
	default:
		return INTERNAL;
	}
}

/* --------------------------------------- metadata: key length, value length, key NUL, value NUL */

struct meta_head {
	uint32_t key_len, value_len;
};

void meta_add(struct meta *meta, const void *key, size_t key_len, const void *value,
	      size_t value_len)
{
	struct meta_head head = {(uint32_t)key_len, (uint32_t)value_len};
	size_t size = sizeof(head) + key_len + value_len + 2;
	uint8_t *p;

	if (meta->len + size > meta->room) {
		meta->room = (uint32_t)((meta->len + size) * 2);
		meta->data = realloc(meta->data, meta->room);
		ensure(meta->data);
	}
	p = meta->data + meta->len;
	memcpy(p, &head, sizeof(head));
	p += sizeof(head);
	memcpy(p, key, key_len);
	p[key_len] = '\0';
	p += key_len + 1;
	if (value_len)
		memcpy(p, value, value_len);
	p[value_len] = '\0';
	meta->len += (uint32_t)size;
	meta->n++;
}

void meta_free(struct meta *meta)
{
	free(meta->data);
	*meta = (struct meta){0};
}

bool meta_next(const struct meta *meta, uint32_t *at, struct meta_pair *ret)
{
	struct meta_head head;

	if (*at >= meta->len)
		return false;
	memcpy(&head, meta->data + *at, sizeof(head));
	ret->key = (const char *)meta->data + *at + sizeof(head);
	ret->key_len = head.key_len;
	ret->value = (const uint8_t *)ret->key + head.key_len + 1;
	ret->value_len = head.value_len;
	*at += (uint32_t)sizeof(head) + head.key_len + head.value_len + 2;
	return true;
}

bool meta_find(const struct meta *meta, const char *key, struct meta_pair *ret)
{
	uint32_t at = 0;

	while (meta_next(meta, &at, ret))
		if (strcmp(ret->key, key) == 0)
			return true;
	return false;
}

bool meta_is_binary(const char *key, size_t len)
{
	return len > 4 && memcmp(key + len - 4, "-bin", 4) == 0;
}

bool meta_key_allowed(const char *key, size_t len)
{
	static const char *const own[] = {"te",        "content-type", "content-length",
					  "host",      "connection",   "transfer-encoding",
					  "user-agent"};

	if (len == 0 || (len >= 5 && memcmp(key, "grpc-", 5) == 0))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strlen(own[i]) == len && memcmp(own[i], key, len) == 0)
			return false;
	for (size_t i = 0; i < len; i++)
		if (!islower((unsigned char)key[i]) && !isdigit((unsigned char)key[i]) &&
		    !memchr("_.-", key[i], 3))
			return false;
	return true;
}

bool meta_value_allowed(const uint8_t *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (value[i] < 0x20 || value[i] > 0x7e)
			return false;
	return true;
}

void meta_add_binary(struct meta *meta, const char *key, const void *value, size_t len)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, len * 2 + 64);
	const char *text = base64_encode(arena, value, len);
	size_t text_len = strlen(text);

	while (text_len > 0 && text[text_len - 1] == '=')
		text_len--;
	meta_add(meta, key, strlen(key), text, text_len);
}

bool meta_add_user(struct meta *meta, const char *key, const void *value, size_t len,
		   size_t max_bytes)
{
	size_t key_len = strlen(key);

	if (!meta_key_allowed(key, key_len) || meta->len + key_len + len * 4 / 3 > max_bytes)
		return false;
	if (meta_is_binary(key, key_len)) {
		meta_add_binary(meta, key, value, len);
		return true;
	}
	if (!meta_value_allowed(value, len))
		return false;
	meta_add(meta, key, key_len, value, len);
	return true;
}

const uint8_t *meta_decode(const struct meta_pair *pair, struct arena *arena, size_t *ret_len)
{
	return base64_decode(arena, (const char *)pair->value, pair->value_len, ret_len);
}

/* ------------------------------------------------------------------ for nghttp2 */

nghttp2_nv wire_nv(const void *name, size_t name_len, const void *value, size_t value_len,
		   uint8_t flags)
{
	return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, name_len, value_len, flags};
}

void wire_nv_of_meta(const struct meta *meta, nghttp2_nv *out, size_t *n, size_t max)
{
	struct meta_pair pair;
	uint32_t at = 0;

	while (*n < max && meta_next(meta, &at, &pair))
		out[(*n)++] = wire_nv(pair.key, pair.key_len, pair.value, pair.value_len,
				      NGHTTP2_NV_FLAG_NONE);
}
