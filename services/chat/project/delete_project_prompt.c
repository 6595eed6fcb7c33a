#include "chat/project/project.h"

#include <inttypes.h>

static enum status delete_prompt(struct db *db, void *ctx, struct error *reterr)
{
	const Chat__V1__DeleteProjectPromptRequest *req = ctx;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char project[UUID_SIZE], place[12];
	const char *const params[] = {project, req->prompt};
	const char *const gap[] = {project, place};
	enum status s = prompt_lock(db, req->prompt, project, reterr);

	if (s == OK)
		s = db_query(db, &sql_prompt_delete, params, &rows, reterr);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "there is no such prompt");
	snprintf(place, sizeof place, "%" PRId32, db_i32(rows, 0, "position"));
	return db_exec(db, &sql_prompt_close_gap, gap, NULL, reterr);
}

enum status chat_v1_delete_project_prompt(struct rpc_call *call,
					  const Chat__V1__DeleteProjectPromptRequest *req,
					  _unused_ Google__Protobuf__Empty *resp)
{
	return db_tx(service_db(call), call->subject, delete_prompt, (void *)req, &call->err);
}
