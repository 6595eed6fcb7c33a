#include "chat/answer/store.h"

#include "chat/answer/places.h"
#include "chat/answer/prompt.h"
#include "chat/answer/title.h"
#include "chat/catalogue/groups.h"
#include "chat/catalogue/tokens.h"
#include "chat/message/tree.h"
#include "runtime/base/digest.h"
#include "runtime/base/uuid.h"

#include <string.h>

#define STORE_TRIES 3 /* while another request holds its key and lets go of it */

enum status store_key(struct request *request, struct error *reterr)
{
	const ProtobufCMessage *req = &request->req->base;
	size_t len = protobuf_c_message_get_packed_size(req);
	uint8_t *packed = arena_alloc(request->arena, len);

	if (!packed)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "%zu bytes", len);
	protobuf_c_message_pack(req, packed);
	digest_sha256(packed, len, request->hash);
	if (request->context->idempotency_key[0])
		snprintf(request->key, sizeof request->key, "key:%s",
			 request->context->idempotency_key);
	else
		snprintf(request->key, sizeof request->key, "request:%s",
			 request->context->request_id);
	return OK;
}

static void set_context(const struct request *request, struct generation *generation)
{
	generation->context = *request->context;
	generation->context.deadline_us = 0; /* the call's end is not the generation's */
	generation->context.idempotency_key[0] = '\0';
}

/* ---------------------------------------------------------------- it was here before */

static enum status retry_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct request *request = ctx;
	struct engine *engine = request->engine;
	const char *const params[] = {
		request->existing_id,
		engine->boot_id,
		engine->options.endpoint,
		db_param_i64(request->arena, engine->conf->lease_ms),
	};
	enum status s = db_query(db, &sql_generation_retry, params, &rows, reterr);

	if (s != OK || PQntuples(rows) == 0)
		return s;
	if (request->generation) /* of a transaction that did not come to its end */
		generation_unref(request->generation);
	request->generation = generation_new(engine, request->existing_id);
	generation_read(request->generation, rows, 0);
	set_context(request, request->generation);
	s = prompt_read(request->generation, db, db_i32(rows, 0, "max_output_tokens"), reterr);
	if (s != OK)
		generation_unref(TAKE_PTR(request->generation));
	return s;
}

enum status store_find(struct crew_member *member, struct request *request, bool *ret_found,
		       struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {
		request->user_id, request->key,
		db_param_bytes(request->arena, request->hash, sizeof request->hash)};
	enum status s;

	s = db_query_as(member->app, request->user_id, &sql_generation_by_key, params, &rows,
			reterr);
	if (s != OK)
		return s;
	*ret_found = PQntuples(rows) > 0;
	if (!*ret_found)
		return OK;
	if (!db_bool(rows, 0, "same_request"))
		return error_set(reterr, ALREADY_EXISTS, "idempotency_key_reused",
				 "the Idempotency-Key was used for another request");
	request->existing = true;
	snprintf(request->existing_id, UUID_SIZE, "%s", db_peek(rows, 0, "id"));
	if (!db_bool(rows, 0, "may_retry"))
		return OK;
	return db_tx(member->worker, NULL, retry_tx, request, reterr);
}

/* ---------------------------------------------------------------- it is new */

static enum status find_place(struct db *db, const struct request *request,
			      struct chat_before *ret_before, struct send_place *ret,
			      struct error *reterr)
{
	const struct chat_conf *conf = request->engine->conf;
	const struct send_ask ask = {
		.chat = request->req->chat,
		.parent = request->req->parent,
		.user_id = request->user_id,
		.bytes = (int64_t)strlen(request->req->text),
		.messages_max = conf->chat_messages_max,
		.bytes_max = conf->user_bytes_max,
		.running_max = conf->generations_per_user,
	};
	enum status s = send_look(db, &ask, ret_before, ret, reterr);

	if (s != OK)
		return s;
	if (ret->running >= conf->generations_per_user)
		return places_refuse(request->engine, PLACES_OF_CHATS, reterr);
	return send_place_check(ret, conf->siblings_max, reterr);
}

/* The new generation as far as the request tells. */
static void describe(struct request *request, const char *chat_id, const char *model)
{
	const Chat__V1__Parameters *parameters = request->req->parameters;
	struct generation *generation;
	struct facts *facts;
	char id[UUID_SIZE];

	if (request->generation) /* the transaction repeats */
		generation_unref(request->generation);
	uuid_v7(id);
	generation = request->generation = generation_new(request->engine, id);
	facts = &generation->log->facts;
	uuid_v7(facts->user_message);
	uuid_v7(facts->assistant_message);
	snprintf(facts->user_id, UUID_SIZE, "%s", request->user_id);
	snprintf(facts->chat_id, UUID_SIZE, "%s", chat_id);
	snprintf(facts->model, sizeof facts->model, "%s", model);
	snprintf(facts->request_id, sizeof facts->request_id, "%s", request->context->request_id);
	set_context(request, generation);
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

static const char *or_null(const char *id)
{
	return *id ? id : NULL;
}

static const char *number(struct arena *arena, const Google__Protobuf__DoubleValue *value)
{
	return value ? arena_printf(arena, "%.17g", value->value) : NULL;
}

static bool is_background(const Chat__V1__GenerateRequest *req)
{
	return req->mode == CHAT__V1__MODE__BACKGROUND;
}

/* A hold follows. In the background it follows only when the answer is due. */
static bool is_held(const struct request *request, const struct model *model, int64_t tokens)
{
	struct tokens *counts = request->engine->options.tokens;

	return !is_background(request->req) &&
	       prompt_price(model, tokens_bound(counts, model->family, tokens), 1) > 0;
}

/* Inserts the rows, reads the prompt and commits, in one round trip. */
static enum status insert(struct db *db, struct request *request, const struct model *model,
			  const struct send_place *place, struct error *reterr)
{
	const Chat__V1__GenerateRequest *req = request->req;
	const Chat__V1__Parameters *parameters = req->parameters;
	struct generation *generation = request->generation;
	struct facts *facts = &generation->log->facts;
	struct engine *engine = request->engine;
	struct arena *arena = request->arena;
	const struct hop *question_jump = tree_jump(place->hops);
	struct hop answer_hops[3] = {{.depth = place->depth}, question_jump[0], question_jump[1]};
	int64_t tokens = tokens_count(engine->options.tokens, req->text, strlen(req->text));
	enum status s;

	memcpy(answer_hops[0].id, facts->user_message, UUID_SIZE);
	const char *const params[] = {
		facts->id,
		facts->user_id,
		facts->chat_id,
		facts->user_message,
		facts->assistant_message,
		or_null(place->hops[0].id),
		db_param_i64(arena, place->depth),
		req->text,
		db_param_i64(arena, tokens),
		facts->model,
		request->key,
		db_param_bytes(arena, request->hash, sizeof request->hash),
		engine->boot_id,
		engine->options.endpoint,
		db_param_i64(arena, engine->conf->lease_ms),
		generation->before.title,
		facts->request_id,
		parameters ? number(arena, parameters->temperature) : NULL,
		parameters ? number(arena, parameters->top_p) : NULL,
		db_param_i64(arena, parameters ? parameters->max_output_tokens : 0),
		db_param_i64(arena, place->siblings + 1),
		or_null(question_jump->id),
		tree_jump(answer_hops)->id,
		is_background(req) ? "true" : "false",
		is_held(request, model, tokens) ? "true" : "false",
	};
	_cleanup_(db_ask_done) struct db_ask start = {&sql_generation_start, params, NULL};

	s = prompt_read_last(generation, db, &start, parameters ? parameters->max_output_tokens : 0,
			     tokens, reterr);
	if (!start.rows)
		return s;
	generation->lease_token = db_i64(start.rows, 0, "lease_token");
	generation->lease_us = db_i64(start.rows, 0, "lease_us");
	facts->create_us = db_i64(start.rows, 0, "create_us");
	return s;
}

static enum status store_tx(struct db *db, void *ctx, struct error *reterr)
{
	struct request *request = ctx;
	const Chat__V1__GenerateRequest *req = request->req;
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(request->engine->options.current);
	const struct model *model;
	struct send_place place = {0};
	struct chat_before before = {0};
	enum status s;

	s = find_place(db, request, &before, &place, reterr);
	if (s == OK)
		s = model_for(request->engine->options.groups, catalogue,
			      &request->context->subject, req->model, before.model, &model, reterr);
	if (s != OK)
		return s;
	describe(request, before.id, model->id);
	title_of_text(req->text, before.title);
	request->generation->before = before;
	return insert(db, request, model, &place, reterr);
}

/* After such an answer the key is looked up. */
static bool may_be_a_repeat(const struct request *request, enum status s)
{
	if (request->direct) /* nobody has looked yet */
		return s != OK && s != UNAVAILABLE && s != DEADLINE_EXCEEDED;
	return s == ALREADY_EXISTS || s == FAILED_PRECONDITION || s == RESOURCE_EXHAUSTED;
}

/* A repeat of the request may have been faster. Then the chat is busy with it, the key is taken, or
 * it has the last place of the user. A key whose request was refused is free again. */
enum status store_send(struct crew_member *member, struct request *request, struct error *reterr)
{
	struct error err;
	bool found = false;
	enum status s = OK, looked;

	for (int i = 0; i < STORE_TRIES; i++) {
		s = db_tx(member->app, request->user_id, store_tx, request, reterr);
		if (!may_be_a_repeat(request, s))
			return s;
		looked = store_find(member, request, &found, &err);
		if (found) {
			*reterr = err;
			return looked;
		}
		if (s != ALREADY_EXISTS)
			return s;
	}
	return s;
}
