#include "chat/answer/hold.h"

#include "chat/answer/attempt.h"
#include "chat/answer/purse.h"
#include "chat/answer/wait.h"
#include "chat/catalogue/groups.h"
#include "credits/v1/rpc.h"
#include "runtime/base/ensure.h"

/* An answer of credits on its way to the engine thread. */
struct reply {
	struct generation *generation;
	void (*take)(struct generation *generation, enum status status, const struct error *err);
	enum status status;
	struct error err;
	int64_t available_microcredits; /* after a hold */
};

static void take_hold(struct generation *generation, enum status status, const struct error *err);

static void remember(const struct reply *reply)
{
	const struct generation *generation = reply->generation;

	if (reply->status == OK)
		purse_note(generation->engine, generation->log->facts.user_id,
			   generation->hold_microcredits, reply->available_microcredits);
	else
		purse_forget(generation->engine, generation->log->facts.user_id);
}

static void reply_posted(void *ctx)
{
	struct reply *reply = ctx;
	struct generation *generation = reply->generation;
	struct engine *engine = generation->engine;

	if (reply->take == take_hold)
		remember(reply);
	if (generation->stage == STAGE_HOLD)
		reply->take(generation, reply->status, &reply->err);
	generation_unref(generation);
	free(reply);
	engine_rest(engine);
}

static void on_reply(void *ctx, enum status status, const ProtobufCMessage *resp,
		     const struct error *err)
{
	struct reply *reply = ctx;

	reply->status = status;
	if (status == OK && reply->take == take_hold)
		reply->available_microcredits =
			((const Credits__V1__HoldResponse *)resp)->available_microcredits;
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
	engine_busy(generation->engine);
	return reply;
}

static void accept(struct generation *generation)
{
	generation->log->facts.accepted = true;
	if (generation->cancel) {
		generation_end_cancelled(generation);
		return;
	}
	generation_changed(generation);
	generation_advance(generation, STAGE_TRY);
}

/* When credits gave no answer the hold may exist: it is voided at the end. */
static void take_hold(struct generation *generation, enum status status, const struct error *err)
{
	struct error own;

	generation->held = status != FAILED_PRECONDITION;
	if (status == OK) {
		accept(generation);
		return;
	}
	own.code = attempt_error(err, &own);
	if (!generation->background)
		generation_end_refused(generation, &own);
	else if (own.code == UNAVAILABLE || own.code == DEADLINE_EXCEEDED)
		wait_or_fail(generation, &own, 0);
	else
		generation_end(generation, CHAT__V1__GENERATION__STATE__FAILED, 0, &own);
}

static void hold_now(struct generation *generation)
{
	struct facts *facts = &generation->log->facts;
	struct rpc_call_options options = {.parent = &generation->context};
	Google__Protobuf__Timestamp expire;
	Credits__V1__HoldRequest req = CREDITS__V1__HOLD_REQUEST__INIT;
	char id[UUID_SIZE], *budgets[GENERATION_BUDGETS_MAX], *plans[GROUP_PLANS_MAX];
	struct plan_list paying;

	attempt_id(facts->id, facts->attempt, &CREDITS_V1_ID_HOLD, id);
	attempt_expire(generation->engine->conf, generation->lease_us, &expire);
	req.hold_id = id;
	req.user_id = facts->user_id;
	req.amount_microcredits = generation->hold_microcredits;
	req.expire_time = &expire;
	req.reference = facts->id;
	req.model = facts->model;
	for (size_t i = 0; i < generation->n_budgets; i++)
		budgets[i] = generation->budgets[i];
	req.budget_ids = budgets;
	req.n_budget_ids = generation->n_budgets;
	model_plans(generation->engine->options.groups, facts->model, &paying);
	for (size_t i = 0; i < paying.n; i++)
		plans[i] = paying.ids[i];
	req.plans = plans;
	req.n_plans = paying.n;
	credits_v1_hold_async(generation->engine->options.credits, &options, &req, on_reply,
			      reply_new(generation, take_hold));
}

static void take_void(struct generation *generation, _unused_ enum status status,
		      _unused_ const struct error *err)
{
	/* A refusal is as good as an answer: there may have been nothing to void. */
	if (generation->doom.code != OK)
		generation_end(generation, CHAT__V1__GENERATION__STATE__FAILED, 0,
			       &generation->doom);
	else
		hold_now(generation);
}

/* Until it expires the hold of a lost attempt counts against the user. It may be all that the user
 * has. */
static void void_former(struct generation *generation)
{
	struct rpc_call_options options = {.parent = &generation->context};
	Credits__V1__VoidRequest req = CREDITS__V1__VOID_REQUEST__INIT;
	const struct facts *facts = &generation->log->facts;
	char id[UUID_SIZE], hold_id[UUID_SIZE];

	attempt_id(facts->id, facts->attempt - 1, &CREDITS_V1_ID_VOID, id);
	attempt_id(facts->id, facts->attempt - 1, &CREDITS_V1_ID_HOLD, hold_id);
	req.void_id = id;
	req.hold_id = hold_id;
	credits_v1_void_hold_async(generation->engine->options.credits, &options, &req, on_reply,
				   reply_new(generation, take_void));
}

/* A program left before anything began. Its repeat may run elsewhere, so nothing of it stays. */
static void withdraw(struct generation *generation)
{
	struct error err;

	err.code = error_set(&err, CANCELLED, "call_cancelled", "the caller is gone");
	generation_end_refused(generation, &err);
}

void hold_begin(struct generation *generation)
{
	if (generation_is_call(generation) && generation->cancel &&
	    generation->log->facts.attempt == 1)
		withdraw(generation);
	else if (generation->background && generation->cancel)
		generation_end_cancelled(generation);
	else if (generation->hold_microcredits == 0 && generation->doom.code == OK)
		accept(generation);
	else if (generation->log->facts.attempt > 1)
		void_former(generation);
	else if (generation->doom.code != OK && !generation->background)
		generation_end_refused(generation, &generation->doom);
	else if (generation->doom.code != OK)
		generation_end(generation, CHAT__V1__GENERATION__STATE__FAILED, 0,
			       &generation->doom);
	else
		hold_now(generation);
}
