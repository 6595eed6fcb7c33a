/* Step 1: one transaction stores the user's message, the empty answer and the generation, within
 * the limits of siblings, messages, bytes and generations. */
#include "chat/answer/start.h"
#include "chat/catalogue/tokens.h"
#include "runtime/base/uuid.h"

#include <inttypes.h>
#include <string.h>

#define MESSAGES_OF_A_SEND 2 /* question and answer */

/* A message and its depth; id "": none. */
struct hop {
	char id[UUID_SIZE];
	int32_t depth;
};

/* The place of the user's message. */
struct place_in_chat {
	char chat[UUID_SIZE];
	int32_t depth;      /* of the user's message */
	int32_t siblings;   /* that it finds there */
	struct hop hops[4]; /* its parent, the ancestor that this one jumps to, and so on */
};

static const Chat__V1__GenerateRequest *request(const struct start_job *start)
{
	return start->watch->req;
}

static void read_hop(const PGresult *rows, const char *id, const char *depth, struct hop *ret)
{
	snprintf(ret->id, UUID_SIZE, "%s", db_peek(rows, 0, id));
	ret->depth = db_i32(rows, 0, depth);
}

static enum status find_parent(struct db *db, const struct start_job *start, const char *parent,
			       struct place_in_chat *ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const struct chat_conf *conf = start->job.engine->conf;
	const char *const params[] = {*parent ? parent : NULL, ret->chat, start->watch->user_id,
				      db_param_i64(start->arena, conf->generations_per_user),
				      *parent ? parent : ret->chat};
	enum status s = db_query_one(db, &sql_generation_place, params, &rows, reterr);

	if (s != OK)
		return s;
	if (db_i32(rows, 0, "running") >= conf->generations_per_user)
		return places_refuse(start->job.engine, reterr);
	if (*parent && db_is_null(rows, 0, "depth"))
		return error_field(reterr, INVALID_ARGUMENT, "parent_unknown", "parent",
				   "the chat has no such message");
	ret->siblings = db_i32(rows, 0, "siblings");
	if (ret->siblings >= conf->siblings_max)
		return error_field(reterr, RESOURCE_EXHAUSTED, "siblings_full", "parent",
				   "%" PRId32 " messages stand in this place, as many as may: "
				   "write below one of them, or begin a new chat",
				   ret->siblings);
	if (!*parent)
		return OK;
	ret->depth = db_i32(rows, 0, "depth") + 1;
	snprintf(ret->hops[0].id, UUID_SIZE, "%s", parent);
	ret->hops[0].depth = ret->depth - 1;
	read_hop(rows, "jump_id", "jump_depth", &ret->hops[1]);
	read_hop(rows, "jump2_id", "jump2_depth", &ret->hops[2]);
	read_hop(rows, "jump3_id", "jump3_depth", &ret->hops[3]);
	return OK;
}

/* The chat as it is, for a send that will be refused after all. */
static void keep(const PGresult *rows, struct chat_before *ret)
{
	snprintf(ret->leaf, UUID_SIZE, "%s", db_peek(rows, 0, "leaf_id"));
	snprintf(ret->model, sizeof ret->model, "%s", db_peek(rows, 0, "model"));
	snprintf(ret->update_time, sizeof ret->update_time, "%s", db_peek(rows, 0, "update_text"));
	ret->untitled = db_bool(rows, 0, "untitled");
}

static enum status find_chat(struct db *db, const struct start_job *start, char id[UUID_SIZE],
			     struct chat_before *ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const struct chat_conf *conf = start->job.engine->conf;
	const char *const params[] = {request(start)->chat};
	enum status s = db_query_one(db, &sql_generation_chat, params, &rows, reterr);

	if (s != OK)
		return s;
	if (db_i32(rows, 0, "messages") + MESSAGES_OF_A_SEND > conf->chat_messages_max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "chat_full",
				 "the chat has %" PRId32 " messages, as many as one may have: "
				 "go on in a new chat",
				 db_i32(rows, 0, "messages"));
	keep(rows, ret);
	snprintf(id, UUID_SIZE, "%s", db_peek(rows, 0, "id"));
	return OK;
}

/* A message jumps to its parent, or beyond the two jumps behind it when these are equally long: so
 * every ancestor is a logarithm of jumps away. hops: the parent, where that jumps to, and so on. */
static const struct hop *jump(const struct hop hops[3])
{
	if (*hops[2].id && hops[0].depth - hops[1].depth == hops[1].depth - hops[2].depth)
		return &hops[2];
	return &hops[0];
}

static const char *or_null(const char *id)
{
	return *id ? id : NULL;
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
	const struct hop *question_jump = jump(place->hops);
	struct hop answer_hops[3] = {{.depth = place->depth}, question_jump[0], question_jump[1]};
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
		db_param_i64(arena, tokens_count(req->text, strlen(req->text))),
		facts->model,
		start->key,
		db_param_bytes(arena, start->hash, sizeof start->hash),
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
		jump(answer_hops)->id,
	};
	s = db_query_one(db, &sql_generation_start, params, &rows, reterr);
	if (s != OK)
		return s;
	generation->lease_token = db_i64(rows, 0, "lease_token");
	generation->lease_us = db_i64(rows, 0, "lease_us");
	facts->create_us = db_i64(rows, 0, "create_us");
	return OK;
}

void store_context(const struct start_job *start, struct generation *generation)
{
	generation->context = start->watch->call->ctx;
	generation->context.deadline_us = 0; /* the call's end is not the generation's */
	generation->context.idempotency_key[0] = '\0';
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
	store_context(start, generation);
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

static enum status count(struct db *db, const struct start_job *start, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	int64_t max = start->job.engine->conf->user_bytes_max;
	int64_t bytes = (int64_t)strlen(request(start)->text);
	const char *const params[] = {start->watch->user_id, db_param_i64(start->arena, bytes)};
	enum status s = db_query_one(db, &sql_generation_count, params, &rows, reterr);

	if (s != OK)
		return s;
	if (db_i64(rows, 0, "bytes") > max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "storage_full",
				 "your messages take %" PRId64 " MiB, as much as they may: "
				 "delete chats; the bin is emptied from time to time to make room",
				 max >> 20);
	return OK;
}

enum status store_tx(struct db *db, void *ctx, struct error *reterr)
{
	struct start_job *start = ctx;
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(start->job.engine->options.current);
	const Chat__V1__GenerateRequest *req = request(start);
	const struct model *model;
	struct place_in_chat place = {0};
	struct chat_before before = {0};
	enum status s;

	s = find_chat(db, start, place.chat, &before, reterr);
	if (s == OK)
		s = chat_model(catalogue, req->model, before.model, &model, reterr);
	if (s == OK)
		s = count(db, start, reterr);
	if (s == OK)
		s = find_parent(db, start, *req->parent ? req->parent : before.leaf, &place,
				reterr);
	if (s != OK)
		return s;
	describe(start, place.chat, model->id);
	title_of_text(req->text, before.title);
	start->generation->before = before;
	s = insert(db, start, &place, reterr);
	if (s != OK)
		return s;
	return prompt_read(start->generation, db,
			   req->parameters ? req->parameters->max_output_tokens : 0, reterr);
}
