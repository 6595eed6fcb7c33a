#include "chat/catalogue/catalogue.h"

#include "chat/catalogue/price_read.h"
#include "chat/catalogue/tokens.h"
#include "chat/provider/embeddings.h"
#include "runtime/base/ensure.h"
#include "runtime/conf/conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES_MAX 100
#define WINDOW_MIN 1024
#define WINDOW_MAX 100000000 /* tokens */

struct loading {
	const char *path, *text;
	const struct provider_set *providers;
	struct catalogue *catalogue;
	struct model *models;
	struct error *err;
};

static const char *const modality_names[] = {"text", "image", "audio", NULL};

static bool listed(const char *const *names, const char *name)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

_printf_(3, 4) static enum status
	bad(const struct loading *loading, const char *model, const char *format, ...)
{
	char what[320];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	return error_set(loading->err, INVALID_ARGUMENT, "config_invalid", "%s: model %s: %s",
			 loading->path, model, what);
}

static enum status read_price(struct loading *loading, const struct conf_node *node,
			      struct model *model)
{
	struct arena *arena = loading->catalogue->arena;
	struct error err;
	enum status s = price_read(node, arena, &model->price, &err);
	bool is_free;

	if (s != OK && strncmp(err.message, "price", 5) == 0) /* it names no file */
		return bad(loading, model->id, "%s", err.message);
	if (s != OK) {
		*loading->err = err;
		return s;
	}
	s = conf_boolean(node, "free", "false", &is_free, loading->err);
	if (s != OK)
		return s;
	if (is_free != price_is_free(&model->price))
		return bad(loading, model->id, "%s",
			   is_free ? "it is marked free and has a price"
				   : "all prices are 0; mark it `free: true` if that is meant");
	price_version(model->id, &model->price, model->price_version);
	return OK;
}

static enum status read_kind(struct loading *loading, const struct conf_node *node,
			     struct model *model)
{
	const char *kind = "chat";
	enum status s = conf_text(node, "kind", "chat", &kind, loading->err);

	if (s != OK)
		return s;
	if (strcmp(kind, "embedding") == 0)
		model->kind = MODEL_EMBEDDING;
	else if (strcmp(kind, "chat") != 0)
		return bad(loading, model->id, "kind is chat or embedding");
	return OK;
}

/* What the kinds do not have in common. */
static enum status read_output(struct loading *loading, const struct conf_node *node,
			       struct model *model)
{
	bool embeds = model->kind == MODEL_EMBEDDING;
	int64_t n;
	enum status s;

	if (embeds && (conf_get(node, "max_output") || conf_get(node, "fallback")))
		return bad(loading, model->id, "an embedding has no max_output and no fallback");
	if (!embeds && conf_get(node, "dimensions"))
		return bad(loading, model->id, "only `kind: embedding` has dimensions");
	s = conf_integer(node, embeds ? "dimensions" : "max_output", NULL, 1,
			 embeds ? EMBEDDING_DIMENSIONS_MAX : WINDOW_MAX, &n, loading->err);
	if (s != OK)
		return s;
	*(embeds ? &model->dimensions : &model->max_output_tokens) = (int32_t)n;
	return OK;
}

static enum status read_limits(struct loading *loading, const struct conf_node *node,
			       struct model *model)
{
	int64_t window;
	enum status s;

	s = conf_integer(node, "window", NULL, WINDOW_MIN, WINDOW_MAX, &window, loading->err);
	if (s == OK)
		s = read_output(loading, node, model);
	if (s == OK)
		s = conf_list(node, "modalities", loading->catalogue->arena, &model->modalities,
			      loading->err);
	if (s != OK)
		return s;
	if (model->max_output_tokens > window / 2)
		return bad(loading, model->id, "max_output leaves less than half of the window");
	model->window_tokens = (int32_t)window;
	for (const char *const *m = model->modalities; *m; m++) {
		if (!listed(modality_names, *m))
			return bad(loading, model->id, "modality '%s' is not known", *m);
	}
	return OK;
}

static enum status read_tokenizer(struct loading *loading, const struct conf_node *node,
				  struct model *model)
{
	enum status s = conf_text(node, "tokenizer", "", &model->family, loading->err);

	if (s != OK)
		return s;
	if (!*model->family)
		model->family =
			tokens_family_of(loading->catalogue->arena, model->provider, model->id);
	if (!tokens_family_valid(model->family))
		return bad(loading, model->id,
			   "tokenizer: 1 to %d of a-z, 0-9, dot, - and _: o200k, cl100k, or a "
			   "name for models that share one",
			   FAMILY_SIZE - 1);
	return OK;
}

/* Parameters that the model does not take: those that are false, and `max_tokens` where its newer
 * name is asked for. */
static enum status read_parameters(struct loading *loading, const struct conf_node *node,
				   const char *name, uint8_t *ret)
{
	static const char *const keys[] = {"max_tokens", "temperature", "top_p", "stream_options",
					   NULL};
	static const uint8_t bits[] = {0, PARAMETER_TEMPERATURE, PARAMETER_TOP_P,
				       PARAMETER_STREAM_OPTIONS};
	const struct conf_node *at = conf_get(node, "parameters");
	const char *limit = "max_tokens";
	enum status s = OK;
	bool takes;

	*ret = 0;
	if (!at)
		return OK;
	s = conf_only(at, keys, loading->err);
	for (size_t i = 1; keys[i] && s == OK; i++) {
		s = conf_boolean(at, keys[i], "true", &takes, loading->err);
		if (s == OK && !takes)
			*ret |= bits[i];
	}
	if (s == OK)
		s = conf_text(at, keys[0], "max_tokens", &limit, loading->err);
	if (s != OK)
		return s;
	if (strcmp(limit, "max_completion_tokens") == 0)
		*ret |= PARAMETER_MAX_TOKENS;
	else if (strcmp(limit, "false") == 0)
		*ret |= PARAMETER_MAX_TOKENS | PARAMETER_MAX_COMPLETION_TOKENS;
	else if (strcmp(limit, "max_tokens") != 0)
		return bad(loading, name,
			   "parameters: max_tokens is max_tokens, max_completion_tokens or false");
	return OK;
}

/* Models name only providers of chat.yaml. */
static enum status check_upstream(struct loading *loading, const struct conf_node *upstream)
{
	const char *const *names = loading->providers->names;
	const char *all = "";
	struct error err;

	if (conf_only(upstream, names, &err) == OK)
		return OK;
	for (; *names; names++)
		all = arena_printf(loading->catalogue->arena, "%s%s%s", all, *all ? ", " : "",
				   *names);
	return error_set(loading->err, INVALID_ARGUMENT, "config_invalid",
			 "%s: upstream: the providers of chat.yaml are %.200s", err.message, all);
}

/* A model's name at a provider that the file does not say. "": none. One with a model of its own
 * has it for chats. */
static const char *unnamed(const struct provider *provider, const struct model *model)
{
	if (provider->model && model->kind == MODEL_CHAT)
		return provider->model;
	return provider->demo ? model->id : "";
}

/* The routes to a model. A provider with canned answers takes every model by its own name. */
static enum status read_routes(struct loading *loading, const struct conf_node *node,
			       struct model *model)
{
	const struct conf_node *upstream = conf_get(node, "upstream");
	enum status s;

	if (upstream) {
		s = check_upstream(loading, upstream);
		if (s != OK)
			return s;
	}
	for (size_t i = 0; i < loading->providers->n; i++) {
		const struct provider *provider = &loading->providers->providers[i];
		const char *fallback = unnamed(provider, model);
		const char *name = fallback;

		if (upstream) {
			s = conf_text(upstream, provider->name, fallback, &name, loading->err);
			if (s != OK)
				return s;
		}
		if (*name && model->kind == MODEL_EMBEDDING && !provider->api->embeds)
			return bad(loading, model->id, "upstream: the API of %s has no embeddings",
				   provider->name);
		if (*name)
			model->routes[model->n_routes++] = (struct provider_route){
				.provider = provider,
				.upstream = name,
				.state = route_state_new(provider, model->refused,
							 loading->catalogue->arena)};
	}
	model->demo = model->n_routes > 0 && model->routes[0].provider->demo;
	return OK;
}

static enum status read_model(struct loading *loading, const struct conf_node *node,
			      struct model *model)
{
	static const char *const keys[] = {"id",        "name",       "provider",   "description",
					   "window",    "max_output", "modalities", "price",
					   "free",      "upstream",   "parameters", "fallback",
					   "tokenizer", "kind",       "dimensions", NULL};
	enum status s;

	s = conf_only(node, keys, loading->err);
	if (s == OK)
		s = conf_text(node, "id", NULL, &model->id, loading->err);
	if (s == OK)
		s = conf_text(node, "name", NULL, &model->name, loading->err);
	if (s == OK)
		s = conf_text(node, "provider", NULL, &model->provider, loading->err);
	if (s == OK)
		s = conf_text(node, "description", "", &model->description, loading->err);
	if (s != OK)
		return s;
	if (!*model->id || strlen(model->id) > NAME_BYTES_MAX)
		return bad(loading, model->id, "an id has 1 to %d bytes", NAME_BYTES_MAX);
	for (const struct model *m = loading->models; m < model; m++) {
		if (strcmp(m->id, model->id) == 0)
			return bad(loading, model->id, "the id is there twice");
	}
	s = read_kind(loading, node, model);
	if (s == OK)
		s = read_limits(loading, node, model);
	if (s == OK)
		s = read_tokenizer(loading, node, model);
	if (s == OK)
		s = read_price(loading, node, model);
	if (s == OK)
		s = read_parameters(loading, node, model->id, &model->refused);
	if (s == OK && conf_get(node, "fallback"))
		s = conf_list(node, "fallback", loading->catalogue->arena, &model->fallback,
			      loading->err);
	if (s == OK)
		s = read_routes(loading, node, model);
	return s;
}

/* A fallback is another model of the file. Whether a provider has it is seen when it is needed. */
static enum status check_fallbacks(struct loading *loading, size_t n)
{
	for (const struct model *model = loading->models; model < loading->models + n; model++) {
		const char *const *id = model->fallback;

		for (; id && *id; id++) {
			const struct model *m = loading->models;

			while (m < loading->models + n && strcmp(m->id, *id) != 0)
				m++;
			if (m == loading->models + n || m == model || m->kind != MODEL_CHAT)
				return bad(loading, model->id, "fallback '%s' is no other model",
					   *id);
			if (id - model->fallback >= FALLBACKS_MAX)
				return bad(loading, model->id, "it has more than %d fallbacks",
					   FALLBACKS_MAX);
		}
	}
	return OK;
}

/* The rule for models that are found at providers. */
static enum status read_discovered(struct loading *loading, const struct conf_node *node)
{
	static const char *const keys[] = {"provider",   "description", "window", "max_output",
					   "modalities", "price",       "free",   "parameters",
					   "except",     "tokenizer",   NULL};
	struct discovered *discovered = &loading->catalogue->discovered;
	struct model *like = &discovered->like;
	enum status s;

	if (!node)
		return OK;
	discovered->offered = true;
	like->id = "discovered";
	s = conf_only(node, keys, loading->err);
	if (s == OK)
		s = conf_text(node, "provider", "", &like->provider, loading->err);
	if (s == OK)
		s = conf_text(node, "description", "", &like->description, loading->err);
	if (s == OK)
		s = conf_list(node, "except", loading->catalogue->arena, &discovered->except,
			      loading->err);
	if (s == OK)
		s = read_limits(loading, node, like);
	if (s == OK)
		s = read_tokenizer(loading, node, like);
	if (s == OK)
		s = read_price(loading, node, like);
	if (s == OK)
		s = read_parameters(loading, node, like->id, &like->refused);
	return s;
}

static enum status read_all(struct loading *loading)
{
	static const char *const keys[] = {"models", "discovered", NULL};
	struct catalogue *catalogue = loading->catalogue;
	const struct conf_node *root, *list;
	size_t n, kept = 0;
	enum status s;

	s = conf_parse(loading->text, loading->path, catalogue->arena, &root, loading->err);
	if (s == OK)
		s = conf_only(root, keys, loading->err);
	if (s != OK)
		return s;
	s = read_discovered(loading, conf_get(root, "discovered"));
	if (s != OK)
		return s;
	list = conf_get(root, "models");
	n = list ? conf_count(list) : 0;
	if (n == 0 || n > MODELS_MAX)
		return error_set(loading->err, INVALID_ARGUMENT, "config_invalid",
				 "%s: models: must list 1 to %d models", loading->path, MODELS_MAX);
	loading->models = arena_array(catalogue->arena, n, sizeof *loading->models);
	ensure(loading->models);
	for (size_t i = 0; i < n; i++) {
		s = read_model(loading, conf_at(list, i), &loading->models[i]);
		if (s != OK)
			return s;
	}
	s = check_fallbacks(loading, n);
	if (s != OK)
		return s;
	for (size_t i = 0; i < n; i++) {
		if (loading->models[i].n_routes > 0)
			loading->models[kept++] = loading->models[i];
	}
	catalogue->models = loading->models;
	catalogue->n_models = kept;
	return OK;
}

static void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

enum status catalogue_text(const char *path, char **ret, struct error *reterr)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	_cleanup_(buf_done) struct buf text;
	char piece[4096];
	size_t n;

	buf_init(&text, CATALOGUE_TEXT_BYTES_MAX);
	if (!file)
		return error_set(reterr, NOT_FOUND, "config_missing", "%s: %s", path,
				 strerror(errno));
	while ((n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_add(&text, piece, n);
	if (ferror(file) || text.overflow || (text.len > 0 && memchr(text.data, '\0', text.len)))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "%s: is no text of at most %u bytes", path,
				 CATALOGUE_TEXT_BYTES_MAX);
	*ret = strdup(buf_text(&text));
	ensure(*ret);
	return OK;
}

enum status catalogue_load(const char *path, struct arena *arena,
			   const struct provider_set *providers, struct catalogue **ret,
			   struct error *reterr)
{
	_cleanup_(freep) char *text = NULL;
	enum status s = catalogue_text(path, &text, reterr);

	if (s == OK)
		return catalogue_read(path, text, arena, providers, ret, reterr);
	arena_free(arena);
	return s;
}

enum status catalogue_read(const char *path, const char *text, struct arena *arena,
			   const struct provider_set *providers, struct catalogue **ret,
			   struct error *reterr)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue = calloc(1, sizeof *catalogue);
	struct loading loading = {.path = arena_strdup(arena, path),
				  .text = text,
				  .providers = providers,
				  .catalogue = catalogue,
				  .err = reterr};
	enum status s;

	ensure(catalogue);
	atomic_store(&catalogue->refs, 1);
	catalogue->arena = arena;
	catalogue->providers = providers;
	s = read_all(&loading);
	if (s == OK)
		*ret = TAKE_PTR(catalogue);
	return s;
}

struct catalogue *catalogue_ref(struct catalogue *catalogue)
{
	atomic_fetch_add(&catalogue->refs, 1);
	return catalogue;
}

void catalogue_unref(struct catalogue *catalogue)
{
	if (!catalogue || atomic_fetch_sub(&catalogue->refs, 1) != 1)
		return;
	if (!catalogue->base)
		provider_set_wipe(catalogue->providers);
	arena_free(catalogue->arena);
	catalogue_unref(catalogue->base);
	free(catalogue);
}

const struct model *catalogue_find(const struct catalogue *catalogue, const char *id)
{
	for (size_t i = 0; i < catalogue->n_models; i++) {
		if (strcmp(catalogue->models[i].id, id) == 0)
			return &catalogue->models[i];
	}
	return NULL;
}

const struct model *catalogue_default(const struct catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue->n_models; i++) {
		if (catalogue->models[i].kind == MODEL_CHAT)
			return &catalogue->models[i];
	}
	return NULL;
}
