#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool starts(const char *line, const char *with)
{
	return strncasecmp(line, with, strlen(with)) == 0;
}

static enum http_part take_head(struct http *http, const char *line)
{
	if (starts(line, "content-length:"))
		http->left = strtoul(line + 15, NULL, 10);
	else if (starts(line, "transfer-encoding:"))
		http->chunked = strcasestr(line, "chunked") != NULL;
	else if (starts(line, "connection:"))
		http->closes = strcasestr(line, "close") != NULL;
	if (line[0] != '\0')
		return HTTP_HEAD;
	if (http->chunked)
		return HTTP_SIZE;
	return http->left ? HTTP_LENGTH : HTTP_DONE;
}

static enum http_part take_size(struct http *http, const char *line)
{
	char *end;

	http->left = strtoul(line, &end, 16);
	if (end == line)
		return HTTP_BROKEN;
	return http->left ? HTTP_CHUNK : HTTP_TRAILER;
}

static enum http_part take_line(struct http *http, const char *line)
{
	switch (http->part) {
	case HTTP_STATUS:
		if (!starts(line, "HTTP/1.1 "))
			return HTTP_BROKEN;
		http->status = (int)strtol(line + 9, NULL, 10);
		return HTTP_HEAD;
	case HTTP_HEAD:
		return take_head(http, line);
	case HTTP_SIZE:
		return take_size(http, line);
	case HTTP_CHUNK_END:
		return line[0] == '\0' ? HTTP_SIZE : HTTP_BROKEN;
	case HTTP_TRAILER:
		return line[0] == '\0' ? HTTP_DONE : HTTP_TRAILER;
	default:
		return HTTP_BROKEN;
	}
}

/* Bytes of a line; of a long one the beginning is enough. */
static size_t gather(struct http *http, const char *bytes, size_t len)
{
	const char *newline = memchr(bytes, '\n', len);
	size_t n = newline ? (size_t)(newline - bytes) : len;
	size_t room = HTTP_LINE_BYTES - 1 - http->line_len, kept = n < room ? n : room;

	memcpy(http->line + http->line_len, bytes, kept);
	http->line_len += kept;
	if (!newline)
		return n;
	if (http->line_len && http->line[http->line_len - 1] == '\r')
		http->line_len--;
	http->line[http->line_len] = '\0';
	http->line_len = 0;
	http->part = take_line(http, http->line);
	return n + 1;
}

bool http_take(struct http *http, const char *bytes, size_t len, http_body_f *body, void *of)
{
	while (len > 0 && http->part != HTTP_DONE && http->part != HTTP_BROKEN) {
		size_t n = len < http->left ? len : http->left;

		if (http->part != HTTP_CHUNK && http->part != HTTP_LENGTH) {
			n = gather(http, bytes, len);
		} else {
			body(of, bytes, n);
			http->left -= n;
			if (http->left == 0)
				http->part = http->part == HTTP_CHUNK ? HTTP_CHUNK_END : HTTP_DONE;
		}
		bytes += n;
		len -= n;
	}
	return http->part == HTTP_DONE || http->part == HTTP_BROKEN;
}
