#include "chat/template/template.h"

#include <inttypes.h>

enum status chat_v1_preview_template(struct rpc_call *call,
				     const Chat__V1__PreviewTemplateRequest *req,
				     Chat__V1__PreviewTemplateResponse *resp)
{
	const struct chat_conf *conf = chat_of(call)->conf;
	struct fill_value *values = arena_array(call->arena, req->n_variables + 1, sizeof *values);
	struct fill fill;
	enum status s;

	if (req->n_variables > (size_t)conf->template_variables_max)
		return rpc_fail_field(call, "field_invalid", "variables",
				      "a template has at most %" PRId64 " variables",
				      conf->template_variables_max);
	if (!values)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "variables");
	for (size_t i = 0; i < req->n_variables; i++)
		values[i] = (struct fill_value){req->variables[i]->key, req->variables[i]->value};
	s = fill_read(call->arena, req->text, (size_t)conf->template_variables_max, &fill,
		      &call->err);
	if (s != OK)
		return s;
	resp->fields = fill.fields;
	resp->n_fields = fill.n_fields;
	return fill_in(call->arena, &fill, values, req->n_variables, true,
		       (size_t)conf->rendered_bytes_max, &resp->text, &call->err);
}
