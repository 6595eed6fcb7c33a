/* One thread: claims due rows, makes their calls side by side, records how they ended. */
#include "runtime/outbox/outbox.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"
#include "sql/runtime.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define POLL_MS 1000
#define BACKOFF_INITIAL_MS 100
#define BACKOFF_MAX_MS 60000
#define BATCH_MAX 64
#define KEEP_DAYS 7
#define CALL_TIMEOUT_MS 10000
#define CLAIM_MS 30000 /* longer than a call: no other replica takes the row meanwhile */
#define TAKE_MS 5000
#define PURGE_INTERVAL_US (600 * US_PER_S)
#define OLD_SECONDS 3600
#define COMPLAIN_INTERVAL_US (60 * US_PER_S)
#define ANSWERS_BYTES 1024 /* of one row's outcome, as parameters */
#define UNPACKED_MAX 64    /* an unpacked request is at most so many times its hex text */

METRIC_FAMILY(delivered_total) = {
	.name = "outbox_delivered_total",
	.help = "Calls answered with OK.",
	.labels = "method",
	.kind = METRIC_COUNTER,
};
METRIC_FAMILY(refused_total) = {
	.name = "outbox_refused_total",
	.help = "Calls that a repeat cannot help.",
	.labels = "method",
	.kind = METRIC_COUNTER,
};
METRIC_FAMILY(retries_total) = {
	.name = "outbox_retries_total",
	.help = "Calls put off to be tried again.",
	.labels = "method",
	.kind = METRIC_COUNTER,
};
METRIC_FAMILY(oldest_seconds) = {
	.name = "outbox_oldest_seconds",
	.help = "Age of the oldest call that is not done.",
	.kind = METRIC_GAUGE,
};

struct outbox {
	struct outbox_options options; /* its targets are a copy */
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	bool woken;
	atomic_bool stopping;          /* read without the lock between batches */
	int running;                   /* calls of the batch that have not ended */
	int64_t purge_us, complain_us; /* when next; of the thread */
};

/* One claimed row. */
struct delivery {
	struct outbox *outbox;
	const char *id;
	const struct outbox_target *target;
	int32_t attempts;
	enum status status;
	struct error err;
};

enum status outbox_add(struct db *db, const char *id, const char *key,
		       const struct rpc_method *method, const ProtobufCMessage *req,
		       struct error *reterr)
{
	size_t len = protobuf_c_message_get_packed_size(req);
	_cleanup_(arena_freep) struct arena *arena = arena_new(4 * len + 1024, 8 * len + 4096);
	uint8_t *packed = arena_alloc(arena, len);

	ensure(db_in_tx(db) && method->idempotent && req->descriptor == method->req && packed);
	protobuf_c_message_pack(req, packed);
	return db_exec(
		db, &sql_outbox_insert,
		(const char *const[]){id, key, method->path, db_param_bytes(arena, packed, len)},
		NULL, reterr);
}

/* Whether the same call may get another answer later. */
static bool worth_repeating(enum status s)
{
	return s == UNAVAILABLE || s == DEADLINE_EXCEEDED || s == ABORTED ||
	       s == RESOURCE_EXHAUSTED || s == INTERNAL || s == UNKNOWN || s == CANCELLED;
}

static void answered(void *ctx, enum status status, const ProtobufCMessage *resp,
		     const struct error *err)
{
	struct delivery *delivery = ctx;
	struct outbox *outbox = delivery->outbox;

	delivery->status = status;
	if (status != OK)
		delivery->err = *err;
	pthread_mutex_lock(&outbox->lock);
	outbox->running--;
	pthread_cond_broadcast(&outbox->changed);
	pthread_mutex_unlock(&outbox->lock);
}

static const struct outbox_target *find_target(const struct outbox *outbox, const char *method)
{
	for (size_t i = 0; i < outbox->options.n_targets; i++)
		if (strcmp(outbox->options.targets[i].method->path, method) == 0)
			return &outbox->options.targets[i];
	return NULL;
}

/* Starts the call of one row. A row that this version cannot call counts as answered INTERNAL, and
 * a later version may know it. */
static void start_call(struct delivery *delivery, const PGresult *rows, int row)
{
	size_t room = UNPACKED_MAX * (strlen(db_peek(rows, row, "request")) + 1024);
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, room);
	struct outbox *outbox = delivery->outbox;
	const char *method = db_peek(rows, row, "method");
	struct rpc_context context = {0}; /* the log knows the call by its row */
	const struct rpc_call_options options = {
		.parent = &context,
		.timeout_ms = CALL_TIMEOUT_MS,
	};
	ProtobufCMessage *req = NULL;
	size_t len;
	uint8_t *packed = db_bytes(arena, rows, row, "request", &len);

	snprintf(context.request_id, sizeof context.request_id, "%s", delivery->id);
	delivery->target = find_target(outbox, method);
	if (delivery->target && packed)
		req = protobuf_c_message_unpack(delivery->target->method->req, &arena->allocator,
						len, packed);
	if (!req) {
		delivery->status =
			error_set(&delivery->err, INTERNAL, "internal_error",
				  "no target for %s, or a request that it cannot read", method);
		return;
	}
	pthread_mutex_lock(&outbox->lock);
	outbox->running++;
	pthread_mutex_unlock(&outbox->lock);
	rpc_call_async(delivery->target->channel, delivery->target->method, &options, req, answered,
		       delivery);
}

static void wait_for_answers(struct outbox *outbox)
{
	pthread_mutex_lock(&outbox->lock);
	while (outbox->running > 0)
		pthread_cond_wait(&outbox->changed, &outbox->lock);
	pthread_mutex_unlock(&outbox->lock);
}

/* Exponential with full jitter on its upper half. */
static int64_t backoff_ms(const struct outbox_options *options, int32_t attempts)
{
	int64_t ms = options->backoff_initial_ms;

	while (--attempts > 0 && ms < options->backoff_max_ms)
		ms *= 2;
	if (ms > options->backoff_max_ms)
		ms = options->backoff_max_ms;
	return ms / 2 + (int64_t)random_below((uint64_t)ms / 2 + 1);
}

static void report(const struct delivery *delivery, bool again)
{
	const char *method = delivery->target ? delivery->target->method->path : "unknown";
	struct metric_family *family = delivery->status == OK ? &delivered_total
				       : again                ? &retries_total
							      : &refused_total;

	metric_add(metric_get(family, (const char *const[]){method}), 1);
	if (delivery->status == OK)
		return;
	log_at(again ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
	       again ? "outbox_call_failed" : "outbox_call_refused", LOG_S("method", method),
	       LOG_S("id", delivery->id), LOG_S("code", status_name(delivery->status)),
	       LOG_S("reason", delivery->err.reason), LOG_S("message", delivery->err.message),
	       LOG_I("attempts", delivery->attempts));
}

/* Writes how the n calls ended, in two statements. */
static enum status record(struct outbox *outbox, struct db *db, struct arena *arena,
			  const struct delivery *deliveries, size_t n, struct error *reterr)
{
	const char **done = arena_array(arena, n, sizeof *done);
	const char **refused = arena_array(arena, n, sizeof *refused);
	const char **again = arena_array(arena, n, sizeof *again);
	const char **delays = arena_array(arena, n, sizeof *delays);
	size_t n_done = 0, n_again = 0;
	enum status s = OK;

	ensure(done && refused && again && delays);
	for (size_t i = 0; i < n; i++) {
		const struct delivery *d = &deliveries[i];
		bool repeat = worth_repeating(d->status);

		report(d, repeat);
		if (repeat) {
			again[n_again] = d->id;
			delays[n_again++] =
				db_param_i64(arena, backoff_ms(&outbox->options, d->attempts));
		} else {
			done[n_done] = d->id;
			refused[n_done++] = d->status == OK ? "" : d->err.reason;
		}
	}
	if (n_done)
		s = db_exec(db, &sql_outbox_done,
			    (const char *const[]){db_param_array(arena, done, n_done),
						  db_param_array(arena, refused, n_done)},
			    NULL, reterr);
	if (s == OK && n_again)
		s = db_exec(db, &sql_outbox_again,
			    (const char *const[]){db_param_array(arena, again, n_again),
						  db_param_array(arena, delays, n_again)},
			    NULL, reterr);
	return s;
}

/* One batch. *ret_n: how many rows were claimed. */
static enum status deliver(struct outbox *outbox, struct db *db, size_t *ret_n,
			   struct error *reterr)
{
	size_t rows_max = (size_t)outbox->options.batch_max + 1;
	_cleanup_(arena_freep) struct arena *arena =
		arena_new(16384, rows_max * (sizeof(struct delivery) + ANSWERS_BYTES));
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct delivery *deliveries;
	enum status s;

	*ret_n = 0;
	s = db_query(db, &sql_outbox_claim,
		     (const char *const[]){db_param_i64(arena, outbox->options.batch_max),
					   db_param_i64(arena, CLAIM_MS)},
		     &rows, reterr);
	if (s != OK || PQntuples(rows) == 0)
		return s;
	*ret_n = (size_t)PQntuples(rows);
	deliveries = arena_array(arena, *ret_n, sizeof *deliveries);
	ensure(deliveries);
	for (size_t i = 0; i < *ret_n; i++) {
		deliveries[i] = (struct delivery){
			.outbox = outbox,
			.id = db_peek(rows, (int)i, "id"),
			.attempts = db_i32(rows, (int)i, "attempts"),
		};
		start_call(&deliveries[i], rows, (int)i);
	}
	wait_for_answers(outbox);
	return record(outbox, db, arena, deliveries, *ret_n, reterr);
}

/* Sets the metric of the oldest row's age. *ret_ms: until there is work, at most poll_ms. */
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

/* Makes all calls that are due. *ret_ms: until the next one may be. */
static enum status work(struct outbox *outbox, struct db *db, int64_t *ret_ms, struct error *reterr)
{
	enum status s;
	size_t n;

	do {
		s = deliver(outbox, db, &n, reterr);
	} while (s == OK && n > 0 && !outbox->stopping);
	if (s == OK)
		s = purge(outbox, db, reterr);
	if (s == OK)
		s = look(outbox, db, ret_ms, reterr);
	return s;
}

/* Sleeps ms, or until woken. False: stop. */
static bool sleep_until_woken(struct outbox *outbox, int64_t ms)
{
	int64_t end_us = clock_mono_us() + ms * US_PER_MS;
	struct timespec end = {end_us / US_PER_S, end_us % US_PER_S * 1000};
	bool go_on;

	pthread_mutex_lock(&outbox->lock);
	while (!outbox->woken && !outbox->stopping &&
	       pthread_cond_timedwait(&outbox->changed, &outbox->lock, &end) == 0)
		;
	outbox->woken = false;
	go_on = !outbox->stopping;
	pthread_mutex_unlock(&outbox->lock);
	return go_on;
}

static void *run(void *ctx)
{
	struct outbox *outbox = ctx;
	int64_t ms = 0;

	while (sleep_until_woken(outbox, ms)) {
		struct error err;
		struct db *db;
		enum status s = db_pool_take(outbox->options.pool, TAKE_MS, &db, &err);

		ms = outbox->options.poll_ms;
		if (s == OK) {
			s = work(outbox, db, &ms, &err);
			db_pool_give(outbox->options.pool, db);
		}
		if (s != OK)
			log_warn("outbox_waits", LOG_S("code", status_name(s)),
				 LOG_S("message", err.message));
	}
	return NULL;
}

/* Its counters are there with 0 before the first call. */
static void know_method(const char *method)
{
	metric_get(&delivered_total, &method);
	metric_get(&refused_total, &method);
	metric_get(&retries_total, &method);
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
		know_method(targets[i].method->path);
	}
#define DEFAULT(member, value) \
	(outbox->options.member = options->member ? options->member : (value))
	DEFAULT(poll_ms, POLL_MS);
	DEFAULT(backoff_initial_ms, BACKOFF_INITIAL_MS);
	DEFAULT(backoff_max_ms, BACKOFF_MAX_MS);
	DEFAULT(batch_max, BATCH_MAX);
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
	pthread_cond_destroy(&outbox->changed);
	pthread_mutex_destroy(&outbox->lock);
	free((void *)outbox->options.targets);
	free(outbox);
}
