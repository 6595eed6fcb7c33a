/* The head of an answer. */
#include "runtime/httpd/conn.h"

#include <string.h>
#include <time.h>

#define DATE_SIZE 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* The phrase is for people who read along; programs go by the number (RFC 9110 15.1). */
static const char *reason_phrase(int32_t status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 204:
		return "No Content";
	case 303:
		return "See Other";
	case 304:
		return "Not Modified";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 402:
		return "Payment Required";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 409:
		return "Conflict";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 415:
		return "Unsupported Media Type";
	case 417:
		return "Expectation Failed";
	case 421:
		return "Misdirected Request";
	case 429:
		return "Too Many Requests";
	case 431:
		return "Request Header Fields Too Large";
	case 500:
		return "Internal Server Error";
	case 501:
		return "Not Implemented";
	case 502:
		return "Bad Gateway";
	case 503:
		return "Service Unavailable";
	case 504:
		return "Gateway Timeout";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "";
	}
}

/* IMF-fixdate of now, made once a second by each thread. */
static const char *date_now(void)
{
	static _Thread_local char text[DATE_SIZE];
	static _Thread_local time_t made;
	time_t now = time(NULL);
	struct tm tm;

	if (now != made) {
		gmtime_r(&now, &tm);
		strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
		made = now;
	}
	return text;
}

/* Control characters become spaces: a value can never begin another header. */
static void write_header(struct buf *out, const char *name, const char *value)
{
	size_t at;

	buf_adds(out, name);
	buf_add(out, ": ", 2);
	at = out->len;
	buf_adds(out, value);
	for (; at < out->len; at++)
		if ((out->data[at] < ' ' && out->data[at] != '\t') || out->data[at] == 0x7f)
			out->data[at] = ' ';
	buf_add(out, "\r\n", 2);
}

void write_head(struct exchange *exchange, const struct httpd_answer *answer, bool stream,
		bool close_after)
{
	struct buf *out = &exchange->out;

	buf_addf(out, "HTTP/1.1 %d %s\r\n", answer->status, reason_phrase(answer->status));
	write_header(out, "Date", date_now());
	if (answer->content_type)
		write_header(out, "Content-Type", answer->content_type);
	for (size_t i = 0; i < answer->n_headers; i++)
		write_header(out, answer->headers[i].name, answer->headers[i].value);
	if (stream && exchange->chunked)
		buf_adds(out, "Transfer-Encoding: chunked\r\n");
	else if (!stream && answer->status != 204 && answer->status != 304)
		buf_addf(out, "Content-Length: %zu\r\n", answer->body_len);
	if (close_after)
		buf_adds(out, "Connection: close\r\n");
	else if (exchange->http10)
		buf_adds(out, "Connection: keep-alive\r\n");
	buf_adds(out, "\r\n");
}
