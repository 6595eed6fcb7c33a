/* An attempt's words to credits: the names of its hold and of the hold's end, how long it holds,
 * and what a refusal means. */
#ifndef CHAT_ANSWER_ATTEMPT_H
#define CHAT_ANSWER_ATTEMPT_H

#include "chat/chat.h"

/* uuidv5(name_space, "generation:attempt"). */
void attempt_id(const char *generation, int32_t attempt, const struct uuid *name_space,
		char out[UUID_SIZE]);
/* expire_time of a hold: the lease and a margin. */
void attempt_expire(const struct chat_conf *conf, int64_t lease_us,
		    Google__Protobuf__Timestamp *ret);
/* The error that a user sees when credits refuses or does not answer. */
enum status attempt_error(const struct error *err, struct error *reterr);

#endif
