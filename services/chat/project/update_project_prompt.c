#include "chat/project/project.h"

#include "runtime/base/text.h"
#include "runtime/service/mask.h"

#include <string.h>

/* New values; NULL leaves one as it is. */
struct change {
	struct rpc_call *call;
	const Chat__V1__UpdateProjectPromptRequest *req;
	Chat__V1__ProjectPrompt *resp;
	const char *title, *text, *tokens, *enabled, *position;
};

static enum status set(struct change *change, const char *path)
{
	const Chat__V1__UpdateProjectPromptRequest *req = change->req;
	struct rpc_call *call = change->call;

	if (strcmp(path, "title") == 0) {
		change->title = text_line(call->arena, req->title);
	} else if (strcmp(path, "text") == 0) {
		if (!*req->text)
			return rpc_fail_field(call, "field_required", "text",
					      "a prompt has a text: delete it or switch it off");
		change->text = req->text;
		change->tokens = project_tokens(call, req->text);
	} else if (strcmp(path, "enabled") == 0) {
		change->enabled = req->enabled ? "true" : "false";
	} else if (strcmp(path, "position") == 0) {
		if (req->position < 1)
			return rpc_fail_field(call, "field_invalid", "position",
					      "the first place is 1");
		change->position = db_param_i64(call->arena, req->position);
	} else {
		return mask_unknown(call, path);
	}
	return OK;
}

static enum status check_size(struct db *db, const struct change *change, const char *project,
			      struct error *reterr)
{
	struct project_size size = {0};
	enum status s = project_size(db, project, change->req->prompt, &size, reterr);

	if (s != OK)
		return s;
	return project_fits(chat_of(change->call)->conf,
			    size.instructions + size.prompts + (int64_t)strlen(change->text),
			    reterr);
}

static enum status update(struct db *db, void *ctx, struct error *reterr)
{
	const struct change *change = ctx;
	const Chat__V1__UpdateProjectPromptRequest *req = change->req;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char project[UUID_SIZE];
	const char *const move[] = {project, req->prompt, change->position};
	const char *const params[] = {project,      req->prompt,    change->title,
				      change->text, change->tokens, change->enabled};
	enum status s = prompt_lock(db, req->prompt, project, reterr);

	if (s == OK && change->text)
		s = check_size(db, change, project, reterr);
	if (s == OK && change->position)
		s = db_exec(db, &sql_prompt_move, move, NULL, reterr);
	if (s == OK)
		s = db_query(db, &sql_prompt_update, params, &rows, reterr);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "there is no such prompt");
	prompt_row_read(change->call->arena, rows, 0, change->resp);
	return OK;
}

enum status chat_v1_update_project_prompt(struct rpc_call *call,
					  const Chat__V1__UpdateProjectPromptRequest *req,
					  Chat__V1__ProjectPrompt *resp)
{
	const Google__Protobuf__FieldMask *mask = req->update_mask;
	struct change change = {.call = call, .req = req, .resp = resp};
	enum status s = mask_check(call, mask);

	for (size_t i = 0; s == OK && i < mask->n_paths; i++)
		s = set(&change, mask->paths[i]);
	if (s != OK)
		return s;
	return db_tx(service_db(call), call->subject, update, &change, &call->err);
}
