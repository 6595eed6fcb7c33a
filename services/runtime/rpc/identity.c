/* The caller: his service token, and what a method asks of him. Under the connection's lock. */
#include "runtime/rpc/server.h"

#include "runtime/base/clock.h"
#include <string.h>

#define GATEWAY "gateway" /* alone may say for which user it calls */

static bool seen_before(const struct peer_identity *known, uint64_t version, const uint8_t *token,
			size_t len)
{
	return len > 0 && version == known->version && len == known->token.len &&
	       memcmp(token, known->token.data, len) == 0 &&
	       clock_wall_us() < known->expires_at * US_PER_S;
}

enum status identity_check(struct peer_identity *known, const struct token_verifier *verifier,
			   const char *service, const uint8_t *token, size_t len,
			   struct error *reterr)
{
	uint64_t version = token_verifier_version(verifier);
	struct token_claims claims;
	enum status s;

	if (seen_before(known, version, token, len))
		return OK;
	buf_clear(&known->token);
	s = token_verify(verifier, (const char *)token, len, TOKEN_SERVICE, service, &claims,
			 reterr);
	if (s != OK)
		return s;
	if (strcmp(claims.issuer, claims.subject) != 0 ||
	    strlen(claims.subject) >= sizeof(known->caller))
		return error_set(reterr, UNAUTHENTICATED, "unauthenticated",
				 "the service token names no service");
	buf_add(&known->token, token, len);
	known->expires_at = claims.expires_at;
	known->version = version;
	memcpy(known->caller, claims.subject, strlen(claims.subject) + 1);
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
