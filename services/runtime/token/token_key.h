/* What signing and verifying share: keys as OpenSSL has them. Private to runtime/token. */
#ifndef RUNTIME_TOKEN_TOKEN_KEY_H
#define RUNTIME_TOKEN_TOKEN_KEY_H

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#define TOKEN_SIGNATURE_SIZE 64 /* bytes of r || s on P-256 (RFC 7518 3.4) */

DEFINE_TRIVIAL_CLEANUP_FUNC(EVP_PKEY *, EVP_PKEY_free);

/* [A-Za-z0-9_-]{1,64}: a kid is looked up in a table and never becomes part of a path or of SQL. */
bool token_kid_valid(const char *kid, size_t len);

/* Parses a PEM key and refuses every curve but P-256; freed by EVP_PKEY_free.
 * Errors: INVALID_ARGUMENT field_invalid. */
_must_check_ enum status token_key_parse_public(const char *pem, EVP_PKEY **ret,
						struct error *reterr);
_must_check_ enum status token_key_parse_private(const char *pem, EVP_PKEY **ret,
						 struct error *reterr);

#endif
