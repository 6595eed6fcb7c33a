#include "chat/project/project.h"

#include "runtime/base/text.h"

#include <inttypes.h>
#include <string.h>

struct creation {
	struct rpc_call *call;
	const Chat__V1__CreateProjectPromptRequest *req;
	Chat__V1__ProjectPrompt *resp;
};

static enum status create(struct db *db, void *ctx, struct error *reterr)
{
	const struct creation *creation = ctx;
	const Chat__V1__CreateProjectPromptRequest *req = creation->req;
	struct rpc_call *call = creation->call;
	const struct chat_conf *conf = chat_of(call)->conf;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct project_size size = {0};
	char id[UUID_SIZE];
	enum status s = project_lock(db, req->project, reterr);

	if (s == OK)
		s = project_size(db, req->project, NULL, &size, reterr);
	if (s == OK && size.n >= conf->project_prompts_max)
		s = error_set(reterr, RESOURCE_EXHAUSTED, "prompts_full",
			      "a project has at most %" PRId64 " prompts: delete some",
			      conf->project_prompts_max);
	if (s == OK)
		s = project_fits(conf,
				 size.instructions + size.prompts + (int64_t)strlen(req->text),
				 reterr);
	if (s != OK)
		return s;
	uuid_v7(id);
	const char *const params[] = {
		id,
		req->project,
		call->subject,
		text_line(call->arena, req->title),
		req->text,
		project_tokens(call, req->text),
		req->disabled ? "false" : "true",
		db_param_i64(call->arena, size.n + 1),
	};
	s = db_query(db, &sql_prompt_insert, params, &rows, reterr);
	if (s == OK)
		prompt_row_read(call->arena, rows, 0, creation->resp);
	return s;
}

enum status chat_v1_create_project_prompt(struct rpc_call *call,
					  const Chat__V1__CreateProjectPromptRequest *req,
					  Chat__V1__ProjectPrompt *resp)
{
	struct creation creation = {.call = call, .req = req, .resp = resp};

	return db_tx(service_db(call), call->subject, create, &creation, &call->err);
}
