/* Secrets of providers' keys: sealed in rows, and named by a keyed hash, on which all replicas
 * agree. */
#ifndef CHAT_KEY_VAULT_H
#define CHAT_KEY_VAULT_H

#include "chat/chat.h"
#include "chat/provider/provider.h"
#include "runtime/base/seal.h"

#define VAULT_SALT_SIZE 32
#define HINT_SIZE 5

/* Never changes once it is made. Any thread. */
struct vault {
	struct seal_key master, previous;
	bool has_master, has_previous;
	uint8_t salt[VAULT_SALT_SIZE];
};

/* errors: INVALID_ARGUMENT config_invalid (a master key is shorter than 32 bytes), those of db. */
_must_check_ enum status vault_init(struct vault *vault, const struct chat_conf *conf,
				    struct db *db, struct error *reterr);
/* The id of the row of a key. */
void vault_id(const struct vault *vault, const char *provider, const char *secret,
	      char out[UUID_SIZE]);
/* The last four characters; "" for a secret that is not much longer. */
void vault_hint(const char *secret, char out[HINT_SIZE]);
/* The secret as a parameter of bytea, sealed by the first master key. */
const char *vault_seal(const struct vault *vault, struct arena *arena, const char *provider,
		       const char *id, const char *secret);
/* Opens a row of provider_key_open. *ret is in arena: the caller wipes it. errors:
 * FAILED_PRECONDITION master_key_missing (another key sealed it), DATA_LOSS internal_error. */
_must_check_ enum status vault_open(const struct vault *vault, struct arena *arena,
				    const PGresult *rows, int row, char **ret,
				    struct error *reterr);
/* Seals anew what the previous master key sealed. A job. */
enum status vault_reseal(struct db *db, void *vault, struct error *reterr);

#endif
