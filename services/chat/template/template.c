#include "chat/template/template.h"

#include "runtime/base/text.h"

#include <inttypes.h>

void template_read_short(struct arena *arena, const PGresult *rows, int row,
			 Chat__V1__Template *ret)
{
	chat__v1__template__init(ret);
	ret->id = db_text(arena, rows, row, "id");
	ret->title = db_text(arena, rows, row, "title");
	ret->category = db_text(arena, rows, row, "category");
	ret->description = db_text(arena, rows, row, "description");
	ret->text = db_text(arena, rows, row, "text");
	ret->public_ = db_bool(rows, row, "public");
	ret->withheld = db_bool(rows, row, "withheld");
	ret->built_in = db_bool(rows, row, "built_in");
	ret->own = db_bool(rows, row, "own");
	ret->create_time = db_time(arena, rows, row, "create_us");
	ret->update_time = db_time(arena, rows, row, "update_us");
}

enum status template_read(struct rpc_call *call, const PGresult *rows, int row,
			  Chat__V1__Template *ret, struct error *reterr)
{
	struct arena *arena = call->arena;
	struct fill fill;
	enum status s;

	template_read_short(arena, rows, row, ret);
	/* No limit of its variables: that of today may be below the one of the day when it was
	 * stored. */
	s = fill_read(arena, ret->text, (size_t)FILL_STORED_MAX, &fill, reterr);
	if (s != OK)
		return s;
	ret->fields = fill.fields;
	ret->n_fields = fill.n_fields;
	ret->variables = arena_array(arena, fill.n_fields + 1, sizeof *ret->variables);
	if (!ret->variables)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "a template");
	for (size_t i = 0; i < fill.n_fields; i++)
		ret->variables[ret->n_variables++] = fill.fields[i]->name;
	return OK;
}

enum status template_title(struct rpc_call *call, const char *title, const char **ret)
{
	*ret = text_line(call->arena, title);
	if (!**ret)
		return rpc_fail_field(call, "field_required", "title", "a template has a title");
	return OK;
}

enum status template_text(struct rpc_call *call, const char *text)
{
	struct fill fill;

	if (!*text)
		return rpc_fail_field(call, "field_required", "text", "a template has a text");
	return fill_read(call->arena, text, (size_t)chat_of(call)->conf->template_variables_max,
			 &fill, &call->err);
}

enum status template_fits(struct db *db, struct rpc_call *call, const char *id, bool is_public,
			  struct error *reterr)
{
	const struct chat_conf *conf = chat_of(call)->conf;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {call->subject, id};
	enum status s = db_query_one(db, &sql_template_counts, params, &rows, reterr);

	if (s != OK)
		return s;
	if (db_i64(rows, 0, "own") >= conf->user_templates_max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "templates_full",
				 "you have %" PRId64
				 " templates, as many as one may have: delete some",
				 conf->user_templates_max);
	if (is_public && db_i64(rows, 0, "own_public") >= conf->user_public_max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "templates_full",
				 "%" PRId64 " templates of one user may be public: make another "
				 "one private first",
				 conf->user_public_max);
	if (is_public && db_i64(rows, 0, "all_public") >= conf->public_templates_max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "templates_full",
				 "this server has as many public templates as it may have: keep "
				 "yours private");
	return OK;
}
