#include "chat/api/model.h"

#include "runtime/json/json.h"

#include <inttypes.h>
#include <string.h>

static void add_member(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, "\"%s\":", name);
	json_write_text(out, text, strlen(text));
}

/* Nobody knows when a model was made: the epoch stands for that, as Anthropic's reference has it. */
void api_model_write(const struct model *model, bool anthropic, struct buf *out)
{
	buf_addc(out, '{');
	if (anthropic) {
		buf_adds(out, "\"type\":\"model\",");
		add_member(out, "id", model->id);
		buf_addc(out, ',');
		add_member(out, "display_name", model->name);
		buf_addf(out,
			 ",\"created_at\":\"1970-01-01T00:00:00Z\",\"max_input_tokens\":%" PRId32
			 ",\"max_tokens\":%" PRId32 "}",
			 model->window_tokens, model->max_output_tokens);
		return;
	}
	add_member(out, "id", model->id);
	buf_adds(out, ",\"object\":\"model\",\"created\":0,");
	add_member(out, "owned_by", model->provider);
	buf_addc(out, ',');
	add_member(out, "name", model->name);
	buf_addf(out, ",\"context_length\":%" PRId32 ",\"max_output_tokens\":%" PRId32,
		 model->window_tokens, model->max_output_tokens);
	if (model->kind == MODEL_EMBEDDING)
		buf_addf(out, ",\"kind\":\"embedding\",\"dimensions\":%" PRId32, model->dimensions);
	buf_addc(out, '}');
}

enum status api_model_answer(struct rpc_call *call, const struct buf *json,
			     Google__Api__HttpBody *resp)
{
	resp->content_type = "application/json";
	resp->data.len = json->len;
	resp->data.data = arena_memdup(call->arena, buf_text(json), json->len);
	if (!resp->data.data || json->overflow)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "too many models");
	return OK;
}
