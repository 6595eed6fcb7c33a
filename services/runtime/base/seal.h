/* Secrets at rest: AES-256-GCM under a key derived (HKDF-SHA256, RFC 5869) from a secret of the
 * configuration or of a token. A sealed text says neither what it is nor under which key; its row
 * keeps the key's id, so that a new key can take over while the old one still opens. Any thread. */
#ifndef RUNTIME_BASE_SEAL_H
#define RUNTIME_BASE_SEAL_H

#include "runtime/base/arena.h"

#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY_ID_SIZE 17 /* 16 hex digits and the NUL */
#define SEAL_OVERHEAD 28    /* bytes that sealing adds: nonce and tag */

struct seal_key {
	char id[SEAL_KEY_ID_SIZE]; /* of the key's hash: tells keys apart and betrays nothing */
	uint8_t bytes[32];
};

/* purpose: one text for each use of the secret, so that the uses have unrelated keys. The secret
 * must have the entropy of a key (32 random bytes, or their text); no password. */
void seal_key_derive(const void *secret, size_t len, const char *purpose, struct seal_key *ret);

/* Seals and opens len bytes. context: what the text belongs to (table and id of its row, say); a
 * text sealed for another does not open. In the arena. NULL: the arena is exhausted, or when
 * opening: another key, another context, or changed bytes. */
uint8_t *seal(const struct seal_key *key, const char *context, const void *plain, size_t len,
	      struct arena *arena, size_t *ret_len);
uint8_t *unseal(const struct seal_key *key, const char *context, const void *sealed, size_t len,
		struct arena *arena, size_t *ret_len);

#endif
