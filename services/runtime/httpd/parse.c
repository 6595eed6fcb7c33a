/* Requests out of bytes. The head is gathered whole before llhttp sees it: so names and values lie
 * in one buffer. Some heads that llhttp lets pass are refused before or right after it: folded
 * lines, bare LF, NUL, repeated or contradicting framing headers. */
#include "runtime/base/clock.h"
#include "runtime/httpd/account.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Of all chunks of a body together, bytes. */
#define CHUNK_EXTENSIONS_MAX 1024

static enum parse refuse(struct refusal *reterr, int32_t status, const char *reason,
			 const char *detail)
{
	*reterr = (struct refusal){status, reason, detail};
	return PARSE_REFUSED;
}

static enum parse invalid(struct refusal *reterr, const char *detail)
{
	return refuse(reterr, 400, "http_invalid", detail);
}

/* ------------------------------------------------------------------ llhttp's callbacks */

static int on_url(llhttp_t *parser, const char *at, _unused_ size_t len)
{
	struct exchange *exchange = parser->data;

	exchange->target = (char *)at;
	return 0;
}

static int on_header_field(llhttp_t *parser, const char *at, _unused_ size_t len)
{
	struct exchange *exchange = parser->data;

	if (exchange->head_done) {
		parser->reason = "trailer fields are not taken";
		return -1;
	}
	if (exchange->req.n_headers == exchange->headers_max) {
		exchange->too_many_headers = true;
		return -1;
	}
	exchange->headers[exchange->req.n_headers++] = (struct httpd_header){at, NULL};
	return 0;
}

/* An empty value is reported where the next line begins. */
static int on_header_value(llhttp_t *parser, const char *at, size_t len)
{
	struct exchange *exchange = parser->data;

	if (len > 0)
		exchange->headers[exchange->req.n_headers - 1].value = at;
	return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
	struct exchange *exchange = parser->data;

	exchange->head_done = true;
	exchange->keep_alive = llhttp_should_keep_alive(parser);
	parser->upgrade = 0; /* no protocol is offered, so the request is answered as it stands */
	return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
	struct exchange *exchange = parser->data;

	if (len > exchange->body_max - exchange->body.len) {
		exchange->body_too_large = true;
		return -1;
	}
	if (exchange->account &&
	    !account_charge(exchange, exchange->body.len + len, &exchange->unaffordable))
		return -1;
	return buf_add(&exchange->body, at, len) ? 0 : -1;
}

/* A chunk says its size before it comes. */
static int on_chunk_header(llhttp_t *parser)
{
	struct exchange *exchange = parser->data;

	exchange->body_too_large |=
		parser->content_length > exchange->body_max - exchange->body.len;
	return exchange->body_too_large ? -1 : 0;
}

static int on_chunk_extension(llhttp_t *parser, _unused_ const char *at, size_t len)
{
	struct exchange *exchange = parser->data;

	exchange->extensions_len += len;
	if (exchange->extensions_len <= CHUNK_EXTENSIONS_MAX)
		return 0;
	parser->reason = "chunk extensions are too long";
	return -1;
}

static int on_message_complete(llhttp_t *parser)
{
	struct exchange *exchange = parser->data;

	exchange->complete = true;
	return HPE_PAUSED; /* what follows is the next request */
}

static const llhttp_settings_t settings = {
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_chunk_header = on_chunk_header,
	.on_chunk_extension_name = on_chunk_extension,
	.on_chunk_extension_value = on_chunk_extension,
	.on_message_complete = on_message_complete,
};

/* ------------------------------------------------------------------ the head */

/* Looks for the empty line, and for what no line may hold. PARSE_MORE: not yet. */
static enum parse scan(struct exchange *exchange, const uint8_t *data, size_t len, size_t *ret_used,
		       struct refusal *reterr)
{
	uint8_t previous = exchange->previous;
	size_t line_len = exchange->line_len;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = data[i];

		if (c == '\n') {
			if (previous != '\r')
				return invalid(reterr, "a line ends without CR");
			/* One empty line before a request is allowed (RFC 9112 2.2). */
			if (line_len == 0 && exchange->head.len + i > 1) {
				*ret_used = i + 1;
				return PARSE_COMPLETE;
			}
			line_len = 0;
		} else if (previous == '\r') {
			return invalid(reterr, "CR without LF");
		} else if (c == '\0') {
			return invalid(reterr, "NUL in the head");
		} else if (line_len == 0 && (c == ' ' || c == '\t')) {
			return invalid(reterr, "a line begins with white space");
		} else if (c != '\r') {
			line_len++;
		}
		previous = c;
	}
	exchange->previous = previous;
	exchange->line_len = line_len;
	*ret_used = len;
	return PARSE_MORE;
}

/* Ends names and values by NUL, in place: the bytes behind them are ":" and CR. Names become lower
 * case. */
static void terminate_headers(struct exchange *exchange)
{
	for (size_t i = 0; i < exchange->req.n_headers; i++) {
		char *name = (char *)exchange->headers[i].name;
		char *value = (char *)exchange->headers[i].value;
		char *end;

		for (; *name != ':'; name++)
			*name = (char)tolower((unsigned char)*name);
		*name = '\0';
		if (!value) {
			exchange->headers[i].value = "";
			continue;
		}
		end = value + strcspn(value, "\r");
		while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		*end = '\0';
	}
}

/* Splits the target. An absolute one must name the host that Host names. */
static enum parse take_target(struct exchange *exchange, const char *host, size_t url_bytes_max,
			      struct refusal *reterr)
{
	struct httpd_request *req = &exchange->req;
	char *target = exchange->target;
	char *end = strchr(target, ' ');
	char *query;

	ensure(end);
	*end = '\0';
	if ((size_t)(end - target) > url_bytes_max)
		return refuse(reterr, 414, "headers_too_large", "the request target is too long");
	for (const char *p = target; p < end; p++)
		if (*p <= ' ' || *p > '~' || *p == '#')
			return invalid(reterr, "the request target holds a forbidden character");
	if (strncasecmp(target, "http://", 7) == 0 || strncasecmp(target, "https://", 8) == 0) {
		char *authority = strchr(target, ':') + 3;
		size_t len = strcspn(authority, "/?");

		if (!host || strlen(host) != len || strncasecmp(host, authority, len) != 0)
			return invalid(reterr, "the request target names another host than Host");
		target = authority + len;
		if (*target != '/')
			*--target = '/'; /* the authority was compared and is not needed any more */
	}
	if (*target != '/')
		return invalid(reterr, "the request target is not a path");
	query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	req->path = target;
	req->query = query ? query : "";
	return PARSE_COMPLETE;
}

/* RFC 9110 7.2: a name or an address, and maybe a port. */
static bool host_valid(const char *host)
{
	return host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "-._~!$&'()*+,;=%:[]")] == '\0';
}

static enum parse check_headers(struct exchange *exchange, const struct httpd_options *options,
				struct refusal *reterr)
{
	static const char *const single[] = {"host",         "content-length", "transfer-encoding",
					     "content-type", "expect",         "authorization"};
	const char *found[ARRAY_SIZE(single)] = {NULL};

	for (size_t i = 0; i < exchange->req.n_headers; i++) {
		if (!*exchange->headers[i].name)
			return invalid(reterr, "a header has no name");
		for (size_t k = 0; k < ARRAY_SIZE(single); k++) {
			if (strcmp(exchange->headers[i].name, single[k]) != 0)
				continue;
			if (found[k])
				return invalid(reterr, "a header that may occur once occurs twice");
			found[k] = exchange->headers[i].value;
		}
	}
	if (found[0] && !host_valid(found[0]))
		return invalid(reterr, "Host is not a host");
	if (!found[0] && !exchange->http10)
		return invalid(reterr, "Host is missing");
	if (found[2] && (exchange->http10 || found[1]))
		return invalid(reterr, "Transfer-Encoding is not allowed here");
	if (found[2] && strcasecmp(found[2], "chunked") != 0)
		return invalid(reterr, "Transfer-Encoding is not chunked");
	if (found[4] && strcasecmp(found[4], "100-continue") != 0)
		return refuse(reterr, 417, "http_invalid", "Expect asks for the unknown");
	exchange->expect_continue = found[4] && !exchange->http10;
	return take_target(exchange, found[0], options->url_bytes_max, reterr);
}

/* RFC 9112 3: a method, one space, the target, one space, HTTP/1.0 or HTTP/1.1. llhttp takes more
 * spaces, and RTSP and ICE. */
static enum parse check_request_line(const char *line, struct refusal *reterr)
{
	size_t method = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"), target;
	const char *version;

	if (method == 0 || line[method] != ' ')
		return invalid(reterr, "the request line does not begin with a method");
	line += method + 1;
	target = strcspn(line, " \r");
	if (target == 0)
		return invalid(reterr, "more than one space before the request target");
	version = line + target + (line[target] == ' ');
	if (*version == '\r') /* HTTP/0.9 has none */
		return refuse(reterr, 505, "http_invalid", "the version is not HTTP/1");
	if (strncmp(version, "HTTP/", 5) != 0)
		return invalid(reterr, "the request line is not method, target and HTTP/1.1");
	if (strncmp(version, "HTTP/1.0\r", 9) == 0 || strncmp(version, "HTTP/1.1\r", 9) == 0)
		return PARSE_MORE;
	if (isdigit((unsigned char)version[5]) && version[6] == '.' &&
	    isdigit((unsigned char)version[7]) && version[8] == '\r')
		return refuse(reterr, 505, "http_invalid", "the version is not HTTP/1");
	return invalid(reterr, "the request line does not end with its version");
}

static enum parse head_complete(struct exchange *exchange, const struct httpd_options *options,
				struct refusal *reterr)
{
	llhttp_t *parser = &exchange->parser;
	const char *line = buf_text(&exchange->head);
	llhttp_errno_t error;

	line += strncmp(line, "\r\n", 2) == 0 ? 2 : 0;
	if (check_request_line(line, reterr) == PARSE_REFUSED)
		return PARSE_REFUSED;
	llhttp_init(parser, HTTP_REQUEST, &settings);
	parser->data = exchange;
	error = llhttp_execute(parser, buf_text(&exchange->head), exchange->head.len);
	if (exchange->too_many_headers)
		return refuse(reterr, 431, "headers_too_large", "too many headers");
	if ((error != HPE_OK && error != HPE_PAUSED) || !exchange->head_done)
		return invalid(reterr, parser->reason ? parser->reason : "broken head");
	exchange->http10 = parser->http_minor == 0;
	exchange->req.method = llhttp_method_name(parser->method);
	exchange->is_head = parser->method == HTTP_HEAD;
	terminate_headers(exchange);
	if (check_headers(exchange, options, reterr) == PARSE_REFUSED)
		return PARSE_REFUSED;
	exchange->req.received_us = exchange->started_us = clock_mono_us();
	return exchange->complete ? PARSE_COMPLETE : PARSE_HEAD;
}

enum parse parse_head(struct exchange *exchange, const struct httpd_options *options,
		      const uint8_t *data, size_t len, size_t *ret_used, struct refusal *reterr)
{
	size_t room = options->head_bytes_max - exchange->head.len;
	enum parse result;

	result = scan(exchange, data, len < room ? len : room, ret_used, reterr);
	if (result == PARSE_REFUSED)
		return result;
	buf_add(&exchange->head, data, *ret_used);
	if (result == PARSE_COMPLETE)
		return head_complete(exchange, options, reterr);
	if (len > room) {
		bool first = !memchr(exchange->head.data, '\n', exchange->head.len);

		return refuse(reterr, first ? 414 : 431, "headers_too_large",
			      "the head is too long");
	}
	return PARSE_MORE;
}

/* ------------------------------------------------------------------ the body */

/* Room for chunk framing: a body of one-byte chunks is six times its size. */
static bool framing_too_large(const struct exchange *exchange)
{
	return exchange->body_raw_bytes / 8 > exchange->body_max + 8192;
}

/* llhttp lets the empty line behind the last chunk be a bare LF. */
static bool ends_bare(struct exchange *exchange, const uint8_t *data, size_t used)
{
	uint8_t before = used > 1 ? data[used - 2] : exchange->previous;

	if (used > 0)
		exchange->previous = data[used - 1];
	return exchange->complete && exchange->parser.flags & F_CHUNKED && before != '\r';
}

enum parse parse_body(struct exchange *exchange, const uint8_t *data, size_t len, size_t *ret_used,
		      struct refusal *reterr)
{
	llhttp_t *parser = &exchange->parser;
	llhttp_errno_t error = llhttp_execute(parser, (const char *)data, len);

	*ret_used = error == HPE_PAUSED
			    ? (size_t)(llhttp_get_error_pos(parser) - (const char *)data)
			    : len;
	exchange->body_raw_bytes += *ret_used;
	if (exchange->unaffordable.status) {
		*reterr = exchange->unaffordable;
		return PARSE_REFUSED;
	}
	if (exchange->body_too_large || framing_too_large(exchange))
		return refuse(reterr, 413, "body_too_large", "the body is larger than the limit");
	if (error != HPE_OK && error != HPE_PAUSED)
		return invalid(reterr, parser->reason ? parser->reason : "broken body");
	if (ends_bare(exchange, data, *ret_used))
		return invalid(reterr, "the last line of the body ends without CR");
	if (!exchange->complete)
		return PARSE_MORE;
	if (exchange->body.len) {
		exchange->req.body = exchange->body.data;
		exchange->req.body_len = exchange->body.len;
	}
	return PARSE_COMPLETE;
}
