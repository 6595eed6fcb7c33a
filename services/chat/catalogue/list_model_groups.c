#include "chat/catalogue/group_set.h"
#include "chat/chat.h"

enum status chat_v1_list_model_groups(struct rpc_call *call,
				      _unused_ const Chat__V1__ListModelGroupsRequest *req,
				      Chat__V1__ListModelGroupsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct group_set set;
	enum status s = db_query(service_db(call), &sql_model_groups, (const char *[]){NULL}, &rows,
				 &call->err);

	if (s == OK)
		s = group_set_read(call->arena, rows, &set, &call->err);
	if (s != OK)
		return s;
	resp->groups = set.groups;
	resp->n_groups = set.n;
	return OK;
}
