/* Calls under way, and how they ended. */
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"
#include "runtime/outbox/internal.h"
#include "sql/runtime.h"

#include <stdio.h>
#include <string.h>

/* Marks wait for each other so long. When the process dies before, the calls are made again. */
#define MARK_MS 100
#define MARKS_MAX 64    /* … and not for more than so many */
#define MARK_BYTES 1024 /* of one row's outcome, as parameters */
#define UNPACKED_MAX 64 /* an unpacked request is at most so many times its bytes */
#define UNPACKED_BYTES 1024

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
struct delivery *delivery_new(struct outbox *outbox, const char *id, size_t len)
{
	struct delivery *delivery = calloc(1, sizeof *delivery);

	ensure(delivery);
	delivery->outbox = outbox;
	snprintf(delivery->id, UUID_SIZE, "%s", id);
	delivery->len = len;
	delivery->packed = malloc(len + 1);
	ensure(delivery->packed);
	return delivery;
}

void delivery_free(struct delivery *delivery)
{
	free(delivery->packed);
	free(delivery);
}

/* Its counters are there with 0 before the first call. */
void delivery_know(const char *method)
{
	metric_get(&delivered_total, &method);
	metric_get(&refused_total, &method);
	metric_get(&retries_total, &method);
}

/* Whether the same call may get another answer later. */
static bool worth_repeating(enum status s)
{
	return s == UNAVAILABLE || s == DEADLINE_EXCEEDED || s == ABORTED ||
	       s == RESOURCE_EXHAUSTED || s == INTERNAL || s == UNKNOWN || s == CANCELLED;
}

static const struct outbox_target *find_target(const struct outbox *outbox, const char *method)
{
	for (size_t i = 0; i < outbox->options.n_targets; i++)
		if (strcmp(outbox->options.targets[i].method->path, method) == 0)
			return &outbox->options.targets[i];
	return NULL;
}

/* Few statements are better than early ones. Only claimed rows have others that wait for them. */
static void put_ended(struct delivery *delivery)
{
	struct outbox *outbox = delivery->outbox;
	int64_t now_us = clock_mono_us();

	pthread_mutex_lock(&outbox->lock);
	if (!outbox->ended)
		outbox->mark_us = now_us + MARK_MS * US_PER_MS;
	delivery->next = outbox->ended;
	outbox->ended = delivery;
	outbox->n_ended++;
	if (delivery->claimed || delivery->status != OK || outbox->n_ended >= MARKS_MAX)
		outbox->mark_us = now_us;
	if (!delivery->next || outbox->mark_us == now_us || outbox->stopping)
		pthread_cond_broadcast(&outbox->changed);
	pthread_mutex_unlock(&outbox->lock);
}

static void answered(void *ctx, enum status status, const ProtobufCMessage *resp,
		     const struct error *err)
{
	struct delivery *delivery = ctx;

	delivery->status = status;
	if (status != OK)
		delivery->err = *err;
	put_ended(delivery);
}

/* A row that this version cannot call counts as answered INTERNAL, and a later version may know it.
 */
void delivery_start(struct delivery *delivery)
{
	size_t room = UNPACKED_MAX * (delivery->len + UNPACKED_BYTES);
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, room);
	struct rpc_context context = {0}; /* the log knows the call by its row */
	const struct rpc_call_options options = {
		.parent = &context,
		.timeout_ms = CALL_TIMEOUT_MS,
	};
	ProtobufCMessage *req = NULL;

	snprintf(context.request_id, sizeof context.request_id, "%s", delivery->id);
	delivery->target = find_target(delivery->outbox, delivery->method);
	if (delivery->target)
		req = protobuf_c_message_unpack(delivery->target->method->req, &arena->allocator,
						delivery->len, delivery->packed);
	if (!req) {
		delivery->status = error_set(&delivery->err, INTERNAL, "internal_error",
					     "no target for %s, or a request that it cannot read",
					     delivery->method);
		put_ended(delivery);
		return;
	}
	rpc_call_async(delivery->target->channel, delivery->target->method, &options, req, answered,
		       delivery);
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

/* As parameters. */
struct marks {
	const char **done, **refused, **again, **delays;
	size_t n_done, n_again;
};

static void add_mark(struct marks *marks, struct arena *arena, const struct delivery *delivery)
{
	const struct outbox_options *options = &delivery->outbox->options;

	if (worth_repeating(delivery->status)) {
		marks->again[marks->n_again] = delivery->id;
		marks->delays[marks->n_again++] =
			db_param_i64(arena, backoff_ms(options, delivery->attempts));
	} else {
		marks->done[marks->n_done] = delivery->id;
		marks->refused[marks->n_done++] =
			delivery->status == OK ? "" : delivery->err.reason;
	}
}

struct mark_tx {
	struct arena *arena;
	struct marks marks;
	bool followed; /* a call waits behind one that is done */
};

/* A mark that is lost in a crash is a call that is made again. So none waits for the disk. */
static enum status mark_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(db_ask_done) struct db_ask hurry = {&sql_outbox_hurry, NULL, NULL};
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct mark_tx *tx = ctx;
	const struct marks *marks = &tx->marks;
	enum status s = OK;

	tx->followed = false;
	db_ahead(db, &hurry);
	if (marks->n_done) {
		if (!marks->n_again)
			db_tx_ends(db);
		s = db_query(db, &sql_outbox_done,
			     (const char *const[]){
				     db_param_array(tx->arena, marks->done, marks->n_done),
				     db_param_array(tx->arena, marks->refused, marks->n_done)},
			     &rows, reterr);
	}
	for (int i = 0; s == OK && i < PQntuples(rows); i++)
		tx->followed |= db_bool(rows, i, "followed");
	if (s != OK || !marks->n_again)
		return s;
	db_tx_ends(db);
	return db_exec(
		db, &sql_outbox_again,
		(const char *const[]){db_param_array(tx->arena, marks->again, marks->n_again),
				      db_param_array(tx->arena, marks->delays, marks->n_again)},
		NULL, reterr);
}

static struct delivery *take_ended(struct outbox *outbox, size_t *ret_n)
{
	struct delivery *ended;

	pthread_mutex_lock(&outbox->lock);
	ended = outbox->ended;
	*ret_n = (size_t)outbox->n_ended;
	outbox->ended = NULL;
	outbox->n_ended = 0;
	pthread_mutex_unlock(&outbox->lock);
	return ended;
}

/* How many of them were claimed. */
static int32_t forget(struct outbox *outbox, struct delivery *ended)
{
	int32_t claimed = 0, left = 0;

	while (ended) {
		struct delivery *delivery = ended;

		ended = delivery->next;
		report(delivery, worth_repeating(delivery->status));
		*(delivery->claimed ? &claimed : &left) += 1;
		delivery_free(delivery);
	}
	pthread_mutex_lock(&outbox->lock);
	outbox->claimed -= claimed;
	outbox->left -= left;
	pthread_mutex_unlock(&outbox->lock);
	return claimed;
}

/* The database was away: they are marked later. */
static void put_back(struct outbox *outbox, struct delivery *ended, size_t n)
{
	struct delivery *last = ended;

	while (last->next)
		last = last->next;
	pthread_mutex_lock(&outbox->lock);
	last->next = outbox->ended;
	outbox->ended = ended;
	outbox->n_ended += (int32_t)n;
	outbox->mark_us = clock_mono_us() + outbox->options.poll_ms * US_PER_MS;
	pthread_mutex_unlock(&outbox->lock);
}

enum status delivery_mark(struct outbox *outbox, struct db *db, bool *ret_again,
			  struct error *reterr)
{
	size_t n;
	struct delivery *ended = take_ended(outbox, &n);
	_cleanup_(arena_freep) struct arena *arena = arena_new(16384, (n + 1) * MARK_BYTES + 16384);
	struct mark_tx tx = {.arena = arena};
	enum status s;

	*ret_again = false;
	if (n == 0)
		return OK;
	tx.marks.done = arena_array(arena, n, sizeof(char *));
	tx.marks.refused = arena_array(arena, n, sizeof(char *));
	tx.marks.again = arena_array(arena, n, sizeof(char *));
	tx.marks.delays = arena_array(arena, n, sizeof(char *));
	ensure(tx.marks.done && tx.marks.refused && tx.marks.again && tx.marks.delays);
	for (const struct delivery *d = ended; d; d = d->next)
		add_mark(&tx.marks, arena, d);
	s = db_tx(db, NULL, mark_tx, &tx, reterr);
	if (s != OK) {
		put_back(outbox, ended, n);
		return s;
	}
	*ret_again = tx.followed || tx.marks.n_again > 0;
	if (forget(outbox, ended) > 0)
		*ret_again = true;
	return OK;
}
