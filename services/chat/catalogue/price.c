#include "chat/catalogue/price.h"

#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>

/* (2^40 + 2 * 2^40 * 2^27 / 1000) stays far below 2^63. */
static_assert(PRICE_MAX <= 1LL << 40 && PRICE_TOKENS_MAX <= 1LL << 27, "a cost must fit int64");

static bool within(int64_t value, int64_t max)
{
	return value >= 0 && value <= max;
}

bool price_valid(const struct price *price)
{
	return within(price->per_message, PRICE_MAX) && within(price->input_per_1k, PRICE_MAX) &&
	       within(price->output_per_1k, PRICE_MAX);
}

int64_t price_cost(const struct price *price, int64_t input_tokens, int64_t output_tokens)
{
	__int128 thousandths;

	ensure(price_valid(price));
	ensure(within(input_tokens, PRICE_TOKENS_MAX) && within(output_tokens, PRICE_TOKENS_MAX));
	thousandths = (__int128)price->input_per_1k * input_tokens +
		      (__int128)price->output_per_1k * output_tokens;
	return price->per_message + (int64_t)((thousandths + 999) / 1000);
}

void price_version(const char *model, const struct price *price, char out[PRICE_VERSION_SIZE])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char terms[256];
	int n = snprintf(terms, sizeof terms, "%s %" PRId64 " %" PRId64 " %" PRId64, model,
			 price->per_message, price->input_per_1k, price->output_per_1k);

	ensure(n > 0 && (size_t)n < sizeof terms);
	SHA256((const uint8_t *)terms, (size_t)n, digest);
	hex_encode(digest, (PRICE_VERSION_SIZE - 1) / 2, out);
}
