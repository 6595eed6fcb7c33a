/* Answers: headers, errors, and the messages of methods. */
#include "gateway/dialect.h"
#include "gateway/encoding.h"
#include "gateway/gateway.h"
#include "gateway/problem.h"
#include "google/api/httpbody.pb-c.h"
#include "limitless/reasons.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/json/json.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_BYTES_MAX (64 * 1024 * 1024)
#define ANSWER_KEPT_MAX (256 * 1024) /* by each thread, for its next answer */

/* Smaller ones travel in one packet anyway. */
#define COMPRESS_MIN_BYTES 1024
#define COMPRESS_HERE_BYTES_MAX (64 * 1024) /* on the thread that has the answer: a millisecond */
#define COMPRESS_MAX_BYTES (4 * 1024 * 1024)
#define COMPRESS_LEVEL 1

#define RETRY_SPREAD_MS 1000

/* No answer of the API is a page, whatever type a service gives it. */
#define API_POLICY "default-src 'none'; frame-ancestors 'none'; sandbox"

static struct buf *emptied(struct buf *out)
{
	if (out->capacity > ANSWER_KEPT_MAX)
		buf_done(out);
	if (!out->max)
		buf_init(out, ANSWER_BYTES_MAX);
	buf_clear(out);
	return out;
}

/* Text of this thread's next answer, plain and compressed. httpd copies both. */
static _Thread_local struct buf answer_plain, answer_packed;

void reply_thread_done(void)
{
	buf_done(&answer_plain);
	buf_done(&answer_packed);
}

void reply_header(struct reply_headers *headers, const char *name, const char *value)
{
	ensure(headers->n < REPLY_HEADERS_MAX);
	headers->list[headers->n++] = (struct httpd_header){name, value};
}

enum route_dialect request_dialect(const struct request *request)
{
	return dialect_of(request->route, request->http->path,
			  httpd_header(request->http, "anthropic-version"));
}

void reply_headers_init(struct reply_headers *headers, const struct request *request)
{
	const struct gateway *gateway = request->gateway;
	const char *origin = origin_allowed(&gateway->origins, request->http);

	headers->n = 0;
	reply_header(headers, "x-request-id", request->context.request_id);
	if (request_dialect(request) == ROUTE_DIALECT_ANTHROPIC)
		reply_header(headers, "request-id", request->context.request_id);
	reply_header(headers, "cache-control", "no-store");
	reply_header(headers, "content-security-policy", API_POLICY);
	reply_header(headers, "x-robots-tag", "noindex");
	reply_header(headers, "x-content-type-options", "nosniff");
	reply_header(headers, "referrer-policy", "no-referrer");
	if (gateway->secure)
		reply_header(headers, "strict-transport-security", "max-age=31536000");
	if (gateway->origins.allowed[0])
		reply_header(headers, "vary", "origin");
	if (origin) {
		reply_header(headers, "access-control-allow-origin", origin);
		reply_header(headers, "access-control-allow-credentials", "true");
		reply_header(headers, "access-control-expose-headers",
			     "x-request-id, retry-after, " DIALECT_ANSWER_HEADERS);
	}
}

void reply_send(struct request *request, const struct httpd_answer *answer)
{
	report_answer(request, answer->status);
	httpd_answer(request->http, answer);
}

/* Compressed lengths tell of the text: an eavesdropper can make a browser repeat a request with
 * guesses, and compare (BREACH). So answers with secrets stay as they are; unsafe methods make
 * them, never GET. Requests that another site made a browser send get plain answers too. */
static bool may_compress(const struct request *request, size_t len)
{
	const struct httpd_request *http = request->http;
	const char *site = httpd_header(http, "sec-fetch-site");

	if (len < COMPRESS_MIN_BYTES || len > COMPRESS_MAX_BYTES)
		return false;
	if (strcmp(http->method, "GET") != 0 && strcmp(http->method, "HEAD") != 0)
		return false;
	return !site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
}

static void send_json(struct request *request, int32_t status, const char *content_type,
		      const void *text, size_t len, const struct reply_headers *headers)
{
	reply_send(request, &(struct httpd_answer){
				    .status = status,
				    .content_type = content_type,
				    .headers = headers->list,
				    .n_headers = headers->n,
				    .body = text,
				    .body_len = len,
			    });
}

static void send_compressed(struct request *request, int32_t status, const char *content_type,
			    const void *text, size_t len, struct reply_headers *headers)
{
	struct buf *smaller = emptied(&answer_packed);

	if (encoding_gzip(text, len, COMPRESS_LEVEL, smaller)) {
		reply_header(headers, "content-encoding", "gzip");
		text = smaller->data;
		len = smaller->len;
	}
	send_json(request, status, content_type, text, len, headers);
}

/* An answer on its way to a worker. */
struct packing {
	struct request *request;
	int32_t status;
	const char *content_type;
	struct reply_headers headers;
	size_t len;
	char text[];
};

static void pack(void *ctx)
{
	struct packing *packing = ctx;

	send_compressed(packing->request, packing->status, packing->content_type, packing->text,
			packing->len, &packing->headers);
	free(packing);
}

/* Leaves a long answer to a worker. False: it is to be sent plain. */
static bool pack_later(struct request *request, int32_t status, const char *content_type,
		       const void *text, size_t len, const struct reply_headers *headers)
{
	static const struct httpd_hooks none;
	struct packing *packing = malloc(sizeof *packing + len);

	if (!packing)
		return false;
	*packing = (struct packing){request, status, content_type, *headers, len};
	memcpy(packing->text, text, len);
	/* The call is over, so there is nothing to cancel when the client leaves now. */
	if (!httpd_hooks_set(request->http, &none, NULL) ||
	    !workers_run(request->gateway->workers, pack, packing, len)) {
		free(packing);
		return false;
	}
	return true;
}

void reply_json(struct request *request, int32_t status, const char *content_type, const void *text,
		size_t len, struct reply_headers *headers)
{
	bool packs = may_compress(request, len);

	if (packs)
		reply_header(headers, "vary", "accept-encoding");
	packs = packs && encoding_accepted(httpd_header(request->http, "accept-encoding"), "gzip");
	if (packs && len <= COMPRESS_HERE_BYTES_MAX)
		send_compressed(request, status, content_type, text, len, headers);
	else if (!packs || !pack_later(request, status, content_type, text, len, headers))
		send_json(request, status, content_type, text, len, headers);
}

/* ------------------------------------------------------------------ errors */

static enum json_dialect spelling_of(enum route_dialect dialect)
{
	return dialect == ROUTE_DIALECT_PROTO3 ? JSON_PROTO3 : JSON_PLAIN;
}

void reply_problem_text(const struct route *route, enum route_dialect dialect,
			const struct error *err, const char *request_id, struct buf *out)
{
	struct error shown = *err;

	/* The service reads a body that is raw, and names its fields as the client does. */
	if (route && !route_is_raw(route))
		json_path_spell(route->req, err->field, spelling_of(dialect), shown.field,
				sizeof shown.field);
	if (dialect == ROUTE_DIALECT_PROTO3)
		problem_write(out, &shown, request_id);
	else
		dialect_write(dialect, &shown, request_id, out);
}

/* Says whether and when the client should try again. The official clients obey, and wait without a
 * spread of their own, so there is one. */
static void add_retry_headers(enum route_dialect dialect, const struct error *err,
			      struct reply_headers *headers, struct arena *arena)
{
	int32_t seconds = problem_retry_after(err);

	if (dialect != ROUTE_DIALECT_PROTO3) {
		bool again = dialect_retryable(err);

		reply_header(headers, "x-should-retry", again ? "true" : "false");
		seconds = again ? RETRY_AFTER_SECONDS : 0;
		if (again)
			reply_header(headers, "retry-after-ms",
				     arena_printf(arena, "%d",
						  (int)(RETRY_AFTER_SECONDS * 1000 +
							clock_mono_us() % RETRY_SPREAD_MS)));
	}
	if (seconds)
		reply_header(headers, "retry-after", arena_printf(arena, "%d", seconds));
}

void reply_problem(struct request *request, const struct error *err)
{
	struct httpd_request *http = request->http;
	enum route_dialect dialect = request_dialect(request);
	int32_t status = dialect_status(dialect, err);
	struct buf *text = emptied(&answer_plain);
	struct reply_headers headers;

	reply_headers_init(&headers, request);
	add_retry_headers(dialect, err, &headers, http->arena);
	if (status == 401)
		reply_header(&headers, "www-authenticate", "Bearer");
	if (status == 405)
		reply_header(&headers, "allow", route_methods(http->path, http->arena));
	reply_problem_text(request->route, dialect, err, request->context.request_id, text);
	request->reason = err->reason;
	reply_json(request, status,
		   dialect == ROUTE_DIALECT_PROTO3 ? "application/problem+json"
						   : "application/json",
		   text->data, text->len, &headers);
}

/* ------------------------------------------------------------------ messages */

/* Sets cookies from the answer's fields, and ends all cookies where the method says so. */
static void add_cookies(const struct request *request, const ProtobufCMessage *message,
			struct reply_headers *headers)
{
	const struct json_message_rule *rule = request->route->resp;
	struct arena *arena = request->http->arena;

	for (unsigned i = 0; i < rule->descriptor->n_fields; i++) {
		const struct json_field_rule *field = &rule->fields[i];
		int64_t expires = 0;
		const char *value = "";

		if (field->flags & JSON_COOKIE)
			value = json_get_text(rule, message, (int32_t)i);
		if (!*value)
			continue;
		if (field->expire_field >= 0)
			expires = json_get_seconds(rule, message, field->expire_field);
		reply_header(headers, "set-cookie",
			     cookie_format(request->gateway, field->cookie, value, expires, arena));
	}
	if (!request->route->clear_cookies)
		return;
	for (size_t kind = 1; kind < route_cookies_n; kind++)
		reply_header(headers, "set-cookie",
			     cookie_format(request->gateway, (enum json_cookie)kind, "", 0, arena));
}

static void reply_raw(struct request *request, const ProtobufCMessage *message,
		      const struct reply_headers *headers)
{
	const Google__Api__HttpBody *body = (const Google__Api__HttpBody *)message;

	reply_send(request, &(struct httpd_answer){
				    .status = request->route->http_status,
				    .content_type = body->content_type,
				    .headers = headers->list,
				    .n_headers = headers->n,
				    .body = body->data.data,
				    .body_len = body->data.len,
			    });
}

void reply_message(struct request *request, const ProtobufCMessage *message)
{
	const struct route *route = request->route;
	const char *location = "";
	struct reply_headers headers;
	struct buf *text;

	reply_headers_init(&headers, request);
	if (route->resp->form == JSON_FORM_HTTP_BODY) {
		reply_raw(request, message, &headers);
		return;
	}
	add_cookies(request, message, &headers);
	if (route->resp->location_field >= 0)
		location = json_get_text(route->resp, message, route->resp->location_field);
	if (*location)
		reply_header(&headers, "location", location);
	text = emptied(&answer_plain);
	json_write(route->resp, message, spelling_of(route->dialect), text);
	reply_json(request, *location ? 303 : route->http_status, "application/json", text->data,
		   text->len, &headers);
}
