/* Rows that are left in a transaction, and the calls that go out after it. */
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/outbox/internal.h"
#include "sql/runtime.h"

#include <stdio.h>
#include <string.h>

/* Calls whose transaction has not ended. */
struct outbox_left {
	struct outbox *outbox;
	int32_t room; /* of the calls that this process may have under way, taken for them */
	bool others;  /* rows that the thread claims */
	struct delivery *first; /* those that go out at once */
};

/* Columns of the rows, as parameters. */
struct columns {
	const char *ids[OUTBOX_LEAVE_MAX], *keys[OUTBOX_LEAVE_MAX], *methods[OUTBOX_LEAVE_MAX],
		*requests[OUTBOX_LEAVE_MAX], *taken[OUTBOX_LEAVE_MAX];
};

static uint8_t *pack(struct arena *arena, const ProtobufCMessage *req, size_t *ret_len)
{
	uint8_t *packed;

	*ret_len = protobuf_c_message_get_packed_size(req);
	packed = arena_alloc(arena, *ret_len + 1);
	ensure(packed);
	protobuf_c_message_pack(req, packed);
	return packed;
}

enum status outbox_add(struct db *db, const char *id, const char *key,
		       const struct rpc_method *method, const ProtobufCMessage *req,
		       struct error *reterr)
{
	size_t len = protobuf_c_message_get_packed_size(req);
	_cleanup_(arena_freep) struct arena *arena = arena_new(4 * len + 1024, 8 * len + 4096);
	uint8_t *packed = pack(arena, req, &len);

	ensure(db_in_tx(db) && method->idempotent && req->descriptor == method->req);
	return db_exec(
		db, &sql_outbox_insert,
		(const char *const[]){id, key, method->path, db_param_bytes(arena, packed, len)},
		NULL, reterr);
}

/* How many of n calls may go out at once. */
static int32_t take_room(struct outbox *outbox, size_t n)
{
	int32_t room;

	pthread_mutex_lock(&outbox->lock);
	room = outbox->options.left_max - outbox->left;
	if (room > (int32_t)n)
		room = (int32_t)n;
	if (room < 0 || outbox->stopping)
		room = 0;
	outbox->left += room;
	pthread_mutex_unlock(&outbox->lock);
	return room;
}

/* Of one key only the first goes out at once. */
static bool is_first(const struct outbox_call *calls, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(calls[j].key, calls[i].key) == 0)
			return false;
	return true;
}

static size_t index_of(const struct outbox_call *calls, size_t n, const char *id)
{
	size_t i = 0;

	while (i < n && strcmp(calls[i].id, id) != 0)
		i++;
	ensure(i < n);
	return i;
}

/* Keeps the calls that the rows say are this process's. */
static void keep(struct outbox_left *left, const struct outbox_call *calls, size_t n,
		 const PGresult *rows)
{
	for (int row = 0; row < PQntuples(rows); row++) {
		const struct outbox_call *call =
			&calls[index_of(calls, n, db_peek(rows, row, "id"))];
		struct delivery *delivery;

		if (db_i32(rows, row, "attempts") == 0) {
			left->others = true;
			continue;
		}
		delivery = delivery_new(left->outbox, call->id,
					protobuf_c_message_get_packed_size(call->req));
		protobuf_c_message_pack(call->req, delivery->packed);
		delivery->method = call->method->path;
		delivery->attempts = 1;
		delivery->next = left->first;
		left->first = delivery;
	}
}

enum status outbox_leave(struct outbox *outbox, struct db *db, const struct outbox_call *calls,
			 size_t n, struct outbox_left **ret, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(16384, SIZE_MAX);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct outbox_left *left = calloc(1, sizeof *left);
	struct columns columns;
	enum status s;

	ensure(left && db_in_tx(db) && n <= OUTBOX_LEAVE_MAX);
	left->outbox = outbox;
	left->room = take_room(outbox, n);
	for (size_t i = 0; i < n; i++) {
		const struct outbox_call *call = &calls[i];
		size_t len;
		const uint8_t *packed = pack(arena, call->req, &len);

		ensure(call->method->idempotent && call->req->descriptor == call->method->req);
		columns.ids[i] = call->id;
		columns.keys[i] = call->key;
		columns.methods[i] = call->method->path;
		columns.requests[i] = db_param_bytes(arena, packed, len);
		columns.taken[i] = (int32_t)i < left->room && is_first(calls, i) ? "true" : "false";
	}
	s = db_query(db, &sql_outbox_leave,
		     (const char *const[]){
			     db_param_array(arena, columns.ids, n),
			     db_param_array(arena, columns.keys, n),
			     db_param_array(arena, columns.methods, n),
			     db_param_array(arena, columns.requests, n),
			     db_param_array(arena, columns.taken, n),
			     db_param_i64(arena, CLAIM_MS),
		     },
		     &rows, reterr);
	if (s == OK)
		keep(left, calls, n, rows);
	else
		outbox_left_free(TAKE_PTR(left));
	*ret = left;
	return s;
}

static void give_room(struct outbox *outbox, int32_t room)
{
	pthread_mutex_lock(&outbox->lock);
	outbox->left -= room;
	pthread_mutex_unlock(&outbox->lock);
}

void outbox_go(struct outbox_left *left)
{
	if (!left)
		return;
	while (left->first) {
		struct delivery *delivery = left->first;

		left->first = delivery->next;
		left->room--; /* it is the call's, until that is marked */
		delivery_start(delivery);
	}
	if (left->others)
		outbox_wake(left->outbox);
	outbox_left_free(left);
}

void outbox_left_free(struct outbox_left *left)
{
	if (!left)
		return;
	while (left->first) {
		struct delivery *delivery = left->first;

		left->first = delivery->next;
		delivery_free(delivery);
	}
	give_room(left->outbox, left->room);
	free(left);
}
