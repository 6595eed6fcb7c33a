#include "auth/auth.h"
#include "runtime/base/ensure.h"
#include "sql/auth.h"

enum status auth_v1_get_me(struct rpc_call *call, const Google__Protobuf__Empty *req,
			   Auth__V1__User *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {call->subject};
	Auth__V1__User *user;
	enum status s = db_query_as(service_db(call), call->subject, &sql_auth_account_get, params,
				    &rows, &call->err);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, UNAUTHENTICATED, "unauthenticated", "the account is gone");
	user = account_user(call->arena, rows, 0);
	if (user)
		*resp = *user;
	return OK;
}
