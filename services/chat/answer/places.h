/* Places for generations in this process. The last ones are for users who have none. */
#ifndef CHAT_ANSWER_PLACES_H
#define CHAT_ANSWER_PLACES_H

#include "chat/answer/engine.h"

/* The kind of place. Chats and programs do not take each other's places. */
enum places_of {
	PLACES_OF_CHATS,
	PLACES_OF_CALLS,
	PLACES_OF_N,
};

/* A request begins, until places_end. errors: GENERATIONS_FULL (too many at once of this user). */
_must_check_ enum status places_begin(struct engine *engine, enum places_of of, const char *user_id,
				      struct error *reterr);
void places_end(struct engine *engine, enum places_of of, const char *user_id);
/* Whether it may become a generation. errors: GENERATIONS_FULL, OVERLOADED. */
_must_check_ enum status places_take(struct engine *engine, const char *user_id,
				     struct error *reterr);
/* A generation of the user runs here, until places_rest. */
void places_run(struct engine *engine, const char *user_id);
void places_rest(struct engine *engine, const char *user_id);
/* Bodies and vectors of programs in this process, until places_give. Nothing for 0 bytes.
 * errors: BODIES_FULL (of this user), OVERLOADED. */
_must_check_ enum status places_weigh(struct engine *engine, const char *user_id, int64_t bytes,
				      struct error *reterr);
void places_give(struct engine *engine, const char *user_id, int64_t bytes);
/* GENERATIONS_FULL. */
enum status places_refuse(const struct engine *engine, enum places_of of, struct error *reterr);

#endif
