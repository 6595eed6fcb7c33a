/* Small work on text and bytes: encodings, checks, comparisons. */
#ifndef RUNTIME_BASE_TEXT_H
#define RUNTIME_BASE_TEXT_H

#include "runtime/base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* UTF-8 as RFC 3629 has it, without NUL. */
bool text_is_utf8(const char *text, size_t len);

/* A name or title as one harmless line, in place: control characters, line and paragraph separators
 * become one space. Characters that change the direction of the text around them (Unicode's
 * Bidi_Control) go, and so does white space at both ends. text: UTF-8. */
void text_make_line(char *text);
/* The same of a copy in the arena. */
char *text_line(struct arena *arena, const char *text);

/* Base64url without padding (RFC 4648 section 5). In the arena. decode: NULL when it is not
 * base64url. */
char *base64url_encode(struct arena *arena, const void *data, size_t len);
uint8_t *base64url_decode(struct arena *arena, const char *text, size_t len, size_t *ret_len);

/* Base64 with padding (RFC 4648 section 4). decode takes both alphabets, padded or not, as proto3
 * JSON asks. */
char *base64_encode(struct arena *arena, const void *data, size_t len);
uint8_t *base64_decode(struct arena *arena, const char *text, size_t len, size_t *ret_len);

/* Lower-case hex; out has 2 * len + 1 bytes. */
void hex_encode(const void *data, size_t len, char *out);

/* Bytes equal, in time that depends on len alone. */
bool equal_constant_time(const void *a, const void *b, size_t len);

/* Random bytes of the kernel; aborts when there are none. */
void random_bytes(void *out, size_t len);

/* Uniform in 0 … below - 1. below > 0. */
uint64_t random_below(uint64_t below);

/* Decimal number of the whole text in min … max. False otherwise. */
bool text_parse_i64(const char *text, size_t len, int64_t min, int64_t max, int64_t *ret);

#endif
