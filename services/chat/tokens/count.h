/* Counts the tokens of a text, exactly as OpenAI's tokenizers do. */
#ifndef CHAT_TOKENS_COUNT_H
#define CHAT_TOKENS_COUNT_H

#include "chat/tokens/table.h"

/* The work is linear in the text. What looks like a special token is text as any other. Bytes that
 * are no UTF-8 are counted, too. */
int64_t tokens_count_exact(const struct tokens_table *table, enum tokens_encoding encoding,
			   const char *text, size_t len);

#endif
