/* The tables of byte-pair encodings, mapped from a file that tools/tokens makes. All processes of a
 * machine share its pages. */
#ifndef CHAT_TOKENS_TABLE_H
#define CHAT_TOKENS_TABLE_H

#include "runtime/base/status.h"

#include <stddef.h>
#include <stdint.h>

#define TOKEN_NONE UINT32_MAX
#define TOKENS_PAGE 256 /* characters of a block of classes */

enum tokens_encoding {
	TOKENS_O200K,
	TOKENS_CL100K,
	TOKENS_ENCODINGS,
};

/* Bits of a character's class. */
enum {
	CLASS_LETTER = 1,
	CLASS_UPPER = 2, /* Lu, Lt, Lm, Lo or M: what may begin a word */
	CLASS_LOWER = 4, /* Ll, Lm, Lo or M: what may go on in one */
	CLASS_NUMBER = 8,
	CLASS_SPACE = 16,
	CLASS_LINE = 32, /* \r or \n; it is white space, too */
};

/* A state of the trie of all tokens. Its child by byte b is state base + b, if the label there is b.
 * No two states share a base, and no base leads to the label of a free place. */
struct tokens_node {
	uint32_t base_label; /* base << 8 | label */
	uint32_t token;      /* that ends here, or TOKEN_NONE */
};

/* One vocabulary. A token's number is its rank: the lower, the earlier it is merged. */
struct tokens_vocabulary {
	const struct tokens_node *nodes;
	const uint32_t *prefix;     /* the longest other token that a token begins with */
	const uint32_t (*split)[2]; /* the two tokens of which it is merged; itself for a byte */
	const uint32_t *pairs;      /* a hash table of split: tokens or TOKEN_NONE */
	uint32_t pairs_mask;        /* its size less 1 */
	const uint8_t *filter;      /* a bit for the hash of each pair in that table */
	uint32_t filter_mask;       /* its bits less 1 */
	const uint8_t *length;      /* bytes of a token */
};

struct tokens_table {
	void *map;
	size_t size;
	const uint16_t *pages; /* which block a page of characters has */
	const uint8_t (*blocks)[TOKENS_PAGE];
	struct tokens_vocabulary vocabularies[TOKENS_ENCODINGS];
};

/* Checks the whole file, then maps it. errors: INVALID_ARGUMENT config_invalid with the file's name
 * and what is wrong with it. */
_must_check_ enum status tokens_table_open(const char *path, struct tokens_table *ret,
					   struct error *reterr);
/* Of a table that is all zero, too. */
void tokens_table_close(struct tokens_table *table);

#endif
