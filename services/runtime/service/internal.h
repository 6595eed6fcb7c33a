/* Shared by the files of runtime/service. */
#ifndef RUNTIME_SERVICE_INTERNAL_H
#define RUNTIME_SERVICE_INTERNAL_H

#include "runtime/service/service.h"
#include "runtime/token/token.h"

extern const struct conf_key service_keys[];
extern const size_t service_keys_n;

/* The key that this process signs with, and the keys of its callers. Both are NULL when none are
 * configured. */
struct identity {
	struct token_signer *signer;
	struct token_verifier *verifier;
};

/* errors: INVALID_ARGUMENT naming the key of the configuration. It is also an error when every
 * caller would be believed and the configuration does not say `insecure`. */
_must_check_ enum status identity_load(const struct service_conf *conf, const char *name,
				       struct arena *arena, struct identity *ret,
				       struct error *reterr);
/* Takes the keys of conf while it runs; on an error the old ones stay. */
_must_check_ enum status identity_reload(const struct service_conf *conf, const char *name,
					 struct arena *arena, struct identity *identity,
					 struct error *reterr);
void identity_done(struct identity *identity);

#endif
