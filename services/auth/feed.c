/* Threads: feed_run owns every watcher that it has adopted; feed_watch and feed_wake only touch
 * what the lock guards; on_cancel (a callback thread) only sets a flag. */
#include "auth/feed.h"

#include "edge/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "sql/auth.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define BATCH_ROWS 500 /* revocations of one query */
#define TURN_MS_MAX \
	3000 /* for all statements of one turn: a watcher gives up after 4 s of silence */
#define ARENA_BYTES (64 << 10) /* of one turn */

struct watcher {
	struct rpc_call *call;
	int64_t cursor;   /* sequence of the last event sent */
	atomic_bool gone; /* the caller has left */
	bool behind;      /* its queue is full: it waits for the next turn */
	struct watcher *next;
};

static struct {
	struct feed_options options;
	pthread_t thread;
	pthread_mutex_t lock; /* of the three below */
	pthread_cond_t woken;
	struct watcher *fresh; /* not adopted yet */
	bool wake, stop;
	bool running;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void on_cancel(struct rpc_call *call, void *ctx)
{
	struct watcher *watcher = ctx;

	atomic_store(&watcher->gone, true);
}

static const struct rpc_stream_hooks hooks = {.on_cancel = on_cancel};

enum status feed_watch(struct rpc_call *call, int64_t after_sequence)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));
	bool taken;

	ensure(watcher);
	watcher->call = call;
	watcher->cursor = after_sequence;
	rpc_stream_hooks_set(call, &hooks, watcher);
	pthread_mutex_lock(&state.lock);
	taken = !state.stop;
	if (taken) {
		watcher->next = state.fresh;
		state.fresh = watcher;
		state.wake = true;
		pthread_cond_signal(&state.woken);
	}
	pthread_mutex_unlock(&state.lock);
	if (taken)
		return RPC_LATER;
	free(watcher);
	return rpc_fail(call, UNAVAILABLE, "service_unavailable", "this replica is stopping");
}

void feed_wake(void)
{
	pthread_mutex_lock(&state.lock);
	state.wake = true;
	pthread_cond_signal(&state.woken);
	pthread_mutex_unlock(&state.lock);
}

/* ------------------------------------------------------------------ one turn */

static void finish(struct watcher *watcher, enum status s, const char *reason, const char *why)
{
	if (s != OK)
		s = rpc_fail(watcher->call, s, reason, "%s", why);
	rpc_finish(watcher->call, s, NULL);
	free(watcher);
}

static void drop_gone(struct watcher **list)
{
	while (*list) {
		struct watcher *watcher = *list;

		if (atomic_load(&watcher->gone)) {
			*list = watcher->next;
			finish(watcher, CANCELLED, "call_cancelled", "the caller has left");
		} else {
			list = &watcher->next;
		}
	}
}

static void send(struct watcher *watcher, const Edge__V1__RevocationEvent *event)
{
	enum status s = rpc_stream_send(watcher->call, &event->base);

	if (s == OK)
		watcher->cursor = event->sequence;
	else if (s == RESOURCE_EXHAUSTED)
		watcher->behind = true;
	else
		atomic_store(&watcher->gone, true);
}

static void send_row(struct watcher *watchers, struct arena *arena, const PGresult *rows, int row)
{
	Edge__V1__RevocationEvent event = EDGE__V1__REVOCATION_EVENT__INIT;
	Edge__V1__RevokedSession session = EDGE__V1__REVOKED_SESSION__INIT;

	session.session_id = (char *)db_peek(rows, row, "session_id");
	session.forget_time = db_time(arena, rows, row, "forget_us");
	event.sequence = db_i64(rows, row, "sequence");
	event.event_case = EDGE__V1__REVOCATION_EVENT__EVENT_SESSION;
	event.session = &session;
	for (struct watcher *w = watchers; w; w = w->next)
		if (w->cursor < event.sequence && !w->behind && !atomic_load(&w->gone))
			send(w, &event);
}

static void send_heartbeat(struct watcher *watchers, int64_t head)
{
	Edge__V1__RevocationEvent event = EDGE__V1__REVOCATION_EVENT__INIT;
	Edge__V1__Heartbeat heartbeat = EDGE__V1__HEARTBEAT__INIT;

	event.sequence = head;
	event.event_case = EDGE__V1__REVOCATION_EVENT__EVENT_HEARTBEAT;
	event.heartbeat = &heartbeat;
	for (struct watcher *w = watchers; w; w = w->next)
		if (!w->behind && !atomic_load(&w->gone))
			send(w, &event);
}

static int64_t lowest_cursor(const struct watcher *watchers)
{
	int64_t lowest = INT64_MAX;

	for (const struct watcher *w = watchers; w; w = w->next)
		if (!w->behind && w->cursor < lowest)
			lowest = w->cursor;
	return lowest;
}

/* A cursor of the future was given by a database that has been restored since: such a watcher gets
 * everything anew. False: there is none. */
static bool rewind_future(struct watcher *watchers, int64_t head)
{
	bool any = false;

	for (struct watcher *w = watchers; w; w = w->next) {
		if (w->cursor > head) {
			w->cursor = 0;
			any = true;
		}
	}
	return any;
}

/* Everything after the lowest cursor to whom it is new, then the heartbeat, which says that the
 * database was asked. */
static enum status send_news(struct db *db, struct watcher *watchers, struct arena *arena,
			     struct error *reterr)
{
	int64_t after = lowest_cursor(watchers);
	int n = BATCH_ROWS;

	while (n == BATCH_ROWS) {
		const char *const params[] = {db_param_i64(arena, after),
					      db_param_i64(arena, BATCH_ROWS)};
		_cleanup_(PQclearp) PGresult *rows = NULL;
		enum status s = db_query(db, &sql_auth_revocation_after, params, &rows, reterr);
		int64_t head;

		if (s != OK)
			return s;
		n = PQntuples(rows);
		head = db_i64(rows, 0, "head");
		if (rewind_future(watchers, head)) {
			after = 0;
			n = BATCH_ROWS;
			continue;
		}
		for (int i = 0; i < n && !db_is_null(rows, i, "sequence"); i++) {
			send_row(watchers, arena, rows, i);
			after = db_i64(rows, i, "sequence");
		}
		arena_reset(arena);
		if (n < BATCH_ROWS)
			send_heartbeat(watchers, head);
	}
	return OK;
}

static struct watcher *adopt(struct watcher *watchers, struct watcher *fresh)
{
	while (fresh) {
		struct watcher *next = fresh->next;

		fresh->next = watchers;
		watchers = fresh;
		fresh = next;
	}
	return watchers;
}

/* ------------------------------------------------------------------ the thread */

/* Waits for the next turn and takes over new watchers. False: the end. */
static bool wait_turn(struct watcher **watchers, int64_t until_us)
{
	const struct timespec deadline = {until_us / US_PER_S, until_us % US_PER_S * 1000};
	bool go_on;

	pthread_mutex_lock(&state.lock);
	while (!state.wake && !state.stop)
		if (pthread_cond_timedwait(&state.woken, &state.lock, &deadline) != 0)
			break;
	state.wake = false;
	go_on = !state.stop;
	*watchers = adopt(*watchers, TAKE_PTR(state.fresh));
	pthread_mutex_unlock(&state.lock);
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
	struct arena *arena = arena_new(ARENA_BYTES, ARENA_BYTES);
	struct db *db = db_new(&state.options.db);
	int64_t next_us = clock_mono_us(),
		keys_us = next_us + state.options.key_poll_ms * US_PER_MS;
	bool revocations_failing = false, keys_failing = false;
	struct watcher *watchers = NULL;

	while (wait_turn(&watchers, next_us)) {
		int64_t now = clock_mono_us();
		struct error err;
		enum status s;

		next_us = now + state.options.poll_ms * US_PER_MS;
		db_set_deadline(db, now + TURN_MS_MAX * US_PER_MS);
		drop_gone(&watchers);
		for (struct watcher *w = watchers; w; w = w->next)
			w->behind = false;
		if (watchers) {
			s = send_news(db, watchers, arena, &err);
			report(&revocations_failing, "revocations", s, &err);
		}
		if (now >= keys_us) {
			keys_us = now + state.options.key_poll_ms * US_PER_MS;
			s = keyring_load(state.options.keyring, db, &err);
			report(&keys_failing, "signing_keys", s, &err);
		}
		arena_reset(arena);
	}
	while (watchers) {
		struct watcher *watcher = watchers;

		watchers = watcher->next;
		finish(watcher, UNAVAILABLE, "service_unavailable", "this replica is stopping");
	}
	db_free(db);
	arena_free(arena);
	return NULL;
}

void feed_start(const struct feed_options *options)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&state.woken, &attr);
	pthread_condattr_destroy(&attr);
	state.options = *options;
	state.stop = false;
	ensure(pthread_create(&state.thread, NULL, feed_run, NULL) == 0);
	state.running = true;
}

void feed_stop(void)
{
	if (!state.running)
		return;
	pthread_mutex_lock(&state.lock);
	state.stop = true;
	pthread_cond_signal(&state.woken);
	pthread_mutex_unlock(&state.lock);
	pthread_join(state.thread, NULL);
	state.running = false;
}
