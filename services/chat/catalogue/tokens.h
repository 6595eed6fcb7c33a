/* Our own count of tokens, for holds, for the model's window, and for charges where the provider
 * does not say how many it used. */
#ifndef CHAT_CATALOGUE_TOKENS_H
#define CHAT_CATALOGUE_TOKENS_H

#include <stddef.h>
#include <stdint.h>

#define TOKENS_PER_MESSAGE 4 /* role and separators around each message of a request */

/* Tokens of a text, as the tokenizers of today's models cut on average: four characters of ASCII,
 * two of other alphabets, one ideograph, half an emoji. At most one a byte, the true bound of any
 * byte-pair encoding; for plain text within about 15 % of the real count. */
int32_t tokens_count(const char *text, size_t len);

#endif
