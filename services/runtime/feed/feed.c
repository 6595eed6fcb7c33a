/* Threads: feed_run owns every reader that it has adopted; feed_watch and feed_wake only touch what
 * the lock guards; on_cancel (a callback thread) only sets a flag. */
#include "runtime/feed/feed.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define BATCH_ROWS 500               /* of one query */
#define TURN_MS_MAX 3000             /* for all statements of one turn */
#define ARENA_CHUNK_BYTES (16 << 10) /* of one message */
#define ARENA_BYTES_MAX (64 << 20)

struct reader {
	struct rpc_call *call;
	int64_t cursor;   /* sequence of the last row that it got or that did not concern it */
	atomic_bool gone; /* the caller has left */
	bool behind;      /* its queue is full: it waits for the next turn */
	bool told;        /* a heartbeat */
	struct reader *next;
};

struct feed {
	struct feed_options options;
	pthread_t thread;
	struct db *db;          /* this and the next two are the thread's */
	struct arena *arena;    /* of one message */
	struct reader *readers; /* adopted ones */
	pthread_mutex_t lock;   /* of what follows */
	pthread_cond_t woken;
	struct reader *fresh; /* not adopted yet */
	bool wake, stop;
};

static void on_cancel(struct rpc_call *call, void *ctx)
{
	struct reader *reader = ctx;

	atomic_store(&reader->gone, true);
}

static const struct rpc_stream_hooks hooks = {.on_cancel = on_cancel};

enum status feed_watch(struct feed *feed, struct rpc_call *call, int64_t after)
{
	struct reader *reader = calloc(1, sizeof *reader);
	bool taken;

	ensure(reader);
	reader->call = call;
	reader->cursor = after;
	rpc_stream_hooks_set(call, &hooks, reader);
	pthread_mutex_lock(&feed->lock);
	taken = !feed->stop;
	if (taken) {
		reader->next = feed->fresh;
		feed->fresh = reader;
		feed->wake = true;
		pthread_cond_signal(&feed->woken);
	}
	pthread_mutex_unlock(&feed->lock);
	if (taken)
		return RPC_LATER;
	free(reader);
	return rpc_fail(call, UNAVAILABLE, "service_unavailable", "this replica is stopping");
}

void feed_wake(struct feed *feed)
{
	if (!feed)
		return;
	pthread_mutex_lock(&feed->lock);
	feed->wake = true;
	pthread_cond_signal(&feed->woken);
	pthread_mutex_unlock(&feed->lock);
}

/* ------------------------------------------------------------------ readers */

static void end_reader(struct reader *reader, enum status code, const char *reason, const char *why)
{
	rpc_finish(reader->call, rpc_fail(reader->call, code, reason, "%s", why), NULL);
	free(reader);
}

static void drop_gone(struct reader **list)
{
	while (*list) {
		struct reader *reader = *list;

		if (atomic_load(&reader->gone)) {
			*list = reader->next;
			end_reader(reader, CANCELLED, "call_cancelled", "the caller has left");
		} else {
			list = &reader->next;
		}
	}
}

static int32_t readers_of(const struct feed *feed, const char *subject)
{
	int32_t n = 0;

	for (const struct reader *r = feed->readers; r; r = r->next)
		n += !atomic_load(&r->gone) && strcmp(r->call->subject, subject) == 0;
	return n;
}

static void adopt(struct feed *feed, struct reader *fresh)
{
	int32_t max = feed->options.readers_per_subject_max;

	while (fresh) {
		struct reader *next = fresh->next;

		if (max && readers_of(feed, fresh->call->subject) >= max) {
			end_reader(fresh, RESOURCE_EXHAUSTED, "streams_full",
				   "too many streams are open already; close one");
		} else {
			fresh->next = feed->readers;
			feed->readers = fresh;
		}
		fresh = next;
	}
}

static bool takes_more(const struct reader *reader)
{
	return !reader->behind && !atomic_load(&reader->gone);
}

/* INT64_MAX: nobody takes more in this turn. */
static int64_t lowest_cursor(const struct feed *feed)
{
	int64_t lowest = INT64_MAX;

	for (const struct reader *r = feed->readers; r; r = r->next)
		if (takes_more(r) && r->cursor < lowest)
			lowest = r->cursor;
	return lowest;
}

/* A cursor beyond the head was given by a database that has been restored since. False: there is
 * none. */
static bool rewind_future(struct feed *feed, int64_t head)
{
	bool any = false;

	for (struct reader *r = feed->readers; r; r = r->next) {
		if (r->cursor > head) {
			r->cursor = 0;
			any = true;
		}
	}
	return any;
}

/* ------------------------------------------------------------------ one turn */

static void send(struct reader *reader, const ProtobufCMessage *message, int64_t sequence)
{
	enum status s = rpc_stream_send(reader->call, message);

	if (s == OK)
		reader->cursor = sequence;
	else if (s == RESOURCE_EXHAUSTED)
		reader->behind = true;
	else
		atomic_store(&reader->gone, true);
}

static void send_row(struct feed *feed, const PGresult *rows, int row)
{
	const struct feed_options *options = &feed->options;
	const ProtobufCMessage *message = options->encode(feed->arena, rows, row);
	int64_t sequence = db_i64(rows, row, "sequence");

	for (struct reader *r = feed->readers; r; r = r->next) {
		if (r->cursor >= sequence || !takes_more(r))
			continue;
		if (!options->concerns || options->concerns(r->call, rows, row))
			send(r, message, sequence);
		else
			r->cursor = sequence;
	}
	arena_reset(feed->arena);
}

static void send_heartbeat(struct feed *feed, int64_t head)
{
	const ProtobufCMessage *message = feed->options.heartbeat(feed->arena, head);

	for (struct reader *r = feed->readers; r; r = r->next) {
		if (!takes_more(r))
			continue;
		if (feed->options.quiet && r->told) {
			r->cursor = head;
		} else {
			send(r, message, head);
			r->told = !r->behind;
		}
	}
	arena_reset(feed->arena);
}

/* Gives readers that want only what comes later the newest sequence as their cursor. */
static enum status begin_now(struct feed *feed, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	bool any = false;
	enum status s;

	for (const struct reader *r = feed->readers; r && !any; r = r->next)
		any = r->cursor == FEED_FROM_NOW;
	if (!any)
		return OK;
	s = feed->options.poll(feed->db, INT64_MAX, 1, &rows, reterr);
	for (struct reader *r = feed->readers; r && s == OK; r = r->next)
		if (r->cursor == FEED_FROM_NOW)
			r->cursor = db_i64(rows, 0, "head");
	return s;
}

/* Rows after the lowest cursor to those that they are new to, as long as somebody takes them; then
 * the heartbeat. */
static enum status send_news(struct feed *feed, struct error *reterr)
{
	int64_t after;

	while ((after = lowest_cursor(feed)) != INT64_MAX) {
		_cleanup_(PQclearp) PGresult *rows = NULL;
		enum status s = feed->options.poll(feed->db, after, BATCH_ROWS, &rows, reterr);
		int64_t head;
		int n;

		if (s != OK)
			return s;
		n = PQntuples(rows);
		head = db_i64(rows, 0, "head");
		if (rewind_future(feed, head))
			continue;
		for (int i = 0; i < n && !db_is_null(rows, i, "sequence"); i++)
			send_row(feed, rows, i);
		if (n < BATCH_ROWS) {
			send_heartbeat(feed, head);
			break;
		}
	}
	return OK;
}

/* ------------------------------------------------------------------ the thread */

/* Waits for the next turn and takes over new readers. False: the end. */
static bool wait_turn(struct feed *feed, int64_t until_us)
{
	const struct timespec deadline = {until_us / US_PER_S, until_us % US_PER_S * 1000};
	struct reader *fresh;
	bool go_on;

	pthread_mutex_lock(&feed->lock);
	while (!feed->wake && !feed->stop)
		if (pthread_cond_timedwait(&feed->woken, &feed->lock, &deadline) != 0)
			break;
	feed->wake = false;
	go_on = !feed->stop;
	fresh = TAKE_PTR(feed->fresh);
	pthread_mutex_unlock(&feed->lock);
	adopt(feed, fresh);
	return go_on;
}

/* One line when reading begins to fail and one when it works again, not one a second. */
static void report(bool *failing, const char *what, enum status s, const struct error *err)
{
	if (s != OK && !*failing)
		log_warn("feed_unread", LOG_S("what", what), LOG_S("reason", err->reason),
			 LOG_S("message", err->message));
	if (s == OK && *failing)
		log_info("feed_read_again", LOG_S("what", what));
	*failing = s != OK;
}

static void *feed_run(void *arg)
{
	struct feed *feed = arg;
	const struct feed_options *options = &feed->options;
	int64_t next_us = clock_mono_us(), also_us = next_us + options->also_ms * US_PER_MS;
	bool failing = false, also_failing = false;

	while (wait_turn(feed, next_us)) {
		int64_t now = clock_mono_us();
		struct error err;
		enum status s;

		next_us = now + options->poll_ms * US_PER_MS;
		db_set_deadline(feed->db, now + TURN_MS_MAX * US_PER_MS);
		drop_gone(&feed->readers);
		for (struct reader *r = feed->readers; r; r = r->next)
			r->behind = false;
		if (feed->readers) {
			s = begin_now(feed, &err);
			if (s == OK)
				s = send_news(feed, &err);
			report(&failing, options->name, s, &err);
		}
		if (options->also && now >= also_us) {
			also_us = now + options->also_ms * US_PER_MS;
			s = options->also(feed->db, options->also_ctx, &err);
			report(&also_failing, options->also_name, s, &err);
		}
	}
	while (feed->readers) {
		struct reader *reader = feed->readers;

		feed->readers = reader->next;
		end_reader(reader, UNAVAILABLE, "service_unavailable", "this replica is stopping");
	}
	return NULL;
}

struct feed *feed_start(const struct feed_options *options)
{
	struct feed *feed = calloc(1, sizeof *feed);
	pthread_condattr_t attr;

	ensure(feed);
	feed->options = *options;
	feed->db = db_new(&options->db);
	feed->arena = arena_new(ARENA_CHUNK_BYTES, ARENA_BYTES_MAX);
	pthread_mutex_init(&feed->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&feed->woken, &attr);
	pthread_condattr_destroy(&attr);
	ensure(pthread_create(&feed->thread, NULL, feed_run, feed) == 0);
	return feed;
}

void feed_stop(struct feed *feed)
{
	bool running;

	if (!feed)
		return;
	pthread_mutex_lock(&feed->lock);
	running = !feed->stop;
	feed->stop = true;
	pthread_cond_signal(&feed->woken);
	pthread_mutex_unlock(&feed->lock);
	if (running)
		pthread_join(feed->thread, NULL);
}

void feed_free(struct feed *feed)
{
	if (!feed)
		return;
	feed_stop(feed);
	db_free(feed->db);
	arena_free(feed->arena);
	pthread_cond_destroy(&feed->woken);
	pthread_mutex_destroy(&feed->lock);
	free(feed);
}
