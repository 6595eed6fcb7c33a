/* The models that can be asked: read from a YAML file, checked as a whole, replaced as a whole. */
#ifndef CHAT_CATALOGUE_CATALOGUE_H
#define CHAT_CATALOGUE_CATALOGUE_H

#include "chat/catalogue/list_price.h"
#include "chat/catalogue/price.h"
#include "chat/provider/provider.h"
#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODELS_MAX 1000
#define FALLBACKS_MAX 8 /* of one model */

enum model_kind {
	MODEL_CHAT,
	MODEL_EMBEDDING, /* it makes vectors, and no words */
};

struct model {
	enum model_kind kind;
	const char *id;
	const char *name;     /* shown */
	const char *provider; /* shown: its maker */
	const char *description;
	int32_t window_tokens;         /* input and output together; of an embedding one input */
	int32_t max_output_tokens;     /* below the window; of an embedding 0 */
	int32_t dimensions;            /* of an embedding: numbers of a vector */
	const char *const *modalities; /* NULL-terminated */
	const char *family;            /* of its tokenizer (tokens.h) */
	uint8_t refused;               /* parameters that it does not take (provider.h) */
	struct price price;
	char price_version[PRICE_VERSION_SIZE];
	bool demo;                                   /* its first route leads to canned answers */
	struct provider_route routes[PROVIDERS_MAX]; /* in the order in which they are tried */
	size_t n_routes;                             /* at least 1 */
	const char *const *fallback; /* ids of models that answer when none of its routes does;
					NULL-terminated, or NULL */
};

/* The rule `discovered`: terms of models that only a provider's list has. */
struct discovered {
	bool offered;
	struct model like;         /* without id, name and routes */
	const char *const *except; /* words in names of models that do not chat; NULL-terminated */
};

/* Never changes; shared by reference count. */
struct catalogue {
	_Atomic int refs;
	struct arena *arena;
	struct catalogue *base; /* whose models it borrows; NULL: none */
	const struct provider_set *providers;
	struct discovered discovered;
	const struct model
		*models; /* in the file's order; a model that no provider offers is left out */
	size_t n_models;
	const struct list_prices
		*list; /* of providers; NULL: not known. Set before it is shared. */
};

/* The text of a file, at most CATALOGUE_TEXT_BYTES_MAX; the caller's to free. errors: NOT_FOUND
 * config_missing, INVALID_ARGUMENT config_invalid. */
#define CATALOGUE_TEXT_BYTES_MAX (16u << 20)
_must_check_ enum status catalogue_text(const char *path, char **ret, struct error *reterr);
/* Reads the text that path had. arena holds the providers and is freed with the catalogue, or at
 * once when reading fails. One reference is the caller's. errors: INVALID_ARGUMENT with file, line
 * and key: an unknown key, a price out of bounds, all prices 0 without `free: true`, max_output
 * above half of the window, an id twice. */
_must_check_ enum status catalogue_read(const char *path, const char *text, struct arena *arena,
					const struct provider_set *providers,
					struct catalogue **ret, struct error *reterr);
/* The same with the text that path has. */
_must_check_ enum status catalogue_load(const char *path, struct arena *arena,
					const struct provider_set *providers,
					struct catalogue **ret, struct error *reterr);

struct catalogue *catalogue_ref(struct catalogue *catalogue);
void catalogue_unref(struct catalogue *catalogue);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct catalogue *, catalogue_unref);

/* NULL: no such model, or no provider for it. */
const struct model *catalogue_find(const struct catalogue *catalogue, const char *id);
/* For a chat that names none: the first of the file that chats. NULL: there is none. */
const struct model *catalogue_default(const struct catalogue *catalogue);

#endif
