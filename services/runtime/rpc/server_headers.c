/* Request headers into a call: what the protocol, the context and the user's metadata say. Under
 * the connection's lock. */
#include "runtime/rpc/server.h"

#include "runtime/base/clock.h"
#include <ctype.h>
#include <string.h>

#define HEADERS_CUT_BYTES (16 * HEADERS_MAX_BYTES) /* a peer that goes on to here means harm */
#define PAIR_OVERHEAD 32                           /* as SETTINGS_MAX_HEADER_LIST_SIZE counts */

struct header {
	const uint8_t *value;
	size_t len;
};

static bool is(const struct header *header, const char *text)
{
	return header->len == strlen(text) && memcmp(header->value, text, header->len) == 0;
}

static bool starts(const struct header *header, const char *text)
{
	return header->len >= strlen(text) && memcmp(header->value, text, strlen(text)) == 0;
}

/* Keeps a text that fits and is printable; another one is left out. */
static void keep(char *out, size_t size, const struct header *header)
{
	if (header->len >= size || !meta_value_allowed(header->value, header->len))
		return;
	memcpy(out, header->value, header->len);
	out[header->len] = '\0';
}

static void on_method(struct server_call *call, const struct header *header)
{
	call->bad_method = !is(header, "POST");
}

static void on_path(struct server_call *call, const struct header *header)
{
	call->entry = methods_find(call->server, (const char *)header->value, header->len);
}

static void on_content_type(struct server_call *call, const struct header *header)
{
	size_t n = strlen("application/grpc");

	/* application/grpc, +proto or ;parameters */
	call->bad_content_type =
		!starts(header, "application/grpc") ||
		(header->len > n && header->value[n] != ';' && header->value[n] != '+') ||
		(header->len > n && header->value[n] == '+' &&
		 !starts(header, "application/grpc+proto"));
}

static void on_timeout(struct server_call *call, const struct header *header)
{
	int64_t us;

	call->bad_timeout = !wire_parse_timeout(header->value, header->len, &us);
	if (!call->bad_timeout)
		call->pub.ctx.deadline_us = call->start_us + us;
}

static void on_encoding(struct server_call *call, const struct header *header)
{
	call->stream.gzip = is(header, "gzip");
	call->bad_encoding = !call->stream.gzip && !is(header, "identity");
}

static void on_request_id(struct server_call *call, const struct header *header)
{
	keep(call->pub.ctx.request_id, sizeof(call->pub.ctx.request_id), header);
}

/* "00-<32 hex>-<16 hex>-<2 hex>" */
static void on_traceparent(struct server_call *call, const struct header *header)
{
	static const uint8_t dashes[] = {2, 35, 52};

	if (header->len != 55)
		return;
	for (size_t i = 0; i < header->len; i++) {
		bool dash = memchr(dashes, (int)i, sizeof(dashes)) != NULL;

		if (dash ? header->value[i] != '-'
			 : !isxdigit(header->value[i]) || isupper(header->value[i]))
			return;
	}
	keep(call->pub.ctx.traceparent, sizeof(call->pub.ctx.traceparent), header);
}

static void on_user_id(struct server_call *call, const struct header *header)
{
	keep(call->pub.ctx.subject.user_id, sizeof(call->pub.ctx.subject.user_id), header);
}

static void on_session_id(struct server_call *call, const struct header *header)
{
	keep(call->pub.ctx.subject.session_id, sizeof(call->pub.ctx.subject.session_id), header);
}

/* A key without its name would spend past its budget, so a call is refused whose key cannot be
 * read. */
static void on_api_key_id(struct server_call *call, const struct header *header)
{
	char *id = call->pub.ctx.subject.api_key_id;

	*id = '\0';
	keep(id, sizeof(call->pub.ctx.subject.api_key_id), header);
	call->bad_subject |= !uuid_valid(id);
}

static void on_on_disconnect(struct server_call *call, const struct header *header)
{
	keep(call->pub.ctx.subject.on_disconnect, sizeof(call->pub.ctx.subject.on_disconnect),
	     header);
	call->bad_subject |=
		!is(header, "DEFAULT") && !is(header, "CANCEL") && !is(header, "FINISH");
}

static void on_roles(struct server_call *call, const struct header *header)
{
	const char *p = (const char *)header->value, *end = p + header->len;

	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		size_t n = (size_t)((comma ? comma : end) - p);

		if (n == 5 && memcmp(p, "admin", 5) == 0)
			call->pub.ctx.subject.admin = true;
		p += n + 1;
	}
}

static void on_idempotency_key(struct server_call *call, const struct header *header)
{
	keep(call->pub.ctx.idempotency_key, sizeof(call->pub.ctx.idempotency_key), header);
}

static void on_client_address(struct server_call *call, const struct header *header)
{
	keep(call->pub.ctx.client_address, sizeof(call->pub.ctx.client_address), header);
}

static void on_client_user_agent(struct server_call *call, const struct header *header)
{
	struct header cut = *header;

	if (cut.len >= sizeof(call->pub.ctx.user_agent))
		cut.len = sizeof(call->pub.ctx.user_agent) - 1;
	keep(call->pub.ctx.user_agent, sizeof(call->pub.ctx.user_agent), &cut);
}

static void on_service_token(struct server_call *call, const struct header *header)
{
	struct server_session *session = (struct server_session *)call->stream.session;
	const struct rpc_server_options *options = &call->server->options;

	if (!options->verifier)
		return;
	/* Admitted or not when all headers are there. */
	call->status = identity_check(&session->identity, options->verifier, options->service,
				      header->value, header->len, &call->pub.err);
	if (call->status == OK)
		memcpy(call->pub.caller, session->identity.caller, sizeof(call->pub.caller));
}

static void ignore(struct server_call *call, const struct header *header)
{
}

static const struct known_header {
	const char *name;
	size_t len;
	void (*take)(struct server_call *call, const struct header *header);
} known_headers[] = {
#define KNOWN(text, take)                    \
	{                                    \
		text, sizeof(text) - 1, take \
	}
	KNOWN(":method", on_method),
	KNOWN(":path", on_path),
	KNOWN(":scheme", ignore),
	KNOWN(":authority", ignore),
	KNOWN("te", ignore),
	KNOWN("content-type", on_content_type),
	KNOWN("user-agent", ignore),
	KNOWN("grpc-timeout", on_timeout),
	KNOWN("grpc-encoding", on_encoding),
	KNOWN("grpc-accept-encoding", ignore),
	KNOWN("x-request-id", on_request_id),
	KNOWN("traceparent", on_traceparent),
	KNOWN("x-service-token", on_service_token),
	KNOWN("x-user-id", on_user_id),
	KNOWN("x-session-id", on_session_id),
	KNOWN("x-api-key-id", on_api_key_id),
	KNOWN("x-on-disconnect", on_on_disconnect),
	KNOWN("x-roles", on_roles),
	KNOWN("idempotency-key", on_idempotency_key),
	KNOWN("x-client-address", on_client_address),
	KNOWN("x-client-user-agent", on_client_user_agent),
#undef KNOWN
};

static const struct known_header *find_known(const uint8_t *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_headers); i++)
		if (known_headers[i].len == len && memcmp(known_headers[i].name, name, len) == 0)
			return &known_headers[i];
	return NULL;
}

int server_on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *ctx)
{
	struct stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
	const struct header header = {value, value_len};
	const struct known_header *known;
	struct server_call *call;

	if (!stream)
		return 0;
	call = call_of_stream(stream);
	call->header_bytes += name_len + value_len + PAIR_OVERHEAD;
	if (call->header_bytes > HEADERS_MAX_BYTES || ++call->header_n > HEADERS_MAX_N) {
		call->headers_too_large = true;
		return call->header_bytes > HEADERS_CUT_BYTES ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
	}
	if (call->phase != CALL_RECEIVING)
		return 0;
	known = find_known(name, name_len);
	if (known)
		known->take(call, &header);
	else
		meta_add(&call->metadata, name, name_len, value, value_len);
	return 0;
}

static bool refuse_http(struct server_call *call, const char *code)
{
	nghttp2_nv nv[] = {wire_nv(":status", 7, code, 3, NGHTTP2_NV_FLAG_NO_COPY_NAME)};

	nghttp2_submit_response(call->stream.session->h2, call->stream.id, nv, 1, NULL);
	call->headers_sent = true;
	server_call_refuse(call, UNKNOWN, "protocol_error", "HTTP %s", code);
	return false;
}

static bool admit_protocol(struct server_call *call)
{
	if (call->bad_method)
		return refuse_http(call, "405");
	if (call->bad_content_type)
		return refuse_http(call, "415");
	if (call->headers_too_large)
		server_call_refuse(call, RESOURCE_EXHAUSTED, "headers_too_large",
				   "the headers are larger than %d bytes", HEADERS_MAX_BYTES);
	else if (call->bad_timeout)
		server_call_refuse(call, INTERNAL, "protocol_error", "grpc-timeout is not one");
	else if (call->bad_subject)
		server_call_refuse(call, INTERNAL, "protocol_error",
				   "x-api-key-id or x-on-disconnect is not one");
	else if (!call->entry)
		server_call_refuse(call, UNIMPLEMENTED, "not_implemented", "unknown method");
	else if (call->bad_encoding)
		server_call_refuse(call, UNIMPLEMENTED, "not_implemented",
				   "grpc-encoding is neither identity nor gzip");
	return call->phase == CALL_RECEIVING;
}

bool server_call_admit(struct server_call *call)
{
	struct rpc_context *ctx = &call->pub.ctx;
	const char *whose;
	int32_t max;
	enum status s;

	if (ctx->request_id[0] == '\0')
		wire_make_request_id(ctx->request_id);
	if (!admit_protocol(call))
		return false;
	call->pub.method = call->entry->handler.method;
	payer_name(call);
	s = identity_access(call);
	if (s != OK) {
		server_call_refuse(call, s, call->pub.err.reason, "%s", call->pub.err.message);
		return false;
	}
	if (!payer_enter(call, &whose, &max)) {
		server_call_refuse(call, RESOURCE_EXHAUSTED, "streams_too_many",
				   "the %s has %d streams open already", whose, max);
		return false;
	}
	if (ctx->deadline_us == 0 && call->pub.method->timeout_ms > 0)
		ctx->deadline_us = call->start_us + call->pub.method->timeout_ms * US_PER_MS;
	if (call->pub.method->kind == RPC_UNARY || call->pub.method->kind == RPC_SERVER_STREAM)
		call->stream.eager = true;
	return true;
}
