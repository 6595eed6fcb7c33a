/* Whether a provider takes a key, asked in the cheapest way that proves it. */
#ifndef CHAT_PROVIDER_VALIDATE_H
#define CHAT_PROVIDER_VALIDATE_H

#include "chat/provider/provider.h"

#define VALIDATE_HINT_SIZE 8

struct provider_verdict {
	char hint[VALIDATE_HINT_SIZE]; /* last characters of the key; "": there is no key */
	bool ok;
	struct error why; /* unless ok: in our words */
};

/* Asks for the list of models, which a key opens. A server without a list is asked for one token of
 * this model; NULL: none is known. Blocks, for each question at most timeout_ms. */
void provider_validate(struct http_client *client, const struct provider *provider,
		       struct provider_key *key, const char *model, int64_t timeout_ms,
		       struct provider_verdict *ret);

#endif
