/* A request on its way to step 1: whether it was here before, whether its user can pay at all, and
 * whether there is a place for it. Until it is stored nothing is left of it. */
#include "chat/answer/start.h"
#include "chat/catalogue/tokens.h"
#include "credits/v1/rpc.h"
#include "runtime/base/ensure.h"
#include "runtime/base/uuid.h"

#include <string.h>

#define ARENA_BYTES (4 << 20)
#define STORE_TRIES 3 /* while another request holds its key and lets go of it */

static const Chat__V1__GenerateRequest *request(const struct start_job *start)
{
	return start->watch->req;
}

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

/* The same request has the same hash; without a key of the client's the request's own id stands in.
 */
static enum status identify(struct start_job *start, struct error *reterr)
{
	const struct rpc_context *ctx = &start->watch->call->ctx;
	const ProtobufCMessage *req = &request(start)->base;
	size_t len = protobuf_c_message_get_packed_size(req);
	uint8_t *packed = arena_alloc(start->arena, len);

	if (!packed)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "%zu bytes", len);
	protobuf_c_message_pack(req, packed);
	SHA256(packed, len, start->hash);
	if (ctx->idempotency_key[0])
		snprintf(start->key, sizeof start->key, "key:%s", ctx->idempotency_key);
	else
		snprintf(start->key, sizeof start->key, "request:%s", ctx->request_id);
	return OK;
}

/* ---------------------------------------------------------------- a request that was here before
 */

static enum status retry_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct start_job *start = ctx;
	struct engine *engine = start->job.engine;
	const char *const params[] = {
		start->existing_id,
		engine->boot_id,
		engine->options.endpoint,
		db_param_i64(start->arena, engine->conf->lease_ms),
	};
	enum status s = db_query(db, &sql_generation_retry, params, &rows, reterr);

	if (s != OK || PQntuples(rows) == 0)
		return s;
	start->generation = generation_new(engine, start->existing_id);
	generation_read(start->generation, rows, 0);
	store_context(start, start->generation);
	s = prompt_read(start->generation, db, db_i32(rows, 0, "max_output_tokens"), reterr);
	if (s != OK)
		generation_unref(TAKE_PTR(start->generation));
	return s;
}

/* *ret_found: the key is known, and the rest is done. A failure that was ours is begun anew. */
static enum status find_key(struct crew_member *member, struct start_job *start, bool *ret_found,
			    struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *user_id = start->watch->user_id;
	const char *const params[] = {
		user_id, start->key, db_param_bytes(start->arena, start->hash, sizeof start->hash)};
	enum status s;

	s = db_query_as(member->app, user_id, &sql_generation_by_key, params, &rows, reterr);
	if (s != OK)
		return s;
	*ret_found = PQntuples(rows) > 0;
	if (!*ret_found)
		return OK;
	if (!db_bool(rows, 0, "same_request"))
		return error_set(reterr, ALREADY_EXISTS, "idempotency_key_reused",
				 "the Idempotency-Key was used for another request");
	start->existing = true;
	snprintf(start->existing_id, UUID_SIZE, "%s", db_peek(rows, 0, "id"));
	if (!db_bool(rows, 0, "may_retry"))
		return OK;
	return db_tx(member->worker, NULL, retry_tx, start, reterr);
}

/* ---------------------------------------------------------------- the first job: nothing is stored
 */

/* The least hold for this request: context may come to its text. */
static enum status price_floor(struct crew_member *member, struct start_job *start,
			       struct error *reterr)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(start->job.engine->options.current);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const Chat__V1__GenerateRequest *req = request(start);
	const char *const params[] = {req->chat};
	const struct model *model;
	int32_t output;
	enum status s;

	s = db_query_as(member->app, start->watch->user_id, &sql_generation_chat_model, params,
			&rows, reterr);
	if (s == OK && PQntuples(rows) == 0)
		s = error_set(reterr, NOT_FOUND, "not_found", "there is no such chat");
	if (s == OK)
		s = chat_model(catalogue, req->model, db_peek(rows, 0, "model"), &model, reterr);
	if (s != OK)
		return s;
	output = req->parameters ? req->parameters->max_output_tokens : 0;
	if (output == 0 || output > model->max_output_tokens)
		output = model->max_output_tokens;
	start->floor_microcredits =
		price_cost(&model->price,
			   tokens_count(req->text, strlen(req->text)) + TOKENS_PER_MESSAGE, output);
	return OK;
}

static enum status find(struct crew_member *member, struct start_job *start, struct error *reterr)
{
	bool found = false;
	enum status s;

	s = check(request(start), reterr);
	if (s == OK)
		s = identify(start, reterr);
	if (s == OK)
		s = find_key(member, start, &found, reterr);
	if (s != OK || found)
		return s;
	return price_floor(member, start, reterr);
}

static void run_find(struct crew_member *member, struct job *job)
{
	struct start_job *start = (struct start_job *)job;

	job->status = find(member, start, &job->err);
}

/* ---------------------------------------------------------------- the second job: it is stored */

/* The same request may have been faster on another way: then the chat is busy with it, the key is
 * taken, or it has the last place of the user. A key whose request was refused is free again. */
static enum status store(struct crew_member *member, struct start_job *start, struct error *reterr)
{
	struct error err;
	bool found = false;
	enum status s = OK, looked;

	for (int i = 0; i < STORE_TRIES; i++) {
		s = db_tx(member->app, start->watch->user_id, store_tx, start, reterr);
		if (s != ALREADY_EXISTS && s != FAILED_PRECONDITION && s != RESOURCE_EXHAUSTED)
			return s;
		looked = find_key(member, start, &found, &err);
		if (found) {
			*reterr = err;
			return looked;
		}
		if (s != ALREADY_EXISTS)
			return s;
	}
	return s;
}

static void run_store(struct crew_member *member, struct job *job)
{
	struct start_job *start = (struct start_job *)job;

	job->status = store(member, start, &job->err);
}

/* ---------------------------------------------------------------- on the engine thread */

static enum status restarting(struct error *reterr)
{
	return error_set(reterr, UNAVAILABLE, "service_unavailable", "the service restarts");
}

/* There is a generation, or there will be none. */
static void conclude(struct start_job *start)
{
	struct job *job = &start->job;
	struct engine *engine = job->engine;
	struct watch *watch = start->watch;
	struct error err;

	places_end(engine, watch->user_id);
	if (start->generation &&
	    (job->status != OK || (start->existing && !start->generation->lease_token)))
		generation_unref(TAKE_PTR(start->generation));
	watch->starting = false;
	if (start->generation)
		watch_attach(watch, start->generation);
	else if (start->existing && job->status == OK)
		snprintf(watch->id, UUID_SIZE, "%s", start->existing_id);
	if (engine->stopping) {
		err.code = restarting(&err);
		watch_finish(watch, UNAVAILABLE, &err);
	} else if (watch->gone) {
		watch_finish(watch, CANCELLED, NULL);
	}
	if (start->generation)
		generation_run(start->generation);
	else if (job->status != OK)
		watch_finish(watch, job->status, &job->err);
	else
		watch_look(watch);
	watch_unref(watch);
	arena_free(start->arena);
	free(start);
}

static void stored(struct job *job)
{
	job->engine->n_starting--;
	conclude((struct start_job *)job);
}

static void store_begin(struct start_job *start)
{
	struct engine *engine = start->job.engine;

	start->job.status = engine->stopping
				    ? restarting(&start->job.err)
				    : places_take(engine, start->watch->user_id, &start->job.err);
	if (start->job.status != OK) {
		conclude(start);
		return;
	}
	start->job.run = run_store;
	start->job.done = stored;
	engine->n_starting++;
	engine_submit(engine, &start->job);
}

static void looked(void *ctx)
{
	struct start_job *start = ctx;
	struct engine *engine = start->job.engine;

	engine->n_calls--;
	if (start->job.status == OK)
		store_begin(start);
	else
		conclude(start);
	engine_rest(engine);
}

static void on_look(void *ctx, enum status status, _unused_ const ProtobufCMessage *resp,
		    const struct error *err)
{
	struct start_job *start = ctx;

	start->job.status = status;
	if (status != OK)
		start->job.status = hold_error(err, &start->job.err);
	engine_post(start->job.engine, looked, start);
}

/* The look costs a read; a hold that is refused would cost a transaction there and two here. */
static void look_at_balance(struct start_job *start)
{
	struct engine *engine = start->job.engine;
	struct rpc_call_options options = {.parent = &start->watch->call->ctx};
	Credits__V1__CheckHoldRequest req = CREDITS__V1__CHECK_HOLD_REQUEST__INIT;

	req.user_id = start->watch->user_id;
	req.amount_microcredits = start->floor_microcredits;
	engine->n_calls++;
	credits_v1_check_hold_async(engine->options.credits, &options, &req, on_look, start);
}

static void found(struct job *job)
{
	struct start_job *start = (struct start_job *)job;

	if (job->status != OK || start->existing)
		conclude(start);
	else if (start->floor_microcredits == 0)
		store_begin(start);
	else
		look_at_balance(start);
}

void start_begin(struct watch *watch)
{
	struct engine *engine = watch->engine;
	struct start_job *start;
	struct error err;

	err.code = engine->draining ? restarting(&err) : places_begin(engine, watch->user_id, &err);
	if (err.code != OK) {
		watch_finish(watch, err.code, &err);
		return;
	}
	start = calloc(1, sizeof *start);
	ensure(start);
	start->job.run = run_find;
	start->job.done = found;
	start->job.user_id = watch->user_id;
	start->watch = watch_ref(watch);
	start->arena = arena_new(4096, ARENA_BYTES);
	watch->starting = true;
	engine_submit(engine, &start->job);
}
