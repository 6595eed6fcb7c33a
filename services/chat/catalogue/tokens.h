/* Our own count of tokens: for holds, for the model's window, and for charges where the provider
 * names no usage. */
#ifndef CHAT_CATALOGUE_TOKENS_H
#define CHAT_CATALOGUE_TOKENS_H

#include <stddef.h>
#include <stdint.h>

#define TOKENS_PER_MESSAGE 4 /* role and separators around each message of a request */

/* Tokens of a text, by the average of today's tokenizers. A token is four characters of ASCII, two
 * of other alphabets, one ideograph, or half an emoji. Plain text is counted within about 15 %. A
 * text never has more tokens than bytes, as in any byte-pair encoding. */
int32_t tokens_count(const char *text, size_t len);

#endif
