#include "chat/project/project.h"
#include "runtime/service/list.h"

struct listing {
	const char *const *params;
	PGresult *rows;
};

static enum status list(struct db *db, void *ctx, struct error *reterr)
{
	struct listing *listing = ctx;
	_cleanup_(PQclearp) PGresult *project = NULL;
	enum status s = db_query(db, &sql_project_get, listing->params, &project, reterr);

	if (s == OK && PQntuples(project) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "there is no such project");
	PQclear(TAKE_PTR(listing->rows));
	return s == OK ? db_query(db, &sql_prompt_list, listing->params, &listing->rows, reterr)
		       : s;
}

enum status chat_v1_list_project_prompts(struct rpc_call *call,
					 const Chat__V1__ListProjectPromptsRequest *req,
					 Chat__V1__ListProjectPromptsResponse *resp)
{
	const char *const params[] = {req->project};
	struct listing listing = {.params = params};
	enum status s = db_tx(service_db(call), call->subject, list, &listing, &call->err);
	_cleanup_(PQclearp) PGresult *rows = listing.rows;
	size_t n;

	if (s != OK)
		return s;
	n = (size_t)PQntuples(rows);
	s = list_new(call, &chat__v1__project_prompt__descriptor, n, &resp->n_prompts,
		     &resp->prompts);
	for (size_t i = 0; s == OK && i < n; i++)
		prompt_row_read(call->arena, rows, (int)i, resp->prompts[i]);
	return s;
}
