#include "auth/auth.h"
#include "runtime/metrics/metrics.h"
#include "sql/auth.h"

#include <string.h>

METRIC_FAMILY(failures) = {
	.name = "auth_login_failures_total",
	.help = "Log-ins with a wrong password or for an unknown address.",
	.kind = METRIC_COUNTER,
};

/* The row of the address; none when no account has it. Text that is no address has no account. */
static enum status find_account(struct rpc_call *call, const char *address, PGresult **ret)
{
	const char *email = email_normalise(call->arena, address);
	const char *const params[] = {email ? email : ""};

	return db_query(service_db(call), &sql_auth_account_by_email, params, ret, &call->err);
}

/* Stores the hash anew when its cost or the preparation of passwords has changed. Only a log-in has
 * the password at hand. */
static enum status rehash(struct rpc_call *call, const PGresult *account, const char *password)
{
	char hash[PASSWORD_HASH_SIZE];
	const char *const params[] = {
		db_peek(account, 0, "id"),
		db_peek(account, 0, "password_hash"),
		hash,
	};
	enum status s = password_hash(&auth_of(call)->passwords, password, hash, &call->err);

	if (s != OK)
		return s;
	return db_exec(service_db(call), &sql_auth_account_rehash, params, NULL, &call->err);
}

/* hash: NULL for an unknown address, which costs the same work. *ret_plain: the hash was made
 * before passwords were prepared. */
static enum status verify(struct rpc_call *call, const char *hash, const char *prepared,
			  const char *given, bool *ret_right, bool *ret_plain)
{
	const struct passwords *passwords = &auth_of(call)->passwords;
	enum status s = password_verify(passwords, hash, prepared, ret_right, &call->err);

	*ret_plain = false;
	if (s != OK || *ret_right || strcmp(prepared, given) == 0)
		return s;
	s = password_verify(passwords, hash, given, ret_right, &call->err);
	*ret_plain = s == OK && *ret_right;
	return s;
}

enum status auth_v1_log_in(struct rpc_call *call, const Auth__V1__LogInRequest *req,
			   Auth__V1__Session *resp)
{
	_cleanup_(PQclearp) PGresult *account = NULL;
	const char *hash = NULL, *password = password_prepare(call->arena, req->password);
	bool right, plain;
	enum status s;

	if (!password)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "the password");
	s = find_account(call, req->email, &account);
	if (s != OK)
		return s;
	if (PQntuples(account) > 0)
		hash = db_peek(account, 0, "password_hash");
	s = verify(call, hash, password, req->password, &right, &plain);
	if (s != OK)
		return s;
	if (!right) {
		metric_add(metric_get(&failures, NULL), 1);
		return rpc_fail(call, UNAUTHENTICATED, "credentials_wrong",
				"e-mail address and password do not match an account");
	}
	/* Only a caller that knows the password may learn this. */
	if (db_bool(account, 0, "disabled"))
		return rpc_fail(call, PERMISSION_DENIED, "account_disabled",
				"the account is disabled");
	if (plain || password_outdated(&auth_of(call)->passwords, hash)) {
		s = rehash(call, account, password);
		if (s != OK)
			return s;
	}
	return session_open(call, account, req->token_delivery == AUTH__V1__SESSION__DELIVERY__BODY,
			    resp);
}
