/* A text is cut into pieces before byte pairs are merged: words, numbers, signs, white space. */
#ifndef CHAT_TOKENS_SPLIT_H
#define CHAT_TOKENS_SPLIT_H

#include "chat/tokens/table.h"

/* The end of the piece that begins at text. It is after text and not after end. The work is linear
 * in the text as long as each piece begins where the last one ended. */
const char *tokens_split(const struct tokens_table *table, enum tokens_encoding encoding,
			 const char *text, const char *end);

#endif
