/* The way of a request: host, documents and the page, route, origin, identity, body, message,
 * method. */
#include "gateway/dialect.h"
#include "gateway/gateway.h"

#include <string.h>
#include <strings.h>

/* Bodies up to this size are read on the thread that received them: a millisecond or two at worst.
 */
#define READ_HERE_BYTES_MAX (16 * 1024)

static bool is_safe(const struct httpd_request *http)
{
	return strcmp(http->method, "GET") == 0 || strcmp(http->method, "HEAD") == 0;
}

static struct request *request_new(struct gateway *gateway, struct httpd_request *http)
{
	struct request *request = arena_zalloc(http->arena, sizeof *request);

	request->gateway = gateway;
	request->http = http;
	forward_context(gateway, http, &request->context);
	return request;
}

static void fail(struct request *request, enum status code, const char *reason, const char *message)
{
	struct error err;

	if (error_set(&err, code, reason, "%s", message) != OK)
		reply_problem(request, &err);
}

/* ------------------------------------------------------------------ what is no method */

static void reply_text(struct request *request, const char *content_type, const char *text,
		       size_t len)
{
	struct reply_headers headers;

	reply_headers_init(&headers, request);
	reply_json(request, 200, content_type, text, len, &headers);
}

static bool reply_document(struct request *request)
{
	const char *path = request->http->path;

	if (!is_safe(request->http))
		return false;
	if (strcmp(path, "/openapi.json") == 0)
		reply_text(request, "application/json", openapi_text, openapi_len);
	else if (strcmp(path, "/docs") == 0)
		reply_text(request, "text/html; charset=utf-8", request->gateway->docs,
			   strlen(request->gateway->docs));
	else
		return false;
	return true;
}

/* Paths of the API never fall back to the page. */
static bool is_api(const char *path)
{
	return strncmp(path, "/api/", 5) == 0 || strncmp(path, "/v1/", 4) == 0;
}

/* Documents that the page shows in a frame. They have no origin, no network and no other scripts.
 * They cannot have the page's policy, which refuses the styles inside a diagram. */
#define FRAMES "/frame/"
#define FRAME_POLICY                                                     \
	"sandbox allow-scripts; default-src 'none'; script-src 'self'; " \
	"style-src 'unsafe-inline'; frame-ancestors 'self'"

static const char *policy_of(const struct request *request)
{
	bool is_frame = strncmp(request->http->path, FRAMES, strlen(FRAMES)) == 0;

	return is_frame ? FRAME_POLICY : request->gateway->page_policy;
}

static bool reply_page(struct request *request)
{
	const struct gateway *gateway = request->gateway;
	struct reply_headers headers;
	struct httpd_answer answer;
	const char *private = NULL;

	if (!gateway->site || is_api(request->http->path) ||
	    !site_find(gateway->site, request->http, headers.list, &answer, &private))
		return false;
	request->shown_path = private;
	headers.n = answer.n_headers;
	reply_header(&headers, "content-security-policy", policy_of(request));
	reply_header(&headers, "x-content-type-options", "nosniff");
	reply_header(&headers, "referrer-policy", private ? "no-referrer" : "same-origin");
	reply_header(&headers, "cross-origin-opener-policy", "same-origin");
	reply_header(&headers, "x-request-id", request->context.request_id);
	if (gateway->secure)
		reply_header(&headers, "strict-transport-security", "max-age=31536000");
	answer.headers = headers.list;
	answer.n_headers = headers.n;
	reply_send(request, &answer);
	return true;
}

/* OPTIONS: the methods of the path, and for which origins (Fetch Standard 3.2.2, CORS
 * preflight). */
static void reply_options(struct request *request)
{
	struct httpd_request *http = request->http;
	const char *methods = route_methods(http->path, http->arena);
	struct reply_headers headers;

	if (!*methods) {
		fail(request, NOT_FOUND, "route_unknown", "there is nothing at this path");
		return;
	}
	reply_headers_init(&headers, request);
	reply_header(&headers, "allow", methods);
	if (origin_allowed(&request->gateway->origins, http)) {
		reply_header(&headers, "access-control-allow-methods", methods);
		reply_header(&headers, "access-control-allow-headers",
			     "authorization, content-type, idempotency-key, "
			     "last-event-id, " DIALECT_REQUEST_HEADERS);
		reply_header(&headers, "access-control-max-age", "600");
	}
	reply_send(request, &(struct httpd_answer){
				    .status = 204,
				    .headers = headers.list,
				    .n_headers = headers.n,
			    });
}

/* ------------------------------------------------------------------ checks */

/* The token of the Authorization header, which no browser sends by itself; NULL: there is none. */
static const char *bearer(const struct httpd_request *http)
{
	const char *value = httpd_header(http, "authorization");

	if (!value || strncasecmp(value, "Bearer ", 7) != 0)
		return NULL;
	return value + 7 + strspn(value + 7, " ");
}

/* The API key of a request; NULL: it has none. No browser sends one by itself. */
static const char *api_key(const struct request *request)
{
	const char *key = bearer(request->http);

	if (!request->route->api_key)
		return NULL;
	if (!key)
		key = httpd_header(request->http, "x-api-key"); /* as clients of Anthropic do */
	return key && strncmp(key, API_KEY_BEGINNING, strlen(API_KEY_BEGINNING)) == 0 ? key : NULL;
}

static enum status check_origin(const struct request *request, struct error *reterr)
{
	const struct gateway *gateway = request->gateway;
	const struct httpd_request *http = request->http;

	if (is_safe(http))
		return OK;
	if ((bearer(http) || api_key(request)) && !cookie_find(gateway, http, JSON_COOKIE_ACCESS) &&
	    !cookie_find(gateway, http, JSON_COOKIE_REFRESH))
		return OK;
	return origin_check(&gateway->origins, http, reterr);
}

static enum status take_idempotency_key(struct request *request, struct error *reterr)
{
	const char *key = httpd_header(request->http, "idempotency-key");
	size_t len = key ? strlen(key) : 0;

	if (len >= sizeof request->context.idempotency_key)
		return error_field(reterr, INVALID_ARGUMENT, "field_too_long", "Idempotency-Key",
				   "may have %zu characters",
				   sizeof request->context.idempotency_key - 1);
	for (size_t i = 0; i < len; i++)
		if (key[i] < ' ' || key[i] > '~')
			return error_field(reterr, INVALID_ARGUMENT, "field_invalid",
					   "Idempotency-Key", "must be printable ASCII");
	if (len)
		memcpy(request->context.idempotency_key, key, len + 1);
	return OK;
}

/* Whether the knowledge of ended sessions is current enough for this request. */
static enum status check_trust(const struct request *request, struct error *reterr)
{
	enum authn_trust trust = authn_trust(request->gateway->authn);

	if (trust == AUTHN_FRESH || (trust == AUTHN_STALE && is_safe(request->http)))
		return OK;
	return error_set(reterr, UNAVAILABLE, "service_unavailable",
			 "it cannot be told at the moment which sessions have ended");
}

/* ------------------------------------------------------------------ the way */

static void bind_and_call(void *ctx)
{
	struct request *request = ctx;
	ProtobufCMessage *message;
	struct error err;

	if (bind_message(request, &message, &err) != OK)
		reply_problem(request, &err);
	/* A service may be newer than its gateway, so it is asked. */
	else if (!backends_of_route(request->gateway->backends, request->route))
		fail(request, UNIMPLEMENTED, "not_implemented",
		     "this is planned and not built yet");
	else if (request->route->method->kind == RPC_SERVER_STREAM)
		stream_start(request, message);
	else
		unary_start(request, message);
}

/* The whole request has arrived. */
static void call_method(struct request *request)
{
	size_t len = request->http->body_len;

	if (len <= READ_HERE_BYTES_MAX)
		bind_and_call(request);
	else if (!workers_run(request->gateway->workers, bind_and_call, request, len))
		fail(request, RESOURCE_EXHAUSTED, "overloaded",
		     "too many large requests wait: try again soon");
}

static size_t body_bytes_max(const struct request *request)
{
	const struct gateway_conf *conf = request->gateway->conf;
	const struct route *route = request->route;
	size_t most = (size_t)conf->body_bytes_max;

	if (route_is_raw(route))
		most = (size_t)conf->raw_body_bytes_max;
	return route->body_bytes_max && route->body_bytes_max < most ? route->body_bytes_max : most;
}

/* The head is good: lets the body in. Its bytes count for the user, those of strangers for the
 * address. */
static void admit(struct request *request)
{
	const struct rpc_context *context = &request->context;

	if (!httpd_has_place(request->http)) {
		fail(request, RESOURCE_EXHAUSTED, "overloaded",
		     "too many are served at the moment: try again soon");
	} else if (!request->body_due) {
		call_method(request);
	} else {
		request->body_due = false;
		request->http->owner = request;
		httpd_body_read(request->http, &(struct httpd_body){
						       .bytes_max = body_bytes_max(request),
						       .client = *context->subject.user_id
									 ? context->subject.user_id
									 : context->client_address,
					       });
	}
}

static void identified(void *ctx, enum status s, const struct rpc_subject *subject,
		       const struct error *err)
{
	struct request *request = ctx;
	struct error untrusted;

	if (s != OK) {
		reply_problem(request, err);
		return;
	}
	request->context.subject = *subject;
	httpd_promote(request->http);
	if (request->route->method->access == RPC_ACCESS_ADMIN && !subject->admin)
		fail(request, PERMISSION_DENIED, "role_required", "this is for administrators");
	else if (check_trust(request, &untrusted) != OK)
		reply_problem(request, &untrusted);
	else
		admit(request);
}

/* A key was looked up just now, so it does not need the feed of ended sessions. */
static void key_identified(void *ctx, enum status s, const struct rpc_subject *subject,
			   const struct error *err)
{
	struct request *request = ctx;

	if (s != OK) {
		reply_problem(request, err);
		return;
	}
	request->context.subject = *subject;
	httpd_promote(request->http);
	admit(request);
}

static void identify(struct request *request)
{
	struct gateway *gateway = request->gateway;
	const char *token = bearer(request->http);
	const char *key = api_key(request);
	bool others = request->route->dialect != ROUTE_DIALECT_PROTO3;

	if (request->route->method->access == RPC_ACCESS_PUBLIC) {
		admit(request);
		return;
	}
	if (key) {
		api_keys_check(gateway->api_keys, key, strlen(key),
			       request->route->limit != ROUTE_LIMIT_GENERATION, key_identified,
			       request);
		return;
	}
	if (!token && others) { /* programs of others: a cookie never stands in for a key */
		fail(request, UNAUTHENTICATED, "unauthenticated",
		     "an API key is needed: Authorization: Bearer lc-…, or x-api-key: lc-…");
		return;
	}
	if (!token)
		token = cookie_find(gateway, request->http, JSON_COOKIE_ACCESS);
	if (token)
		authn_check(gateway->authn, token, strlen(token), identified, request);
	else
		fail(request, UNAUTHENTICATED, "unauthenticated", "log in first");
}

static void look_at_head(struct request *request)
{
	struct httpd_request *http = request->http;
	struct error err;
	enum status s;

	if (hosts_check(request->gateway->hosts, http, &err) != OK) {
		reply_problem(request, &err);
		return;
	}
	if (strcmp(http->method, "OPTIONS") == 0) {
		reply_options(request);
		return;
	}
	if (reply_document(request))
		return;
	s = route_find(http->method, http->path, http->arena, &request->route, &request->variable,
		       &err);
	if (s == NOT_FOUND && !request->route && reply_page(request))
		return;
	if (s == OK)
		s = check_origin(request, &err);
	if (s == OK)
		s = take_idempotency_key(request, &err);
	if (s == OK)
		identify(request);
	else
		reply_problem(request, &err);
}

void handle_head(struct httpd_request *http, void *ctx)
{
	struct request *request = request_new(ctx, http);

	request->body_due = true;
	look_at_head(request);
}

void handle_request(struct httpd_request *http, void *ctx)
{
	struct request *request = http->owner;

	if (!request)
		look_at_head(request_new(ctx, http));
	else if (authn_ended(request->gateway->authn, &request->context.subject))
		fail(request, UNAUTHENTICATED, "session_revoked", "the session was ended");
	else
		call_method(request);
}

void handle_refusal(struct httpd_request *http, int32_t status, const char *reason,
		    const char *detail, void *ctx)
{
	struct request *request = http->owner ? http->owner : request_new(ctx, http);
	enum status code = status == 408   ? DEADLINE_EXCEEDED
			   : status == 400 ? INVALID_ARGUMENT
					   : RESOURCE_EXHAUSTED;

	if (status == 413 && request->route)
		detail = arena_printf(http->arena, "the body may have %zu bytes",
				      body_bytes_max(request));
	fail(request, code, reason, detail);
}
