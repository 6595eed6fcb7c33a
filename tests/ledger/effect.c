#include "tests/ledger/effect.h"

#include "credits/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

#include <ctype.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSIST_US (60 * US_PER_S)
#define PAUSE_US 2000
#define CALL_MS 10000
#define ADMINISTRATOR "0190a000-0000-7000-8000-0000000000ad"

const char *effect_name(enum effect_kind kind)
{
	static const char *const names[EFFECT_KINDS] = {
		[EFFECT_HOLD] = "hold",
		[EFFECT_SETTLE] = "settle",
		[EFFECT_VOID] = "void",
		[EFFECT_PURCHASE] = "purchase",
		[EFFECT_REFUND] = "refund",
		[EFFECT_CHARGEBACK] = "chargeback",
		[EFFECT_ADJUSTMENT] = "adjustment",
		[EFFECT_REVERSAL] = "reversal",
		[EFFECT_VOUCHER] = "voucher",
		[EFFECT_GRANT] = "grant",
		[EFFECT_PLAN_HOLD] = "hold of a plan",
	};

	return names[kind];
}

/* The request of any kind, and its method. */
union request {
	ProtobufCMessage base;
	Credits__V1__HoldRequest hold;
	Credits__V1__SettleRequest settle;
	Credits__V1__VoidRequest release;
	Credits__V1__BookPaymentRequest book;
	Credits__V1__AdjustCreditsRequest adjust;
	Credits__V1__ReversePaymentRequest reverse;
	Credits__V1__RedeemVoucherRequest redeem;
	Credits__V1__GrantPlanRequest grant;
};

void effect_code(const struct effect *e, char out[EFFECT_CODE_SIZE])
{
	size_t n = 0;

	for (const char *p = e->id; *p; p++)
		if (*p != '-')
			out[n++] = (char)toupper((unsigned char)*p);
	out[n] = '\0';
}

static const struct rpc_method *fill_hold(const struct effect *e, union request *req,
					  Google__Protobuf__Timestamp *expire)
{
	static char *plans[] = {EFFECT_PLAN};

	credits__v1__hold_request__init(&req->hold);
	google__protobuf__timestamp__init(expire);
	/* No part of the terms: a copy may have a later one. */
	expire->seconds = clock_wall_us() / US_PER_S + 3600;
	req->hold.hold_id = (char *)e->id;
	req->hold.user_id = (char *)e->user;
	req->hold.amount_microcredits = e->amount_microcredits;
	req->hold.expire_time = expire;
	req->hold.reference = "effect";
	req->hold.model = "m";
	req->hold.plans = plans;
	req->hold.n_plans = e->kind == EFFECT_PLAN_HOLD ? 1 : 0;
	return &credits_v1_hold_method;
}

static const struct rpc_method *fill_grant(const struct effect *e, union request *req,
					   Google__Protobuf__Timestamp *expire)
{
	credits__v1__grant_plan_request__init(&req->grant);
	google__protobuf__timestamp__init(expire);
	expire->seconds = 4000000000;
	req->grant.transfer_id = (char *)e->id;
	req->grant.user_id = (char *)e->user;
	req->grant.plan = EFFECT_PLAN;
	req->grant.source = "effect";
	req->grant.amount_microcredits = e->amount_microcredits;
	req->grant.expire_time = expire;
	req->grant.reference = "effect";
	return &credits_v1_grant_plan_method;
}

static const struct rpc_method *fill_booking(const struct effect *e, union request *req)
{
	static const Credits__V1__Transaction__Kind kinds[EFFECT_KINDS] = {
		[EFFECT_PURCHASE] = CREDITS__V1__TRANSACTION__KIND__PURCHASE,
		[EFFECT_REFUND] = CREDITS__V1__TRANSACTION__KIND__REFUND,
		[EFFECT_CHARGEBACK] = CREDITS__V1__TRANSACTION__KIND__CHARGEBACK,
	};

	credits__v1__book_payment_request__init(&req->book);
	req->book.transfer_id = (char *)e->id;
	req->book.user_id = (char *)e->user;
	req->book.kind = kinds[e->kind];
	req->book.amount_microcredits = e->amount_microcredits;
	req->book.reference = "effect";
	return &credits_v1_book_payment_method;
}

static const struct rpc_method *fill(const struct effect *e, union request *req,
				     Google__Protobuf__Timestamp *expire,
				     char code[EFFECT_CODE_SIZE])
{
	switch (e->kind) {
	case EFFECT_HOLD:
	case EFFECT_PLAN_HOLD:
		return fill_hold(e, req, expire);
	case EFFECT_SETTLE:
		credits__v1__settle_request__init(&req->settle);
		req->settle.settle_id = (char *)e->id;
		req->settle.hold_id = (char *)e->hold;
		req->settle.amount_microcredits = e->amount_microcredits;
		req->settle.price_version = "m:1";
		return &credits_v1_settle_method;
	case EFFECT_VOID:
		credits__v1__void_request__init(&req->release);
		req->release.void_id = (char *)e->id;
		req->release.hold_id = (char *)e->hold;
		return &credits_v1_void_hold_method;
	case EFFECT_ADJUSTMENT:
		credits__v1__adjust_credits_request__init(&req->adjust);
		req->adjust.id = (char *)e->id;
		req->adjust.user = (char *)e->user;
		req->adjust.amount_microcredits = e->amount_microcredits;
		req->adjust.reason = "effect";
		return &credits_v1_adjust_credits_method;
	case EFFECT_REVERSAL:
		credits__v1__reverse_payment_request__init(&req->reverse);
		req->reverse.transfer_id = (char *)e->id;
		req->reverse.reverses_id = (char *)e->hold;
		req->reverse.reference = "effect";
		return &credits_v1_reverse_payment_method;
	case EFFECT_VOUCHER:
		credits__v1__redeem_voucher_request__init(&req->redeem);
		effect_code(e, code);
		req->redeem.code = code;
		return &credits_v1_redeem_voucher_method;
	case EFFECT_GRANT:
		return fill_grant(e, req, expire);
	case EFFECT_PURCHASE:
	case EFFECT_REFUND:
	case EFFECT_CHARGEBACK:
		break;
	}
	return fill_booking(e, req);
}

static void send_for(struct rpc_channel *channel, const struct effect *e,
		     struct rpc_call_options options, rpc_reply_fn *reply, void *ctx)
{
	Google__Protobuf__Timestamp expire;
	struct rpc_context context = {.subject = {.admin = true}};
	union request req;
	char code[EFFECT_CODE_SIZE];
	const struct rpc_method *method = fill(e, &req, &expire, code);

	options.parent = &context;
	if (e->kind == EFFECT_ADJUSTMENT)
		snprintf(context.subject.user_id, UUID_SIZE, "%s", ADMINISTRATOR);
	if (e->kind == EFFECT_VOUCHER)
		snprintf(context.subject.user_id, UUID_SIZE, "%s", e->user);
	rpc_call_async(channel, method, &options, &req.base, reply, ctx);
}

void effect_send(struct rpc_channel *channel, const struct effect *effect, uint32_t timeout_ms,
		 rpc_reply_fn *reply, void *ctx)
{
	send_for(channel, effect,
		 (struct rpc_call_options){.timeout_ms = timeout_ms, .wait_for_ready = true}, reply,
		 ctx);
}

struct answer {
	sem_t came;
	enum status status;
	struct error err;
};

static void on_reply(void *ctx, enum status status, _unused_ const ProtobufCMessage *resp,
		     const struct error *err)
{
	struct answer *answer = ctx;

	answer->status = status;
	if (status != OK)
		answer->err = *err;
	sem_post(&answer->came);
}

enum status effect_call(struct rpc_channel *channel, const struct effect *effect,
			struct error *reterr)
{
	struct answer answer = {0};

	ensure(sem_init(&answer.came, 0, 0) == 0);
	send_for(channel, effect, (struct rpc_call_options){.timeout_ms = CALL_MS}, on_reply,
		 &answer);
	while (sem_wait(&answer.came) != 0)
		;
	sem_destroy(&answer.came);
	*reterr = answer.err;
	return answer.status;
}

bool effect_is_final(enum status s)
{
	return s != UNAVAILABLE && s != DEADLINE_EXCEEDED && s != ABORTED &&
	       s != RESOURCE_EXHAUSTED && s != INTERNAL && s != CANCELLED && s != UNKNOWN;
}

enum status effect_insist(struct rpc_channel *channel, const struct effect *effect,
			  struct error *reterr)
{
	int64_t end_us = clock_mono_us() + INSIST_US;

	while (clock_mono_us() < end_us) {
		enum status s = effect_call(channel, effect, reterr);

		if (effect_is_final(s))
			return s;
		usleep(PAUSE_US);
	}
	fprintf(stderr, "%s %s: no answer: %s %s\n", effect_name(effect->kind), effect->id,
		reterr->reason, reterr->message);
	exit(1);
}
