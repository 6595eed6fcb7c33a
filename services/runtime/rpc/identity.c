/* Who calls: service tokens, and what a method asks of its caller. Under the connection's lock. */
#include "runtime/rpc/server.h"

#include "runtime/base/clock.h"
#include <string.h>

#define GATEWAY "gateway" /* alone may say for which user it calls */

/* A connection shows the same token in each call until it gets a new one, so one verification
 * serves them all, until the keys change. */
static bool seen_before(const struct server_session *session, uint64_t version,
			const uint8_t *token, size_t len)
{
	return len > 0 && version == session->token_version && len == session->token.len &&
	       memcmp(token, session->token.data, len) == 0 &&
	       clock_wall_us() < session->token_expires_at * US_PER_S;
}

enum status identity_check(struct server_call *call, const uint8_t *token, size_t len)
{
	struct server_session *session = (struct server_session *)call->stream.session;
	const struct rpc_server_options *options = &call->server->options;
	uint64_t version = token_verifier_version(options->verifier);
	struct token_claims claims;
	enum status s;

	if (!seen_before(session, version, token, len)) {
		session->token.len = 0;
		s = token_verify(options->verifier, (const char *)token, len, TOKEN_SERVICE,
				 options->service, &claims, &call->pub.err);
		if (s != OK)
			return s;
		if (strcmp(claims.issuer, claims.subject) != 0 ||
		    strlen(claims.subject) >= sizeof(session->caller))
			return error_set(&call->pub.err, UNAUTHENTICATED, "unauthenticated",
					 "the service token names no service");
		bytes_add(&session->token, token, len);
		session->token_expires_at = claims.expires_at;
		session->token_version = version;
		memcpy(session->caller, claims.subject, strlen(claims.subject) + 1);
		server_session_trust(session);
	}
	memcpy(call->pub.caller, session->caller, sizeof(call->pub.caller));
	return OK;
}

static bool may_call(const struct server_call *call)
{
	const char *const *callers = call->pub.method->callers;

	if (!call->server->options.verifier || !callers)
		return true;
	for (; *callers; callers++)
		if (strcmp(*callers, call->pub.caller) == 0)
			return true;
	return false;
}

enum status identity_access(struct server_call *call)
{
	struct rpc_subject *subject = &call->pub.ctx.subject;
	enum rpc_access access = call->pub.method->access;
	struct error *err = &call->pub.err;

	call->pub.subject = "";
	if (call->entry->anyone)
		return OK;
	if (call->status != OK)
		return call->status; /* the token is not good */
	if (call->server->options.verifier && call->pub.caller[0] == '\0')
		return error_set(err, UNAUTHENTICATED, "unauthenticated",
				 "the call carries no service token");
	if (call->server->options.verifier && strcmp(call->pub.caller, GATEWAY) != 0)
		*subject = (struct rpc_subject){0};
	if (access == RPC_ACCESS_SERVICE) {
		*subject = (struct rpc_subject){0};
		if (!may_call(call))
			return error_set(err, PERMISSION_DENIED, "caller_refused",
					 "service '%s' may not call %s", call->pub.caller,
					 call->pub.method->path);
		return OK;
	}
	if (access == RPC_ACCESS_PUBLIC)
		return OK;
	if (subject->user_id[0] == '\0')
		return error_set(err, UNAUTHENTICATED, "unauthenticated", "no user is signed in");
	if (access == RPC_ACCESS_ADMIN && !subject->admin)
		return error_set(err, PERMISSION_DENIED, "role_required",
				 "only an admin may call %s", call->pub.method->path);
	call->pub.subject = subject->user_id;
	return OK;
}
