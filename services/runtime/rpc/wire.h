/* Inside of runtime/rpc only: the small texts of gRPC's wire format (PROTOCOL-HTTP2.md) and lists
 * of metadata. */
#ifndef RUNTIME_RPC_WIRE_H
#define RUNTIME_RPC_WIRE_H

#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdint.h>

#define WIRE_PREFIX_BYTES 5 /* compressed flag, length */
#define WIRE_TIMEOUT_SIZE 12

/* grpc-timeout: 1 to 8 digits and a unit. False: it is not one. */
bool wire_parse_timeout(const uint8_t *text, size_t len, int64_t *ret_us);
/* Never longer than us; at least 1 µs. Returns the length. */
size_t wire_format_timeout(int64_t us, char out[WIRE_TIMEOUT_SIZE]);

/* grpc-message: percent-encoded UTF-8. encode: out has 3 * strlen + 1 bytes. decode: cut at
 * size. */
void wire_encode_message(const char *text, char *out);
void wire_decode_message(const uint8_t *text, size_t len, char *out, size_t size);

void wire_put_prefix(uint8_t out[WIRE_PREFIX_BYTES], uint32_t len);

/* "hold_unknown" ↔ "HOLD_UNKNOWN"; cut at size. */
void wire_reason_up(const char *reason, char *out, size_t size);
void wire_reason_down(const char *reason, char *out, size_t size);

/* A request id is for finding log lines: unique is enough, it need not be random. */
void wire_make_request_id(char out[64]);

/* The reason of a status that came without ErrorInfo. */
const char *wire_default_reason(enum status s);

/* The meaning of an answer without grpc-status: by HTTP status, by RST_STREAM's error code. */
enum status wire_status_of_http(int http);
enum status wire_status_of_reset(uint32_t error_code);

/* Names and values, one after the other in one block of memory. Zero is empty. */
struct meta {
	uint8_t *data;
	uint32_t len, room;
	uint32_t n;
};

struct meta_pair {
	const char *key;
	const uint8_t *value; /* a NUL follows */
	uint32_t key_len, value_len;
};

void meta_add(struct meta *meta, const void *key, size_t key_len, const void *value,
	      size_t value_len);
void meta_free(struct meta *meta);
/* Walks: *at starts at 0. False: no more. */
bool meta_next(const struct meta *meta, uint32_t *at, struct meta_pair *ret);
bool meta_find(const struct meta *meta, const char *key, struct meta_pair *ret);

/* A key that users may send: lower-case [a-z0-9_.-], not one of the protocol's own. */
bool meta_key_allowed(const char *key, size_t len);
bool meta_is_binary(const char *key, size_t len);
/* Text metadata: printable ASCII. */
bool meta_value_allowed(const uint8_t *value, size_t len);
/* Adds bytes in base64 without padding, as gRPC asks. */
void meta_add_binary(struct meta *meta, const char *key, const void *value, size_t len);
/* Adds a pair as it goes on the wire: "…-bin" in base64. False: key or value not allowed, or the
 * sum would pass max_bytes. */
bool meta_add_user(struct meta *meta, const char *key, const void *value, size_t len,
		   size_t max_bytes);
/* The pair's bytes, decoded. NULL: not base64. */
const uint8_t *meta_decode(const struct meta_pair *pair, struct arena *arena, size_t *ret_len);

nghttp2_nv wire_nv(const void *name, size_t name_len, const void *value, size_t value_len,
		   uint8_t flags);
/* Both static: never copied. */
#define WIRE_NV(name, value)                                      \
	wire_nv(name, sizeof(name) - 1, value, sizeof(value) - 1, \
		NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE)
/* Pairs of meta from out[*n] on, at most max in all. They are copied by nghttp2. */
void wire_nv_of_meta(const struct meta *meta, nghttp2_nv *out, size_t *n, size_t max);

#endif
