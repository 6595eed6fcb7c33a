#include "chat/project/project.h"

struct creation {
	struct rpc_call *call;
	const char *max, *const *params;
	Chat__V1__Project *resp;
};

static enum status create(struct db *db, void *ctx, struct error *reterr)
{
	const struct creation *creation = ctx;
	struct rpc_call *call = creation->call;
	_cleanup_(PQclearp) PGresult *owner = NULL, *rows = NULL;
	const char *const room[] = {call->subject, creation->max};
	enum status s = db_query(db, &sql_project_owner_lock, room, &owner, reterr);

	if (s == OK)
		s = db_exec(db, &sql_project_make_room, room, NULL, reterr);
	if (s == OK)
		s = db_query(db, &sql_project_insert, creation->params, &rows, reterr);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return error_set(reterr, RESOURCE_EXHAUSTED, "projects_full",
				 "you have %s projects, as many as one may have: delete some",
				 creation->max);
	project_read(call->arena, rows, 0, creation->resp);
	return OK;
}

enum status chat_v1_create_project(struct rpc_call *call, const Chat__V1__CreateProjectRequest *req,
				   Chat__V1__Project *resp)
{
	const char *name, *colour = NULL, *icon = NULL, *model = NULL;
	char id[UUID_SIZE];
	enum status s = project_name(call, req->name, &name);

	if (s == OK)
		s = project_colour(call, req->colour, &colour);
	if (s == OK)
		s = project_icon(call, req->icon, &icon);
	if (s == OK)
		s = project_model(call, req->default_model, &model);
	if (s != OK)
		return s;
	uuid_v7(id);
	const char *const params[] = {
		id,
		call->subject,
		name,
		req->description,
		colour,
		icon,
		req->instructions,
		project_tokens(call, req->instructions),
		model,
		db_param_i64(call->arena, chat_of(call)->conf->user_projects_max),
	};
	struct creation creation = {.call = call, .max = params[9], .params = params, .resp = resp};

	return db_tx(service_db(call), call->subject, create, &creation, &call->err);
}
