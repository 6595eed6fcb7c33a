#include "auth/auth.h"
#include "runtime/base/seal.h"
#include "runtime/feed/feed.h"
#include "runtime/log/log.h"
#include "sql/auth.h"

#include <string.h>

#define CONTEXT "refresh_token successor"

static enum status invalid(struct rpc_call *call)
{
	return rpc_fail(call, UNAUTHENTICATED, "refresh_invalid",
			"the refresh token is unknown, ended or used");
}

/* The key is derived from the token, which is stored nowhere: the database alone opens no
 * successor. */
static void successor_key(const struct refresh_token *presented, struct seal_key *ret)
{
	seal_key_derive(presented->bytes, sizeof(presented->bytes), CONTEXT, ret);
}

/* Uses the token unless somebody did before. Zero rows: it was used, or it is not valid. */
static enum status use(struct rpc_call *call, const struct refresh_token *presented,
		       const struct refresh_token *successor, PGresult **ret)
{
	struct seal_key key;
	const uint8_t *sealed;
	size_t len = 0;

	successor_key(presented, &key);
	sealed = seal(&key, CONTEXT, successor->text, strlen(successor->text), call->arena, &len);
	const char *const params[] = {
		db_param_bytes(call->arena, presented->hash, sizeof(presented->hash)),
		db_param_bytes(call->arena, successor->hash, sizeof(successor->hash)),
		db_param_bytes(call->arena, sealed, len),
		db_param_i64(call->arena, auth_of(call)->conf->refresh_ttl_ms),
		call->ctx.user_agent,
		call->ctx.client_address,
	};

	return db_query(service_db(call), &sql_auth_refresh_use, params, ret, &call->err);
}

/* A used token comes back after the window, or its successor was used too. Either a thief or the
 * owner presents it, so the session ends for both. */
static enum status end_family(struct rpc_call *call, const PGresult *found)
{
	const char *session = db_peek(found, 0, "session_id");
	enum status s =
		session_end(call, db_peek(found, 0, "id"), session, NULL, SESSION_REUSE, NULL);

	if (s != OK)
		return s;
	log_warn("refresh_token_reused", LOG_S("request_id", call->ctx.request_id),
		 LOG_S("session_id", session), LOG_S("user_id", db_peek(found, 0, "id")));
	feed_wake(auth_of(call)->revocations);
	return invalid(call);
}

/* The same successor once more, for a client whose answer was lost. */
static const char *open_successor(struct rpc_call *call, const struct refresh_token *presented,
				  const PGresult *found)
{
	size_t sealed_len, len;
	const uint8_t *sealed = db_bytes(call->arena, found, 0, "successor_sealed", &sealed_len);
	struct seal_key key;

	successor_key(presented, &key);
	return (char *)unseal(&key, CONTEXT, sealed, sealed_len, call->arena, &len);
}

/* Finds out why the token could not be used: a retry, a reuse, or a token that is not valid. */
static enum status explain(struct rpc_call *call, const struct refresh_token *presented,
			   bool in_body, Auth__V1__Session *resp)
{
	const char *const params[] = {
		db_param_bytes(call->arena, presented->hash, sizeof(presented->hash)),
		db_param_i64(call->arena, auth_of(call)->conf->refresh_retry_ms),
	};
	_cleanup_(PQclearp) PGresult *found = NULL;
	struct session_grant grant = {.in_body = in_body};
	enum status s =
		db_query(service_db(call), &sql_auth_refresh_find, params, &found, &call->err);

	if (s != OK)
		return s;
	if (PQntuples(found) == 0 || !db_bool(found, 0, "live") || !db_bool(found, 0, "used"))
		return invalid(call);
	if (!db_bool(found, 0, "retry"))
		return end_family(call, found);
	grant.refresh_token = open_successor(call, presented, found);
	if (!grant.refresh_token)
		return rpc_fail(call, INTERNAL, "internal_error",
				"a sealed successor does not open");
	grant.account = grant.refresh = found;
	grant.session_id = db_peek(found, 0, "session_id");
	return session_answer(call, &grant, resp);
}

enum status auth_v1_refresh(struct rpc_call *call, const Auth__V1__RefreshRequest *req,
			    Auth__V1__Session *resp)
{
	bool in_body = req->refresh_token[0] != '\0';
	_cleanup_(PQclearp) PGresult *used = NULL;
	struct refresh_token presented, successor;
	enum status s;

	if (!refresh_token_read(call->arena, in_body ? req->refresh_token : req->refresh_cookie,
				&presented))
		return invalid(call);
	successor = refresh_token_new(call->arena);
	s = use(call, &presented, &successor, &used);
	if (s != OK)
		return s;
	if (PQntuples(used) == 0)
		return explain(call, &presented, in_body, resp);

	const struct session_grant grant = {
		.account = used,
		.refresh = used,
		.session_id = db_peek(used, 0, "session_id"),
		.refresh_token = successor.text,
		.in_body = in_body,
	};

	return session_answer(call, &grant, resp);
}
