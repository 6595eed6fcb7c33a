#include "chat/project/project.h"
#include "runtime/service/mask.h"

#include <string.h>

/* New values; NULL leaves one as it is. */
struct change {
	struct rpc_call *call;
	const Chat__V1__UpdateProjectRequest *req;
	Chat__V1__Project *resp;
	const char *name, *description, *colour, *icon, *instructions, *tokens, *model;
};

static enum status set(struct change *change, const char *path)
{
	const Chat__V1__UpdateProjectRequest *req = change->req;
	struct rpc_call *call = change->call;

	if (strcmp(path, "name") == 0)
		return project_name(call, req->name, &change->name);
	if (strcmp(path, "colour") == 0)
		return project_colour(call, req->colour, &change->colour);
	if (strcmp(path, "icon") == 0)
		return project_icon(call, req->icon, &change->icon);
	if (strcmp(path, "default_model") == 0)
		return project_model(call, req->default_model, &change->model);
	if (strcmp(path, "description") == 0) {
		change->description = req->description;
	} else if (strcmp(path, "instructions") == 0) {
		change->instructions = req->instructions;
		change->tokens = project_tokens(call, req->instructions);
	} else {
		return mask_unknown(call, path);
	}
	return OK;
}

static enum status update(struct db *db, void *ctx, struct error *reterr)
{
	const struct change *change = ctx;
	const struct chat_conf *conf = chat_of(change->call)->conf;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {change->req->project, change->name, change->description,
				      change->colour,       change->icon, change->instructions,
				      change->tokens,       change->model};
	struct project_size size;
	enum status s = project_lock(db, change->req->project, reterr);

	if (s == OK && change->instructions) {
		s = project_size(db, change->req->project, NULL, &size, reterr);
		if (s == OK && strlen(change->instructions) > (size_t)size.instructions)
			s = project_fits(conf, size.prompts + (int64_t)strlen(change->instructions),
					 reterr);
	}
	if (s == OK)
		s = db_query_one(db, &sql_project_update, params, &rows, reterr);
	if (s == OK)
		project_read(change->call->arena, rows, 0, change->resp);
	return s;
}

enum status chat_v1_update_project(struct rpc_call *call, const Chat__V1__UpdateProjectRequest *req,
				   Chat__V1__Project *resp)
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
