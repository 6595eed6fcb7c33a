#include "chat/catalogue/current.h"
#include "chat/catalogue/groups.h"
#include "chat/chat.h"
#include "runtime/service/list.h"

static Chat__V1__PriceComponent__Unit unit_of(enum price_dimension dimension)
{
	switch (dimension) {
	case PRICE_MESSAGE:
		return CHAT__V1__PRICE_COMPONENT__UNIT__MESSAGE;
	case PRICE_IMAGE:
		return CHAT__V1__PRICE_COMPONENT__UNIT__IMAGE;
	case PRICE_AUDIO_SECOND:
		return CHAT__V1__PRICE_COMPONENT__UNIT__SECOND;
	case PRICE_TOOL_CALL:
		return CHAT__V1__PRICE_COMPONENT__UNIT__CALL;
	default:
		return CHAT__V1__PRICE_COMPONENT__UNIT__MILLION_TOKENS;
	}
}

static_assert((int)PRICE_MESSAGE + 1 == CHAT__V1__PRICE__DIMENSION__MESSAGE &&
		      (int)PRICE_TOOL_CALL + 1 == CHAT__V1__PRICE__DIMENSION__TOOL_CALL,
	      "the proto must have the dimensions in the same order");

/* The three members of the short form stay 0 where they would not say all. */
static void describe_short(const struct price *price, Chat__V1__Price *ret)
{
	for (size_t i = 0; i < price->n; i++) {
		const struct price_component *c = &price->components[i];

		if (c->from_prompt_tokens > 0 ||
		    (c->dimension != PRICE_MESSAGE && c->dimension != PRICE_INPUT &&
		     c->dimension != PRICE_OUTPUT) ||
		    (c->dimension != PRICE_MESSAGE && c->microcredits % 1000 != 0))
			return;
	}
	ret->per_message_microcredits = price_rate(price, PRICE_MESSAGE, 0);
	ret->input_per_1k_microcredits = price_rate(price, PRICE_INPUT, 0) / 1000;
	ret->output_per_1k_microcredits = price_rate(price, PRICE_OUTPUT, 0) / 1000;
}

static void describe_price(struct arena *arena, const struct price *price, Chat__V1__Price *ret)
{
	describe_short(price, ret);
	ret->components = arena_array(arena, price->n, sizeof *ret->components);
	for (size_t i = 0; ret->components && i < price->n; i++) {
		const struct price_component *c = &price->components[i];
		Chat__V1__PriceComponent *out = arena_alloc(arena, sizeof *out);

		if (!out)
			return;
		chat__v1__price_component__init(out);
		out->dimension = (Chat__V1__Price__Dimension)(c->dimension + 1);
		out->from_prompt_tokens = c->from_prompt_tokens;
		out->unit = unit_of(c->dimension);
		out->amount_microcredits = c->microcredits;
		ret->components[ret->n_components++] = out;
	}
}

static void add_texts(struct arena *arena, const char *const *texts, size_t *ret_n, char ***ret)
{
	size_t n = 0;

	while (texts && texts[n])
		n++;
	*ret = arena_array(arena, n, sizeof **ret);
	for (*ret_n = 0; *ret && *ret_n < n; ++*ret_n)
		(*ret)[*ret_n] = arena_strdup(arena, texts[*ret_n]);
}

static void describe(struct arena *arena, const struct model *model, Chat__V1__Model *ret)
{
	ret->id = arena_strdup(arena, model->id);
	ret->display_name = arena_strdup(arena, model->name);
	ret->provider = arena_strdup(arena, model->provider);
	ret->description = arena_strdup(arena, model->description);
	ret->context_window = model->window_tokens;
	ret->max_output_tokens = model->max_output_tokens;
	ret->demo = model->demo;
	add_texts(arena, model->modalities, &ret->n_modalities, &ret->modalities);
	add_texts(arena, model->fallback, &ret->n_fallbacks, &ret->fallbacks);
	ret->price = arena_alloc(arena, sizeof *ret->price);
	if (!ret->price)
		return;
	chat__v1__price__init(ret->price);
	describe_price(arena, &model->price, ret->price);
}

enum status chat_v1_list_models(struct rpc_call *call,
				_unused_ const Chat__V1__ListModelsRequest *req,
				Chat__V1__ListModelsResponse *resp)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	struct plan_list plans;
	enum status s = list_new(call, &chat__v1__model__descriptor, catalogue->n_models,
				 &resp->n_models, &resp->models);

	resp->n_models = 0;
	models_member(chat_of(call)->groups, &call->ctx.subject, &plans);
	for (size_t i = 0; s == OK && i < catalogue->n_models; i++)
		if (catalogue->models[i].kind == MODEL_CHAT &&
		    model_allowed_with(chat_of(call)->groups, catalogue->models[i].id,
				       &call->ctx.subject, &plans))
			describe(call->arena, &catalogue->models[i],
				 resp->models[resp->n_models++]);
	return s;
}
