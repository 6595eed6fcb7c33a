/* Who pays for an answer, by how it ended: one table. */
#ifndef CHAT_ANSWER_CHARGE_H
#define CHAT_ANSWER_CHARGE_H

#include "chat/v1/rpc.h"

enum charge_end {
	CHARGE_WHOLE,         /* the model said all */
	CHARGE_LIMITED,       /* … up to the length that was asked for */
	CHARGE_FILTERED,      /* the filter cut it after some text */
	CHARGE_PARTIAL,       /* the provider failed after some text */
	CHARGE_STOPPED,       /* the user stopped it after its first text */
	CHARGE_STOPPED_EARLY, /* … before it */
	CHARGE_FAILED,        /* the provider failed before any text */
	CHARGE_WORTHLESS,     /* it came without text: refusal, thoughts, tool, all filtered */
	CHARGE_LOST,          /* its process died; the next attempt has a row of its own */
	CHARGE_ENDS,
};

struct charge_facts {
	Chat__V1__Generation__State state;
	Chat__V1__StopReason stop;
	bool written;   /* by this attempt */
	bool worthless; /* the table of ending.c says that nobody pays for it */
	bool lost;
};

struct charge_rule {
	const char *name;
	bool paid; /* the message in full and the metered tokens, never more than was held */
};

extern const struct charge_rule charge_rules[CHARGE_ENDS];

enum charge_end charge_end(const struct charge_facts *facts);

/* What of a cost is charged: all that was held covers, and the platform bears the rest. */
static inline int64_t charge_bounded(int64_t cost, int64_t held)
{
	return cost < held ? cost : held;
}

#endif
