/* The cost of an answer, in micro-credits: for the estimate, the hold and the charge alike. */
#ifndef CHAT_CATALOGUE_PRICE_H
#define CHAT_CATALOGUE_PRICE_H

#include "chat/provider/usage.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRICE_MAX 1000000000000       /* micro-credits of one unit: a million credits */
#define PRICE_TOKENS_PER_UNIT 1000000 /* tokens are priced by the million */
#define PRICE_TOKEN_MAX (1000 * (int64_t)PRICE_MAX) /* of a million tokens */
#define PRICE_TOKENS_MAX 100000000                  /* tokens of one charge, in each dimension */
#define PRICE_UNITS_MAX 1000000                     /* images, seconds or calls of one charge */
#define PRICE_COMPONENTS_MAX 64
#define PRICE_VERSION_SIZE 17

/* What can be priced. Each but MESSAGE counts a member of struct usage. */
enum price_dimension {
	PRICE_MESSAGE,
	PRICE_INPUT,
	PRICE_CACHED_INPUT,
	PRICE_CACHE_WRITE_5M,
	PRICE_CACHE_WRITE_1H,
	PRICE_OUTPUT,
	PRICE_REASONING,
	PRICE_IMAGE_INPUT,
	PRICE_IMAGE,
	PRICE_AUDIO_SECOND,
	PRICE_TOOL_CALL,
	PRICE_DIMENSIONS,
};

struct price_component {
	enum price_dimension dimension;
	int64_t from_prompt_tokens; /* it counts for prompts with more tokens; 0: for all */
	int64_t microcredits;       /* of one unit */
};

/* Sorted by dimension and from_prompt_tokens; nothing is there twice. */
struct price {
	const struct price_component *components;
	size_t n;
};

/* "CACHED_INPUT" and so on. */
const char *price_dimension_name(enum price_dimension dimension);
bool price_dimension_read(const char *name, enum price_dimension *ret);
/* "MESSAGE", "MILLION_TOKENS", "IMAGE", "SECOND", "CALL". */
const char *price_unit_name(enum price_dimension dimension);
/* The most that one unit may cost. */
int64_t price_dimension_max(enum price_dimension dimension);
/* The dimension whose price counts where this one has none; itself where there is no such. */
enum price_dimension price_parent(enum price_dimension dimension);

/* Sorts components in place. */
void price_sort(struct price_component *components, size_t n);
/* True when it is sorted and every part is within its bounds. */
bool price_valid(const struct price *price);
/* True when nothing costs anything. */
bool price_is_free(const struct price *price);
/* True when every member is within 0 … PRICE_TOKENS_MAX or PRICE_UNITS_MAX. */
bool price_usage_valid(const struct usage *usage);

/* What one unit costs in an answer whose prompt has so many tokens: the component with the greatest
 * from_prompt_tokens below them, or the parent's price. */
int64_t price_rate(const struct price *price, enum price_dimension dimension,
		   int64_t prompt_tokens);

/* The cost of a usage, rounded up once. Both must be valid, so that the sum fits. */
int64_t price_cost(const struct price *price, const struct usage *usage);

/* The most that an answer of these tokens can cost, whichever input is cached and whichever output is
 * reasoning. reach: the most tokens that the provider may count in the prompt, for the tier. */
int64_t price_most(const struct price *price, int64_t prompt_tokens, int64_t reach,
		   int64_t output_tokens);

/* Names these terms for this model. The same terms have the same name on every replica and after
 * every edit of the catalogue. */
void price_version(const char *model, const struct price *price, char out[PRICE_VERSION_SIZE]);

#endif
