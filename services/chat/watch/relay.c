#include "chat/watch/relay.h"

#include "chat/watch/lookup.h"
#include "chat/watch/peers.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

#include <string.h>

#define EVENT_ARENA_BYTES (16u << 20)

struct relay {
	_Atomic int refs;
	struct watch *watch; /* a reference */
	struct peer *peer;
	char boot_id[UUID_SIZE]; /* of the owner */
	pthread_mutex_t lock;    /* guards upstream: the handle ends with on_end */
	struct rpc_client_call *upstream;
	struct facts facts; /* as they were when it was looked up */
	struct buf waiting; /* an event that did not fit into the watcher's queue */
	bool has_waiting;
	bool over; /* the stream ended, after what waits */
	enum status status;
	struct error err;
};

/* News that a hook brings to the engine thread. */
struct relayed {
	struct relay *relay;
	struct buf event;
	enum status status;
	struct error err;
};

/* ---------------------------------------------------------------- a relay's life */

static struct relay *relay_ref(struct relay *relay)
{
	atomic_fetch_add(&relay->refs, 1);
	return relay;
}

static void relay_unref(struct relay *relay)
{
	if (atomic_fetch_sub(&relay->refs, 1) != 1)
		return;
	watch_unref(relay->watch);
	buf_done(&relay->waiting);
	pthread_mutex_destroy(&relay->lock);
	free(relay);
}

static void relayed_free(struct relayed *relayed)
{
	relay_unref(relayed->relay);
	buf_done(&relayed->event);
	free(relayed);
}

static void resume(struct relay *relay)
{
	pthread_mutex_lock(&relay->lock);
	if (relay->upstream)
		rpc_client_resume(relay->upstream);
	pthread_mutex_unlock(&relay->lock);
}

void relay_end(struct watch *watch)
{
	struct relay *relay = TAKE_PTR(watch->relay);

	if (!relay)
		return;
	pthread_mutex_lock(&relay->lock);
	if (relay->upstream)
		rpc_client_cancel(relay->upstream);
	pthread_mutex_unlock(&relay->lock);
	relay_unref(relay);
}

/* ---------------------------------------------------------------- events through */

/* Gives the watcher one event. False: it has no room, or is over. */
static bool pass(struct watch *watch, const struct buf *packed)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, EVENT_ARENA_BYTES);
	Chat__V1__GenerationEvent *event =
		chat__v1__generation_event__unpack(&arena->allocator, packed->len, packed->data);
	struct error err;

	if (!event || !cursor_parse(event->cursor, &watch->cursor)) {
		err.code = error_set(&err, INTERNAL, "internal_error",
				     "another replica sent a broken event");
		watch_finish(watch, INTERNAL, &err);
		return false;
	}
	watch->fresh = false;
	if (watch->kind == WATCH_ANSWER) { /* it has an event, so it is accepted */
		watch->relay->facts.attempt = watch->cursor.epoch;
		watch_answer(watch, &watch->relay->facts);
		return false;
	}
	return watch_send(watch, event);
}

/* When the owner is gone, or has ended it meanwhile, it is looked up again. Another end is the
 * watcher's own. */
static void take_end(struct watch *watch)
{
	struct relay *relay = watch->relay;
	struct error err = relay->err;
	enum status status = relay->status;
	bool moved = strcmp(err.reason, "generation_moved") == 0;

	if (status == OK ||
	    (!moved && (status == INVALID_ARGUMENT || status == NOT_FOUND ||
			status == RESOURCE_EXHAUSTED || status == FAILED_PRECONDITION))) {
		watch_finish(watch, status, &err);
		return;
	}
	memcpy(watch->avoid, relay->boot_id, UUID_SIZE);
	relay_end(watch);
	watch_look(watch);
}

void relay_pump(struct watch *watch)
{
	struct relay *relay = watch->relay;

	if (relay->has_waiting) {
		if (!pass(watch, &relay->waiting))
			return;
		buf_clear(&relay->waiting);
		relay->has_waiting = false;
		resume(relay);
	}
	if (relay->over)
		take_end(watch);
}

static void event_posted(void *ctx)
{
	struct relayed *relayed = ctx;
	struct relay *relay = relayed->relay;
	struct watch *watch = relay->watch;

	if (watch->relay == relay) {
		buf_add(&relay->waiting, relayed->event.data, relayed->event.len);
		relay->has_waiting = true;
		if (!watch->blocked)
			relay_pump(watch);
	}
	relayed_free(relayed);
}

static bool on_message(_unused_ struct rpc_client_call *call, const ProtobufCMessage *message,
		       void *ctx)
{
	struct relayed *relayed = calloc(1, sizeof *relayed);
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *room;

	ensure(relayed);
	relayed->relay = relay_ref(ctx);
	buf_init(&relayed->event, len + 1); /* an event without a field has no byte */
	room = buf_reserve(&relayed->event, len);
	ensure(room);
	buf_commit(&relayed->event, protobuf_c_message_pack(message, room));
	engine_post(relayed->relay->watch->engine, event_posted, relayed);
	return false; /* one at a time: the watcher sets the pace */
}

static void end_posted(void *ctx)
{
	struct relayed *relayed = ctx;
	struct relay *relay = relayed->relay;
	struct watch *watch = relay->watch;
	struct engine *engine = watch->engine;

	peers_give(engine->peers, relay->peer);
	relay->over = true;
	relay->status = relayed->status;
	relay->err = relayed->err;
	if (watch->relay == relay && !watch->blocked)
		relay_pump(watch);
	relayed_free(relayed); /* with the hooks' reference */
	engine_rest(engine);
}

static void on_end(_unused_ struct rpc_client_call *call, enum status status,
		   const struct error *err, void *ctx)
{
	struct relayed *relayed = calloc(1, sizeof *relayed);
	struct relay *relay = ctx;

	ensure(relayed);
	pthread_mutex_lock(&relay->lock);
	relay->upstream = NULL;
	pthread_mutex_unlock(&relay->lock);
	relayed->relay = relay;
	relayed->status = status;
	if (status != OK)
		relayed->err = *err;
	engine_post(relay->watch->engine, end_posted, relayed);
}

void relay_begin(struct watch *watch, const char *endpoint, const char *boot_id,
		 const struct facts *facts)
{
	static const struct rpc_client_hooks hooks = {.on_message = on_message, .on_end = on_end};
	struct rpc_call_options options = {.parent = &watch->call->ctx};
	Chat__V1__ForwardWatchRequest req = CHAT__V1__FORWARD_WATCH_REQUEST__INIT;
	struct engine *engine = watch->engine;
	struct relay *relay = calloc(1, sizeof *relay);
	char cursor[CURSOR_SIZE] = "";

	ensure(relay);
	atomic_store(&relay->refs, 2); /* the watcher's and the hooks' */
	relay->watch = watch_ref(watch);
	relay->peer = peers_take(engine->peers, endpoint);
	memcpy(relay->boot_id, boot_id, UUID_SIZE);
	relay->facts = *facts;
	pthread_mutex_init(&relay->lock, NULL);
	buf_init(&relay->waiting, EVENT_ARENA_BYTES);
	watch->relay = relay;
	if (!watch->fresh)
		cursor_format(watch->cursor, cursor);
	req.generation = watch->id;
	req.user_id = watch->user_id;
	req.boot_id = (char *)boot_id;
	req.cursor = cursor;
	engine_busy(engine);
	pthread_mutex_lock(&relay->lock);
	relay->upstream = chat_v1_forward_watch_open(peer_channel(relay->peer), &options, &req,
						     &hooks, relay);
	pthread_mutex_unlock(&relay->lock);
}
