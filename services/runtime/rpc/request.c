/* A request as it goes out on a connection: its headers, and the token that says who calls. */
#include "runtime/rpc/client.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include <stdio.h>
#include <string.h>

#define NV_MAX 64
#define TOKEN_TTL_SECONDS 300
#define TOKEN_RENEW_SECONDS 60 /* before it ends */
#define USER_AGENT "limitless-rpc/1"

/* The token says who calls whom, for five minutes; one is made per connection. */
static const char *service_token(struct client_session *session)
{
	_cleanup_(arena_freep) struct arena *arena = NULL;
	const struct rpc_channel_options *options = &session->sub->channel->options;
	int64_t now = clock_wall_us();
	struct token_claims claims = {0};
	uint64_t version;
	struct error err;
	char *token;

	if (!options->signer)
		return session->token;
	version = token_signer_version(options->signer);
	if (now < session->token_renew_us && version == session->token_version)
		return session->token;
	arena = arena_new(2048, 64 * 1024);
	snprintf(claims.type, sizeof(claims.type), TOKEN_SERVICE);
	snprintf(claims.audience, sizeof(claims.audience), "%s",
		 options->service ? options->service : "");
	snprintf(claims.subject, sizeof(claims.subject), "%s",
		 token_signer_issuer(options->signer));
	claims.expires_at = now / US_PER_S + TOKEN_TTL_SECONDS;
	if (token_sign(options->signer, &claims, arena, &token, &err) != OK) {
		log_error("rpc_token_failed", LOG_S("message", err.message));
		return session->token;
	}
	free(session->token);
	session->token = strdup(token);
	ensure(session->token);
	session->token_version = version;
	session->token_renew_us = now + (TOKEN_TTL_SECONDS - TOKEN_RENEW_SECONDS) * US_PER_S;
	return session->token;
}

#define NV_INDEXED(name, text) \
	wire_nv(name, sizeof(name) - 1, text, strlen(text), NGHTTP2_NV_FLAG_NO_COPY_NAME)
/* Not for the table of HPACK: the value is another one each time. */
#define NV_ONCE(name, text, len)                   \
	wire_nv(name, sizeof(name) - 1, text, len, \
		NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_INDEX)

static size_t request_headers(struct client_session *session, struct rpc_client_call *call,
			      char timeout[WIRE_TIMEOUT_SIZE], nghttp2_nv *nv)
{
	const struct rpc_channel *channel = call->channel;
	const char *token = service_token(session);
	size_t n = 0, first;

	nv[n++] = WIRE_NV(":method", "POST");
	nv[n++] = WIRE_NV(":scheme", "http");
	nv[n++] = NV_INDEXED(":path", call->method->path);
	nv[n++] = NV_INDEXED(":authority", channel->authority);
	nv[n++] = WIRE_NV("te", "trailers");
	nv[n++] = WIRE_NV("content-type", "application/grpc");
	nv[n++] = WIRE_NV("user-agent", USER_AGENT);
	nv[n++] = WIRE_NV("grpc-accept-encoding", "identity,gzip");
	if (token)
		nv[n++] = NV_INDEXED("x-service-token", token);
	if (call->deadline_us) {
		size_t len = wire_format_timeout(call->deadline_us - clock_mono_us(), timeout);

		nv[n++] = NV_ONCE("grpc-timeout", timeout, len);
	}
	first = n;
	wire_nv_of_meta(&call->headers, nv, &n, NV_MAX);
	for (; first < n; first++)
		nv[first].flags |= NGHTTP2_NV_FLAG_NO_INDEX;
	return n;
}

int32_t request_submit(struct client_session *session, struct attempt *attempt)
{
	nghttp2_data_provider provider = stream_provider(&attempt->stream);
	char timeout[WIRE_TIMEOUT_SIZE];
	nghttp2_nv nv[NV_MAX];
	size_t n = request_headers(session, attempt->call, timeout, nv);

	return nghttp2_submit_request(session->session.h2, NULL, nv, n, &provider,
				      &attempt->stream);
}
