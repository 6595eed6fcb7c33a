/* Retry-After, as servers write it. */
#ifndef CHAT_PROVIDER_RETRY_AFTER_H
#define CHAT_PROVIDER_RETRY_AFTER_H

#include <stdint.h>

/* Retry-After as seconds (also with a fraction), as an HTTP date in its three forms (RFC 9110
 * section 5.6.7), or as a span like "6m0s". now_s: seconds since 1970. -1: it is none of these. */
int64_t retry_after_parse(const char *text, int64_t now_s);

#endif
