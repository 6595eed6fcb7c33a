#include "auth/auth.h"
#include "runtime/base/clock.h"
#include "runtime/base/digest.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/db/timestamp.h"
#include "sql/auth.h"

#include <string.h>

#define TOKEN_PREFIX "lcr_" /* lets scanners of leaked secrets know it */

Auth__V1__User *account_user(struct arena *arena, const PGresult *rows, int row)
{
	Auth__V1__User *user = arena_alloc(arena, sizeof(*user));

	if (!user)
		return NULL;
	auth__v1__user__init(user);
	user->id = db_text(arena, rows, row, "id");
	user->email = db_text(arena, rows, row, "email");
	user->email_verified = db_bool(rows, row, "email_verified");
	user->user_name = db_text(arena, rows, row, "user_name");
	user->display_name = db_text(arena, rows, row, "display_name");
	user->avatar_url = db_text(arena, rows, row, "avatar_url");
	user->role = strcmp(db_peek(rows, row, "role"), "admin") == 0 ? AUTH__V1__USER__ROLE__ADMIN
								      : AUTH__V1__USER__ROLE__USER;
	user->create_time = db_time(arena, rows, row, "create_us");
	return user;
}

/* ------------------------------------------------------------------ refresh tokens */

static void hash_token(struct refresh_token *token)
{
	digest_sha256(token->bytes, sizeof(token->bytes), token->hash);
}

struct refresh_token refresh_token_new(struct arena *arena)
{
	struct refresh_token token;

	random_bytes(token.bytes, sizeof(token.bytes));
	token.text = arena_printf(arena, TOKEN_PREFIX "%s",
				  base64url_encode(arena, token.bytes, sizeof(token.bytes)));
	hash_token(&token);
	return token;
}

bool refresh_token_read(struct arena *arena, const char *text, struct refresh_token *ret)
{
	size_t prefix = strlen(TOKEN_PREFIX), len;
	const uint8_t *bytes;

	if (strncmp(text, TOKEN_PREFIX, prefix) != 0)
		return false;
	bytes = base64url_decode(arena, text + prefix, strlen(text + prefix), &len);
	if (!bytes || len != REFRESH_TOKEN_BYTES)
		return false;
	memcpy(ret->bytes, bytes, len);
	ret->text = arena_strdup(arena, text);
	hash_token(ret);
	return true;
}

/* ------------------------------------------------------------------ sessions */

enum status session_answer(struct rpc_call *call, const struct session_grant *grant,
			   Auth__V1__Session *resp)
{
	struct auth *auth = auth_of(call);
	int64_t now = clock_wall_us() / US_PER_S;
	struct token_claims claims = {
		.audience = "limitless",
		.type = TOKEN_ACCESS,
		.issued_at = now,
		.expires_at = now + auth->conf->access_ttl_ms / 1000,
	};
	char *token;
	enum status s;

	resp->user = account_user(call->arena, grant->account, 0);
	if (!resp->user)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "no room for a user");
	ensure(uuid_valid(resp->user->id) && uuid_valid(grant->session_id));
	memcpy(claims.subject, resp->user->id, UUID_SIZE);
	memcpy(claims.session_id, grant->session_id, UUID_SIZE);
	claims.admin = resp->user->role == AUTH__V1__USER__ROLE__ADMIN;
	s = keyring_sign(&auth->keyring, &claims, call->arena, &token, &call->err);
	if (s != OK)
		return s;

	resp->expires_at = timestamp_new(call->arena, claims.expires_at * US_PER_S);
	resp->refresh_expires_at = db_time(call->arena, grant->refresh, 0, "refresh_expire_us");
	if (grant->in_body) {
		resp->access_token = token;
		resp->refresh_token = (char *)grant->refresh_token;
	} else { /* a script that reads the answer learns nothing that it could send elsewhere */
		resp->access_cookie = token;
		resp->refresh_cookie = (char *)grant->refresh_token;
	}
	return OK;
}

enum status session_open(struct rpc_call *call, const PGresult *account, bool in_body,
			 Auth__V1__Session *resp)
{
	const struct auth_conf *conf = auth_of(call)->conf;
	struct refresh_token token = refresh_token_new(call->arena);
	_cleanup_(PQclearp) PGresult *opened = NULL;
	char id[UUID_SIZE];
	const char *const params[] = {
		id,
		db_peek(account, 0, "id"),
		call->ctx.user_agent,
		call->ctx.client_address,
		db_param_i64(call->arena, conf->session_ttl_ms),
		db_param_bytes(call->arena, token.hash, sizeof(token.hash)),
		db_param_i64(call->arena, conf->refresh_ttl_ms),
	};
	struct session_grant grant = {
		.account = account,
		.session_id = id,
		.refresh_token = token.text,
		.in_body = in_body,
	};
	enum status s;

	uuid_v7(id);
	s = db_query(service_db(call), &sql_auth_session_open, params, &opened, &call->err);
	if (s != OK)
		return s;
	if (PQntuples(opened) == 0)
		return rpc_fail(call, PERMISSION_DENIED, "account_disabled",
				"the account is disabled");
	grant.refresh = opened;
	return session_answer(call, &grant, resp);
}

enum status session_end(struct rpc_call *call, const char *account_id, const char *session_id,
			const char *except, const char *reason, int64_t *ret_n)
{
	const char *const params[] = {
		account_id,
		session_id,
		except,
		reason,
		db_param_i64(call->arena, auth_token_reach_ms(auth_of(call)->conf)),
	};
	_cleanup_(PQclearp) PGresult *ended = NULL;
	enum status s =
		db_query(service_db(call), &sql_auth_session_end, params, &ended, &call->err);

	if (s != OK)
		return s;
	if (ret_n)
		*ret_n = db_i64(ended, 0, "n");
	return OK;
}
