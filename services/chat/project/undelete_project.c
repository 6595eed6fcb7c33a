#include "chat/project/project.h"

struct undeletion {
	struct rpc_call *call;
	const char *const *params;
	Chat__V1__Project *resp;
};

static enum status undelete(struct db *db, void *ctx, struct error *reterr)
{
	const struct undeletion *undeletion = ctx;
	_cleanup_(PQclearp) PGresult *found = NULL, *rows = NULL;
	enum status s = db_query(db, &sql_project_undelete, undeletion->params, &found, reterr);

	if (s == OK && PQntuples(found) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "there is no such project");
	if (s == OK)
		s = db_exec(db, &sql_project_regain_chats, undeletion->params, NULL, reterr);
	if (s == OK)
		s = db_query_one(db, &sql_project_get, undeletion->params, &rows, reterr);
	if (s == OK)
		project_read(undeletion->call->arena, rows, 0, undeletion->resp);
	return s;
}

enum status chat_v1_undelete_project(struct rpc_call *call,
				     const Chat__V1__UndeleteProjectRequest *req,
				     Chat__V1__Project *resp)
{
	const char *const params[] = {
		req->project, db_param_i64(call->arena, chat_of(call)->conf->bin_lifetime_ms)};
	struct undeletion undeletion = {.call = call, .params = params, .resp = resp};

	return db_tx(service_db(call), call->subject, undelete, &undeletion, &call->err);
}
