#include "chat/project/project.h"

#include "chat/catalogue/current.h"
#include "chat/catalogue/groups.h"
#include "chat/catalogue/tokens.h"
#include "runtime/base/text.h"

#include <inttypes.h>
#include <string.h>

void project_read(struct arena *arena, const PGresult *rows, int row, Chat__V1__Project *ret)
{
	chat__v1__project__init(ret);
	ret->id = db_text(arena, rows, row, "id");
	ret->name = db_text(arena, rows, row, "name");
	ret->description = db_text(arena, rows, row, "description");
	ret->colour = db_text(arena, rows, row, "colour");
	ret->icon = db_text(arena, rows, row, "icon");
	ret->instructions = db_text(arena, rows, row, "instructions");
	ret->default_model = db_text(arena, rows, row, "default_model");
	ret->context_tokens = db_i32(rows, row, "context_tokens");
	ret->create_time = db_time(arena, rows, row, "create_us");
	ret->update_time = db_time(arena, rows, row, "update_us");
}

void prompt_row_read(struct arena *arena, const PGresult *rows, int row,
		     Chat__V1__ProjectPrompt *ret)
{
	chat__v1__project_prompt__init(ret);
	ret->id = db_text(arena, rows, row, "id");
	ret->project = db_text(arena, rows, row, "project_id");
	ret->title = db_text(arena, rows, row, "title");
	ret->text = db_text(arena, rows, row, "text");
	ret->enabled = db_bool(rows, row, "enabled");
	ret->position = db_i32(rows, row, "position");
	ret->tokens = db_i32(rows, row, "tokens");
	ret->create_time = db_time(arena, rows, row, "create_us");
	ret->update_time = db_time(arena, rows, row, "update_us");
}

enum status project_name(struct rpc_call *call, const char *name, const char **ret)
{
	*ret = text_line(call->arena, name);
	if (!**ret)
		return rpc_fail_field(call, "field_required", "name", "a project has a name");
	return OK;
}

enum status project_colour(struct rpc_call *call, const char *colour, const char **ret)
{
	if (*colour && (*colour != '#' || strlen(colour) != 7 ||
			strspn(colour + 1, "0123456789abcdefABCDEF") != 6))
		return rpc_fail_field(call, "field_invalid", "colour",
				      "a colour is # and six hexadecimal digits");
	*ret = colour;
	return OK;
}

enum status project_icon(struct rpc_call *call, const char *icon, const char **ret)
{
	if (icon[strspn(icon, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return rpc_fail_field(call, "field_invalid", "icon",
				      "an icon is a word of a-z, 0-9 and -");
	*ret = icon;
	return OK;
}

enum status project_model(struct rpc_call *call, const char *id, const char **ret)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	const struct model *model;
	enum status s;

	*ret = "";
	if (!*id)
		return OK;
	s = model_for(chat_of(call)->groups, catalogue, &call->ctx.subject, id, "", &model,
		      &call->err);
	if (s != OK) {
		snprintf(call->err.field, sizeof call->err.field, "default_model");
		return s;
	}
	*ret = arena_strdup(call->arena, model->id);
	return OK;
}

const char *project_tokens(struct rpc_call *call, const char *text)
{
	const struct tokens *tokens = chat_of(call)->tokens;

	return db_param_i64(call->arena, tokens_count(tokens, text, strlen(text)));
}

enum status project_lock(struct db *db, const char *project, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_project_lock, &project, &rows, reterr);

	if (s == OK && PQntuples(rows) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "there is no such project");
	return s;
}

enum status prompt_lock(struct db *db, const char *prompt, char ret[UUID_SIZE],
			struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_prompt_lock, &prompt, &rows, reterr);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "there is no such prompt");
	snprintf(ret, UUID_SIZE, "%s", db_peek(rows, 0, "id"));
	return OK;
}

enum status project_size(struct db *db, const char *project, const char *without,
			 struct project_size *ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {project, without};
	enum status s = db_query_one(db, &sql_project_size, params, &rows, reterr);

	if (s != OK)
		return s;
	ret->instructions = db_i64(rows, 0, "instructions");
	ret->prompts = db_i64(rows, 0, "prompts");
	ret->n = db_i32(rows, 0, "n");
	return OK;
}

enum status project_fits(const struct chat_conf *conf, int64_t bytes, struct error *reterr)
{
	if (bytes <= conf->project_bytes_max)
		return OK;
	return error_set(reterr, RESOURCE_EXHAUSTED, "project_text_full",
			 "the instructions and prompts of a project have at most %" PRId64
			 " bytes together: shorten or delete some",
			 conf->project_bytes_max);
}

enum status project_share(struct db *db, const char *project, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_project_share, &project, &rows, reterr);

	if (s == OK && PQntuples(rows) == 0)
		return error_field(reterr, INVALID_ARGUMENT, "project_unknown", "project",
				   "there is no such project");
	return s;
}

enum status project_default_model(struct rpc_call *call, const char *project, const char **ret)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query_as(service_db(call), call->subject, &sql_project_get, &project,
				    &rows, &call->err);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail_field(call, "project_unknown", "project",
				      "there is no such project");
	*ret = db_text(call->arena, rows, 0, "default_model");
	return OK;
}
