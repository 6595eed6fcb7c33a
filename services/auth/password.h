/* Passwords: the rules for new ones, and argon2id. A hash takes a core and its memory for long. So
 * only methods with `lane: HEAVY` make one, and their workers bound how many are made at once. */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include "runtime/base/arena.h"
#include "runtime/base/status.h"

#include <stdint.h>

#define PASSWORD_CHARACTERS_MIN 8
#define PASSWORD_CHARACTERS_MAX 128
#define PASSWORD_HASH_SIZE 128 /* bytes of an encoded hash, NUL included */

struct password_options {
	int64_t memory_bytes; /* of one hash; default 19 MiB (OWASP's minimum for 2 passes) */
	int64_t passes;       /* default 2 */
};

/* How passwords are hashed; filled by password_start. */
struct passwords {
	struct password_options options;
	char prefix[64]; /* of hashes under today's cost: "$argon2id$v=19$m=…,t=…,p=1$" */
	char nobody[PASSWORD_HASH_SIZE]; /* of a password that nobody knows, for unknown accounts */
};

/* Once, before serving. */
_must_check_ enum status
password_start(struct passwords *ret, const struct password_options *options, struct error *reterr);

/* The password as it is hashed and compared: the OpaqueString profile of RFC 8265 section 4.2
 * (other spaces become U+0020, then NFC). By it keyboards that compose characters differently make
 * the same password. Unassigned characters are taken, because versions of Unicode differ. password:
 * UTF-8. The result lives in the arena; NULL: no room. */
const char *password_prepare(struct arena *arena, const char *password);

/* Refuses a password that is too short, too long or common, is the account's own address, or has
 * control characters. password: prepared. Errors: INVALID_ARGUMENT password_weak, field_invalid,
 * field password. */
_must_check_ enum status password_check(const char *password, const char *email,
					struct error *reterr);

/* Encoded argon2id hash. Any thread. */
_must_check_ enum status password_hash(const struct passwords *passwords, const char *password,
				       char ret[PASSWORD_HASH_SIZE], struct error *reterr);

/* Whether the password is that of the encoded hash. NULL costs the same time and is never right. */
_must_check_ enum status password_verify(const struct passwords *passwords, const char *encoded,
					 const char *password, bool *ret_right,
					 struct error *reterr);

/* The hash was made under another cost than today's. */
bool password_outdated(const struct passwords *passwords, const char *encoded);

#endif
