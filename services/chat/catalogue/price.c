#include "chat/catalogue/price.h"

#include "runtime/base/buf.h"
#include "runtime/base/digest.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TERMS_BYTES_MAX 8192

static const struct {
	const char *name, *unit;
	enum price_dimension parent;
	size_t counts; /* into struct usage; of MESSAGE unused */
	bool is_tokens;
} dimensions[PRICE_DIMENSIONS] = {
#define TOKENS(dimension, parent, member)                                    \
	[PRICE_##dimension] = {#dimension, "MILLION_TOKENS", PRICE_##parent, \
			       offsetof(struct usage, member), true}
#define UNITS(dimension, unit, member)                              \
	[PRICE_##dimension] = {#dimension, unit, PRICE_##dimension, \
			       offsetof(struct usage, member), false}
	[PRICE_MESSAGE] = {"MESSAGE", "MESSAGE", PRICE_MESSAGE, 0, false},
	TOKENS(INPUT, INPUT, input),
	TOKENS(CACHED_INPUT, INPUT, cached_input),
	TOKENS(CACHE_WRITE_5M, INPUT, cache_write_5m),
	TOKENS(CACHE_WRITE_1H, INPUT, cache_write_1h),
	TOKENS(OUTPUT, OUTPUT, output),
	TOKENS(REASONING, OUTPUT, reasoning),
	TOKENS(IMAGE_INPUT, INPUT, image_input),
	UNITS(IMAGE, "IMAGE", images),
	UNITS(AUDIO_SECOND, "SECOND", audio_seconds),
	UNITS(TOOL_CALL, "CALL", tool_calls),
#undef UNITS
#undef TOKENS
};

/* One message, 7 kinds of tokens and 3 of units stay below 2^63: 10^12 + 7 * 10^17 + 3 * 10^18. */
static_assert(PRICE_TOKEN_MAX / PRICE_TOKENS_PER_UNIT * PRICE_TOKENS_MAX <= 100000000000000000 &&
		      (int64_t)PRICE_MAX * PRICE_UNITS_MAX <= 1000000000000000000,
	      "a cost must fit int64");

/* ---------------------------------------------------------------- dimensions */

const char *price_dimension_name(enum price_dimension dimension)
{
	return dimensions[dimension].name;
}

bool price_dimension_read(const char *name, enum price_dimension *ret)
{
	for (int i = 0; i < PRICE_DIMENSIONS; i++) {
		if (strcmp(dimensions[i].name, name) != 0)
			continue;
		*ret = (enum price_dimension)i;
		return true;
	}
	return false;
}

const char *price_unit_name(enum price_dimension dimension)
{
	return dimensions[dimension].unit;
}

int64_t price_dimension_max(enum price_dimension dimension)
{
	return dimensions[dimension].is_tokens ? PRICE_TOKEN_MAX : PRICE_MAX;
}

enum price_dimension price_parent(enum price_dimension dimension)
{
	return dimensions[dimension].parent;
}

static int64_t count_of(const struct usage *usage, enum price_dimension dimension)
{
	int64_t n;

	if (dimension == PRICE_MESSAGE)
		return 1;
	memcpy(&n, (const char *)usage + dimensions[dimension].counts, sizeof n);
	return n;
}

/* ---------------------------------------------------------------- what is valid */

static bool within(int64_t value, int64_t max)
{
	return value >= 0 && value <= max;
}

static int compare(const void *a, const void *b)
{
	const struct price_component *x = a, *y = b;

	if (x->dimension != y->dimension)
		return x->dimension < y->dimension ? -1 : 1;
	if (x->from_prompt_tokens != y->from_prompt_tokens)
		return x->from_prompt_tokens < y->from_prompt_tokens ? -1 : 1;
	return 0;
}

void price_sort(struct price_component *components, size_t n)
{
	if (n > 1)
		qsort(components, n, sizeof *components, compare);
}

bool price_valid(const struct price *price)
{
	if (price->n > PRICE_COMPONENTS_MAX)
		return false;
	for (size_t i = 0; i < price->n; i++) {
		const struct price_component *c = &price->components[i];

		if (c->dimension >= PRICE_DIMENSIONS ||
		    !within(c->from_prompt_tokens, PRICE_TOKENS_MAX) ||
		    !within(c->microcredits, price_dimension_max(c->dimension)) ||
		    (i > 0 && compare(c - 1, c) >= 0))
			return false;
	}
	return true;
}

bool price_is_free(const struct price *price)
{
	for (size_t i = 0; i < price->n; i++) {
		if (price->components[i].microcredits > 0)
			return false;
	}
	return true;
}

bool price_usage_valid(const struct usage *usage)
{
	for (enum price_dimension d = PRICE_INPUT; d < PRICE_DIMENSIONS; d++) {
		if (!within(count_of(usage, d),
			    dimensions[d].is_tokens ? PRICE_TOKENS_MAX : PRICE_UNITS_MAX))
			return false;
	}
	return true;
}

/* ---------------------------------------------------------------- what it costs */

int64_t price_rate(const struct price *price, enum price_dimension dimension, int64_t prompt_tokens)
{
	const struct price_component *found = NULL;

	for (size_t i = 0; i < price->n; i++) {
		const struct price_component *c = &price->components[i];

		if (c->dimension == dimension &&
		    (c->from_prompt_tokens == 0 || c->from_prompt_tokens < prompt_tokens))
			found = c; /* later ones begin later */
	}
	if (found)
		return found->microcredits;
	if (price_parent(dimension) == dimension)
		return 0;
	return price_rate(price, price_parent(dimension), prompt_tokens);
}

/* At the tier of tier_tokens. */
static int64_t cost_at(const struct price *price, const struct usage *usage, int64_t tier_tokens)
{
	__int128 units = 0, tokens = 0;

	for (enum price_dimension d = 0; d < PRICE_DIMENSIONS; d++) {
		__int128 part = (__int128)price_rate(price, d, tier_tokens) * count_of(usage, d);

		if (dimensions[d].is_tokens)
			tokens += part;
		else
			units += part;
	}
	return (int64_t)(units + (tokens + PRICE_TOKENS_PER_UNIT - 1) / PRICE_TOKENS_PER_UNIT);
}

int64_t price_cost(const struct price *price, const struct usage *usage)
{
	ensure(price_valid(price));
	ensure(price_usage_valid(usage));
	return cost_at(price, usage, usage_prompt(usage));
}

/* All of it in the dearest of its dimensions, at this tier. */
static int64_t most_at(const struct price *price, int64_t prompt_tokens, int64_t output_tokens,
		       int64_t tier_tokens)
{
	static const enum price_dimension inputs[] = {PRICE_INPUT, PRICE_CACHED_INPUT,
						      PRICE_CACHE_WRITE_5M, PRICE_CACHE_WRITE_1H,
						      PRICE_IMAGE_INPUT};
	static const enum price_dimension outputs[] = {PRICE_OUTPUT, PRICE_REASONING};
	struct usage usage;
	int64_t most = 0;

	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++) {
		for (size_t o = 0; o < ARRAY_SIZE(outputs); o++) {
			int64_t cost;

			usage = (struct usage){0};
			memcpy((char *)&usage + dimensions[inputs[i]].counts, &prompt_tokens,
			       sizeof prompt_tokens);
			memcpy((char *)&usage + dimensions[outputs[o]].counts, &output_tokens,
			       sizeof output_tokens);
			cost = cost_at(price, &usage, tier_tokens);
			if (cost > most)
				most = cost;
		}
	}
	return most;
}

int64_t price_most(const struct price *price, int64_t prompt_tokens, int64_t reach,
		   int64_t output_tokens)
{
	int64_t most;

	ensure(price_valid(price));
	ensure(within(prompt_tokens, PRICE_TOKENS_MAX) && within(output_tokens, PRICE_TOKENS_MAX));
	most = most_at(price, prompt_tokens, output_tokens, prompt_tokens);
	for (size_t i = 0; i < price->n; i++) {
		int64_t tier = price->components[i].from_prompt_tokens + 1, cost;

		if (tier == 1 || tier > reach || tier <= prompt_tokens)
			continue;
		cost = most_at(price, prompt_tokens, output_tokens, tier);
		if (cost > most)
			most = cost;
	}
	return most;
}

/* ---------------------------------------------------------------- its name */

/* The three terms that every model has come first, as before there were others. */
static void write_terms(const char *model, const struct price *price, struct buf *out)
{
	static const enum price_dimension first[] = {PRICE_MESSAGE, PRICE_INPUT, PRICE_OUTPUT};

	buf_addf(out, "%s", model);
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		int64_t rate = price_rate(price, first[i], 0);

		if (!dimensions[first[i]].is_tokens) {
			buf_addf(out, " %" PRId64, rate);
			continue;
		}
		buf_addf(out, " %" PRId64, rate / 1000);
		if (rate % 1000)
			buf_addf(out, ".%03" PRId64, rate % 1000);
	}
	for (size_t i = 0; i < price->n; i++) {
		const struct price_component *c = &price->components[i];
		bool told = c->from_prompt_tokens == 0 &&
			    (c->dimension == PRICE_MESSAGE || c->dimension == PRICE_INPUT ||
			     c->dimension == PRICE_OUTPUT);

		if (!told)
			buf_addf(out, " %s:%" PRId64 "=%" PRId64, dimensions[c->dimension].name,
				 c->from_prompt_tokens, c->microcredits);
	}
}

void price_version(const char *model, const struct price *price, char out[PRICE_VERSION_SIZE])
{
	_cleanup_(buf_done) struct buf terms;
	uint8_t digest[DIGEST_SHA256_SIZE];

	buf_init(&terms, TERMS_BYTES_MAX);
	write_terms(model, price, &terms);
	digest_sha256(buf_text(&terms), terms.len, digest);
	hex_encode(digest, (PRICE_VERSION_SIZE - 1) / 2, out);
}
