#include "chat/catalogue/offers.h"

#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES_MAX 100
#define WINDOW_MIN 1024 /* a smaller number is a mistake */
#define WINDOW_MAX 100000000
#define ARENA_BYTES_MAX (16u << 20)

/* ---------------------------------------------------------------- lists of a provider */

static bool is_name(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (len == 0 || len > NAME_BYTES_MAX || !text_is_utf8(name, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return false;
	}
	return true;
}

static const char *text_of(const json_t *item, const char *const *keys)
{
	for (; *keys; keys++) {
		if (json_is_string(json_object_get(item, *keys)))
			return json_string_value(json_object_get(item, *keys));
	}
	return NULL;
}

/* vLLM, OpenRouter, Groq and Gemini name the window of a model. */
static int32_t window_of(const json_t *item)
{
	static const char *const keys[] = {"max_model_len", "context_length", "context_window",
					   "inputTokenLimit"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_int_t n = json_integer_value(json_object_get(item, keys[i]));

		if (n >= WINDOW_MIN && n <= WINDOW_MAX)
			return (int32_t)n;
	}
	return 0;
}

static bool is_there(const struct offers *offers, const char *id)
{
	for (size_t i = 0; i < offers->n; i++) {
		if (strcmp(offers->offers[i].id, id) == 0)
			return true;
	}
	return false;
}

/* Gemini's list has models that do not chat, too. */
static bool chats(const json_t *item)
{
	const json_t *methods = json_object_get(item, "supportedGenerationMethods"), *method;
	size_t i;

	json_array_foreach(methods, i, method)
	{
		if (json_is_string(method) &&
		    strcmp(json_string_value(method), "generateContent") == 0)
			return true;
	}
	return !methods;
}

/* Gemini's names stand behind a path. */
static const char *without_path(const char *id)
{
	return id && strncmp(id, "models/", strlen("models/")) == 0 ? id + strlen("models/") : id;
}

static void take_list(const json_t *list, struct offers *ret)
{
	static const char *const keys[] = {"id", "model", "name", NULL};
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *id = without_path(text_of(item, keys));

		if (ret->n == OFFERS_MAX)
			return;
		if (is_name(id) && chats(item) && !is_there(ret, id))
			ret->offers[ret->n++] =
				(struct offer){arena_strdup(ret->arena, id), window_of(item)};
	}
}

bool offers_read(const char *body, size_t len, struct offers *ret)
{
	_cleanup_(json_decrefp) json_t *root = json_loadb(body, len, 0, NULL);
	const json_t *list = json_object_get(root, "data");

	if (!json_is_array(list))
		list = json_object_get(root, "models");
	if (json_is_array(root))
		list = root;
	/* Ollama without a model says null. */
	if (!json_is_array(list) && !json_is_null(json_object_get(root, "data")))
		return false;
	*ret = (struct offers){.state = OFFERS_LIST, .arena = arena_new(4096, ARENA_BYTES_MAX)};
	ret->offers = arena_array(ret->arena, OFFERS_MAX, sizeof *ret->offers);
	ensure(ret->offers);
	take_list(list, ret);
	return true;
}

void offers_done(struct offers *offers)
{
	if (offers->arena)
		arena_free(offers->arena);
	*offers = (struct offers){0};
}

bool offers_equal(const struct offers *a, const struct offers *b)
{
	if (a->state != b->state || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->offers[i].id, b->offers[i].id) != 0 ||
		    a->offers[i].window_tokens != b->offers[i].window_tokens)
			return false;
	}
	return true;
}

/* ---------------------------------------------------------------- the catalogue with it */

struct joining {
	const struct catalogue *base;
	struct catalogue *catalogue;
	struct model *models;
	size_t n, max;
};

/* Takes the models of the file, without routes to models that are not listed. */
static void keep_models(struct joining *joining, const struct offers *offers)
{
	const struct provider_set *providers = joining->base->providers;

	for (size_t i = 0; i < joining->base->n_models; i++) {
		struct model *model = &joining->models[joining->n];

		*model = joining->base->models[i];
		model->n_routes = 0;
		for (size_t r = 0; r < joining->base->models[i].n_routes; r++) {
			const struct provider_route *route = &joining->base->models[i].routes[r];
			const struct offers *of = &offers[route->provider - providers->providers];

			if (!route->provider->discover || of->state == OFFERS_NO_LIST ||
			    (of->state == OFFERS_LIST && is_there(of, route->upstream)))
				model->routes[model->n_routes++] = *route;
		}
		if (model->n_routes == 0)
			continue;
		model->demo = model->routes[0].provider->demo;
		joining->n++;
	}
}

static bool contains_word(const char *name, const char *const *words)
{
	for (; words && *words; words++) {
		if (strcasestr(name, *words))
			return true;
	}
	return false;
}

/* Whether the file offers this model of this provider, under any id. */
static bool in_file(const struct catalogue *base, const struct provider *provider,
		    const char *upstream)
{
	for (size_t i = 0; i < base->n_models; i++) {
		const struct model *model = &base->models[i];

		for (size_t r = 0; r < model->n_routes; r++) {
			if (model->routes[r].provider == provider &&
			    strcmp(model->routes[r].upstream, upstream) == 0)
				return true;
		}
	}
	return false;
}

static bool id_taken(const struct joining *joining, const char *id)
{
	if (catalogue_find(joining->base, id))
		return true;
	for (size_t i = 0; i < joining->n; i++) {
		if (strcmp(joining->models[i].id, id) == 0)
			return true;
	}
	return false;
}

/* "llama3.2" of "llama3.2:latest", "gemma-3" of "/models/gemma-3.gguf". */
static const char *shown_name(struct arena *arena, const char *id)
{
	static const char *const ends[] = {":latest", ".gguf"};
	const char *slash = strrchr(id, '/');
	const char *name = slash && slash[1] ? slash + 1 : id;
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t n = strlen(ends[i]);

		if (len > n && strcmp(name + len - n, ends[i]) == 0)
			return arena_strndup(arena, name, len - n);
	}
	return arena_strdup(arena, name);
}

static void add_model(struct joining *joining, const struct provider *provider,
		      const struct offer *offer)
{
	struct arena *arena = joining->catalogue->arena;
	struct model *model = &joining->models[joining->n];
	const char *id = arena_strdup(arena, offer->id);

	if (id_taken(joining, id))
		id = arena_printf(arena, "%s:%s", provider->name, offer->id);
	if (strlen(id) > NAME_BYTES_MAX || id_taken(joining, id))
		return;
	*model = joining->base->discovered.like;
	model->id = id;
	model->name = shown_name(arena, offer->id);
	if (!*model->provider)
		model->provider = provider->name;
	if (offer->window_tokens) {
		model->window_tokens = offer->window_tokens;
		if (model->max_output_tokens > model->window_tokens / 2)
			model->max_output_tokens = model->window_tokens / 2;
	}
	price_version(id, &model->price, model->price_version);
	model->routes[0] = (struct provider_route){
		.provider = provider,
		.upstream = arena_strdup(arena, offer->id),
		.state = route_state_new(provider, model->refused, arena),
	};
	model->n_routes = 1;
	joining->n++;
}

struct catalogue *catalogue_with(struct catalogue *base, const struct offers *offers)
{
	struct catalogue *catalogue = calloc(1, sizeof *catalogue);
	struct joining joining = {.base = base, .catalogue = catalogue};

	ensure(catalogue);
	atomic_store(&catalogue->refs, 1);
	catalogue->arena = arena_new(16384, ARENA_BYTES_MAX);
	catalogue->base = catalogue_ref(base);
	catalogue->providers = base->providers;
	catalogue->list = base->list;
	joining.max = base->n_models;
	for (size_t p = 0; base->discovered.offered && p < base->providers->n; p++)
		joining.max += offers[p].n;
	if (joining.max > MODELS_MAX)
		joining.max = MODELS_MAX;
	joining.models = arena_array(catalogue->arena, joining.max, sizeof *joining.models);
	ensure(joining.models);
	keep_models(&joining, offers);
	for (size_t p = 0; base->discovered.offered && p < base->providers->n; p++) {
		const struct provider *provider = &base->providers->providers[p];

		for (size_t i = 0; i < offers[p].n && joining.n < joining.max; i++) {
			const struct offer *offer = &offers[p].offers[i];

			if (!contains_word(offer->id, base->discovered.except) &&
			    !in_file(base, provider, offer->id))
				add_model(&joining, provider, offer);
		}
	}
	catalogue->models = joining.models;
	catalogue->n_models = joining.n;
	return catalogue;
}
