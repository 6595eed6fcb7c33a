#include "chat/project/project.h"

/* A statement of its own: it sees a chat that came into the project while the first one waited. */
static enum status delete_project(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_project_delete, ctx, &rows, reterr);

	if (s == OK && PQntuples(rows) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "there is no such project");
	return s == OK ? db_exec(db, &sql_project_release_chats, ctx, NULL, reterr) : s;
}

enum status chat_v1_delete_project(struct rpc_call *call, const Chat__V1__DeleteProjectRequest *req,
				   _unused_ Google__Protobuf__Empty *resp)
{
	const char *params[] = {req->project};

	return db_tx(service_db(call), call->subject, delete_project, params, &call->err);
}
