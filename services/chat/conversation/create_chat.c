#include "chat/catalogue/current.h"
#include "chat/catalogue/groups.h"
#include "chat/conversation/conversation.h"

#include <inttypes.h>

enum status chat_v1_create_chat(struct rpc_call *call, const Chat__V1__CreateChatRequest *req,
				Chat__V1__Chat *resp)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const struct model *model;
	const char *title;
	char id[UUID_SIZE];
	enum status s;

	s = title_read(call, req->title, &title);
	if (s == OK)
		s = model_for(chat_of(call)->groups, catalogue, &call->ctx.subject, req->model, "",
			      &model, &call->err);
	if (s == OK && *req->project)
		s = rpc_fail_field(call, "field_invalid", "project", "there is no such project");
	if (s != OK)
		return s;
	uuid_v7(id);
	const char *const params[] = {
		id, call->subject, title, model->id,
		db_param_i64(call->arena, chat_of(call)->conf->user_chats_max)};
	s = db_query_as(service_db(call), call->subject, &sql_chat_insert, params, &rows,
			&call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "chats_full",
				"you have %" PRId64 " chats, as many as one may have: delete some; "
				"the bin is emptied from time to time to make room",
				chat_of(call)->conf->user_chats_max);
	chat_read(call->arena, rows, 0, resp);
	return OK;
}
