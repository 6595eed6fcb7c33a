#include "chat/answer/prompt.h"
#include "chat/catalogue/groups.h"
#include "chat/message/context.h"

#include <string.h>

static enum status find_model(struct rpc_call *call, const Chat__V1__EstimateMessageRequest *req,
			      const struct catalogue *catalogue, const struct model **ret)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->chat}, *of_chat = "";
	enum status s = OK;

	if (*req->chat) {
		s = db_query_as(service_db(call), call->subject, &sql_generation_chat_model, params,
				&rows, &call->err);
		if (s == OK && PQntuples(rows) == 0)
			s = rpc_fail(call, NOT_FOUND, "not_found", "there is no such chat");
		if (s == OK)
			of_chat = db_peek(rows, 0, "model");
	}
	return s == OK ? model_for(chat_of(call)->groups, catalogue, &call->ctx.subject, req->model,
				   of_chat, ret, &call->err)
		       : s;
}

static enum status measure(struct rpc_call *call, const Chat__V1__EstimateMessageRequest *req,
			   int64_t room, struct context_size *ret)
{
	int64_t text = tokens_count(chat_of(call)->tokens, req->text, strlen(req->text));
	const struct context_ask ask = {req->chat, req->parent, room, text};

	if (*req->chat)
		return context_measure(service_db(call), call->subject, &ask, ret, &call->err);
	if (*req->parent)
		return rpc_fail_field(call, "parent_unknown", "parent",
				      "a new chat has no such message");
	ret->tokens = (int32_t)text + TOKENS_PER_MESSAGE;
	ret->messages = ret->tokens <= room;
	return OK;
}

enum status chat_v1_estimate_message(struct rpc_call *call,
				     const Chat__V1__EstimateMessageRequest *req,
				     Chat__V1__EstimateMessageResponse *resp)
{
	struct tokens *tokens = chat_of(call)->tokens;
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	struct context_size context = {0};
	struct prompt_size size;
	const struct model *model;
	enum status s;

	if (req->max_output_tokens < 0)
		return rpc_fail_field(call, "field_invalid", "max_output_tokens",
				      "it must not be below 0");
	s = find_model(call, req, catalogue, &model);
	if (s != OK)
		return s;
	size.output = prompt_output_of(model, req->max_output_tokens);
	s = measure(call, req,
		    tokens_room(tokens, model->family, model->window_tokens - size.output),
		    &context);
	if (s != OK)
		return s;
	size.counted = context.tokens;
	resp->model = arena_strdup(call->arena, model->id);
	resp->window_tokens = model->window_tokens;
	resp->prompt_tokens = (int32_t)tokens_expected(tokens, model->family, context.tokens);
	resp->project_tokens =
		(int32_t)tokens_expected(tokens, model->family, context.project_tokens);
	resp->output_tokens = size.output;
	resp->messages = context.messages;
	resp->cut_messages = context.cut;
	resp->price_microcredits = prompt_hold(tokens, catalogue, model, &size);
	return OK;
}
