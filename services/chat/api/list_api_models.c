#include "chat/api/model.h"
#include "chat/catalogue/current.h"
#include "chat/catalogue/groups.h"
#include "runtime/json/json.h"

#include <string.h>

#define LIST_BYTES_MAX (4u << 20) /* MODELS_MAX of them have far less */

static void add_id(struct buf *out, const char *name, const struct model *model)
{
	buf_addf(out, ",\"%s\":", name);
	if (model)
		json_write_text(out, model->id, strlen(model->id));
	else
		buf_adds(out, "null");
}

enum status chat_v1_list_api_models(struct rpc_call *call,
				    const Chat__V1__ListApiModelsRequest *req,
				    Google__Api__HttpBody *resp)
{
	struct groups *groups = chat_of(call)->groups;
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	const struct model *first = NULL, *last = NULL;
	_cleanup_(buf_done) struct buf out;
	struct plan_list plans;

	buf_init(&out, LIST_BYTES_MAX);
	buf_adds(&out, *req->anthropic_version ? "{\"data\":[" : "{\"object\":\"list\",\"data\":[");
	models_member(groups, &call->ctx.subject, &plans);
	for (size_t i = 0; i < catalogue->n_models; i++) {
		const struct model *model = &catalogue->models[i];

		if (!model_allowed_with(groups, model->id, &call->ctx.subject, &plans))
			continue;
		if (last)
			buf_addc(&out, ',');
		api_model_write(model, *req->anthropic_version, &out);
		first = first ? first : model;
		last = model;
	}
	buf_addc(&out, ']');
	if (*req->anthropic_version) { /* it is one page */
		buf_adds(&out, ",\"has_more\":false");
		add_id(&out, "first_id", first);
		add_id(&out, "last_id", last);
	}
	buf_addc(&out, '}');
	return api_model_answer(call, &out, resp);
}
