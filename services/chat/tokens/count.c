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
#define MEMO_SLOTS 4096
#define WALK_SLOTS 512
#define TOKEN_BYTES_MAX 128
#define MEMO_MIN 64 /* bytes of a piece that needs a memo */
#define WALK_MIN 16 /* bytes of a token for which a memo is quicker than the trie */

/* Answers that long pieces ask for again and again, because they repeat themselves: rulers of
 * signs, runs of one letter. */
struct memo {
	struct pair {
		uint32_t last; /* plus 1; 0: nothing is known */
		uint32_t token;
		uint32_t fits;
	} pairs[MEMO_SLOTS];
	struct walk {
		const char *text;
		size_t len; /* bytes that the trie looked at; 0: not known */
		uint32_t token;
	} walks[WALK_SLOTS]; /* by the first byte and how often it follows itself */
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
	uint32_t bit = at & v->filter_mask;

	if (!(v->filter[bit / 8] >> bit % 8 & 1))
		return TOKEN_NONE;
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

/* The longest of `token` and the tokens that it begins with that goes with the last one, or
 * TOKEN_NONE. */
static uint32_t fitting(const struct tokens_vocabulary *v, uint32_t last, uint32_t token)
{
	while (token != TOKEN_NONE && !stays(v, last, token))
		token = v->prefix[token];
	return token;
}

static uint32_t fitting_again(const struct merge *merge, uint32_t token)
{
	uint32_t last;
	struct pair *pair;

	if (merge->n == 0 || token == TOKEN_NONE)
		return token;
	last = merge->tokens[merge->n - 1];
	if (!merge->memo)
		return fitting(merge->vocabulary, last, token);
	pair = &merge->memo->pairs[(last * 0x9E3779B1u + token) * 0x85EBCA6Bu >> 20];
	if (pair->last != last + 1 || pair->token != token)
		*pair = (struct pair){last + 1, token, fitting(merge->vocabulary, last, token)};
	return pair->fits;
}

/* The longest token at text, and the bytes that decide it. Each byte is a token, so there is always
 * one. */
static inline uint32_t longest(const struct tokens_vocabulary *v, const char *text, size_t len,
			       size_t *walked)
{
	uint32_t base = v->nodes[0].base_label >> 8, token = TOKEN_NONE;
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];
		struct tokens_node node = v->nodes[base + byte];

		if ((unsigned char)node.base_label != byte)
			break;
		if (node.token != TOKEN_NONE)
			token = node.token;
		base = node.base_label >> 8;
	}
	*walked = i < len ? i + 1 : len + 1; /* at the end of the text, the end itself */
	return token;
}

/* How often the first byte follows itself, about: in steps of eight where the text ends. */
static size_t run_of(const char *text, size_t len)
{
	const uint64_t first = (unsigned char)*text * 0x0101010101010101u;
	size_t n = 0, most = len < TOKEN_BYTES_MAX ? len : TOKEN_BYTES_MAX;

	for (; n + sizeof first <= most; n += sizeof first) {
		uint64_t bytes;

		memcpy(&bytes, text + n, sizeof bytes);
		if (bytes != first)
			return n + (size_t)__builtin_ctzll(bytes ^ first) / 8;
	}
	return n;
}

/* A run decides nearly alone what its longest token is, and is looked at quicker than the trie. */
static struct walk *walk_of(const struct merge *merge, const char *text, size_t len)
{
	size_t slot = (unsigned char)*text * 37 + run_of(text, len);

	return &merge->memo->walks[slot % WALK_SLOTS];
}

static uint32_t longest_again(const struct merge *merge, size_t at)
{
	const char *text = merge->text + at;
	size_t len = merge->len - at, walked;
	struct walk *walk;
	uint32_t token;

	walk = merge->memo ? walk_of(merge, text, len) : NULL;
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
	uint32_t last;

	for (;;) {
		size_t end;

		token = fitting_again(merge, token);
		if (token == TOKEN_NONE)
			break;
		end = merge->at + v->length[token];
		if (!is_dead(merge, end)) {
			merge->tokens[merge->n++] = token;
			merge->at = end;
			return end < merge->len ? longest_again(merge, end) : TOKEN_NONE;
		}
		token = v->prefix[token];
	}
	ensure(merge->n > 0); /* the sequence exists */
	last = merge->tokens[--merge->n];
	merge->dead[merge->at / 8] |= (uint8_t)(1 << merge->at % 8);
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
	ensure(merge->tokens && merge->dead);
	n = count_merged(merge, token);
	free(merge->tokens);
	free(merge->dead);
	return n;
}

/* Made for the first piece that needs it. */
static struct memo *memo_of(struct memo **memo)
{
	struct memo *made = *memo;

	if (!made)
		made = calloc(1, sizeof *made);
	ensure(made);
	*memo = made;
	return made;
}

static size_t count_piece(const struct tokens_vocabulary *v, const char *text, size_t len,
			  struct memo **memo)
{
	struct merge merge = {.vocabulary = v, .text = text, .len = len};
	size_t walked;
	uint32_t tokens[PIECE_BYTES], token = longest(v, text, len, &walked);
	uint8_t dead[PIECE_BYTES / 8 + 1];

	if (v->length[token] == len)
		return 1;
	if (len >= MEMO_MIN) {
		merge.memo = memo_of(memo);
	}
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
	struct memo *memo = NULL;
	int64_t sum = 0;

	while (text < end) {
		const char *piece = text;

		text = tokens_split(table, encoding, piece, end);
		sum += (int64_t)count_piece(v, piece, (size_t)(text - piece), &memo);
	}
	free(memo);
	return sum;
}
