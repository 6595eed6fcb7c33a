#include "chat/catalogue/current.h"
#include "chat/catalogue/groups.h"
#include "chat/conversation/conversation.h"
#include "chat/project/project.h"
#include "runtime/service/mask.h"

#include <string.h>

/* New values; NULL leaves one as it is. */
struct change {
	const char *title, *model, *pinned, *archived, *leaf, *unread;
	bool moves;
	const char *project; /* NULL: to none */
};

static const char *boolean(bool value)
{
	return value ? "true" : "false";
}

static enum status set_model(struct rpc_call *call, const char *id, struct change *change)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	const struct model *model;
	enum status s = model_for(chat_of(call)->groups, catalogue, &call->ctx.subject, id, "",
				  &model, &call->err);

	if (s == OK)
		change->model = arena_strdup(call->arena, model->id);
	return s;
}

static enum status set_leaf(struct rpc_call *call, const Chat__V1__UpdateChatRequest *req,
			    struct change *change)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->leaf, req->chat};
	enum status s;

	if (!*req->leaf)
		return rpc_fail_field(call, "field_required", "leaf", "it names a message");
	s = db_query_as(service_db(call), call->subject, &sql_message_place, params, &rows,
			&call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail_field(call, "parent_unknown", "leaf",
				      "the chat has no such message");
	change->leaf = req->leaf;
	return OK;
}

static enum status set(struct rpc_call *call, const Chat__V1__UpdateChatRequest *req,
		       const char *path, struct change *change)
{
	if (strcmp(path, "title") == 0)
		return title_read(call, req->title, &change->title);
	if (strcmp(path, "model") == 0)
		return set_model(call, req->model, change);
	if (strcmp(path, "leaf") == 0)
		return set_leaf(call, req, change);
	if (strcmp(path, "pinned") == 0)
		change->pinned = boolean(req->pinned);
	else if (strcmp(path, "archived") == 0)
		change->archived = boolean(req->archived);
	else if (strcmp(path, "unread") == 0)
		change->unread = boolean(req->unread);
	else if (strcmp(path, "project") == 0)
		change->moves = true;
	else
		return mask_unknown(call, path);
	return OK;
}

struct update {
	const char *project; /* NULL: none to keep out of the bin */
	const char *const *params;
	PGresult *rows;
};

static enum status update(struct db *db, void *ctx, struct error *reterr)
{
	struct update *update = ctx;
	enum status s = project_share(db, update->project, reterr);

	PQclear(TAKE_PTR(update->rows));
	return s == OK ? db_query(db, &sql_chat_update, update->params, &update->rows, reterr) : s;
}

enum status chat_v1_update_chat(struct rpc_call *call, const Chat__V1__UpdateChatRequest *req,
				Chat__V1__Chat *resp)
{
	const Google__Protobuf__FieldMask *mask = req->update_mask;
	struct change change = {.project = *req->project ? req->project : NULL};
	struct update moved = {0};
	enum status s = mask_check(call, mask);

	for (size_t i = 0; s == OK && i < mask->n_paths; i++)
		s = set(call, req, mask->paths[i], &change);
	if (s != OK)
		return s;
	const char *const params[] = {req->chat,     change.title,          change.model,
				      change.pinned, change.archived,       change.leaf,
				      change.unread, boolean(change.moves), change.project};
	moved.params = params;
	moved.project = change.moves ? change.project : NULL;
	if (moved.project)
		s = db_tx(service_db(call), call->subject, update, &moved, &call->err);
	else
		s = db_query_as(service_db(call), call->subject, &sql_chat_update, params,
				&moved.rows, &call->err);
	_cleanup_(PQclearp) PGresult *rows = moved.rows;
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such chat");
	chat_read(call->arena, rows, 0, resp);
	return OK;
}
