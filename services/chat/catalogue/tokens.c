#include "chat/catalogue/tokens.h"

#include "chat/tokens/count.h"
#include "runtime/base/ensure.h"
#include "runtime/metrics/metrics.h"

#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LEARN_TOKENS_MIN 256 /* of a prompt, by our count */
#define FAMILY_OTHERS "others"

METRIC_FAMILY(factors) = {
	.name = "chat_token_factor_thousandths",
	.help = "Tokens of a family's models for 1,000 of our count.",
	.labels = "family",
	.kind = METRIC_GAUGE,
};
METRIC_FAMILY(margins) = {
	.name = "chat_token_margin_thousandths",
	.help = "99 of 100 prompts have at most this many tokens for 1,000 expected ones.",
	.labels = "family",
	.kind = METRIC_GAUGE,
};

struct known {
	struct tokens_family family;
	struct tokens_batch batch;
};

struct tokens {
	struct tokens_table table;
	pthread_mutex_t lock; /* guards all that follows */
	struct known known[FAMILIES_MAX];
	size_t n;
};

enum status tokens_new(const char *tables, struct tokens **ret, struct error *reterr)
{
	struct tokens *tokens = calloc(1, sizeof *tokens);
	enum status s;

	ensure(tokens);
	s = tokens_table_open(tables, &tokens->table, reterr);
	if (s != OK) {
		free(tokens);
		return s;
	}
	pthread_mutex_init(&tokens->lock, NULL);
	*ret = tokens;
	return OK;
}

void tokens_free(struct tokens *tokens)
{
	if (!tokens)
		return;
	tokens_table_close(&tokens->table);
	pthread_mutex_destroy(&tokens->lock);
	free(tokens);
}

/* Under the lock. It is made when it is missing. */
static struct known *find(struct tokens *tokens, const char *family)
{
	struct known *known = tokens->known;

	for (size_t i = 0; i < tokens->n; i++) {
		if (strcmp(known[i].family.name, family) == 0)
			return &known[i];
	}
	if (tokens->n == FAMILIES_MAX)
		return &known[FAMILIES_MAX - 1];
	if (tokens->n == FAMILIES_MAX - 1)
		family = FAMILY_OTHERS;
	known = &tokens->known[tokens->n++];
	*known = (struct known){.family = {.factor = 1, .margin = 1}};
	snprintf(known->family.name, FAMILY_SIZE, "%s", family);
	return known;
}

static struct tokens_family family_of(struct tokens *tokens, const char *name)
{
	struct tokens_family family;

	pthread_mutex_lock(&tokens->lock);
	family = find(tokens, name)->family;
	pthread_mutex_unlock(&tokens->lock);
	return family;
}

static int64_t rounded_up(double tokens)
{
	return (int64_t)ceil(tokens - 1e-6);
}

int32_t tokens_count(const struct tokens *tokens, const char *text, size_t len)
{
	int64_t n = tokens_count_exact(&tokens->table, TOKENS_O200K, text, len);

	return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

int64_t tokens_count_of(struct tokens *tokens, const char *family, const char *text, size_t len)
{
	if (strcmp(family, "cl100k") == 0)
		return tokens_count_exact(&tokens->table, TOKENS_CL100K, text, len);
	return tokens_expected(tokens, family, tokens_count(tokens, text, len));
}

int64_t tokens_expected(struct tokens *tokens, const char *family, int64_t counted)
{
	return rounded_up((double)counted * family_of(tokens, family).factor);
}

int64_t tokens_bound(struct tokens *tokens, const char *family, int64_t counted)
{
	struct tokens_family known = family_of(tokens, family);

	return rounded_up((double)counted * known.factor * known.margin);
}

int64_t tokens_room(struct tokens *tokens, const char *family, int64_t room)
{
	struct tokens_family known = family_of(tokens, family);

	return (int64_t)((double)room / (known.factor * known.margin));
}

void tokens_learn(struct tokens *tokens, const char *family, int64_t counted, int64_t reported)
{
	double ratio = (double)reported / (double)counted;
	struct known *known;

	if (counted < LEARN_TOKENS_MIN)
		return;
	ratio = ratio < FACTOR_MIN ? FACTOR_MIN : ratio > FACTOR_MAX ? FACTOR_MAX : ratio;
	pthread_mutex_lock(&tokens->lock);
	known = find(tokens, family);
	known->batch.n++;
	known->batch.ratios += ratio;
	known->batch.over += ratio > known->family.factor * known->family.margin;
	pthread_mutex_unlock(&tokens->lock);
}

size_t tokens_take(struct tokens *tokens, struct tokens_batch *batches)
{
	size_t n = 0;

	pthread_mutex_lock(&tokens->lock);
	for (size_t i = 0; i < tokens->n; i++) {
		struct known *known = &tokens->known[i];

		if (known->batch.n == 0)
			continue;
		batches[n] = known->batch;
		memcpy(batches[n++].name, known->family.name, FAMILY_SIZE);
		known->batch = (struct tokens_batch){0};
	}
	pthread_mutex_unlock(&tokens->lock);
	return n;
}

static double within(double value, double min, double max)
{
	return value < min ? min : value > max ? max : value;
}

void tokens_set(struct tokens *tokens, const struct tokens_family *family)
{
	const char *const labels[] = {family->name};
	double factor = within(family->factor, FACTOR_MIN, FACTOR_MAX);
	double margin = within(family->margin, 1, MARGIN_MAX);
	struct known *known;

	pthread_mutex_lock(&tokens->lock);
	known = find(tokens, family->name);
	known->family.factor = factor;
	known->family.margin = margin;
	known->family.prompts = family->prompts;
	pthread_mutex_unlock(&tokens->lock);
	metric_set(metric_get(&factors, labels), (int64_t)(factor * 1000 + 0.5));
	metric_set(metric_get(&margins, labels), (int64_t)(margin * 1000 + 0.5));
}

bool tokens_family_valid(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < FAMILY_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static bool is_cl100k(const char *id)
{
	return strcmp(id, "gpt-4") == 0 || strncmp(id, "gpt-4-", 6) == 0 ||
	       strncmp(id, "gpt-3.5", 7) == 0;
}

const char *tokens_family_of(struct arena *arena, const char *maker, const char *id)
{
	char name[FAMILY_SIZE];
	size_t n = 0;

	if (strcasecmp(maker, "OpenAI") == 0)
		return is_cl100k(id) ? "cl100k" : "o200k";
	for (; *maker && n < FAMILY_SIZE - 1; maker++)
		name[n++] = isascii(*maker) && isalnum((unsigned char)*maker)
				    ? (char)tolower((unsigned char)*maker)
				    : '-';
	return n > 0 ? arena_strndup(arena, name, n) : FAMILY_OTHERS;
}
