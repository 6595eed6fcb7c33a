/* The words of a provider's error, whatever its shape. */
#ifndef CHAT_PROVIDER_WORDS_H
#define CHAT_PROVIDER_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define WORDS_CODES_MAX 8
#define WORDS_CODE_SIZE 64
#define WORDS_TEXT_SIZE 3072

/* All in lower case. Servers quote requests, so a user may have written the text; codes are the
 * provider's alone. */
struct words {
	char codes[WORDS_CODES_MAX][WORDS_CODE_SIZE]; /* code, type, status, reason … */
	size_t n_codes;
	char param[WORDS_CODE_SIZE]; /* the field at fault; "": not named */
	char text[WORDS_TEXT_SIZE];  /* the message, then an upstream's */
	int32_t status;              /* HTTP status that the body names; 0: none */
	int64_t retry_after_ms;      /* that the body names; -1: none */
};

/* Of JSON in any known shape, also cut off, or of plain text. A page of HTML has none. */
void words_read(const char *body, size_t len, struct words *ret);

/* The length of an answer that would do, in tokens: "can only afford 7690", "supports at most 16384
 * completion tokens", or a window beside the prompt's tokens. 0: the text does not say. */
int32_t words_fewer_tokens(const struct words *words);
/* The rest that the header (NULL: none) or the body asks for; -1: none. */
int64_t words_rest_ms(const struct words *words, const char *header);

#endif
