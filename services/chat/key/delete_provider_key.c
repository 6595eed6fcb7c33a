#include "chat/key/rows.h"
#include "runtime/log/log.h"

enum status chat_v1_delete_provider_key(struct rpc_call *call,
					const Chat__V1__DeleteProviderKeyRequest *req,
					_unused_ Google__Protobuf__Empty *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->key};
	enum status s =
		db_query(service_db(call), &sql_provider_key_delete, params, &rows, &call->err);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return provider_key_refusal(call, req->key);
	log_info("provider_key_deleted", LOG_S("by", call->subject), LOG_S("key", req->key),
		 LOG_S("request_id", call->ctx.request_id));
	return OK;
}
