/* The demands on a key, for signing and verifying alike. Private to runtime/token. */
#ifndef RUNTIME_TOKEN_TOKEN_KEY_H
#define RUNTIME_TOKEN_TOKEN_KEY_H

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

#include <jwt.h>
#include <stdbool.h>
#include <stddef.h>

DEFINE_TRIVIAL_CLEANUP_FUNC(jwt_t *, jwt_free);

/* 1 to 64 of A-Z a-z 0-9 _ - and of dots, each between two others: chat.2. A kid is looked up in a
 * table and never becomes part of a path or of SQL. */
bool token_kid_valid(const char *kid, size_t len);

/* A PEM key on P-256, no other curve. libjwt parses it itself, at every use.
 * Errors: INVALID_ARGUMENT field_invalid. */
_must_check_ enum status token_key_check(const char *pem, bool private, struct error *reterr);

#endif
