#include "chat/api/model.h"
#include "chat/catalogue/current.h"
#include "chat/catalogue/groups.h"

#define MODEL_JSON_BYTES_MAX 65536

/* A model that the caller may not use is not there. */
enum status chat_v1_get_api_model(struct rpc_call *call, const Chat__V1__GetApiModelRequest *req,
				  Google__Api__HttpBody *resp)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	const struct model *model = catalogue_find(catalogue, req->model);
	_cleanup_(buf_done) struct buf out;

	buf_init(&out, MODEL_JSON_BYTES_MAX);
	if (!model || !model_allowed(chat_of(call)->groups, model->id, &call->ctx.subject))
		return rpc_fail(call, NOT_FOUND, "not_found", "model %s", req->model);
	api_model_write(model, *req->anthropic_version, &out);
	return api_model_answer(call, &out, resp);
}
