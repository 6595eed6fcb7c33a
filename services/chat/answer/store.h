/* Step 1: one transaction stores the user's message, the empty answer and the generation, within
 * the limits of siblings, messages, bytes and generations. */
#ifndef CHAT_ANSWER_STORE_H
#define CHAT_ANSWER_STORE_H

#include "chat/answer/generation.h"

#include <openssl/sha.h>

#define IDEMPOTENCY_KEY_SIZE 300

/* A request that is to become a generation. */
struct request {
	struct engine *engine;
	const Chat__V1__GenerateRequest *req;
	const char *user_id;
	const struct rpc_context *context; /* of the call */
	struct arena *arena;
	char key[IDEMPOTENCY_KEY_SIZE];
	uint8_t hash[SHA256_DIGEST_LENGTH];
	bool direct;   /* it is stored without a look for the key or at the balance */
	bool existing; /* the key's generation is watched instead */
	char existing_id[UUID_SIZE];
	struct generation *generation; /* that was started */
};

/* Sets key and hash. The key is the client's, or the request's own id.
 * errors: RESOURCE_EXHAUSTED call_too_large. */
_must_check_ enum status store_key(struct request *request, struct error *reterr);
/* Looks the key up. *ret_found: existing and its id are set, and the same request begins anew when
 * the failure was ours.
 * errors: those of db, IDEMPOTENCY_KEY_REUSED, and of prompt_read. */
_must_check_ enum status store_find(struct crew_member *member, struct request *request,
				    bool *ret_found, struct error *reterr);
/* Sets request->generation, or finds it as store_find does. errors: those of db, NOT_FOUND, MODEL_UNKNOWN,
 * PARENT_UNKNOWN, CONTEXT_TOO_LONG, GENERATION_RUNNING, and what is full. */
_must_check_ enum status store_send(struct crew_member *member, struct request *request,
				    struct error *reterr);

#endif
