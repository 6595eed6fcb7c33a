#include "chat/template/template.h"

#include "runtime/base/text.h"

struct creation {
	struct rpc_call *call;
	const char *const *params;
	bool is_public;
	Chat__V1__Template *resp;
};

static enum status create(struct db *db, void *ctx, struct error *reterr)
{
	const struct creation *creation = ctx;
	struct rpc_call *call = creation->call;
	_cleanup_(PQclearp) PGresult *owner = NULL, *rows = NULL;
	const char *const room[] = {
		call->subject, db_param_i64(call->arena, chat_of(call)->conf->user_templates_max)};
	enum status s = db_query(db, &sql_project_owner_lock, room, &owner, reterr);

	if (s == OK)
		s = db_exec(db, &sql_template_make_room, room, NULL, reterr);
	if (s == OK)
		s = template_fits(db, call, creation->params[0], creation->is_public, reterr);
	if (s == OK)
		s = db_query(db, &sql_template_insert, creation->params, &rows, reterr);
	return s == OK ? template_read(call, rows, 0, creation->resp, reterr) : s;
}

enum status chat_v1_create_template(struct rpc_call *call,
				    const Chat__V1__CreateTemplateRequest *req,
				    Chat__V1__Template *resp)
{
	const char *title;
	char id[UUID_SIZE];
	enum status s = template_title(call, req->title, &title);

	if (s == OK)
		s = template_text(call, req->text);
	if (s != OK)
		return s;
	uuid_v7(id);
	const char *const params[] = {
		id,
		call->subject,
		title,
		text_line(call->arena, req->category),
		req->description,
		req->text,
		req->public_ ? "true" : "false",
	};
	struct creation creation = {
		.call = call, .params = params, .is_public = req->public_, .resp = resp};

	return db_tx(service_db(call), call->subject, create, &creation, &call->err);
}
