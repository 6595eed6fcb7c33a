#include "chat/catalogue/current.h"
#include "chat/chat.h"
#include "runtime/service/list.h"

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
	ret->price->per_message_microcredits = model->price.per_message;
	ret->price->input_per_1k_microcredits = model->price.input_per_1k;
	ret->price->output_per_1k_microcredits = model->price.output_per_1k;
}

enum status chat_v1_list_models(struct rpc_call *call,
				_unused_ const Chat__V1__ListModelsRequest *req,
				Chat__V1__ListModelsResponse *resp)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	enum status s = list_new(call, &chat__v1__model__descriptor, catalogue->n_models,
				 &resp->n_models, &resp->models);

	for (size_t i = 0; s == OK && i < catalogue->n_models; i++)
		describe(call->arena, &catalogue->models[i], resp->models[i]);
	return s;
}
