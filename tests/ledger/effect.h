/* One change of the ledger, as a service asks for it over RPC. A test can send it, send it again
 * and send it bent. */
#ifndef TESTS_LEDGER_EFFECT_H
#define TESTS_LEDGER_EFFECT_H

#include "runtime/rpc/rpc.h"

enum effect_kind {
	EFFECT_HOLD,
	EFFECT_SETTLE,
	EFFECT_VOID,
	EFFECT_PURCHASE,
	EFFECT_REFUND,
	EFFECT_CHARGEBACK,
	EFFECT_ADJUSTMENT,
	EFFECT_REVERSAL,  /* of a chargeback */
	EFFECT_VOUCHER,   /* its code is made of the id: effect_code */
	EFFECT_GRANT,     /* of EFFECT_PLAN */
	EFFECT_PLAN_HOLD, /* that EFFECT_PLAN may pay for */
};
#define EFFECT_KINDS (EFFECT_PLAN_HOLD + 1)
#define EFFECT_PLAN "pro"

struct effect {
	enum effect_kind kind;
	char id[UUID_SIZE];
	char user[UUID_SIZE];
	char hold[UUID_SIZE]; /* that a settle or void ends; the chargeback of a reversal */
	int64_t amount_microcredits;
};

const char *effect_name(enum effect_kind kind);

#define EFFECT_CODE_SIZE 33
/* The code of a voucher that this effect redeems: the id in capital letters, without dashes. */
void effect_code(const struct effect *effect, char out[EFFECT_CODE_SIZE]);

/* Asks for it once there is a connection. reply is called once, on a callback thread. timeout_ms:
 * how long to wait for the answer; 0: as the method says. The arguments may go when this
 * returns. */
void effect_send(struct rpc_channel *channel, const struct effect *effect, uint32_t timeout_ms,
		 rpc_reply_fn *reply, void *ctx);

/* Asks and waits for the answer, ten seconds at most. */
_must_check_ enum status effect_call(struct rpc_channel *channel, const struct effect *effect,
				     struct error *reterr);

/* True for an answer after which an outbox does not ask again. */
bool effect_is_final(enum status status);

/* Asks again and again until the answer is final, as an outbox does; ends the program when none
 * comes in a minute. */
_must_check_ enum status effect_insist(struct rpc_channel *channel, const struct effect *effect,
				       struct error *reterr);

#endif
