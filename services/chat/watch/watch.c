#include "chat/watch/watch.h"

#include "chat/answer/places.h"
#include "chat/watch/lookup.h"
#include "chat/watch/relay.h"
#include "chat/words/failure.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/db/timestamp.h"

#include <string.h>

#define EVENT_ARENA_BYTES (8u << 20)
#define EVENT_CHUNK_BYTES 960 /* the first; malloc has such blocks in a list of each thread */

/* ---------------------------------------------------------------- life */

struct watch *watch_ref(struct watch *watch)
{
	atomic_fetch_add(&watch->refs, 1);
	return watch;
}

void watch_unref(struct watch *watch)
{
	if (atomic_fetch_sub(&watch->refs, 1) == 1)
		free(watch);
}

static void leave_engine(struct watch *watch)
{
	if (watch->previous)
		watch->previous->next = watch->next;
	else
		watch->engine->watches = watch->next;
	if (watch->next)
		watch->next->previous = watch->previous;
	watch->next = watch->previous = NULL;
}

/* Whether the answer ends because this reader leaves. */
static bool is_last(const struct watch *watch)
{
	const struct generation *generation = watch->listener.generation;

	return generation && generation->cancel_unread &&
	       generation->listeners == &watch->listener && !watch->listener.next;
}

static void finish_call(struct watch *watch, enum status status, const ProtobufCMessage *resp)
{
	watch->finished = true;
	if (watch->form)
		watch->form->over(watch, status, status == CANCELLED && is_last(watch));
	listener_leave(&watch->listener);
	leave_engine(watch);
	relay_end(watch);
	log_unref(TAKE_PTR(watch->log));
	places_give(watch->engine, watch->user_id, watch->bytes);
	rpc_finish(watch->call, status, resp);
	watch_unref(watch);
}

void watch_finish(struct watch *watch, enum status status, const struct error *err)
{
	if (watch->finished)
		return;
	if (watch->starting) { /* the crew reads the request, and it goes with the call */
		watch->gone = true;
		return;
	}
	if (err)
		watch->call->err = *err;
	else if (status == CANCELLED)
		watch->call->err.code = error_set(&watch->call->err, CANCELLED, "call_cancelled",
						  "the caller is gone");
	finish_call(watch, status, NULL);
}

/* The caller reads no more. */
static void leave(struct watch *watch, enum status status, const struct error *err)
{
	struct generation *generation = watch->listener.generation;

	watch_finish(watch, status, err);
	if (generation)
		generation_unread(generation);
}

static void gone_posted(void *ctx)
{
	struct watch *watch = ctx;

	leave(watch, CANCELLED, NULL);
	watch_unref(watch);
}

static void on_cancel(_unused_ struct rpc_call *call, void *ctx)
{
	struct watch *watch = ctx;

	engine_post(watch->engine, gone_posted, watch_ref(watch));
}

static void writable_posted(void *ctx)
{
	struct watch *watch = ctx;

	watch->blocked = false;
	watch_pump(watch);
	watch_unref(watch);
}

static void on_writable(_unused_ struct rpc_call *call, void *ctx)
{
	struct watch *watch = ctx;

	engine_post(watch->engine, writable_posted, watch_ref(watch));
}

static void on_done(void *ctx)
{
	watch_unref(ctx);
}

/* ---------------------------------------------------------------- what the generation says */

static void on_changed(struct listener *listener)
{
	watch_pump((struct watch *)listener);
}

static void on_dropped(struct listener *listener)
{
	watch_look_later((struct watch *)listener);
}

static void on_over(struct listener *listener, struct event_log *log)
{
	struct watch *watch = (struct watch *)listener;

	if (watch->log == log || watch_read(watch, log, true))
		watch_pump(watch);
}

/* ---------------------------------------------------------------- calls */

static const struct rpc_stream_hooks hooks = {
	.on_cancel = on_cancel, .on_writable = on_writable, .on_done = on_done};

struct watch *watch_new(struct engine *engine, struct rpc_call *call, enum watch_kind kind,
			const char *user_id)
{
	struct watch *watch = calloc(1, sizeof *watch);

	ensure(watch);
	atomic_store(&watch->refs, 2);
	watch->engine = engine;
	watch->call = call;
	watch->kind = kind;
	watch->listener.changed = on_changed;
	watch->listener.dropped = on_dropped;
	watch->listener.over = on_over;
	watch->fresh = true;
	snprintf(watch->user_id, UUID_SIZE, "%s", user_id);
	rpc_stream_hooks_set(call, &hooks, watch);
	return watch;
}

void watch_enter(struct watch *watch)
{
	struct engine *engine = watch->engine;

	watch->next = engine->watches;
	if (watch->next)
		watch->next->previous = watch;
	engine->watches = watch;
}

static void refuse_cursor(struct watch *watch)
{
	struct error err;

	err.code = error_set(&err, INVALID_ARGUMENT, "cursor_invalid",
			     "the cursor is no position of this stream");
	watch_finish(watch, INVALID_ARGUMENT, &err);
}

static void watch_posted(void *ctx)
{
	struct watch *watch = ctx;

	watch_enter(watch);
	if (!watch->fresh && watch->cursor.epoch == 0)
		refuse_cursor(watch);
	else
		watch_look(watch);
}

static void watch_what(struct watch *watch, const char *generation, const char *cursor)
{
	snprintf(watch->id, UUID_SIZE, "%s", generation);
	watch->fresh = *cursor == '\0';
	if (!watch->fresh && !cursor_parse(cursor, &watch->cursor))
		watch->cursor.epoch = 0; /* refused where finishing is allowed */
	engine_post(watch->engine, watch_posted, watch);
}

void watch_begin(struct engine *engine, struct rpc_call *call, const char *generation,
		 const char *cursor)
{
	watch_what(watch_new(engine, call, WATCH_STREAM, call->subject), generation, cursor);
}

void watch_begin_here(struct engine *engine, struct rpc_call *call, const char *generation,
		      const char *user_id, const char *boot_id, const char *cursor)
{
	struct watch *watch = watch_new(engine, call, WATCH_FORWARD, user_id);

	snprintf(watch->boot_id, UUID_SIZE, "%s", boot_id);
	watch_what(watch, generation, cursor);
}

/* ---------------------------------------------------------------- events out */

bool watch_send(struct watch *watch, const Chat__V1__GenerationEvent *event)
{
	enum status s;

	if (watch->form)
		return watch->form->send(watch, event);
	s = rpc_stream_send(watch->call, &event->base);
	if (s == OK)
		return true;
	if (s == RESOURCE_EXHAUSTED) {
		watch->blocked = true;
		watch->blocked_us = clock_mono_us();
	} else {
		watch_finish(watch, CANCELLED, NULL);
	}
	return false;
}

static bool send_accepted(struct watch *watch)
{
	Chat__V1__GenerationEvent event = CHAT__V1__GENERATION_EVENT__INIT;
	Chat__V1__Accepted accepted = CHAT__V1__ACCEPTED__INIT;
	struct facts *facts = &watch->log->facts;
	char cursor[CURSOR_SIZE];

	cursor_format((struct cursor){watch->log->epoch, (int32_t)watch->place.index}, cursor);
	accepted.generation = facts->id;
	accepted.chat = facts->chat_id;
	accepted.user_message = facts->user_message;
	accepted.assistant_message = facts->assistant_message;
	accepted.model = facts->model;
	event.cursor = cursor;
	event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_ACCEPTED;
	event.accepted = &accepted;
	if (!watch_send(watch, &event))
		return false;
	watch->fresh = false;
	return true;
}

static void set_done(const struct event_log *log, struct arena *arena, Chat__V1__Done *done,
		     Chat__V1__Message *message)
{
	facts_message(&log->facts, arena, (char *)buf_text(&log->text),
		      (char *)buf_text(&log->reasoning), message);
	done->message = message;
	done->stop_reason = log->facts.stop_reason;
}

static bool send_event(struct watch *watch, const struct event *from, int32_t seq)
{
	_cleanup_(arena_freep) struct arena *arena =
		arena_new(EVENT_CHUNK_BYTES, EVENT_ARENA_BYTES);
	const struct event_log *log = watch->log;
	const struct facts *facts = &log->facts;
	Chat__V1__GenerationEvent event = CHAT__V1__GENERATION_EVENT__INIT;
	Chat__V1__Delta delta = CHAT__V1__DELTA__INIT;
	Chat__V1__Reasoning reasoning = CHAT__V1__REASONING__INIT;
	Chat__V1__Item item = CHAT__V1__ITEM__INIT;
	Chat__V1__Reset reset = CHAT__V1__RESET__INIT;
	Chat__V1__Usage usage = CHAT__V1__USAGE__INIT;
	Chat__V1__Done done = CHAT__V1__DONE__INIT;
	Chat__V1__Message message;
	char cursor[CURSOR_SIZE];
	struct error err;

	cursor_format((struct cursor){log->epoch, seq}, cursor);
	event.cursor = cursor;
	switch (from->kind) {
	case EVENT_TEXT:
		delta.text = arena_strndup(arena, from->text, from->len);
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_DELTA;
		event.delta = &delta;
		break;
	case EVENT_REASONING:
		reasoning.text = arena_strndup(arena, from->text, from->len);
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_REASONING;
		event.reasoning = &reasoning;
		break;
	case EVENT_ITEM:
		item.json = (ProtobufCBinaryData){from->len, (uint8_t *)from->text};
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_ITEM;
		event.item = &item;
		break;
	case EVENT_RESET:
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_RESET;
		event.reset = &reset;
		break;
	case EVENT_USAGE:
		usage.prompt_tokens = facts->prompt_tokens;
		usage.completion_tokens = facts->completion_tokens;
		usage.cached_tokens = facts->cached_tokens;
		usage.cache_write_tokens = facts->cache_write_tokens;
		usage.reasoning_tokens = facts->reasoning_tokens;
		usage.credits_used_microcredits = facts->cost_microcredits;
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_USAGE;
		event.usage = &usage;
		break;
	case EVENT_DONE:
		set_done(log, arena, &done, &message);
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_DONE;
		event.done = &done;
		break;
	default:
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_ERROR;
		event.error = failure_of(arena, &facts->err, facts->request_id);
		break;
	}
	if (arena->exhausted) {
		err.code = error_set(&err, RESOURCE_EXHAUSTED, "call_too_large",
				     "an event needs more than %u bytes", EVENT_ARENA_BYTES);
		watch_finish(watch, err.code, &err);
		return false;
	}
	return watch_send(watch, &event);
}

void watch_answer(struct watch *watch, const struct facts *facts)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);
	Chat__V1__Generation resp;

	facts_generation(facts, arena, &resp);
	finish_call(watch, OK, &resp.base);
}

static void send_waiting(struct watch *watch, const struct facts *facts)
{
	Chat__V1__GenerationEvent event = CHAT__V1__GENERATION_EVENT__INIT;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Chat__V1__Waiting waiting = CHAT__V1__WAITING__INIT;
	char cursor[CURSOR_SIZE];

	timestamp_set(&time, facts->run_us);
	waiting.retry_time = &time;
	cursor_format(watch->cursor.epoch ? watch->cursor : (struct cursor){facts->attempt, 0},
		      cursor);
	event.cursor = cursor;
	event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_WAITING;
	event.waiting = &waiting;
	if (watch_send(watch, &event))
		watch->waits_us = facts->run_us;
}

void watch_wait(struct watch *watch, const struct facts *facts)
{
	_cleanup_(log_unrefp) struct event_log *log = NULL;

	if (watch->kind == WATCH_ANSWER) {
		watch_answer(watch, facts);
		return;
	}
	if (watch->blocked)
		return;
	if (watch->fresh) {
		log = log_new(facts->attempt, 0);
		log->facts = *facts;
		log_unref(watch->log);
		watch->log = log_ref(log);
		watch->place = (struct place){0};
		if (!send_accepted(watch))
			return;
		watch->cursor = (struct cursor){facts->attempt, 0};
	}
	if (facts->state == CHAT__V1__GENERATION__STATE__WAITING &&
	    watch->waits_us != facts->run_us)
		send_waiting(watch, facts);
}

/* Watchers read the log of former attempts until the present one has its first event. */
static bool read_shown(struct watch *watch)
{
	struct generation *generation = watch->listener.generation;
	struct event_log *log =
		generation_is_call(generation) ? generation->log : generation_shown(generation);

	if (!watch->fresh && watch->cursor.epoch >= generation->log->epoch)
		log = generation->log;
	return log == watch->log || watch_read(watch, log, log == generation->log);
}

static void send_all(struct watch *watch)
{
	struct place after;
	struct event event;

	if (watch->fresh && !send_accepted(watch))
		return;
	while (log_next(watch->log, &watch->place, &event, &after)) {
		if (!send_event(watch, &event, (int32_t)after.index))
			return;
		watch->place = after;
		watch->cursor = (struct cursor){watch->log->epoch, (int32_t)after.index};
	}
	if (watch->log->ended && !watch->blocked)
		watch_finish(watch, OK, NULL);
}

/* A repeat came to an answer that was stopped, or withdrawn, when its first reader left: it is a
 * request of its own. False: it is none of that. */
static bool begin_anew(struct watch *watch)
{
	const struct generation *generation = watch->listener.generation;

	if (!watch->form || !watch->fresh || !watch->lost)
		return false;
	if (generation)
		return generation->cancel; /* until its end is stored */
	if (!watch->log || !watch->log->ended ||
	    (watch->log->facts.state != CHAT__V1__GENERATION__STATE__CANCELLED &&
	     watch->log->facts.err.code != CANCELLED))
		return false;
	log_unref(TAKE_PTR(watch->log));
	TAKE_PTR(watch->lost)(watch);
	return true;
}

/* Nothing of it may be seen yet. Vectors are seen when all are there. */
static bool is_early(const struct generation *generation)
{
	return !generation->log->facts.accepted || generation->prompt.embedding.input;
}

void watch_pump(struct watch *watch)
{
	const struct facts *facts;

	if (watch->finished || watch->starting || watch->blocked)
		return;
	if (watch->form && !watch->form->flush(watch))
		return;
	if (watch->relay) {
		relay_pump(watch);
		return;
	}
	if (begin_anew(watch))
		return;
	if (watch->listener.generation && is_early(watch->listener.generation))
		return;
	if (watch->listener.generation && !read_shown(watch))
		return;
	if (!watch->log)
		return;
	facts = &watch->log->facts;
	/* A refusal is the call's own end, unless the reader has events of an attempt that died. */
	if (watch->log->ended && !facts->accepted && watch->fresh) {
		watch_finish(watch, facts->err.code != OK ? facts->err.code : CANCELLED,
			     &facts->err);
		return;
	}
	if (watch->kind == WATCH_ANSWER)
		watch_answer(watch, facts);
	else
		send_all(watch);
}

bool watch_read(struct watch *watch, struct event_log *log, bool whole)
{
	bool has_reset = log->n_marks > 0 && log->marks[0] == EVENT_RESET;
	int32_t seq = 0;

	if (watch->fresh)
		seq = has_reset; /* it has nothing to forget */
	else if (watch->cursor.epoch == log->epoch)
		seq = watch->cursor.seq;
	if ((!watch->fresh && watch->cursor.epoch > log->epoch) ||
	    !log_seek(log, seq, &watch->place)) {
		log_unref(TAKE_PTR(watch->log));
		if (whole)
			refuse_cursor(watch);
		return false; /* otherwise it is ahead of what is stored */
	}
	log_ref(log);
	log_unref(watch->log);
	watch->log = log;
	return true;
}

void watch_attach(struct watch *watch, struct generation *generation)
{
	log_unref(TAKE_PTR(watch->log));
	snprintf(watch->id, UUID_SIZE, "%s", generation->log->facts.id);
	generation_listen(generation, &watch->listener);
	watch_pump(watch);
}

void watch_tick(struct engine *engine, int64_t now_us)
{
	int64_t stall_us = engine->conf->watch_stall_ms * US_PER_MS;
	struct watch *watch, *next;
	struct error err;

	err.code = error_set(&err, RESOURCE_EXHAUSTED, "overloaded",
			     "the reader is too slow; it may go on from its last event");
	for (watch = engine->watches; watch; watch = next) {
		next = watch->next;
		if (watch->blocked && now_us - watch->blocked_us > stall_us)
			leave(watch, RESOURCE_EXHAUSTED, &err);
	}
}

void watch_end_all(struct engine *engine)
{
	struct watch *watch, *next;
	struct error err;

	err.code = engine_refuse(&err);
	for (watch = engine->watches; watch; watch = next) {
		next = watch->next;
		watch_finish(watch, UNAVAILABLE, &err);
	}
}
