#include "chat/template/template.h"

enum status chat_v1_render_template(struct rpc_call *call,
				    const Chat__V1__RenderTemplateRequest *req,
				    Chat__V1__RenderTemplateResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const struct chat_conf *conf = chat_of(call)->conf;
	const char *const params[] = {req->template_};
	struct fill_value *values = arena_array(call->arena, req->n_variables + 1, sizeof *values);
	struct fill fill;
	enum status s = db_query_as(service_db(call), call->subject, &sql_template_get, params,
				    &rows, &call->err);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such template");
	if (!values)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "variables");
	for (size_t i = 0; i < req->n_variables; i++)
		values[i] = (struct fill_value){req->variables[i]->key, req->variables[i]->value};
	s = fill_read(call->arena, db_text(call->arena, rows, 0, "text"), FILL_STORED_MAX, &fill,
		      &call->err);
	return s == OK ? fill_in(call->arena, &fill, values, req->n_variables, false,
				 (size_t)conf->rendered_bytes_max, &resp->text, &call->err)
		       : s;
}
