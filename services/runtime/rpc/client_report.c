/* Metrics of outgoing calls. */
#include "runtime/rpc/client.h"

#include "runtime/base/clock.h"

METRIC_FAMILY(calls_total) = {
	.name = "rpc_client_calls_total",
	.help = "Outgoing calls that ended, by method and code.",
	.labels = "method,code",
	.kind = METRIC_COUNTER,
};
METRIC_FAMILY(call_seconds) = {
	.name = "rpc_client_call_seconds",
	.help = "Time from the start of an outgoing call to its end, retries included.",
	.labels = "method",
	.kind = METRIC_HISTOGRAM,
};
METRIC_FAMILY(in_flight) = {
	.name = "rpc_client_calls_in_flight",
	.help = "Outgoing calls that began and did not end.",
	.labels = "method",
	.kind = METRIC_GAUGE,
};
METRIC_FAMILY(retries_total) = {
	.name = "rpc_client_retries_total",
	.help = "Attempts after the first.",
	.labels = "method",
	.kind = METRIC_COUNTER,
};

#define METHODS_MAX 1024 /* a power of two; calls of more methods are not counted */

/* The counters of one method; found by the address of its struct, which is static. */
struct client_metrics {
	_Atomic(const struct rpc_method *) method;
	struct metric *in_flight, *seconds, *retries;
	_Atomic(struct metric *) codes[STATUS_N];
};

static struct client_metrics table[METHODS_MAX];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

static size_t place_of(const struct rpc_method *method)
{
	return ((uintptr_t)method / sizeof(*method) * 2654435761u) % METHODS_MAX;
}

/* The method's place, or the free one where it belongs; NULL: full. */
static struct client_metrics *look(const struct rpc_method *method)
{
	size_t at = place_of(method);

	for (size_t i = 0; i < METHODS_MAX; i++) {
		struct client_metrics *metrics = &table[(at + i) % METHODS_MAX];
		const struct rpc_method *owner = atomic_load(&metrics->method);

		if (!owner || owner == method)
			return metrics;
	}
	return NULL;
}

static struct client_metrics *find(const struct rpc_method *method)
{
	const char *const labels[] = {method->path};
	struct client_metrics *metrics = look(method);

	if (!metrics || atomic_load(&metrics->method))
		return metrics;
	pthread_mutex_lock(&table_lock);
	metrics = look(method);
	if (metrics && !atomic_load(&metrics->method)) {
		metrics->in_flight = metric_get(&in_flight, labels);
		metrics->seconds = metric_get(&call_seconds, labels);
		metrics->retries = metric_get(&retries_total, labels);
		atomic_store(&metrics->method, method);
	}
	pthread_mutex_unlock(&table_lock);
	return metrics;
}

void client_report_start(struct rpc_client_call *call)
{
	call->metrics = find(call->method);
	if (call->metrics)
		metric_add(call->metrics->in_flight, 1);
}

void client_report_retry(struct rpc_client_call *call)
{
	if (call->metrics)
		metric_add(call->metrics->retries, 1);
}

void client_report_end(struct rpc_client_call *call)
{
	struct client_metrics *metrics = call->metrics;
	struct metric *code;

	if (!metrics)
		return;
	code = atomic_load(&metrics->codes[call->status]);
	if (!code) {
		const char *const labels[] = {call->method->path, status_name(call->status)};

		code = metric_get(&calls_total, labels);
		atomic_store(&metrics->codes[call->status], code);
	}
	metric_add(code, 1);
	metric_add(metrics->in_flight, -1);
	metric_observe_us(metrics->seconds, clock_mono_us() - call->start_us);
}
