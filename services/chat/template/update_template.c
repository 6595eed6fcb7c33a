#include "chat/template/template.h"

#include "runtime/base/text.h"
#include "runtime/service/mask.h"

#include <string.h>

/* New values; NULL leaves one as it is. */
struct change {
	struct rpc_call *call;
	const Chat__V1__UpdateTemplateRequest *req;
	Chat__V1__Template *resp;
	const char *title, *category, *description, *text, *is_public;
};

static enum status set(struct change *change, const char *path)
{
	const Chat__V1__UpdateTemplateRequest *req = change->req;
	struct rpc_call *call = change->call;

	if (strcmp(path, "title") == 0)
		return template_title(call, req->title, &change->title);
	if (strcmp(path, "text") == 0) {
		change->text = req->text;
		return template_text(call, req->text);
	}
	if (strcmp(path, "category") == 0)
		change->category = text_line(call->arena, req->category);
	else if (strcmp(path, "description") == 0)
		change->description = req->description;
	else if (strcmp(path, "public") == 0)
		change->is_public = req->public_ ? "true" : "false";
	else
		return mask_unknown(call, path);
	return OK;
}

/* Locks the template, and the owner where it becomes public. */
static enum status lock(struct db *db, const struct change *change, struct error *reterr)
{
	struct rpc_call *call = change->call;
	_cleanup_(PQclearp) PGresult *owner = NULL, *rows = NULL;
	const char *const params[] = {change->req->template_, call->subject};
	bool publishes = change->is_public && change->req->public_;
	enum status s =
		publishes ? db_query(db, &sql_project_owner_lock, params + 1, &owner, reterr) : OK;

	if (s == OK)
		s = db_query(db, &sql_template_lock, params, &rows, reterr);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "you have no such template");
	if (!publishes)
		return OK;
	if (db_bool(rows, 0, "withheld"))
		return error_set(reterr, FAILED_PRECONDITION, "template_withheld",
				 "an administrator withheld this template from others: ask there");
	return template_fits(db, call, change->req->template_, true, reterr);
}

static enum status update(struct db *db, void *ctx, struct error *reterr)
{
	const struct change *change = ctx;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {change->req->template_, change->title, change->category,
				      change->description,    change->text,  change->is_public};
	enum status s = lock(db, change, reterr);

	if (s == OK)
		s = db_query_one(db, &sql_template_update, params, &rows, reterr);
	return s == OK ? template_read(change->call, rows, 0, change->resp, reterr) : s;
}

enum status chat_v1_update_template(struct rpc_call *call,
				    const Chat__V1__UpdateTemplateRequest *req,
				    Chat__V1__Template *resp)
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
