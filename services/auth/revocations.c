#include "auth/revocations.h"

#include "edge/v1/rpc.h"
#include "runtime/base/ensure.h"
#include "sql/auth.h"

#define PARAMS_BYTES 1024

static enum status poll(struct db *db, int64_t after, int32_t rows_max, PGresult **ret,
			struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(PARAMS_BYTES, PARAMS_BYTES);
	const char *const params[] = {db_param_i64(arena, after), db_param_i64(arena, rows_max)};

	return db_query(db, &sql_auth_revocation_after, params, ret, reterr);
}

static Edge__V1__RevocationEvent *event_new(struct arena *arena, int64_t sequence)
{
	Edge__V1__RevocationEvent *event = arena_alloc(arena, sizeof *event);

	ensure(event);
	edge__v1__revocation_event__init(event);
	event->sequence = sequence;
	return event;
}

static const ProtobufCMessage *encode(struct arena *arena, const PGresult *rows, int row)
{
	Edge__V1__RevocationEvent *event = event_new(arena, db_i64(rows, row, "sequence"));

	event->event_case = EDGE__V1__REVOCATION_EVENT__EVENT_SESSION;
	event->session = arena_alloc(arena, sizeof *event->session);
	ensure(event->session);
	edge__v1__revoked_session__init(event->session);
	event->session->session_id = (char *)db_peek(rows, row, "session_id");
	event->session->forget_time = db_time(arena, rows, row, "forget_us");
	return &event->base;
}

static const ProtobufCMessage *heartbeat(struct arena *arena, int64_t head)
{
	Edge__V1__RevocationEvent *event = event_new(arena, head);

	event->event_case = EDGE__V1__REVOCATION_EVENT__EVENT_HEARTBEAT;
	event->heartbeat = arena_alloc(arena, sizeof *event->heartbeat);
	ensure(event->heartbeat);
	edge__v1__heartbeat__init(event->heartbeat);
	return &event->base;
}

static enum status load_keys(struct db *db, void *ctx, struct error *reterr)
{
	return keyring_load(ctx, db, reterr);
}

struct feed *revocations_start(const struct revocations_options *options)
{
	return feed_start(&(struct feed_options){
		.name = "revocations",
		.db = options->db,
		.poll_ms = options->poll_ms,
		.poll = poll,
		.encode = encode,
		.heartbeat = heartbeat,
		.also = load_keys,
		.also_ctx = options->keyring,
		.also_name = "signing_keys",
		.also_ms = options->key_poll_ms,
	});
}
