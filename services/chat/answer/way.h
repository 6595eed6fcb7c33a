/* The way of the next try: a route of the model, and a key of its provider. */
#ifndef CHAT_ANSWER_WAY_H
#define CHAT_ANSWER_WAY_H

#include "chat/answer/generation.h"

/* The next step, in the stage TRY and not cancelled. */
struct way_hooks {
	/* generation->try.pick is the way. */
	void (*found)(struct generation *generation);
	/* None is free before wait_us. INT64_MAX: none will be. */
	void (*none)(struct generation *generation, int64_t wait_us);
	/* The database did not say which key is free. */
	void (*unknown)(struct generation *generation, const struct error *err);
};

/* Calls one of the hooks: at once, or later when a key must be taken in its row. The hooks live as
 * long as the process. */
void way_find(struct generation *generation, const struct way_hooks *hooks);

/* Takes note of how the try ended; fault NULL: well. By it the key rests, here and in all other
 * replicas. */
void way_report(struct generation *generation, const struct provider_fault *fault);

#endif
