/* The code of a voucher, as a person writes it. */
#ifndef CREDITS_VOUCHER_H
#define CREDITS_VOUCHER_H

#include <stdbool.h>
#include <stddef.h>

#define VOUCHER_PREFIX_MAX 12
#define VOUCHER_SYMBOLS 20 /* random ones: 100 bits */
#define VOUCHER_SIZE 48    /* of a code as it is shown, with the NUL */
#define VOUCHER_HASH_SIZE 32

/* A new code: "SPRING-7KQ2X-…". prefix: "" for none. */
void voucher_make(const char *prefix, char out[VOUCHER_SIZE]);

/* The one form of all that a person may write for a code: in any case, with blanks and dashes
 * anywhere, O for 0, I and L for 1. False: no code looks so. */
bool voucher_normalize(const char *text, char out[VOUCHER_SIZE]);

/* SHA-256 of the one form. */
void voucher_hash(const char *normal, unsigned char out[VOUCHER_HASH_SIZE]);

/* Whether it is capital letters and digits, and not too long. */
bool voucher_prefix_ok(const char *prefix);

#endif
