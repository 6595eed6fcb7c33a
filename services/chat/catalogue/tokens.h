/* Our own count of tokens: for holds, for the model's window, and for charges where the provider
 * names no usage. A text is counted once, in the vocabulary o200k, and that count is stored. Models
 * of other tokenizers have a factor for it, which is learned from what their providers report. */
#ifndef CHAT_CATALOGUE_TOKENS_H
#define CHAT_CATALOGUE_TOKENS_H

#include "chat/tokens/table.h"
#include "runtime/base/arena.h"
#include "runtime/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKENS_PER_MESSAGE 4 /* role and separators around each message of a request */
#define FAMILY_SIZE 41       /* of a family's name, with its end */
#define FAMILIES_MAX 64      /* further ones share the last */
#define FACTOR_MIN 0.5       /* of a factor; what is learned stays within */
#define FACTOR_MAX 3.0
#define MARGIN_MAX 3.0

/* What is known of the models that share a tokenizer. */
struct tokens_family {
	char name[FAMILY_SIZE];
	double factor;   /* their tokens for one of o200k; FACTOR_MIN … FACTOR_MAX */
	double margin;   /* 99 of 100 prompts have at most this times what is expected; from 1 on */
	int64_t prompts; /* from which it was learned */
};

/* What was seen of a family since the last tokens_take. */
struct tokens_batch {
	char name[FAMILY_SIZE];
	int64_t n;
	double ratios; /* sum of reported tokens for one of ours */
	int64_t over;  /* prompts that were above the margin */
};

/* Tables and factors. Any thread. */
struct tokens;

/* errors: those of tokens_table_open. */
_must_check_ enum status tokens_new(const char *tables, struct tokens **ret, struct error *reterr);
void tokens_free(struct tokens *tokens);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct tokens *, tokens_free);

/* Tokens of a text in o200k: what is stored with a message. */
int32_t tokens_count(const struct tokens *tokens, const char *text, size_t len);
/* Tokens of a text for the models of a family. */
int64_t tokens_count_of(struct tokens *tokens, const char *family, const char *text, size_t len);
/* Tokens that a prompt of `counted` tokens of o200k has in a family: as expected, and the number
 * that 99 of 100 prompts stay within. */
int64_t tokens_expected(struct tokens *tokens, const char *family, int64_t counted);
int64_t tokens_bound(struct tokens *tokens, const char *family, int64_t counted);
/* The prompts whose bound is within `room` have at most this count. */
int64_t tokens_room(struct tokens *tokens, const char *family, int64_t room);

/* A provider reported so many tokens for a prompt that we counted. Short prompts are left out: what
 * providers add to them hides the factor. */
void tokens_learn(struct tokens *tokens, const char *family, int64_t counted, int64_t reported);
/* Batches of what was learned, and begins new ones; room for FAMILIES_MAX. Returns their number. */
size_t tokens_take(struct tokens *tokens, struct tokens_batch *batches);
/* A family as the database has it. */
void tokens_set(struct tokens *tokens, const struct tokens_family *family);

/* The family of a model that the catalogue gives no tokenizer: cl100k or o200k for OpenAI's, else
 * its maker in small letters. */
const char *tokens_family_of(struct arena *arena, const char *maker, const char *id);
bool tokens_family_valid(const char *name);

#endif
