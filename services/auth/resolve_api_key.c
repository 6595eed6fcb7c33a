#include "auth/auth.h"
#include "edge/v1/rpc.h"
#include "sql/auth.h"

#include <string.h>

#define HASH_BYTES 32
#define SCOPES_MAX 8

/* The words of a text as a list, in the call's arena. */
static enum status add_scopes(struct rpc_call *call, const char *text,
			      Edge__V1__ResolveApiKeyResponse *resp)
{
	resp->scopes = arena_array(call->arena, SCOPES_MAX, sizeof *resp->scopes);
	if (!resp->scopes)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "no room");
	while (*text && resp->n_scopes < SCOPES_MAX) {
		size_t len = strcspn(text, " ");

		resp->scopes[resp->n_scopes++] = arena_strndup(call->arena, text, len);
		text += len + strspn(text + len, " ");
	}
	return OK;
}

enum status edge_v1_resolve_api_key(struct rpc_call *call,
				    const Edge__V1__ResolveApiKeyRequest *req,
				    Edge__V1__ResolveApiKeyResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {
		db_param_bytes(call->arena, req->key_sha256.data, req->key_sha256.len)};
	const char *key[1];
	enum status s;

	if (req->key_sha256.len != HASH_BYTES)
		return rpc_fail_field(call, "field_invalid", "key_sha256", "it has %d bytes",
				      HASH_BYTES);
	s = db_query(service_db(call), &sql_auth_api_key_resolve, params, &rows, &call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such key");
	resp->key_id = arena_strdup(call->arena, db_peek(rows, 0, "id"));
	resp->user_id = arena_strdup(call->arena, db_peek(rows, 0, "account_id"));
	resp->on_disconnect = arena_strdup(call->arena, db_peek(rows, 0, "on_disconnect"));
	s = add_scopes(call, db_peek(rows, 0, "scopes"), resp);
	if (s != OK || !db_bool(rows, 0, "use_due"))
		return s;
	key[0] = resp->key_id;
	return db_exec(service_db(call), &sql_auth_api_key_use, key, NULL, &call->err);
}
