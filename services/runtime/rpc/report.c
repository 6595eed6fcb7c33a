/* The server's reports of its calls: metrics per method and code, one log line per call. */
#include "runtime/rpc/server.h"

#include "runtime/base/clock.h"
#include "runtime/log/log.h"

#define REFUSALS_SAID_MAX 20 /* log lines in a second of calls that found no room */

METRIC_FAMILY(calls_total) = {
	.name = "rpc_server_calls_total",
	.help = "Calls that ended, by method and code.",
	.labels = "method,code",
	.kind = METRIC_COUNTER,
};
METRIC_FAMILY(call_seconds) = {
	.name = "rpc_server_call_seconds",
	.help = "Time from the headers of a call to its trailers.",
	.labels = "method",
	.kind = METRIC_HISTOGRAM,
};
METRIC_FAMILY(in_flight) = {
	.name = "rpc_server_calls_in_flight",
	.help = "Calls that began and did not end.",
	.labels = "method",
	.kind = METRIC_GAUGE,
};
METRIC_FAMILY(received_bytes) = {
	.name = "rpc_server_received_bytes_total",
	.help = "Message bytes of requests, as on the wire.",
	.labels = "method",
	.kind = METRIC_COUNTER,
};
METRIC_FAMILY(sent_bytes) = {
	.name = "rpc_server_sent_bytes_total",
	.help = "Message bytes of answers, as on the wire.",
	.labels = "method",
	.kind = METRIC_COUNTER,
};

/* Calls of methods that nobody knows are counted together. */
static const struct rpc_method unknown_method = {.path = "unknown"};
static struct method_entry unknown = {.handler.method = &unknown_method};
static pthread_once_t unknown_once = PTHREAD_ONCE_INIT;

void report_method(struct method_entry *entry)
{
	const char *const labels[] = {entry->handler.method->path};

	entry->in_flight = metric_get(&in_flight, labels);
	entry->seconds = metric_get(&call_seconds, labels);
	entry->received = metric_get(&received_bytes, labels);
	entry->sent = metric_get(&sent_bytes, labels);
}

static void unknown_init(void)
{
	report_method(&unknown);
}

static int64_t read_queue(void *ctx)
{
	return queues_waiting(ctx);
}

void report_server(struct rpc_server *server)
{
	static _Atomic bool taken;

	pthread_once(&unknown_once, unknown_init);
	/* A process has one server. Tests have more: the gauge is the first one's, which must
	 * not end before the last reading. */
	if (server->options.service && !atomic_exchange(&taken, true))
		metric_callback("rpc_server_queue", "Calls that wait for a worker.", read_queue,
				server);
}

static struct method_entry *entry_of(const struct server_call *call)
{
	return call->entry ? call->entry : &unknown;
}

void report_start(struct server_call *call)
{
	call->reported = true;
	metric_add(entry_of(call)->in_flight, 1);
}

static struct metric *code_of(struct method_entry *entry, enum status status)
{
	struct metric *metric = atomic_load(&entry->codes[status]);

	if (!metric) {
		const char *const labels[] = {entry->handler.method->path, status_name(status)};

		metric = metric_get(&calls_total, labels);
		atomic_store(&entry->codes[status], metric);
	}
	return metric;
}

static enum log_level level_of(enum status status)
{
	switch (status) {
	case INTERNAL:
	case UNKNOWN:
	case DATA_LOSS:
		return LOG_LEVEL_ERROR;
	case UNAVAILABLE:
	case DEADLINE_EXCEEDED:
	case RESOURCE_EXHAUSTED:
		return LOG_LEVEL_WARN;
	default:
		return LOG_LEVEL_INFO;
	}
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

/* A flood that finds no room must not fill the log as well. */
static bool may_say(const struct server_call *call)
{
	struct rpc_server *server = call->server;
	int64_t now = clock_mono_us() / US_PER_S, second = atomic_load(&server->refusals_second);

	if (call->phase != CALL_REFUSED || call->status != RESOURCE_EXHAUSTED)
		return true;
	if (second != now && atomic_compare_exchange_strong(&server->refusals_second, &second, now))
		atomic_store(&server->refusals_said, 0);
	return atomic_fetch_add(&server->refusals_said, 1) < REFUSALS_SAID_MAX;
}

void report_end(struct server_call *call)
{
	struct method_entry *entry = entry_of(call);
	const struct error *err = call->refusal ? call->refusal : &call->pub.err;
	const struct rpc_context *ctx = &call->pub.ctx;
	enum log_level level = level_of(call->status);
	int64_t us = clock_mono_us() - call->start_us;

	if (!call->reported)
		return; /* gone before its headers were complete */
	metric_add(entry->in_flight, -1);
	metric_add(code_of(entry, call->status), 1);
	metric_observe_us(entry->seconds, us);
	metric_add(entry->received, (int64_t)atomic_load(&call->stream.got_bytes));
	metric_add(entry->sent, (int64_t)call->stream.put_bytes);
	if (!log_enabled(level) || !may_say(call))
		return;
	log_at(level, "rpc", LOG_S("method", entry->handler.method->path),
	       LOG_S("request_id", ctx->request_id), LOG_S("trace", or_null(ctx->traceparent)),
	       LOG_S("user_id", or_null(ctx->subject.user_id)),
	       LOG_S("caller", or_null(call->pub.caller)), LOG_S("code", status_name(call->status)),
	       LOG_S("reason", call->status == OK ? NULL : or_null(err->reason)),
	       LOG_S("message", call->status == OK ? NULL : or_null(err->message)),
	       LOG_I("dur_us", us));
}
