/* The cost of an answer, in micro-credits. */
#ifndef CHAT_CATALOGUE_PRICE_H
#define CHAT_CATALOGUE_PRICE_H

#include <stdbool.h>
#include <stdint.h>

#define PRICE_MAX 1000000000000    /* micro-credits: a million credits */
#define PRICE_TOKENS_MAX 100000000 /* tokens of one charge */
#define PRICE_VERSION_SIZE 17

struct price {
	int64_t per_message;  /* 0 … PRICE_MAX, all three */
	int64_t input_per_1k; /* for 1,000 tokens */
	int64_t output_per_1k;
};

/* True when every part is within its bounds. */
bool price_valid(const struct price *price);

/* The price of a message plus that of tokens, rounded up once. The price must be valid and tokens 0
 * … PRICE_TOKENS_MAX, so that the sum fits. */
int64_t price_cost(const struct price *price, int64_t input_tokens, int64_t output_tokens);

/* Names these terms for this model. The same terms have the same name on every replica and after
 * every edit of the catalogue. */
void price_version(const char *model, const struct price *price, char out[PRICE_VERSION_SIZE]);

#endif
