#include "chat/answer/start.h"

#include "chat/answer/attempt.h"
#include "chat/answer/prompt.h"
#include "chat/answer/purse.h"
#include "chat/answer/stage.h"
#include "chat/catalogue/groups.h"
#include "chat/catalogue/tokens.h"
#include "chat/watch/lookup.h"
#include "credits/v1/rpc.h"
#include "runtime/base/ensure.h"

#include <string.h>

#define ARENA_BYTES (4 << 20)

static enum status in_range(const char *field, const Google__Protobuf__DoubleValue *value,
			    double max, struct error *reterr)
{
	if (!value || (value->value >= 0 && value->value <= max))
		return OK;
	return error_field(reterr, INVALID_ARGUMENT, "field_invalid", field, "it must be 0 to %g",
			   max);
}

static enum status check(const Chat__V1__GenerateRequest *req, struct error *reterr)
{
	const Chat__V1__Parameters *parameters = req->parameters;
	enum status s = OK;

	if (!req->text[strspn(req->text, " \t\r\n")]) /* as turns.c sees it */
		return error_field(reterr, INVALID_ARGUMENT, "field_required", "text",
				   "the message is empty");
	if (strlen(req->text) > TEXT_BYTES_MAX)
		return error_field(reterr, INVALID_ARGUMENT, "field_too_long", "text",
				   "a message has at most %d bytes", TEXT_BYTES_MAX);
	if (req->n_attachments > 0)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "attachments",
				   "files cannot be attached yet");
	if (parameters) {
		s = in_range("parameters.temperature", parameters->temperature, 2, reterr);
		if (s == OK)
			s = in_range("parameters.top_p", parameters->top_p, 1, reterr);
		if (s == OK && parameters->max_output_tokens < 0)
			s = error_field(reterr, INVALID_ARGUMENT, "field_invalid",
					"parameters.max_output_tokens", "it must not be below 0");
	}
	return s;
}

/* ---------------------------------------------------------------- it is looked up */

/* The least that can be held for this request. Its context is not known yet. */
static enum status price_floor(struct crew_member *member, struct start *start,
			       struct error *reterr)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(start->request.engine->options.current);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const Chat__V1__GenerateRequest *req = start->request.req;
	const char *const params[] = {req->chat};
	const struct model *model;
	struct tokens *tokens = start->request.engine->options.tokens;
	int64_t counted;
	int32_t output;
	enum status s;

	s = db_query_as(member->app, start->request.user_id, &sql_generation_chat_model, params,
			&rows, reterr);
	if (s == OK && PQntuples(rows) == 0)
		s = error_set(reterr, NOT_FOUND, "not_found", "there is no such chat");
	if (s == OK)
		s = model_for(start->request.engine->options.groups, catalogue,
			      &start->request.context->subject, req->model,
			      db_peek(rows, 0, "model"), &model, reterr);
	if (s != OK)
		return s;
	output = req->parameters ? req->parameters->max_output_tokens : 0;
	if (output == 0 || output > model->max_output_tokens)
		output = model->max_output_tokens;
	counted = tokens_count(tokens, req->text, strlen(req->text)) + TOKENS_PER_MESSAGE;
	model_plans(start->request.engine->options.groups, model->id, &start->paying);
	start->floor_microcredits =
		prompt_price(model, tokens_bound(tokens, model->family, counted), output);
	return OK;
}

static enum status send_find(struct crew_member *member, struct start *start, struct error *reterr)
{
	struct request *request = &start->request;
	bool found = false;
	enum status s;

	s = check(request->req, reterr);
	if (s == OK)
		s = store_key(request, reterr);
	if (s == OK && request->direct)
		return OK; /* the store and the hold tell what these look-ups would */
	if (s == OK)
		s = store_find(member, request, &found, reterr);
	if (s != OK || found)
		return s;
	return price_floor(member, start, reterr);
}

static enum status send_store(struct crew_member *member, struct start *start, struct error *reterr)
{
	return store_send(member, &start->request, reterr);
}

static void send_free(struct start *start)
{
	free(start);
}

static void run_find(struct crew_member *member, struct work *work)
{
	struct start *start = (struct start *)work;

	work->status = start->steps->find(member, start, &work->err);
}

/* ---------------------------------------------------------------- it is stored */

static void run_store(struct crew_member *member, struct work *work)
{
	struct start *start = (struct start *)work;

	if (start->request.direct)
		run_find(member, work);
	if (work->status == OK && !start->request.existing)
		work->status = start->steps->store(member, start, &work->err);
}

/* The call keeps the body, and the generation what was read of it. */
static void share_weight(struct start *start, struct generation *generation)
{
	struct engine *engine = start->request.engine;
	struct watch *watch = start->watch;
	int64_t rest = start->weighed - start->body_bytes;

	places_give(engine, watch->user_id, watch->bytes); /* of a former start */
	watch->bytes = start->body_bytes;
	if (generation)
		generation->bytes = rest;
	else
		places_give(engine, watch->user_id, rest);
}

static enum status weigh(struct start *start, int64_t bytes, struct error *reterr)
{
	enum status s = places_weigh(start->request.engine, start->watch->user_id, bytes, reterr);

	if (s == OK)
		start->weighed += bytes;
	return s;
}

/* There is a generation, or there will be none. */
static void conclude(struct start *start)
{
	const struct work *work = &start->work;
	struct request *request = &start->request;
	struct engine *engine = request->engine;
	struct watch *watch = start->watch;
	struct generation *generation = request->generation;
	struct error err;

	places_end(engine, start->steps->places, request->user_id);
	if (generation && (work->status != OK || (request->existing && !generation->lease_token))) {
		generation_unref(generation);
		generation = NULL;
	}
	watch->starting = false;
	if (!request->existing)
		watch->lost = NULL;
	if (start->steps->begun && work->status == OK)
		start->steps->begun(start, generation);
	share_weight(start, generation);
	if (generation && !generation->lease_token) { /* it waits in the background */
		snprintf(watch->id, UUID_SIZE, "%s", generation->log->facts.id);
		generation_unref(TAKE_PTR(generation));
		engine->sweep_us = 0;
	}
	if (generation)
		watch_attach(watch, generation);
	else if (request->existing && work->status == OK)
		snprintf(watch->id, UUID_SIZE, "%s", request->existing_id);
	if (engine->stopping) {
		err.code = engine_refuse(&err);
		watch_finish(watch, UNAVAILABLE, &err);
	} else if (watch->gone) {
		watch_finish(watch, CANCELLED, NULL);
	}
	if (generation && watch->gone && generation_is_call(generation))
		generation_cancel(generation); /* as if it had never come */
	if (generation)
		stage_run(generation);
	else if (work->status != OK)
		watch_finish(watch, work->status, &work->err);
	else
		watch_look(watch);
	watch_unref(watch);
	arena_free(request->arena);
	start->steps->free(start);
}

static void stored(struct work *work)
{
	struct start *start = (struct start *)work;

	start->request.engine->n_starting--;
	conclude(start);
}

static void store_begin(struct start *start)
{
	struct engine *engine = start->request.engine;
	struct work *work = &start->work;

	if (engine->stopping)
		work->status = engine_refuse(&work->err);
	else if (start->watch->gone && start->steps->places == PLACES_OF_CALLS)
		work->status = CANCELLED; /* nobody can come back to it */
	else
		work->status = places_take(engine, start->request.user_id, &work->err);
	if (work->status == OK)
		work->status = weigh(start, start->vector_bytes, &work->err);
	if (work->status != OK) {
		conclude(start);
		return;
	}
	work->run = run_store;
	work->done = stored;
	engine->n_starting++;
	engine_submit(engine, work);
}

/* ---------------------------------------------------------------- the balance is looked at */

static void looked(void *ctx)
{
	struct start *start = ctx;
	struct engine *engine = start->request.engine;

	if (start->work.status == OK)
		store_begin(start);
	else
		conclude(start);
	engine_rest(engine);
}

static void on_look(void *ctx, enum status status, _unused_ const ProtobufCMessage *resp,
		    const struct error *err)
{
	struct start *start = ctx;

	start->work.status = status;
	if (status != OK)
		start->work.status = attempt_error(err, &start->work.err);
	engine_post(start->request.engine, looked, start);
}

/* The look costs a read. A refused hold costs a transaction there and two here. */
static void look_at_balance(struct start *start)
{
	struct engine *engine = start->request.engine;
	struct rpc_call_options options = {.parent = start->request.context};
	Credits__V1__CheckHoldRequest req = CREDITS__V1__CHECK_HOLD_REQUEST__INIT;
	char *plans[GROUP_PLANS_MAX];

	for (size_t i = 0; i < start->paying.n; i++)
		plans[i] = start->paying.ids[i];
	req.plans = plans;
	req.n_plans = start->paying.n;
	req.user_id = (char *)start->request.user_id;
	req.amount_microcredits = start->floor_microcredits;
	engine_busy(engine);
	credits_v1_check_hold_async(engine->options.credits, &options, &req, on_look, start);
}

static void found(struct work *work)
{
	struct start *start = (struct start *)work;

	if (work->status != OK || start->request.existing)
		conclude(start);
	else if (start->floor_microcredits == 0)
		store_begin(start);
	else
		look_at_balance(start);
}

/* ---------------------------------------------------------------- a call */

void start_run(struct start *start, struct watch *watch, const struct start_steps *steps)
{
	struct engine *engine = watch->engine;
	struct error err;

	start->watch = watch;
	start->request.engine = engine;
	err.code = engine->draining ? engine_refuse(&err)
				    : places_begin(engine, steps->places, watch->user_id, &err);
	if (err.code == OK) {
		err.code = weigh(start, 2 * start->body_bytes, &err);
		if (err.code != OK)
			places_end(engine, steps->places, watch->user_id);
	}
	if (err.code != OK) {
		watch_finish(watch, err.code, &err);
		steps->free(start);
		return;
	}
	start->steps = steps;
	start->work.run = run_find;
	start->work.done = found;
	start->work.user_id = watch->user_id;
	watch_ref(watch);
	start->request.user_id = watch->user_id;
	start->request.context = &watch->call->ctx;
	start->request.arena = arena_new(4096, ARENA_BYTES);
	start->request.direct = purse_full(engine, watch->user_id) &&
				places_take(engine, watch->user_id, &err) == OK;
	watch->starting = true;
	if (start->request.direct) /* nobody looks at the balance in between */
		store_begin(start);
	else
		engine_submit(engine, &start->work);
}

static const struct start_steps send_steps = {
	.find = send_find,
	.store = send_store,
	.free = send_free,
	.places = PLACES_OF_CHATS,
};

static void begin(struct watch *watch)
{
	struct start *start = calloc(1, sizeof *start);

	ensure(start);
	start->request.req = (const Chat__V1__GenerateRequest *)watch->req;
	start_run(start, watch, &send_steps);
}

static void begin_posted(void *ctx)
{
	struct watch *watch = ctx;

	watch_enter(watch);
	watch->lost(watch);
}

void start_call(struct watch *watch, const ProtobufCMessage *req,
		void (*begin_call)(struct watch *watch))
{
	watch->req = req;
	watch->lost = begin_call;
	engine_post(watch->engine, begin_posted, watch);
}

void start_begin(struct engine *engine, struct rpc_call *call, const Chat__V1__GenerateRequest *req)
{
	bool stream = call->method->kind == RPC_SERVER_STREAM;
	struct watch *watch =
		watch_new(engine, call, stream ? WATCH_STREAM : WATCH_ANSWER, call->subject);

	start_call(watch, &req->base, begin);
}
