/* A growable run of bytes, born with a limit (curl's dynbuf is the model). */
#ifndef RUNTIME_BASE_BUF_H
#define RUNTIME_BASE_BUF_H

#include "runtime/base/cleanup.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* data is NULL until the first byte; after that it always has a NUL behind the last byte. */
struct buf {
	uint8_t *data;
	size_t len;
	size_t capacity; /* from data on */
	size_t max;      /* largest len */
	size_t consumed; /* bytes in front of data, free to be used again */
	bool overflow;   /* an append was refused; nothing is appended any more */
};

/* Stack value; buf_done releases. */
void buf_init(struct buf *buf, size_t max);
void buf_done(struct buf *buf);

/* Empties it and keeps the memory. */
void buf_clear(struct buf *buf);

/* Append. False past the limit: then the buffer is as before and `overflow` is set. */
bool buf_add(struct buf *buf, const void *data, size_t len);
bool buf_adds(struct buf *buf, const char *text);
bool buf_addc(struct buf *buf, char c);
_printf_(2, 3) bool buf_addf(struct buf *buf, const char *format, ...);

/* Room for n more bytes at the end, or NULL past the limit; buf_commit says how many were
 * written. */
uint8_t *buf_reserve(struct buf *buf, size_t n);
void buf_commit(struct buf *buf, size_t n);

/* Drops n bytes at the front, in constant time. */
void buf_consume(struct buf *buf, size_t n);

/* Gives back the memory of an empty buffer that is larger than `kept`. */
void buf_trim(struct buf *buf, size_t kept);

/* Text of the buffer, "" when empty. Owned by the buffer. */
const char *buf_text(const struct buf *buf);

#endif
