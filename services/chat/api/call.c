#include "chat/api/call.h"

#include "chat/answer/prompt.h"
#include "chat/answer/start.h"
#include "chat/api/pieces.h"
#include "chat/api/question.h"
#include "chat/catalogue/groups.h"
#include "runtime/base/digest.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <string.h>

#define ROUTE_SIZE 64   /* of the longest one, with its end */
#define SILENT_MS 15000 /* without a sign of life a process has lost its connections */
#define STORE_ARENA(len) ((len) + (64u << 10)) /* the body as a parameter */

struct api_call {
	struct start start; /* first */
	const Chat__V1__ApiRequest *req;
	const struct api_dialect *dialect;
	struct question question;
	struct catalogue *catalogue;
	const struct model *model;
	const char *caller; /* the API key's id, or the user's */
	const char *key;    /* NULL: none */
	const char *hash;   /* the fingerprint, as a parameter */
	int64_t lock;       /* … and a part of it */
	bool repeats;       /* the client says so */
	bool cancel_unread;
	int64_t create_us; /* of what is followed */
};

/* ---------------------------------------------------------------- the request is read */

static const struct rpc_subject *subject_of(const struct api_call *call)
{
	return &call->start.request.context->subject;
}

/* The policy for a client that leaves: as the request says, or its key, or its kind. */
static enum status policy(struct api_call *call, struct error *reterr)
{
	const char *asked = call->req->on_disconnect;
	const char *of_key = subject_of(call)->on_disconnect;

	if (*asked && strcmp(asked, "cancel") != 0 && strcmp(asked, "finish") != 0)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "x-on-disconnect",
				   "the header is `cancel` or `finish`, or it is left out");
	if (*asked)
		call->cancel_unread = strcmp(asked, "cancel") == 0;
	else if (*of_key && strcmp(of_key, "DEFAULT") != 0)
		call->cancel_unread = strcmp(of_key, "CANCEL") == 0;
	else
		call->cancel_unread = call->question.request.stream;
	return OK;
}

static void fingerprint(struct api_call *call)
{
	struct request *request = &call->start.request;
	const ProtobufCBinaryData *body = &call->req->body->data;
	uint8_t whole[SHA256_DIGEST_LENGTH + UUID_SIZE + ROUTE_SIZE] = {0};

	digest_sha256(body->data, body->len, whole);
	snprintf((char *)whole + SHA256_DIGEST_LENGTH, sizeof whole - SHA256_DIGEST_LENGTH, "%s %s",
		 call->caller, call->dialect->route);
	digest_sha256(whole, sizeof whole, request->hash);
	call->hash = db_param_bytes(request->arena, request->hash, sizeof request->hash);
	memcpy(&call->lock, request->hash, sizeof call->lock);
}

static enum status read_request(struct api_call *call, struct error *reterr)
{
	struct request *request = &call->start.request;
	const struct rpc_context *context = request->context;
	const struct engine *engine = request->engine;
	const Google__Api__HttpBody *body = call->req->body;
	int64_t sent_before = 0;
	enum status s;

	if (!body || body->data.len == 0)
		return error_set(reterr, INVALID_ARGUMENT, "json_invalid", "the body is empty");
	if (body->data.len > (size_t)engine->conf->call_bytes_max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "body_too_large",
				 "a request has at most %lld bytes",
				 (long long)engine->conf->call_bytes_max);
	call->caller =
		*context->subject.api_key_id ? context->subject.api_key_id : request->user_id;
	call->repeats = text_parse_i64(call->req->retry_count, strlen(call->req->retry_count), 0,
				       INT32_MAX, &sent_before) &&
			sent_before > 0;
	if (*context->idempotency_key)
		call->key = arena_printf(request->arena, "api:%s:%s", call->caller,
					 context->idempotency_key);
	fingerprint(call);
	s = question_read(&call->question, call->dialect, engine->options.tokens,
			  &(struct api_body){&engine->conf->call_limits,
					     (const char *)body->data.data, body->data.len},
			  reterr);
	return s == OK ? policy(call, reterr) : s;
}

/* ---------------------------------------------------------------- it was here before */

static void follow(struct api_call *call, const char *id, int64_t create_us)
{
	struct request *request = &call->start.request;

	request->existing = true;
	snprintf(request->existing_id, UUID_SIZE, "%s", id);
	call->create_us = create_us;
}

static void follow_row(struct api_call *call, const PGresult *rows)
{
	follow(call, db_peek(rows, 0, "generation_id"), db_i64(rows, 0, "create_us"));
}

static enum status take_by_key(struct api_call *call, const PGresult *rows, struct error *reterr)
{
	if (PQntuples(rows) == 0)
		return OK;
	if (!db_bool(rows, 0, "same_request"))
		return error_set(reterr, ALREADY_EXISTS, "idempotency_key_reused",
				 "the Idempotency-Key was used for another request");
	if (db_bool(rows, 0, "alive"))
		follow_row(call, rows);
	return OK;
}

/* One of the statements that find the call which this one repeats. user_id: NULL in a transaction. */
static enum status look(struct db *db, const char *user_id, const struct sql *sql,
			const char *const *params, struct api_call *call, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = user_id ? db_query_as(db, user_id, sql, params, &rows, reterr)
				: db_query(db, sql, params, &rows, reterr);

	if (s == OK && call->key)
		return take_by_key(call, rows, reterr);
	if (s == OK && PQntuples(rows) > 0)
		follow_row(call, rows);
	return s;
}

/* The call that this one repeats, if any. A key decides alone. */
static enum status look_up(struct db *db, const char *user_id, struct api_call *call,
			   struct error *reterr)
{
	struct request *request = &call->start.request;
	const struct engine *engine = request->engine;
	const char *kept_ms = db_param_i64(request->arena, engine->conf->call_kept_ms);
	const char *const by_key[] = {request->user_id, call->key, call->hash, kept_ms,
				      engine->boot_id};
	const char *const by_hash[] = {call->hash, kept_ms, engine->boot_id,
				       db_param_i64(request->arena, SILENT_MS)};
	enum status s;

	if (call->key)
		return look(db, user_id, &sql_api_call_by_key, by_key, call, reterr);
	s = look(db, user_id, &sql_api_call_unread, by_hash, call, reterr);
	if (s == OK && call->repeats && !request->existing)
		s = look(db, user_id, &sql_api_call_repeated, by_hash, call, reterr);
	return s;
}

/* The store looks for it in its own statement. */
static bool found_by_store(const struct api_call *call)
{
	return call->start.request.direct && !call->key && !call->repeats;
}

static enum status choose_model(struct api_call *call, struct error *reterr)
{
	struct start *start = &call->start;
	struct request *request = &start->request;
	struct engine *engine = request->engine;
	int32_t output;
	enum status s;

	call->catalogue = current_catalogue(engine->options.current);
	s = model_of_kind(engine->options.groups, call->catalogue, subject_of(call),
			  call->dialect->embeds ? MODEL_EMBEDDING : MODEL_CHAT,
			  call->question.request.model, "", &call->model, reterr);
	if (s == OK)
		s = prompt_output(engine, &call->question, call->model, &output, reterr);
	if (s != OK)
		return s;
	start->vector_bytes = prompt_vectors(&call->question.request.prompt, call->model);
	model_plans(engine->options.groups, call->model->id, &start->paying);
	start->floor_microcredits = prompt_price(
		call->model,
		tokens_bound(engine->options.tokens, call->model->family, call->question.tokens),
		output);
	return OK;
}

static enum status find(struct crew_member *member, struct start *start, struct error *reterr)
{
	struct api_call *call = (struct api_call *)start;
	struct request *request = &start->request;
	struct error err;
	enum status s = read_request(call, reterr);

	if (s == OK && !found_by_store(call))
		s = look_up(member->app, request->user_id, call, reterr);
	if (s != OK || request->existing)
		return s;
	s = choose_model(call, reterr);
	if (s == OK || !found_by_store(call))
		return s;
	/* The answer to a former call is there, whatever became of its model. */
	return look_up(member->app, request->user_id, call, &err) == OK && request->existing ? OK
											     : s;
}

/* ---------------------------------------------------------------- it is new */

static void describe(struct api_call *call)
{
	struct request *request = &call->start.request;
	struct generation *generation;
	struct facts *facts;
	char id[UUID_SIZE];

	uuid_v7(id);
	generation = request->generation = generation_new(request->engine, id);
	facts = &generation->log->facts;
	snprintf(facts->user_id, UUID_SIZE, "%s", request->user_id);
	snprintf(facts->model, sizeof facts->model, "%s", call->model->id);
	snprintf(facts->request_id, sizeof facts->request_id, "%s", request->context->request_id);
	generation->context = *request->context;
	generation->context.deadline_us = 0; /* the call's end is not the generation's */
	generation->context.idempotency_key[0] = '\0';
	generation->cancel_unread = call->cancel_unread;
	generation_budget(generation, subject_of(call)->api_key_id);
	generation->catalogue = catalogue_ref(call->catalogue);
}

/* user_id: NULL in a transaction. */
static enum status insert(struct db *db, const char *user_id, struct api_call *call,
			  struct error *reterr)
{
	const ProtobufCBinaryData *body = &call->req->body->data;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, STORE_ARENA(body->len));
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct request *request = &call->start.request;
	const struct engine *engine = request->engine;
	struct generation *generation = request->generation;
	struct facts *facts = &generation->log->facts;
	const char *api_key = subject_of(call)->api_key_id;
	const char *const params[] = {
		facts->id,
		db_param_i64(arena, engine->conf->call_kept_ms),
		*api_key ? api_key : NULL,
		db_param_i64(arena, SILENT_MS),
		engine->boot_id,
		engine->options.endpoint,
		db_param_i64(arena, engine->conf->lease_ms),
		facts->request_id,
		call->dialect->name,
		call->hash,
		call->key,
		/* It was read as JSON, so it is text, which takes half of what bytes take. */
		arena_strndup(arena, (const char *)body->data, body->len),
		call->cancel_unread ? "true" : "false",
		db_param_i64(arena, engine->conf->calls_per_user),
		db_param_i64(arena, engine->conf->calls_per_key),
		db_param_i64(arena, call->lock),
		db_param_i64(arena, call->question.request.prompt.max_output_tokens),
		facts->user_id,
		found_by_store(call) ? "true" : "false",
		facts->model,
		call->start.floor_microcredits > 0 ? "true" : "false",
	};
	enum status s =
		user_id ? db_query_as(db, user_id, &sql_api_call_start, params, &rows, reterr)
			: db_query(db, &sql_api_call_start, params, &rows, reterr);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return places_refuse(engine, PLACES_OF_CALLS, reterr);
	if (!db_is_null(rows, 0, "repeated_id")) {
		follow(call, db_peek(rows, 0, "repeated_id"), db_i64(rows, 0, "create_us"));
		return OK;
	}
	generation->lease_token = db_i64(rows, 0, "lease_token");
	generation->lease_us = db_i64(rows, 0, "lease_us");
	call->create_us = facts->create_us = db_i64(rows, 0, "create_us");
	return OK;
}

/* Two repeats at once must not both begin, and the first request may be on its way. */
static enum status repeat_tx(struct db *db, void *ctx, struct error *reterr)
{
	struct api_call *call = ctx;
	struct request *request = &call->start.request;
	const char *const alone[] = {db_param_i64(request->arena, call->lock)};
	const char *const release[] = {request->user_id, call->key};
	enum status s = db_exec(db, &sql_api_call_alone, alone, NULL, reterr);

	request->existing = false;
	if (s == OK)
		s = look_up(db, NULL, call, reterr);
	if (s != OK || request->existing)
		return s;
	if (call->key)
		s = db_exec(db, &sql_api_call_release_key, release, NULL, reterr);
	return s == OK ? insert(db, NULL, call, reterr) : s;
}

static enum status store(struct crew_member *member, struct start *start, struct error *reterr)
{
	struct api_call *call = (struct api_call *)start;
	struct request *request = &start->request;
	enum status s = OK;

	describe(call);
	if (!call->repeats && !call->key)
		s = insert(member->app, request->user_id, call, reterr);
	else
		s = db_tx(member->app, request->user_id, repeat_tx, call, reterr);
	if (s == OK && !request->existing)
		return prompt_take(request->generation, &call->question, call->model, reterr);
	generation_unref(TAKE_PTR(request->generation));
	return s;
}

static void begun(struct start *start, const struct generation *generation)
{
	struct api_call *call = (struct api_call *)start;
	const struct request *request = &start->request;

	pieces_begin(start->watch, &call->question.request,
		     generation ? generation->log->facts.id : request->existing_id,
		     call->create_us);
}

/* ---------------------------------------------------------------- life */

static void call_free(struct start *start)
{
	struct api_call *call = (struct api_call *)start;

	question_done(&call->question);
	catalogue_unref(call->catalogue);
	free(call);
}

static const struct start_steps steps = {
	.find = find,
	.store = store,
	.begun = begun,
	.free = call_free,
	.places = PLACES_OF_CALLS,
};

static void begin(struct watch *watch)
{
	struct api_call *call = calloc(1, sizeof *call);

	ensure(call);
	call->req = (const Chat__V1__ApiRequest *)watch->req;
	call->dialect = pieces_dialect(watch);
	if (call->req->body)
		call->start.body_bytes = (int64_t)call->req->body->data.len;
	start_run(&call->start, watch, &steps);
}

void call_begin(struct rpc_call *call, const Chat__V1__ApiRequest *req,
		const struct api_dialect *dialect)
{
	struct watch *watch = watch_new(chat_of(call)->engine, call, WATCH_STREAM, call->subject);

	pieces_attach(watch, dialect);
	start_call(watch, &req->base, begin);
}
