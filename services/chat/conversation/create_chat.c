#include "chat/catalogue/current.h"
#include "chat/catalogue/groups.h"
#include "chat/conversation/conversation.h"
#include "chat/project/project.h"

#include <inttypes.h>

struct creation {
	const char *project; /* NULL: none */
	const char *const *params;
	PGresult *rows;
};

/* A project's default model that the user may no longer use gives way to the server's. */
static enum status chat_first_model(struct rpc_call *call, const struct catalogue *catalogue,
				    const char *asked, const char *project_model,
				    const struct model **ret)
{
	struct groups *groups = chat_of(call)->groups;
	const struct rpc_subject *who = &call->ctx.subject;

	if (!*asked && *project_model &&
	    model_for(groups, catalogue, who, project_model, "", ret, NULL) == OK)
		return OK;
	return model_for(groups, catalogue, who, asked, "", ret, &call->err);
}

static enum status create(struct db *db, void *ctx, struct error *reterr)
{
	struct creation *creation = ctx;
	enum status s = project_share(db, creation->project, reterr);

	PQclear(TAKE_PTR(creation->rows));
	return s == OK ? db_query(db, &sql_chat_insert, creation->params, &creation->rows, reterr)
		       : s;
}

enum status chat_v1_create_chat(struct rpc_call *call, const Chat__V1__CreateChatRequest *req,
				Chat__V1__Chat *resp)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	struct creation creation = {.project = *req->project ? req->project : NULL};
	const struct model *model;
	const char *project_model = "";
	const char *title;
	char id[UUID_SIZE];
	enum status s;

	s = title_read(call, req->title, &title);
	if (s == OK && creation.project)
		s = project_default_model(call, req->project, &project_model);
	if (s == OK)
		s = chat_first_model(call, catalogue, req->model, project_model, &model);
	if (s != OK)
		return s;
	uuid_v7(id);
	const char *const params[] = {
		id,
		call->subject,
		title,
		model->id,
		db_param_i64(call->arena, chat_of(call)->conf->user_chats_max),
		creation.project};
	creation.params = params;
	if (creation.project)
		s = db_tx(service_db(call), call->subject, create, &creation, &call->err);
	else
		s = db_query_as(service_db(call), call->subject, &sql_chat_insert, params,
				&creation.rows, &call->err);
	_cleanup_(PQclearp) PGresult *rows = creation.rows;
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
