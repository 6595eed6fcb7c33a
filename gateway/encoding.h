/* Content codings: the choice of a client, and smaller answers. */
#ifndef GATEWAY_ENCODING_H
#define GATEWAY_ENCODING_H

#include "runtime/base/buf.h"
#include <stdbool.h>
#include <stddef.h>

/* Whether a list such as "gzip;q=0.8, br" has the coding (RFC 9110 12.5.3). "*" has all. list: NULL
 * allowed. */
bool encoding_accepted(const char *list, const char *coding);

/* Appends data as gzip (RFC 1952) to out. False: out is full, or there is no memory. level: 1
 * (fast) to 9. */
bool encoding_gzip(const void *data, size_t len, int level, struct buf *out);

#endif
