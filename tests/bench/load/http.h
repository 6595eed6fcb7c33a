/* A reply of HTTP/1.1 from bytes as they come: its status, its body without frames, its end. */
#ifndef TESTS_BENCH_LOAD_HTTP_H
#define TESTS_BENCH_LOAD_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_LINE_BYTES 256

enum http_part {
	HTTP_STATUS,
	HTTP_HEAD,
	HTTP_SIZE, /* of a chunk */
	HTTP_CHUNK,
	HTTP_CHUNK_END,
	HTTP_TRAILER,
	HTTP_LENGTH,
	HTTP_DONE,
	HTTP_BROKEN,
};

/* All zero before its first byte. */
struct http {
	enum http_part part;
	int status;
	bool chunked, closes; /* the connection is of no use after it */
	size_t left;          /* of a chunk or of the body */
	size_t line_len;
	char line[HTTP_LINE_BYTES]; /* the beginning of one that is not whole */
};

typedef void http_body_f(void *of, const char *bytes, size_t len);

/* True: the reply is at its end, or is none (HTTP_BROKEN). */
bool http_take(struct http *http, const char *bytes, size_t len, http_body_f *body, void *of);

#endif
