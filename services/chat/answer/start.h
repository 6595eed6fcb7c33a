/* One request that is to become a generation: what start.c and store.c share. */
#ifndef CHAT_GENERATION_START_H
#define CHAT_GENERATION_START_H

#include "chat/answer/internal.h"

#include <openssl/sha.h>

#define IDEMPOTENCY_KEY_SIZE 300

/* The request is looked up, then the balance is looked at, then it is stored: two jobs in one. */
struct start_job {
	struct job job;
	struct watch *watch;
	struct arena *arena;
	char key[IDEMPOTENCY_KEY_SIZE];
	uint8_t hash[SHA256_DIGEST_LENGTH];
	bool existing; /* the key's generation is watched instead */
	char existing_id[UUID_SIZE];
	int64_t floor_microcredits;    /* what it will cost to hold at least */
	struct generation *generation; /* that was started */
};

/* Step 1 of the generation (db_tx): start->generation. errors: those of db, NOT_FOUND,
 * MODEL_UNKNOWN, PARENT_UNKNOWN, CONTEXT_TOO_LONG, GENERATION_RUNNING, and what is full. */
_must_check_ enum status store_tx(struct db *db, void *start_job, struct error *reterr);
void store_context(const struct start_job *start, struct generation *generation);

#endif
