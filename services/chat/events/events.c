#include "chat/events/events.h"

#include "chat/chat.h"
#include "events/v1/rpc.h"
#include "runtime/base/ensure.h"

#include <inttypes.h>
#include <string.h>

#define PARAMS_BYTES 1024
#define READY "ready"

static enum status poll(struct db *db, int64_t after, int32_t rows_max, PGresult **ret,
			struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(PARAMS_BYTES, PARAMS_BYTES);
	const char *const params[] = {db_param_i64(arena, after), db_param_i64(arena, rows_max)};

	return db_query(db, &sql_event_after, params, ret, reterr);
}

static Events__V1__Event *event_new(struct arena *arena, int64_t sequence)
{
	Events__V1__Event *event = arena_alloc(arena, sizeof *event);

	ensure(event);
	events__v1__event__init(event);
	event->cursor = arena_printf(arena, "%" PRId64, sequence);
	ensure(event->cursor);
	return event;
}

static const ProtobufCMessage *encode(struct arena *arena, const PGresult *rows, int row)
{
	Events__V1__Event *event = event_new(arena, db_i64(rows, row, "sequence"));
	const char *payload = db_peek(rows, row, "payload");

	event->id = (char *)db_peek(rows, row, "id");
	event->type = (char *)db_peek(rows, row, "type");
	event->payload = (ProtobufCBinaryData){strlen(payload), (uint8_t *)payload};
	event->create_time = db_time(arena, rows, row, "create_us");
	return &event->base;
}

/* The first message to each reader: it has all that was before this cursor. */
static const ProtobufCMessage *heartbeat(struct arena *arena, int64_t head)
{
	Events__V1__Event *event = event_new(arena, head);

	event->type = READY;
	event->payload = (ProtobufCBinaryData){2, (uint8_t *)"{}"};
	return &event->base;
}

static bool concerns(const struct rpc_call *reader, const PGresult *rows, int row)
{
	return strcmp(reader->subject, db_peek(rows, row, "user_id")) == 0;
}

struct feed *events_start(const struct chat_conf *conf, const struct db_options *worker)
{
	return feed_start(&(struct feed_options){
		.name = "events",
		.db = *worker,
		.poll_ms = conf->events_poll_ms,
		.poll = poll,
		.encode = encode,
		.heartbeat = heartbeat,
		.quiet = true,
		.concerns = concerns,
		.readers_per_subject_max = (int32_t)conf->events_per_user,
	});
}

static enum status sequence_of(struct db *db, const char *id, int64_t *ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_event_sequence, (const char *[]){id}, &rows, reterr);

	if (s == OK && PQntuples(rows) > 0)
		*ret = db_i64(rows, 0, "sequence");
	return s;
}

enum status events_add(struct db *db, const char *id, const char *user_id, const char *type,
		       const char *payload, int64_t *ret_sequence, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char fresh[UUID_SIZE];
	int64_t sequence = 0;
	enum status s;

	if (!id)
		uuid_v7(fresh);
	s = db_query(db, &sql_event_add, (const char *[]){id ? id : fresh, user_id, type, payload},
		     &rows, reterr);
	if (s == OK && PQntuples(rows) > 0)
		sequence = db_i64(rows, 0, "sequence");
	else if (s == OK)
		s = sequence_of(db, id ? id : fresh, &sequence, reterr);
	if (s == OK && ret_sequence)
		*ret_sequence = sequence;
	return s;
}

enum status events_purge(struct db *db, void *ctx, struct error *reterr)
{
	const struct chat_conf *conf = ((const struct chat *)ctx)->conf;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	const char *const params[] = {db_param_i64(arena, conf->events_keep_ms)};
	int64_t n = 1;
	enum status s = OK;

	while (s == OK && n > 0)
		s = db_exec(db, &sql_event_purge, params, &n, reterr);
	return s;
}
