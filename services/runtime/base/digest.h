/* SHA-256 and SHA-1 of texts. OpenSSL looks for its algorithm by name at each one-shot call,
 * which costs more than the hash; here that happens once. */
#ifndef RUNTIME_BASE_DIGEST_H
#define RUNTIME_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SHA256_SIZE 32
#define DIGEST_SHA1_SIZE 20

void digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_SHA256_SIZE]);
/* Of head and rest in a row. For names only, as in UUIDs: SHA-1 proves nothing. */
void digest_sha1(const void *head, size_t head_len, const void *rest, size_t rest_len,
		 uint8_t out[DIGEST_SHA1_SIZE]);

#endif
