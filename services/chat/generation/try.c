/* Steps 4 and 5: a provider is asked; before its first token another one may be. */
#include "chat/generation/internal.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"

#include <string.h>
#include <strings.h>

#define EVENT_BYTES (1 << 20) /* of one event of a provider */
#define REFUSAL_BYTES 4096
#define REQUEST_BYTES (64 << 20)
#define JITTER 5             /* a fifth, both ways */
#define FEWER_TOKENS_MIN 256 /* a shorter answer is of no use */
#define MENDS_MAX 8          /* repeats of one answer without what was refused */

static struct metric_family faults_total = {
	.name = "chat_provider_faults_total",
	.help = "Tries that a provider failed.",
	.labels = "provider,reason",
	.kind = METRIC_COUNTER,
};
static struct metric_family first_token_seconds = {
	.name = "chat_first_token_seconds",
	.help = "From the first try to the first token.",
	.kind = METRIC_HISTOGRAM,
};

static void fail(struct generation *generation, const struct error *err)
{
	finish(generation, CHAT__V1__GENERATION__STATE__FAILED, 0, err);
}

void try_done(struct provider_try *try)
{
	sse_reader_done(&try->sse);
	buf_done(&try->refusal);
}

/* ---------------------------------------------------------------- the answer as it comes */

static void take_text(struct generation *generation, enum event_kind kind, const char *text,
		      size_t len)
{
	if (!generation->written)
		metric_observe_us(metric_get(&first_token_seconds, NULL),
				  clock_mono_us() - generation->try.first_us);
	generation->written = true;
	generation_begin_events(generation);
	if (!log_add_text(generation->log, kind, text, len))
		generation->try.full = true;
}

static void on_text(void *ctx, const char *text, size_t len)
{
	take_text(ctx, EVENT_TEXT, text, len);
}

static void on_reasoning(void *ctx, const char *text, size_t len)
{
	take_text(ctx, EVENT_REASONING, text, len);
}

static bool on_event(_unused_ const char *event, const char *data, size_t len,
		     _unused_ const char *id, void *ctx)
{
	struct generation *generation = ctx;
	struct provider_try *try = &generation->try;

	if (!try->pick.route->provider->api->event(&try->stream, data, len, &try->fault))
		try->failed = true;
	return !try->failed && !try->full;
}

static void on_head(struct http_transfer *transfer, int32_t status, void *ctx)
{
	struct generation *generation = ctx;
	struct provider_try *try = &generation->try;
	const char *type = http_header(transfer, "content-type");

	try->http_status = status;
	retry_after_read(transfer, try->retry_after);
	if (status == 200 && (!type || strncasecmp(type, "text/event-stream", 17) != 0)) {
		try->failed = true;
		provider_fault_broken(&try->fault, "it is no stream of events");
	}
}

static bool on_data(_unused_ struct http_transfer *transfer, const void *data, size_t len,
		    void *ctx)
{
	struct generation *generation = ctx;
	struct provider_try *try = &generation->try;
	enum status s;

	if (try->failed)
		return false;
	if (try->http_status != 200) { /* what does not fit says nothing that is needed */
		size_t room = REFUSAL_BYTES - try->refusal.len;

		buf_add(&try->refusal, data, len < room ? len : room);
		return true;
	}
	s = sse_reader_feed(&try->sse, data, len, on_event, generation, NULL);
	if (s == RESOURCE_EXHAUSTED) {
		try->failed = true;
		provider_fault_broken(&try->fault, "an event is too long");
	}
	watch_pump_all(generation);
	return s == OK;
}

/* ---------------------------------------------------------------- how a try ended */

static void pause_over(void *ctx)
{
	struct generation *generation = ctx;

	if (generation->stage == STAGE_PAUSE)
		try_begin(generation);
	generation_unref(generation);
}

/* Another try after a while, unless that is too late. err: why the last one failed. */
static void again_after(struct generation *generation, int64_t wait_us, const struct error *err)
{
	const struct chat_conf *conf = generation->engine->conf;
	struct provider_try *try = &generation->try;

	if (clock_mono_us() + wait_us > try->first_us + conf->tries_within_ms * US_PER_MS) {
		fail(generation, err);
		return;
	}
	generation->stage = STAGE_PAUSE;
	http_timer(generation->engine->http, (wait_us + US_PER_MS - 1) / US_PER_MS, pause_over,
		   generation_ref(generation));
}

/* The same question as this model takes it: without the parameter that it refused, which its route
 * remembers, or with the shorter answer that it offers. */
static bool mend(struct generation *generation)
{
	struct provider_try *try = &generation->try;
	const struct provider_fault *fault = &try->fault;
	int32_t fewer = fault->fewer_tokens;

	if (generation->written || try->mends >= MENDS_MAX)
		return false;
	if (fault->kind == FAULT_PARAMETER && !(try->omitted & fault->parameter)) {
		if (fault->once)
			try->without |= fault->parameter;
		else
			try->pick.route->state->refused |= fault->parameter;
	} else if (fewer >= FEWER_TOKENS_MIN && fewer < generation->prompt.max_output_tokens) {
		generation->prompt.max_output_tokens = fewer;
		try->avoid = (struct provider_avoid){0};
	} else {
		return false;
	}
	try->mends++;
	return true;
}

static void try_failed(struct generation *generation)
{
	const struct chat_conf *conf = generation->engine->conf;
	struct provider_try *try = &generation->try;
	const char *const labels[] = {try->pick.route->provider->name, try->fault.err.reason};
	int64_t wait_us = conf->tries_pause_ms * US_PER_MS << (try->n - 1);

	metric_add(metric_get(&faults_total, labels), 1);
	log_warn("provider_fault", LOG_S("provider", labels[0]), LOG_S("reason", labels[1]),
		 LOG_S("message", try->fault.err.message), LOG_I("try", try->n),
		 LOG_S("generation", generation->log->facts.id),
		 LOG_S("request_id", generation->log->facts.request_id));
	if (mend(generation)) {
		try->n--; /* that was no failure of the provider */
		try_begin(generation);
		return;
	}
	if (generation->written || try->fault.kind == FAULT_FINAL ||
	    try->fault.kind == FAULT_PARAMETER || try->n >= conf->tries_max) {
		fail(generation, &try->fault.err);
		return;
	}
	if (try->fault.kind == FAULT_RETRY && wait_us > 0) {
		wait_us += (int64_t)random_below((uint64_t)(2 * wait_us / JITTER + 1)) -
			   wait_us / JITTER;
		again_after(generation, wait_us, &try->fault.err);
		return;
	}
	try_begin(generation); /* what failed rests or is avoided; another may be free */
}

/* Whether the answer is whole; otherwise fault says what is wrong. */
static bool whole(struct generation *generation, enum status status)
{
	struct provider_try *try = &generation->try;

	if (try->failed)
		return false;
	if (try->http_status != 0 && try->http_status != 200) {
		try->pick.route->provider->api->refusal(
			try->http_status, try->retry_after[0] ? try->retry_after : NULL,
			buf_text(&try->refusal), try->refusal.len, &try->fault);
		return false;
	}
	if (try->full || try->stream.stop != STOP_NONE)
		return true; /* what broke after the last word broke nothing */
	if (status == OK)
		status = UNAVAILABLE;
	provider_fault_transfer(status, &try->fault);
	return false;
}

static Chat__V1__StopReason stop_reason(const struct provider_try *try)
{
	if (try->full)
		return CHAT__V1__STOP_REASON__LENGTH;
	switch (try->stream.stop) {
	case STOP_LENGTH:
		return CHAT__V1__STOP_REASON__LENGTH;
	case STOP_FILTER:
		return CHAT__V1__STOP_REASON__FILTER;
	default:
		return CHAT__V1__STOP_REASON__STOP;
	}
}

static void on_end(_unused_ struct http_transfer *transfer, enum status status,
		   _unused_ const struct error *err, void *ctx)
{
	struct generation *generation = ctx;
	struct provider_try *try = &generation->try;

	try->transfer = NULL;
	if (generation->stage != STAGE_TRY) {
		generation_unref(generation);
		return;
	}
	if (generation->cancel) {
		finish(generation, CHAT__V1__GENERATION__STATE__CANCELLED,
		       CHAT__V1__STOP_REASON__CANCELLED, NULL);
	} else if (whole(generation, status)) {
		provider_report(generation->model, &try->pick, clock_mono_us(), NULL, &try->avoid);
		finish(generation, CHAT__V1__GENERATION__STATE__DONE, stop_reason(try), NULL);
	} else {
		provider_report(generation->model, &try->pick, clock_mono_us(), &try->fault,
				&try->avoid);
		try_failed(generation);
	}
	generation_unref(generation);
}

/* ---------------------------------------------------------------- a try begins */

static void reset_try(struct generation *generation)
{
	struct provider_try *try = &generation->try;

	try_done(try);
	sse_reader_init(&try->sse, EVENT_BYTES);
	buf_init(&try->refusal, REFUSAL_BYTES);
	try->stream = (struct provider_stream){
		.on_text = on_text, .on_reasoning = on_reasoning, .ctx = generation};
	try->http_status = 0;
	try->retry_after[0] = '\0';
	try->failed = false;
	try->fault = (struct provider_fault){0};
}

static enum status send(struct generation *generation, struct error *reterr)
{
	static const struct http_hooks hooks = {on_head, on_data, on_end};
	const struct chat_conf *conf = generation->engine->conf;
	const struct model_route *route = generation->try.pick.route;
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, REFUSAL_BYTES * 4);
	_cleanup_(buf_done) struct buf body;
	struct http_request request;
	enum status s;

	buf_init(&body, REQUEST_BYTES);
	generation->try.omitted = route->state->refused | generation->try.without;
	s = route->provider->api->request(&generation->try.pick, &generation->prompt,
					  generation->try.omitted, arena, &body, &request, reterr);
	if (s != OK)
		return s;
	request.connect_timeout_ms = (int32_t)conf->connect_timeout_ms;
	request.first_byte_timeout_ms = (int32_t)conf->first_byte_timeout_ms;
	request.idle_timeout_ms = (int32_t)conf->idle_timeout_ms;
	request.total_timeout_ms = (int32_t)conf->total_timeout_ms;
	request.answer_bytes_max = SIZE_MAX / 2; /* events and text have limits of their own */
	generation->try.transfer =
		http_start(generation->engine->http, &request, &hooks, generation_ref(generation));
	return OK;
}

void try_begin(struct generation *generation)
{
	struct provider_try *try = &generation->try;
	int64_t now_us = clock_mono_us(), wait_us;
	struct error err = try->fault.err;
	enum status s;

	generation->stage = STAGE_TRY;
	if (try->n == 0)
		try->first_us = now_us;
	if (!provider_pick(generation->model, now_us, &try->avoid, &try->pick, &wait_us)) {
		if (err.code == OK)
			err.code = error_set(&err, UNAVAILABLE, "provider_busy",
					     "the provider asked for a rest");
		if (wait_us == INT64_MAX) /* every way was tried */
			fail(generation, &err);
		else
			again_after(generation, wait_us, &err);
		return;
	}
	try->n++;
	reset_try(generation);
	s = send(generation, &err);
	if (s != OK)
		fail(generation, &err);
}
