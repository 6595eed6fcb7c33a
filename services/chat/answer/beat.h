/* This replica's sign of life, and the figures of the queue. */
#ifndef CHAT_ANSWER_BEAT_H
#define CHAT_ANSWER_BEAT_H

#include "chat/answer/engine.h"

#define BEAT_MS 5000

/* On a thread of the crew. running: answers here. */
_must_check_ enum status beat_run(struct crew_member *member, const struct engine *engine,
				  int64_t running, struct error *reterr);

#endif
