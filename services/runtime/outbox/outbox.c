/* One thread: claims due rows, starts their calls, marks how calls ended. */
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"
#include "runtime/outbox/internal.h"
#include "sql/runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define POLL_MS 1000
#define BACKOFF_INITIAL_MS 100
#define BACKOFF_MAX_MS 60000
#define BATCH_MAX 64
#define LEFT_MAX 1024
#define KEEP_DAYS 7
#define TAKE_MS 5000
#define PURGE_INTERVAL_US (600 * US_PER_S)
#define OLD_SECONDS 3600
#define COMPLAIN_INTERVAL_US (60 * US_PER_S)

METRIC_FAMILY(oldest_seconds) = {
	.name = "outbox_oldest_seconds",
	.help = "Age of the oldest call that is not done.",
	.kind = METRIC_GAUGE,
};

/* Takes due rows for as many calls as may be under way. *ret_n: 0 when no more are due now. */
static enum status claim(struct outbox *outbox, struct db *db, int32_t *ret_n, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(16384, SIZE_MAX);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	int32_t room;
	enum status s;

	*ret_n = 0;
	pthread_mutex_lock(&outbox->lock);
	room = outbox->options.batch_max - outbox->claimed;
	pthread_mutex_unlock(&outbox->lock);
	if (room <= 0) { /* again when one of them has ended */
		*ret_n = 1;
		return OK;
	}
	s = db_query(
		db, &sql_outbox_claim,
		(const char *const[]){db_param_i64(arena, room), db_param_i64(arena, CLAIM_MS)},
		&rows, reterr);
	if (s != OK)
		return s;
	*ret_n = PQntuples(rows);
	pthread_mutex_lock(&outbox->lock);
	outbox->claimed += *ret_n;
	pthread_mutex_unlock(&outbox->lock);
	for (int i = 0; i < *ret_n; i++) {
		size_t len;
		const uint8_t *packed = db_bytes(arena, rows, i, "request", &len);
		struct delivery *delivery;

		ensure(packed);
		delivery = delivery_new(outbox, db_peek(rows, i, "id"), len);
		memcpy(delivery->packed, packed, len);
		delivery->method = db_peek(rows, i, "method");
		delivery->attempts = db_i32(rows, i, "attempts");
		delivery->claimed = true;
		delivery_start(delivery);
	}
	return OK;
}

/* Sets the metric of the oldest row's age. *ret_ms: until a call is due, at most poll_ms. */
static enum status look(struct outbox *outbox, struct db *db, int64_t *ret_ms, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query_one(db, &sql_outbox_state, NULL, &rows, reterr);

	*ret_ms = outbox->options.poll_ms;
	if (s != OK)
		return s;
	metric_set(metric_get(&oldest_seconds, NULL), db_i64(rows, 0, "oldest_seconds"));
	if (db_i64(rows, 0, "oldest_seconds") > OLD_SECONDS &&
	    clock_mono_us() >= outbox->complain_us) {
		log_error("outbox_stuck",
			  LOG_I("oldest_seconds", db_i64(rows, 0, "oldest_seconds")));
		outbox->complain_us = clock_mono_us() + COMPLAIN_INTERVAL_US;
	}
	if (!db_is_null(rows, 0, "due_ms") && db_i64(rows, 0, "due_ms") < *ret_ms)
		*ret_ms = db_i64(rows, 0, "due_ms");
	return OK;
}

static enum status purge(struct outbox *outbox, struct db *db, struct error *reterr)
{
	char days[12];
	int64_t n = 0;
	enum status s = OK;

	if (clock_mono_us() < outbox->purge_us)
		return OK;
	snprintf(days, sizeof days, "%d", outbox->options.keep_days);
	do {
		s = db_exec(db, &sql_outbox_purge, (const char *const[]){days}, &n, reterr);
	} while (s == OK && n == 1000);
	outbox->purge_us = clock_mono_us() + PURGE_INTERVAL_US;
	return s;
}

/* Starts the calls that are due, and finds out when the next ones are. */
static enum status claim_all(struct outbox *outbox, struct db *db, struct error *reterr)
{
	int64_t ms = outbox->options.poll_ms;
	int32_t n;
	enum status s;

	outbox->claim_us = clock_mono_us() + ms * US_PER_MS;
	s = claim(outbox, db, &n, reterr);
	if (s == OK && n == 0)
		s = purge(outbox, db, reterr);
	if (s == OK && n == 0)
		s = look(outbox, db, &ms, reterr);
	if (s == OK && n == 0)
		outbox->claim_us = clock_mono_us() + ms * US_PER_MS;
	return s;
}

/* Sleeps until there is work. False: stop. */
static bool wait_for_work(struct outbox *outbox)
{
	bool go_on;

	pthread_mutex_lock(&outbox->lock);
	while (!outbox->stopping && !outbox->woken) {
		int64_t at_us = outbox->claim_us;
		struct timespec at;

		if (outbox->ended && outbox->mark_us < at_us)
			at_us = outbox->mark_us;
		if (at_us <= clock_mono_us())
			break;
		at = (struct timespec){at_us / US_PER_S, at_us % US_PER_S * 1000};
		pthread_cond_timedwait(&outbox->changed, &outbox->lock, &at);
	}
	if (outbox->woken)
		outbox->claim_us = 0;
	outbox->woken = false;
	go_on = !outbox->stopping;
	pthread_mutex_unlock(&outbox->lock);
	return go_on;
}

static enum status work(struct outbox *outbox, struct db *db, struct error *reterr)
{
	bool again;
	enum status s = delivery_mark(outbox, db, &again, reterr);

	if (s == OK && (again || clock_mono_us() >= outbox->claim_us))
		s = claim_all(outbox, db, reterr);
	return s;
}

static void complain(struct outbox *outbox, enum status s, const struct error *err)
{
	int64_t at_us = clock_mono_us() + outbox->options.poll_ms * US_PER_MS;

	log_warn("outbox_waits", LOG_S("code", status_name(s)), LOG_S("message", err->message));
	outbox->claim_us = at_us;
	pthread_mutex_lock(&outbox->lock);
	outbox->mark_us = at_us;
	pthread_mutex_unlock(&outbox->lock);
}

/* The calls under way end, and are marked. */
static enum status finish(struct outbox *outbox, struct db *db, struct error *reterr)
{
	bool again;

	pthread_mutex_lock(&outbox->lock);
	while (outbox->n_ended < outbox->claimed + outbox->left)
		pthread_cond_wait(&outbox->changed, &outbox->lock);
	pthread_mutex_unlock(&outbox->lock);
	return delivery_mark(outbox, db, &again, reterr);
}

static void *run(void *ctx)
{
	struct outbox *outbox = ctx;
	bool go_on;

	do {
		struct error err;
		struct db *db;
		enum status s;

		go_on = wait_for_work(outbox);
		s = db_pool_take(outbox->options.pool, TAKE_MS, &db, &err);
		if (s == OK) {
			s = go_on ? work(outbox, db, &err) : finish(outbox, db, &err);
			db_pool_give(outbox->options.pool, db);
		}
		if (s != OK)
			complain(outbox, s, &err);
	} while (go_on);
	return NULL;
}

struct outbox *outbox_start(const struct outbox_options *options)
{
	struct outbox *outbox = calloc(1, sizeof *outbox);
	struct outbox_target *targets;
	pthread_condattr_t monotonic;

	ensure(outbox);
	outbox->options = *options;
	outbox->options.targets = targets = calloc(options->n_targets + 1, sizeof *targets);
	ensure(targets);
	for (size_t i = 0; i < options->n_targets; i++) {
		targets[i] = options->targets[i];
		delivery_know(targets[i].method->path);
	}
#define DEFAULT(member, value) \
	(outbox->options.member = options->member ? options->member : (value))
	DEFAULT(poll_ms, POLL_MS);
	DEFAULT(backoff_initial_ms, BACKOFF_INITIAL_MS);
	DEFAULT(backoff_max_ms, BACKOFF_MAX_MS);
	DEFAULT(batch_max, BATCH_MAX);
	DEFAULT(left_max, LEFT_MAX);
	DEFAULT(keep_days, KEEP_DAYS);
#undef DEFAULT
	pthread_mutex_init(&outbox->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&outbox->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	ensure(pthread_create(&outbox->thread, NULL, run, outbox) == 0);
	return outbox;
}

void outbox_wake(struct outbox *outbox)
{
	pthread_mutex_lock(&outbox->lock);
	outbox->woken = true;
	pthread_cond_broadcast(&outbox->changed);
	pthread_mutex_unlock(&outbox->lock);
}

void outbox_stop(struct outbox *outbox)
{
	if (!outbox)
		return;
	pthread_mutex_lock(&outbox->lock);
	outbox->stopping = true;
	pthread_cond_broadcast(&outbox->changed);
	pthread_mutex_unlock(&outbox->lock);
	pthread_join(outbox->thread, NULL);
	ensure(outbox->claimed + outbox->left == outbox->n_ended);
	while (outbox->ended) { /* that could not be marked: the next process calls again */
		struct delivery *delivery = outbox->ended;

		outbox->ended = delivery->next;
		delivery_free(delivery);
	}
	pthread_cond_destroy(&outbox->changed);
	pthread_mutex_destroy(&outbox->lock);
	free((void *)outbox->options.targets);
	free(outbox);
}
