#include "chat/answer/engine.h"
#include "chat/api/messages.h"
#include "chat/api/question.h"
#include "chat/catalogue/current.h"
#include "chat/catalogue/groups.h"

#include <inttypes.h>

static enum status count(struct rpc_call *call, const struct question *question, int64_t *ret)
{
	struct chat *chat = chat_of(call);
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue = current_catalogue(chat->current);
	const struct model *model;
	enum status s = model_for(chat->groups, catalogue, &call->ctx.subject,
				  question->request.model, "", &model, &call->err);

	if (s == OK)
		*ret = tokens_expected(chat->engine->options.tokens, model->family,
				       question->tokens);
	return s;
}

enum status chat_v1_count_message_tokens(struct rpc_call *call, const Chat__V1__ApiRequest *req,
					 Google__Api__HttpBody *resp)
{
	static const struct api_dialect counted = {.name = "messages", .read = messages_read_count};
	const struct engine *engine = chat_of(call)->engine;
	_cleanup_(question_done) struct question question = {0};
	int64_t tokens;
	enum status s;

	if (!req->body || req->body->data.len == 0)
		return rpc_fail(call, INVALID_ARGUMENT, "json_invalid", "the body is empty");
	if (req->body->data.len > (size_t)engine->conf->call_bytes_max)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "body_too_large",
				"a request has at most %lld bytes",
				(long long)engine->conf->call_bytes_max);
	s = question_read(&question, &counted, engine->options.tokens,
			  &(struct api_body){&engine->conf->call_limits,
					     (const char *)req->body->data.data,
					     req->body->data.len},
			  &call->err);
	if (s == OK)
		s = count(call, &question, &tokens);
	if (s != OK)
		return s;
	resp->content_type = "application/json";
	resp->data.data =
		(uint8_t *)arena_printf(call->arena, "{\"input_tokens\":%" PRId64 "}", tokens);
	resp->data.len = strlen((const char *)resp->data.data);
	return OK;
}
