#include "chat/catalogue/groups.h"
#include "chat/chat.h"

enum status chat_v1_delete_model_group(struct rpc_call *call,
				       const Chat__V1__DeleteModelGroupRequest *req,
				       _unused_ Google__Protobuf__Empty *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query_one(service_db(call), &sql_model_group_delete,
				     (const char *const *)&req->group, &rows, &call->err);

	if (s == OK)
		groups_changed(chat_of(call)->groups);
	return s;
}
