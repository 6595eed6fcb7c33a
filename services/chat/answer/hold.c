/* Steps 2 and 3 of a generation: credits holds its price, or refuses. */
#include "chat/answer/internal.h"
#include "credits/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <inttypes.h>
#include <stdio.h>

/* An answer of credits on its way to the engine thread. */
struct reply {
	struct generation *generation;
	void (*take)(struct generation *generation, enum status status, const struct error *err);
	enum status status;
	struct error err;
};

void attempt_id(const struct generation *generation, const struct uuid *name_space, int32_t attempt,
		char out[UUID_SIZE])
{
	char name[UUID_SIZE + 16];

	snprintf(name, sizeof name, "%s:%" PRId32, generation->log->facts.id, attempt);
	uuid_v5(name_space, name, out);
}

void hold_expire(const struct engine *engine, int64_t lease_us, Google__Protobuf__Timestamp *ret)
{
	int64_t expire_us = lease_us + engine->conf->hold_margin_ms * US_PER_MS;

	google__protobuf__timestamp__init(ret);
	ret->seconds = expire_us / US_PER_S;
	ret->nanos = (int32_t)(expire_us % US_PER_S) * 1000;
}

static void reply_posted(void *ctx)
{
	struct reply *reply = ctx;
	struct generation *generation = reply->generation;
	struct engine *engine = generation->engine;

	engine->n_calls--;
	if (generation->stage == STAGE_HOLD)
		reply->take(generation, reply->status, &reply->err);
	generation_unref(generation);
	free(reply);
	engine_rest(engine);
}

static void on_reply(void *ctx, enum status status, _unused_ const ProtobufCMessage *resp,
		     const struct error *err)
{
	struct reply *reply = ctx;

	reply->status = status;
	if (status != OK)
		reply->err = *err;
	engine_post(reply->generation->engine, reply_posted, reply);
}

static struct reply *reply_new(struct generation *generation,
			       void (*take)(struct generation *generation, enum status status,
					    const struct error *err))
{
	struct reply *reply = calloc(1, sizeof *reply);

	ensure(reply);
	reply->generation = generation_ref(generation);
	reply->take = take;
	generation->engine->n_calls++;
	return reply;
}

static void accept(struct generation *generation)
{
	generation->log->facts.accepted = true;
	if (generation->cancel) {
		finish(generation, CHAT__V1__GENERATION__STATE__CANCELLED,
		       CHAT__V1__STOP_REASON__CANCELLED, NULL);
		return;
	}
	watch_pump_all(generation);
	try_begin(generation);
}

enum status hold_error(const struct error *err, struct error *reterr)
{
	switch (err->code) {
	case FAILED_PRECONDITION:
		*reterr = *err;
		return err->code;
	case CANCELLED:
	case UNKNOWN:
	case DEADLINE_EXCEEDED:
	case RESOURCE_EXHAUSTED:
	case ABORTED:
	case UNAVAILABLE:
		return error_set(reterr, UNAVAILABLE, "service_unavailable",
				 "the price cannot be held at the moment");
	default:
		log_error("hold_refused", LOG_S("reason", err->reason),
			  LOG_S("message", err->message));
		return error_set(reterr, INTERNAL, "internal_error", "the price cannot be held");
	}
}

/* Credits said no, or nothing: then the hold may exist, and is voided at the end. */
static void take_hold(struct generation *generation, enum status status, const struct error *err)
{
	struct error own;

	generation->held = status != FAILED_PRECONDITION;
	if (status == OK) {
		accept(generation);
		return;
	}
	own.code = hold_error(err, &own);
	finish_refused(generation, &own);
}

static void hold_now(struct generation *generation)
{
	struct facts *facts = &generation->log->facts;
	struct rpc_call_options options = {.parent = &generation->context};
	Google__Protobuf__Timestamp expire;
	Credits__V1__HoldRequest req = CREDITS__V1__HOLD_REQUEST__INIT;
	char id[UUID_SIZE];

	attempt_id(generation, &CREDITS_V1_ID_HOLD, facts->attempt, id);
	hold_expire(generation->engine, generation->lease_us, &expire);
	req.hold_id = id;
	req.user_id = facts->user_id;
	req.amount_microcredits = generation->hold_microcredits;
	req.expire_time = &expire;
	req.reference = facts->id;
	req.model = facts->model;
	credits_v1_hold_async(generation->engine->options.credits, &options, &req, on_reply,
			      reply_new(generation, take_hold));
}

static void take_void(struct generation *generation, _unused_ enum status status,
		      _unused_ const struct error *err)
{
	/* Whatever came: there may have been nothing to void. */
	if (generation->doom.code != OK)
		finish(generation, CHAT__V1__GENERATION__STATE__FAILED, 0, &generation->doom);
	else
		hold_now(generation);
}

/* The hold of an attempt that was lost would count against the user until it expires, and may be
 * all that the user has. */
static void void_former(struct generation *generation)
{
	struct rpc_call_options options = {.parent = &generation->context};
	Credits__V1__VoidRequest req = CREDITS__V1__VOID_REQUEST__INIT;
	int32_t former = generation->log->facts.attempt - 1;
	char id[UUID_SIZE], hold_id[UUID_SIZE];

	attempt_id(generation, &CREDITS_V1_ID_VOID, former, id);
	attempt_id(generation, &CREDITS_V1_ID_HOLD, former, hold_id);
	req.void_id = id;
	req.hold_id = hold_id;
	credits_v1_void_hold_async(generation->engine->options.credits, &options, &req, on_reply,
				   reply_new(generation, take_void));
}

void hold_begin(struct generation *generation)
{
	generation->stage = STAGE_HOLD;
	if (generation->hold_microcredits == 0 && generation->doom.code == OK)
		accept(generation);
	else if (generation->log->facts.attempt > 1)
		void_former(generation);
	else
		hold_now(generation);
}
