#include "chat/answer/try.h"

#include "chat/answer/fallback.h"
#include "chat/answer/wait.h"
#include "chat/answer/way.h"
#include "chat/provider/embeddings.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"

#include <string.h>

#define REFUSAL_BYTES 4096
#define REQUEST_BYTES (64 << 20)
#define JITTER 5             /* a fifth, both ways */
#define FEWER_TOKENS_MIN 256 /* a shorter answer is of no use */
#define MENDS_MAX 8          /* repeats of one answer without what was refused */
#define UNKNOWN_PAUSE_US US_PER_S

METRIC_FAMILY(faults_total) = {
	.name = "chat_provider_faults_total",
	.help = "Tries that a provider failed.",
	.labels = "provider,reason",
	.kind = METRIC_COUNTER,
};
METRIC_FAMILY(odd_events_total) = {
	.name = "chat_provider_odd_events_total",
	.help = "Events of providers in which nothing could be read; the answer went on.",
	.labels = "provider",
	.kind = METRIC_COUNTER,
};
METRIC_FAMILY(first_token_seconds) = {
	.name = "chat_first_token_seconds",
	.help = "From the first try to the first token.",
	.kind = METRIC_HISTOGRAM,
};

static void fail(struct generation *generation, const struct error *err)
{
	generation_end(generation, CHAT__V1__GENERATION__STATE__FAILED, 0, err);
}

/* ---------------------------------------------------------------- the answer as it comes */

static void first_token(struct generation *generation)
{
	struct provider_try *try = &generation->try;

	metric_observe_us(metric_get(&first_token_seconds, NULL), clock_mono_us() - try->first_us);
	if (try->transfer)
		http_idle_timeout(try->transfer,
				  (int32_t)generation->engine->conf->idle_timeout_ms);
}

static void begin_events(struct generation *generation)
{
	if (!generation->written)
		first_token(generation);
	generation->written = true;
	generation_begin_events(generation);
}

static void take_text(struct generation *generation, enum event_kind kind, const char *text,
		      size_t len)
{
	begin_events(generation);
	if (!log_add_text(generation->log, kind, text, len))
		generation->try.answer.stream.full = true;
}

static void on_text(void *ctx, const char *text, size_t len)
{
	take_text(ctx, EVENT_TEXT, text, len);
}

static void on_reasoning(void *ctx, const char *text, size_t len)
{
	take_text(ctx, EVENT_REASONING, text, len);
}

static void on_item(void *ctx, const char *json, size_t len)
{
	struct generation *generation = ctx;

	/* Vectors are of use when all are there. */
	if (generation->prompt.embedding.input)
		generation_begin_events(generation);
	else
		begin_events(generation);
	if (!log_add_item(generation->log, json, len))
		generation->try.answer.stream.full = true;
}

static void on_head(struct http_transfer *transfer, int32_t status, void *ctx)
{
	struct generation *generation = ctx;
	struct provider_try *try = &generation->try;

	try->http_status = status;
	retry_after_read(transfer, try->retry_after);
	if (try->retry_after[0])
		try->answer.stream.retry_after = try->retry_after;
}

static bool is_answer(const struct provider_try *try)
{
	return try->http_status >= 200 && try->http_status < 300;
}

static void note_odd_events(struct generation *generation)
{
	struct provider_try *try = &generation->try;
	const char *const labels[] = {try->pick.route->provider->name};
	size_t n = try->answer.skipped - try->odd_events;

	if (n == 0)
		return;
	metric_add(metric_get(&odd_events_total, labels), (int64_t)n);
	if (try->odd_events == 0)
		log_warn("provider_event_odd", LOG_S("provider", labels[0]),
			 LOG_S("generation", generation->log->facts.id),
			 LOG_S("request_id", generation->log->facts.request_id));
	try->odd_events = try->answer.skipped;
}

static void try_over(struct generation *generation, enum transport transport, enum status status);

static bool on_data(struct http_transfer *transfer, const void *data, size_t len, void *ctx)
{
	struct generation *generation = ctx;
	struct provider_try *try = &generation->try;
	size_t former = generation->log->n_marks;
	bool was_finished = answer_finished(&try->answer), more;

	if (try->transfer != transfer) /* it has said [DONE]; the connection may be kept */
		return true;
	if (generation->stage != STAGE_TRY)
		return false;
	if (!is_answer(try)) { /* its beginning is enough */
		size_t room = REFUSAL_BYTES - try->refusal.len;

		buf_add(&try->refusal, data, len < room ? len : room);
		return true;
	}
	more = answer_feed(&try->answer, data, len);
	note_odd_events(generation);
	generation_changed(generation);
	if (answer_finished(&try->answer) && (!was_finished || generation->log->n_marks > former))
		http_deadline(transfer, generation->engine->conf->usage_wait_ms);
	if (more || !try->answer.stream.done)
		return more;
	try->transfer = NULL; /* it ends by itself, or at its deadline */
	try_over(generation, TRANSPORT_CLOSED, OK);
	return true;
}

/* ---------------------------------------------------------------- how a try ended */

static void pause_over(void *ctx)
{
	struct generation *generation = ctx;

	if (generation->stage == STAGE_PAUSE)
		generation_advance(generation, STAGE_TRY);
	generation_unref(generation);
}

void try_pause(struct generation *generation)
{
	http_timer(generation->engine->http, (generation->try.pause_us + US_PER_MS - 1) / US_PER_MS,
		   pause_over, generation_ref(generation));
}

/* The rest that the provider asked for; 0: none. */
static int64_t asked_rest_ms(const struct provider_try *try)
{
	return try->fault.kind == FAULT_BUSY && try->fault.retry_after_ms > 0
		       ? try->fault.retry_after_ms
		       : 0;
}

/* No provider of this model answers. */
static void give_up(struct generation *generation, const struct error *err, int64_t snooze_ms)
{
	if (fallback_take(generation))
		generation_advance(generation, STAGE_TRY);
	else
		wait_or_fail(generation, err, snooze_ms);
}

/* Tries again after a while, unless that is too late. err: of the last try. */
static void again_after(struct generation *generation, int64_t wait_us, const struct error *err)
{
	const struct chat_conf *conf = generation->engine->conf;
	struct provider_try *try = &generation->try;

	if (clock_mono_us() + wait_us > try->first_us + conf->tries_within_ms * US_PER_MS) {
		/* Before the first try only the limits of the keys are in the way. */
		give_up(generation, err, try->n == 0 ? wait_us / US_PER_MS : asked_rest_ms(try));
		return;
	}
	try->pause_us = wait_us;
	generation_advance(generation, STAGE_PAUSE);
}

/* Makes the question fit the model: without the parameter that it refused, or for a shorter answer
 * that it offers. The route remembers the parameter. */
static bool mend(struct generation *generation)
{
	struct provider_try *try = &generation->try;
	const struct provider_fault *fault = &try->fault;
	int32_t fewer = fault->fewer_tokens;

	if (try->mends >= MENDS_MAX)
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

static void note_fault(struct generation *generation, const struct error *err)
{
	struct provider_try *try = &generation->try;
	const char *const labels[] = {try->pick.route->provider->name, err->reason};

	metric_add(metric_get(&faults_total, labels), 1);
	log_warn("provider_fault", LOG_S("provider", labels[0]), LOG_S("reason", labels[1]),
		 LOG_S("message", err->message), LOG_I("try", try->n),
		 LOG_S("generation", generation->log->facts.id),
		 LOG_S("request_id", generation->log->facts.request_id));
}

/* again: nothing came, so another provider may be asked. */
static void try_failed(struct generation *generation, bool again)
{
	const struct chat_conf *conf = generation->engine->conf;
	struct provider_try *try = &generation->try;
	int64_t wait_us = conf->tries_pause_ms * US_PER_MS << (try->n - 1);

	note_fault(generation, &try->fault.err);
	way_report(generation, &try->fault);
	if (again && mend(generation)) {
		try->n--; /* that was no failure of the provider */
		generation_advance(generation, STAGE_TRY);
		return;
	}
	if (!again || try->fault.kind == FAULT_FINAL || try->fault.kind == FAULT_PARAMETER) {
		fail(generation, &try->fault.err);
		return;
	}
	if (try->n >= conf->tries_max) {
		give_up(generation, &try->fault.err, asked_rest_ms(try));
		return;
	}
	if (try->fault.kind == FAULT_RETRY && wait_us > 0) {
		wait_us += (int64_t)random_below((uint64_t)(2 * wait_us / JITTER + 1)) -
			   wait_us / JITTER;
		again_after(generation, wait_us, &try->fault.err);
		return;
	}
	/* The key that failed rests or is avoided. Another may be free. */
	generation_advance(generation, STAGE_TRY);
}

static Chat__V1__StopReason stop_reason(const struct provider_stream *stream)
{
	if (stream->full || stream->stop == STOP_LENGTH)
		return CHAT__V1__STOP_REASON__LENGTH;
	if (stream->stop == STOP_FILTER || (stream->wrote_refusal && !stream->wrote_text))
		return CHAT__V1__STOP_REASON__FILTER;
	if (stream->n_calls > 0) /* some servers say "stop" then, too */
		return CHAT__V1__STOP_REASON__TOOL_CALLS;
	return CHAT__V1__STOP_REASON__STOP;
}

/* The answer is whole and of no use. The key is not at fault, and another try would be no better. */
static void end_unusable(struct generation *generation, const char *reason)
{
	struct error err;

	err.code = error_set(&err, UNAVAILABLE, reason, "%s", answer_ending_text(reason));
	note_fault(generation, &err);
	generation_end(generation, CHAT__V1__GENERATION__STATE__FAILED,
		       stop_reason(&generation->try.answer.stream), &err);
}

/* Vectors of some inputs are there. The next ones are asked for, or the answer is whole. */
static void end_vectors(struct generation *generation)
{
	struct prompt_embedding *embedding = &generation->prompt.embedding;
	struct provider_try *try = &generation->try;
	struct provider_stream *stream = &try->answer.stream;

	generation->embedded_tokens += stream->has_usage ? stream->usage.input : 0;
	generation->embedded_unseen |= !stream->has_usage;
	embedding->first += embedding->some;
	if (embedding->first < embedding->n) {
		try->n = try->mends = 0;
		try->first_us = 0;
		try->avoid = (struct provider_avoid){0};
		generation_advance(generation, STAGE_TRY);
		return;
	}
	generation->written = true;
	stream->has_usage = !generation->embedded_unseen;
	stream->usage = (struct usage){.input = generation->embedded_tokens};
	generation_end(generation, CHAT__V1__GENERATION__STATE__DONE, stop_reason(stream), NULL);
}

static void end_answer(struct generation *generation, enum transport transport, enum status status)
{
	struct provider_try *try = &generation->try;
	struct ending ending;

	answer_end(&try->answer);
	note_odd_events(generation);
	ending = answer_ending(&try->answer, transport);
	generation->unpaid = !ending.charged;
	if (!ending.done && !ending.reason) {
		if (try->answer.failed)
			try->fault = try->answer.fault;
		else if (transport == TRANSPORT_CLOSED)
			provider_fault_broken(&try->fault, "nothing in it can be read");
		else
			provider_fault_transfer(status == OK ? UNAVAILABLE : status, &try->fault);
		try_failed(generation, ending.again);
		return;
	}
	way_report(generation, NULL);
	if (ending.reason)
		end_unusable(generation, ending.reason);
	else if (generation->prompt.embedding.input)
		end_vectors(generation);
	else
		generation_end(generation, CHAT__V1__GENERATION__STATE__DONE,
			       stop_reason(&try->answer.stream), NULL);
}

static void try_over(struct generation *generation, enum transport transport, enum status status)
{
	struct provider_try *try = &generation->try;

	if (generation->cancel) { /* the text until then is paid for */
		answer_end(&try->answer);
		generation_end_cancelled(generation);
	} else if (is_answer(try)) {
		end_answer(generation, transport, status);
	} else if (try->http_status != 0) {
		try->pick.route->provider->api->refusal(
			try->http_status, try->answer.stream.retry_after, buf_text(&try->refusal),
			try->refusal.len, &try->fault);
		try_failed(generation, true);
	} else {
		provider_fault_transfer(status == OK ? UNAVAILABLE : status, &try->fault);
		try_failed(generation, true);
	}
}

static void on_end(struct http_transfer *transfer, enum status status,
		   _unused_ const struct error *err, void *ctx)
{
	struct generation *generation = ctx;
	bool closed = status == OK && http_framed(transfer);

	if (generation->try.transfer == transfer) {
		generation->try.transfer = NULL;
		if (generation->stage == STAGE_TRY)
			try_over(generation, closed ? TRANSPORT_CLOSED : TRANSPORT_CUT, status);
	}
	generation_unref(generation);
}

/* ---------------------------------------------------------------- a try begins */

/* Vectors are one JSON text. */
static size_t event_bytes_max(const struct generation *generation)
{
	const struct chat_conf *conf = generation->engine->conf;

	return (size_t)(generation->prompt.embedding.input ? conf->vectors_bytes_max
							   : conf->event_bytes_max);
}

/* So many inputs that their vectors fit one answer of the provider. */
static void take_some(struct generation *generation)
{
	struct prompt_embedding *embedding = &generation->prompt.embedding;
	size_t left = embedding->n - embedding->first;
	size_t some = embeddings_some(generation->engine->conf->vectors_bytes_max,
				      embedding->dimensions_max);

	embedding->some = some < left ? some : left;
}

static void reset_try(struct generation *generation)
{
	struct provider_try *try = &generation->try;

	if (generation->prompt.embedding.input)
		take_some(generation);
	provider_try_done(try);
	answer_init(&try->answer, try->pick.route->provider->api, event_bytes_max(generation));
	try->answer.stream.on_text = on_text;
	try->answer.stream.on_reasoning = on_reasoning;
	try->answer.stream.on_item = on_item;
	try->answer.stream.embedding = generation->prompt.embedding;
	try->answer.stream.wants_logprobs = generation->prompt.wants_logprobs;
	if (generation->prompt.n_tools > 0 && generation->prompt.tool_choice != TOOLS_NONE)
		try->answer.stream.calls_max = (int32_t)generation->engine->conf->tool_calls_max;
	try->answer.stream.ctx = generation;
	buf_init(&try->refusal, REFUSAL_BYTES);
	try->odd_events = 0;
	try->http_status = 0;
	try->retry_after[0] = '\0';
	try->fault = (struct provider_fault){0};
}

static int32_t first_timeout_ms(const struct chat_conf *conf, const struct provider *provider)
{
	return (int32_t)(provider->local ? conf->first_byte_timeout_local_ms
					 : conf->first_byte_timeout_ms);
}

static enum status send(struct generation *generation, struct error *reterr)
{
	static const struct http_hooks hooks = {on_head, on_data, on_end};
	const struct chat_conf *conf = generation->engine->conf;
	const struct provider_route *route = generation->try.pick.route;
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
	/* Some servers send the head at once and then load the model. */
	request.first_byte_timeout_ms = first_timeout_ms(conf, route->provider);
	request.idle_timeout_ms = request.first_byte_timeout_ms;
	if (request.idle_timeout_ms < conf->idle_timeout_ms)
		request.idle_timeout_ms = (int32_t)conf->idle_timeout_ms;
	request.total_timeout_ms = (int32_t)conf->total_timeout_ms;
	request.answer_bytes_max = SIZE_MAX / 2; /* events and text have limits of their own */
	generation->try.transfer =
		http_start(generation->engine->http, &request, &hooks, generation_ref(generation));
	return OK;
}

static void try_send(struct generation *generation)
{
	struct error err;

	generation->try.n++;
	reset_try(generation);
	if (send(generation, &err) != OK)
		fail(generation, &err);
}

/* No way is free: waits for the first one, if there will be any. */
static void none_free(struct generation *generation, int64_t wait_us)
{
	struct provider_try *try = &generation->try;
	struct error err = try->fault.err;

	if (err.code == OK && wait_us == INT64_MAX)
		err.code = error_set(&err, UNAVAILABLE, "provider_account",
				     "every key of the provider is off");
	else if (err.code == OK)
		err.code = error_set(&err, UNAVAILABLE, "provider_busy",
				     "the provider asked for a rest, or its keys have no room");
	if (wait_us == INT64_MAX) /* every way was tried */
		give_up(generation, &err, asked_rest_ms(try));
	else
		again_after(generation, wait_us, &err);
}

static void way_unknown(struct generation *generation, const struct error *err)
{
	again_after(generation, UNKNOWN_PAUSE_US, err);
}

void try_begin(struct generation *generation)
{
	static const struct way_hooks hooks = {try_send, none_free, way_unknown};

	if (generation->try.first_us == 0)
		generation->try.first_us = clock_mono_us();
	way_find(generation, &hooks);
}
