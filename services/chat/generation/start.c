/* Step 1: one transaction stores the user's message, the empty answer and the generation. */
#include "chat/generation/internal.h"
#include "chat/generation/title.h"
#include "chat/model/tokens.h"
#include "runtime/base/ensure.h"
#include "runtime/base/uuid.h"

#include <openssl/sha.h>
#include <string.h>

#define KEY_SIZE 300
#define ARENA_BYTES (4 << 20)

struct start_job {
	struct job job;
	struct watch *watch;
	struct arena *arena;
	char key[KEY_SIZE]; /* idempotency key */
	uint8_t hash[SHA256_DIGEST_LENGTH];
	bool existing; /* the key's generation is watched instead */
	char existing_id[UUID_SIZE];
	struct generation *generation; /* that was started */
};

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

static void set_context(struct start_job *start, struct generation *generation)
{
	generation->context = start->watch->call->ctx;
	generation->context.deadline_us = 0; /* the call's end is not the generation's */
	generation->context.idempotency_key[0] = '\0';
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
	set_context(start, start->generation);
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

/* ---------------------------------------------------------------- a new one */

struct place_in_chat {
	char chat[UUID_SIZE];
	char model[MODEL_BYTES_MAX + 1]; /* of the chat */
	char parent[UUID_SIZE];          /* "": none */
	int32_t depth;                   /* of the user's message */
};

static enum status find_place(struct db *db, const struct start_job *start,
			      struct place_in_chat *ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *chat_rows = NULL, *rows = NULL;
	const Chat__V1__GenerateRequest *req = request(start);
	const char *const chat_params[] = {req->chat};
	const char *const params[] = {ret->parent, req->chat};
	enum status s = db_query_one(db, &sql_generation_chat, chat_params, &chat_rows, reterr);

	if (s != OK)
		return s;
	*ret = (struct place_in_chat){0};
	snprintf(ret->chat, UUID_SIZE, "%s", db_peek(chat_rows, 0, "id"));
	snprintf(ret->model, sizeof ret->model, "%s", db_peek(chat_rows, 0, "model"));
	snprintf(ret->parent, UUID_SIZE, "%s",
		 *req->parent ? req->parent : db_peek(chat_rows, 0, "leaf_id"));
	if (!ret->parent[0])
		return OK;
	s = db_query(db, &sql_message_place, params, &rows, reterr);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return error_field(reterr, INVALID_ARGUMENT, "parent_unknown", "parent",
				   "the chat has no such message");
	ret->depth = db_i32(rows, 0, "depth") + 1;
	return OK;
}

static const char *number(struct arena *arena, const Google__Protobuf__DoubleValue *value)
{
	return value ? arena_printf(arena, "%.17g", value->value) : NULL;
}

static enum status insert(struct db *db, struct start_job *start, const struct place_in_chat *place,
			  struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const Chat__V1__GenerateRequest *req = request(start);
	const Chat__V1__Parameters *parameters = req->parameters;
	struct generation *generation = start->generation;
	struct facts *facts = &generation->log->facts;
	struct engine *engine = generation->engine;
	struct arena *arena = start->arena;
	char title[TITLE_SIZE];
	enum status s;

	title_of_text(req->text, title);
	const char *const params[] = {
		facts->id,
		facts->user_id,
		facts->chat_id,
		facts->user_message,
		facts->assistant_message,
		place->parent[0] ? place->parent : NULL,
		db_param_i64(arena, place->depth),
		req->text,
		db_param_i64(arena, tokens_count(req->text, strlen(req->text))),
		facts->model,
		start->key,
		db_param_bytes(arena, start->hash, sizeof start->hash),
		engine->boot_id,
		engine->options.endpoint,
		db_param_i64(arena, engine->conf->lease_ms),
		title,
		facts->request_id,
		parameters ? number(arena, parameters->temperature) : NULL,
		parameters ? number(arena, parameters->top_p) : NULL,
		db_param_i64(arena, parameters ? parameters->max_output_tokens : 0),
	};
	s = db_query_one(db, &sql_generation_start, params, &rows, reterr);
	if (s != OK)
		return s;
	generation->lease_token = db_i64(rows, 0, "lease_token");
	generation->lease_us = db_i64(rows, 0, "lease_us");
	facts->create_us = db_i64(rows, 0, "create_us");
	return OK;
}

/* The new generation as far as the request tells. */
static void describe(struct start_job *start, const char *chat_id, const char *model)
{
	const Chat__V1__Parameters *parameters = request(start)->parameters;
	struct generation *generation;
	struct facts *facts;
	char id[UUID_SIZE];

	if (start->generation) /* the transaction repeats */
		generation_unref(start->generation);
	uuid_v7(id);
	generation = start->generation = generation_new(start->job.engine, id);
	facts = &generation->log->facts;
	uuid_v7(facts->user_message);
	uuid_v7(facts->assistant_message);
	snprintf(facts->user_id, UUID_SIZE, "%s", start->watch->user_id);
	snprintf(facts->chat_id, UUID_SIZE, "%s", chat_id);
	snprintf(facts->model, sizeof facts->model, "%s", model);
	snprintf(facts->request_id, sizeof facts->request_id, "%s",
		 start->watch->call->ctx.request_id);
	set_context(start, generation);
	if (!parameters)
		return;
	if (parameters->temperature) {
		generation->prompt.has_temperature = true;
		generation->prompt.temperature = parameters->temperature->value;
	}
	if (parameters->top_p) {
		generation->prompt.has_top_p = true;
		generation->prompt.top_p = parameters->top_p->value;
	}
}

static enum status start_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue = chat_catalogue();
	struct start_job *start = ctx;
	const Chat__V1__GenerateRequest *req = request(start);
	const struct model *model;
	struct place_in_chat place;
	enum status s;

	s = find_place(db, start, &place, reterr);
	if (s == OK)
		s = chat_model(catalogue, req->model, place.model, &model, reterr);
	if (s != OK)
		return s;
	describe(start, place.chat, model->id);
	s = insert(db, start, &place, reterr);
	if (s != OK)
		return s;
	return prompt_read(start->generation, db,
			   req->parameters ? req->parameters->max_output_tokens : 0, reterr);
}

/* The same request may have been faster on another way: then the chat is busy with it, or the key
 * is taken. */
static enum status run(struct crew_member *member, struct start_job *start, struct error *reterr)
{
	struct error err;
	bool found = false;
	enum status s, looked;

	s = check(request(start), reterr);
	if (s == OK)
		s = identify(start, reterr);
	if (s == OK)
		s = find_key(member, start, &found, reterr);
	if (s != OK || found)
		return s;
	s = db_tx(member->app, start->watch->user_id, start_tx, start, reterr);
	if (s != ALREADY_EXISTS && s != FAILED_PRECONDITION)
		return s;
	looked = find_key(member, start, &found, &err);
	if (!found)
		return s;
	*reterr = err;
	return looked;
}

static void run_start(struct crew_member *member, struct job *job)
{
	struct start_job *start = (struct start_job *)job;

	job->status = run(member, start, &job->err);
	if (start->generation &&
	    (job->status != OK || (start->existing && !start->generation->lease_token)))
		generation_unref(TAKE_PTR(start->generation));
}

/* ---------------------------------------------------------------- back on the engine thread */

static const struct error *restarting(struct error *err)
{
	err->code = error_set(err, UNAVAILABLE, "service_unavailable", "the service restarts");
	return err;
}

static void start_done(struct job *job)
{
	struct start_job *start = (struct start_job *)job;
	struct engine *engine = job->engine;
	struct watch *watch = start->watch;
	struct error err;

	engine->n_starting--;
	watch->starting = false;
	if (start->generation)
		watch_attach(watch, start->generation);
	else if (start->existing && job->status == OK)
		snprintf(watch->id, UUID_SIZE, "%s", start->existing_id);
	if (engine->stopping)
		watch_finish(watch, UNAVAILABLE, restarting(&err));
	else if (watch->gone)
		watch_finish(watch, CANCELLED, NULL);
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

void start_begin(struct watch *watch)
{
	struct engine *engine = watch->engine;
	struct start_job *start;
	struct error err;

	if (engine->draining) {
		watch_finish(watch, UNAVAILABLE, restarting(&err));
		return;
	}
	if (engine->n_generations + engine->n_starting >= engine->conf->generations_max) {
		err.code = error_set(&err, RESOURCE_EXHAUSTED, "overloaded",
				     "too many generations run at the moment");
		watch_finish(watch, RESOURCE_EXHAUSTED, &err);
		return;
	}
	start = calloc(1, sizeof *start);
	ensure(start);
	start->job.run = run_start;
	start->job.done = start_done;
	start->watch = watch_ref(watch);
	start->arena = arena_new(4096, ARENA_BYTES);
	watch->starting = true;
	engine->n_starting++;
	engine_submit(engine, &start->job);
}
