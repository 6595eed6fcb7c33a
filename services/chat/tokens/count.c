/* Merging byte pairs in the order of their ranks gives the one sequence of tokens in which each two
 * neighbours would be merged to themselves. So the sequence is found from the left: take the
 * longest token, look whether it goes with the one before, else take a shorter one, else go back.
 * A place from which there was no way on is never tried again: that keeps it linear.
 * Hendrik van Antwerpen and Alexander Neubeck, "So many tokens, so little time" (2024). */
#include "chat/tokens/count.h"

#include "chat/tokens/split.h"
#include "runtime/base/ensure.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES 512 /* of a piece that needs no memory */
#define MEMO_SLOTS 1024
#define WALK_MIN 16 /* bytes of a token for which a memo is quicker than the trie */

/* Answers that a long piece asks for again and again. Long pieces repeat themselves: rulers of
 * signs, runs of one letter, data in base64. */
struct memo {
	struct pair {
		uint32_t a, b;
		bool known, stays;
	} pairs[MEMO_SLOTS];
	struct walk {
		const char *text;
		size_t len; /* bytes that the trie looked at; 0: not known */
		uint32_t token;
	} walks[UINT8_MAX + 1]; /* by the first byte */
};

struct merge {
	const struct tokens_vocabulary *vocabulary;
	const char *text;
	size_t len;
	uint32_t *tokens;  /* the sequence up to at; room for len */
	uint8_t *dead;     /* a bit for each place from which there is no way on */
	struct memo *memo; /* NULL: the piece is short */
	size_t n;
	size_t at;
};

static inline uint32_t merged(const struct tokens_vocabulary *v, uint32_t a, uint32_t b)
{
	uint32_t at = (a * 0x9E3779B1u ^ b * 0x85EBCA6Bu) >> 7;

	for (;; at++) {
		uint32_t token = v->pairs[at & v->pairs_mask];

		if (token == TOKEN_NONE || (v->split[token][0] == a && v->split[token][1] == b))
			return token;
	}
}

/* Whether merging the bytes of a and b in order leaves a and b. It undoes the merges, the last one
 * first, and looks at the two tokens that met at the border. */
static bool stays(const struct tokens_vocabulary *v, uint32_t a, uint32_t b)
{
	uint32_t limit = TOKEN_NONE;

	for (;;) {
		uint32_t both = merged(v, a, b);
		bool left = a > b;

		if (both < limit)
			return false;
		for (int side = 0; side < 2; side++, left = !left) {
			uint32_t whole = left ? a : b, part = v->split[whole][left ? 1 : 0];

			if (left)
				a = part;
			else
				b = part;
			limit = left ? whole : whole + 1;
			if (part != whole)
				break;
			if (side == 1)
				return true;
		}
	}
}

static bool stays_again(const struct merge *merge, uint32_t a, uint32_t b)
{
	struct pair *pair;

	if (!merge->memo)
		return stays(merge->vocabulary, a, b);
	pair = &merge->memo->pairs[(a * 31 + b) % MEMO_SLOTS];
	if (!pair->known || pair->a != a || pair->b != b)
		*pair = (struct pair){a, b, true, stays(merge->vocabulary, a, b)};
	return pair->stays;
}

/* The longest token at text, and the bytes that decide it. Each byte is a token, so there is always
 * one. */
static inline uint32_t longest(const struct tokens_vocabulary *v, const char *text, size_t len,
			       size_t *walked)
{
	uint32_t state = 0, token = TOKEN_NONE;
	size_t i;

	for (i = 0; i < len; i++) {
		uint32_t next = v->nodes[state].base + (unsigned char)text[i];

		if (v->nodes[state].base == 0 || v->nodes[next].check != state)
			break;
		state = next;
		if (v->nodes[state].token != TOKEN_NONE)
			token = v->nodes[state].token;
	}
	*walked = i < len ? i + 1 : len + 1; /* at the end of the text, the end itself */
	return token;
}

static uint32_t longest_again(const struct merge *merge, size_t at)
{
	const char *text = merge->text + at;
	size_t len = merge->len - at, walked;
	struct walk *walk;
	uint32_t token;

	walk = merge->memo ? &merge->memo->walks[(unsigned char)*text] : NULL;
	if (walk && walk->len && walk->len <= len && memcmp(walk->text, text, walk->len) == 0)
		return walk->token;
	token = longest(merge->vocabulary, text, len, &walked);
	if (walk && walked >= WALK_MIN && walked <= len)
		*walk = (struct walk){text, walked, token};
	return token;
}

static bool is_dead(const struct merge *merge, size_t at)
{
	return merge->dead[at / 8] >> at % 8 & 1;
}

/* Adds the longest token up to `token` that goes with the last one, or takes the last one away.
 * Returns the token to try next; TOKEN_NONE: the end is reached. */
static uint32_t step(struct merge *merge, uint32_t token)
{
	const struct tokens_vocabulary *v = merge->vocabulary;
	uint32_t last = merge->n ? merge->tokens[merge->n - 1] : TOKEN_NONE;

	for (; token != TOKEN_NONE; token = v->prefix[token]) {
		size_t end = merge->at + v->length[token];

		if (is_dead(merge, end) || (merge->n && !stays_again(merge, last, token)))
			continue;
		merge->tokens[merge->n++] = token;
		merge->at = end;
		return end < merge->len ? longest_again(merge, end) : TOKEN_NONE;
	}
	ensure(merge->n > 0); /* the sequence exists */
	merge->dead[merge->at / 8] |= (uint8_t)(1 << merge->at % 8);
	merge->n--;
	merge->at -= v->length[last];
	return last;
}

static size_t count_merged(struct merge *merge, uint32_t token)
{
	while (token != TOKEN_NONE)
		token = step(merge, token);
	return merge->n;
}

static size_t count_long(struct merge *merge, uint32_t token)
{
	size_t n;

	merge->tokens = malloc(merge->len * sizeof *merge->tokens);
	merge->dead = calloc(1, merge->len / 8 + 1);
	merge->memo = calloc(1, sizeof *merge->memo);
	ensure(merge->tokens && merge->dead && merge->memo);
	n = count_merged(merge, token);
	free(merge->tokens);
	free(merge->dead);
	free(merge->memo);
	return n;
}

static size_t count_piece(const struct tokens_vocabulary *v, const char *text, size_t len)
{
	struct merge merge = {.vocabulary = v, .text = text, .len = len};
	size_t walked;
	uint32_t tokens[PIECE_BYTES], token = longest(v, text, len, &walked);
	uint8_t dead[PIECE_BYTES / 8 + 1];

	if (v->length[token] == len)
		return 1;
	if (len > PIECE_BYTES)
		return count_long(&merge, token);
	memset(dead, 0, len / 8 + 1);
	merge.tokens = tokens;
	merge.dead = dead;
	return count_merged(&merge, token);
}

int64_t tokens_count_exact(const struct tokens_table *table, enum tokens_encoding encoding,
			   const char *text, size_t len)
{
	const struct tokens_vocabulary *v = &table->vocabularies[encoding];
	const char *end = text + len;
	int64_t sum = 0;

	while (text < end) {
		const char *piece = text;

		text = tokens_split(table, encoding, piece, end);
		sum += (int64_t)count_piece(v, piece, (size_t)(text - piece));
	}
	return sum;
}
