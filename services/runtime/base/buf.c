#include "runtime/base/buf.h"

#include "runtime/base/ensure.h"

#include <stdio.h>
#include <string.h>

#define BUF_CAPACITY_MIN 64

/* The address that malloc gave. */
static uint8_t *memory_of(const struct buf *buf)
{
	return buf->data ? buf->data - buf->consumed : NULL;
}

/* Moves the bytes to where the consumed ones were. */
static void rewind_data(struct buf *buf)
{
	uint8_t *memory = memory_of(buf);

	memmove(memory, buf->data, buf->len + 1);
	buf->data = memory;
	buf->capacity += buf->consumed;
	buf->consumed = 0;
}

void buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){.max = max};
}

void buf_done(struct buf *buf)
{
	free(memory_of(buf));
	*buf = (struct buf){.max = buf->max};
}

void buf_clear(struct buf *buf)
{
	buf->overflow = false;
	if (buf->data)
		buf_consume(buf, buf->len);
}

uint8_t *buf_reserve(struct buf *buf, size_t n)
{
	size_t capacity;
	uint8_t *data;

	if (buf->overflow || n > buf->max - buf->len) {
		buf->overflow = true;
		return NULL;
	}
	if (buf->data && n < buf->capacity - buf->len)
		return buf->data + buf->len;
	/* A byte is moved at most once for each that was consumed. */
	if (buf->consumed > buf->len) {
		rewind_data(buf);
		if (n < buf->capacity - buf->len)
			return buf->data + buf->len;
	}
	capacity = buf->capacity * 2;
	if (capacity < BUF_CAPACITY_MIN)
		capacity = BUF_CAPACITY_MIN;
	if (capacity < buf->len + n + 1)
		capacity = buf->len + n + 1;
	data = realloc(memory_of(buf), buf->consumed + capacity);
	ensure(data);
	buf->data = data + buf->consumed;
	buf->capacity = capacity;
	return buf->data + buf->len;
}

void buf_commit(struct buf *buf, size_t n)
{
	ensure(n < buf->capacity - buf->len);
	buf->len += n;
	buf->data[buf->len] = '\0';
}

bool buf_add(struct buf *buf, const void *data, size_t len)
{
	uint8_t *to = buf_reserve(buf, len);

	if (!to)
		return false;
	if (len)
		memcpy(to, data, len);
	buf_commit(buf, len);
	return true;
}

bool buf_adds(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

bool buf_addc(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

bool buf_addf(struct buf *buf, const char *format, ...)
{
	va_list args;
	uint8_t *to;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	ensure(n >= 0);
	to = buf_reserve(buf, (size_t)n);
	if (!to)
		return false;
	va_start(args, format);
	vsnprintf((char *)to, (size_t)n + 1, format, args);
	va_end(args);
	buf_commit(buf, (size_t)n);
	return true;
}

void buf_consume(struct buf *buf, size_t n)
{
	ensure(n <= buf->len);
	if (n == 0)
		return;
	buf->data += n;
	buf->len -= n;
	buf->capacity -= n;
	buf->consumed += n;
	if (buf->len == 0)
		rewind_data(buf);
}

void buf_trim(struct buf *buf, size_t kept)
{
	if (buf->len == 0 && buf->capacity > kept)
		buf_done(buf);
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? (const char *)buf->data : "";
}
