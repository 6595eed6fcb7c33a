/* Requests for operators: one line of log each, and metrics by route. */
#include "gateway/gateway.h"
#include "gateway/lines.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"

#include <stdio.h>
#include <string.h>

#define PATH_SHOWN_MAX 256 /* bytes of a path in the log */
#define CUT_MARK "…"

#define STATUS_CLASSES 6 /* 0: not used, 1xx … 5xx */

METRIC_FAMILY(durations) = {
	.name = "http_request_seconds",
	.help = "From the last byte of a request's head to its answer, or the first event of a "
		"stream.",
	.labels = "method,route",
	.kind = METRIC_HISTOGRAM,
};
METRIC_FAMILY(answers) = {
	.name = "http_answers_total",
	.help = "Answers by route and class of status.",
	.labels = "method,route,status",
	.kind = METRIC_COUNTER,
};
METRIC_FAMILY(streams) = {
	.name = "http_streams",
	.help = "Streams that are open.",
	.kind = METRIC_GAUGE,
};

/* The metrics of each route, looked up once. The last ones are those of requests without a
 * route. */
struct route_metrics {
	struct metric *duration;
	struct metric *answers[STATUS_CLASSES];
};

static struct route_metrics *by_route;

static void route_metrics_init(struct route_metrics *metrics, const char *method, const char *path)
{
	static const char *const classes[STATUS_CLASSES] = {"0xx", "1xx", "2xx",
							    "3xx", "4xx", "5xx"};

	metrics->duration = metric_get(&durations, (const char *const[]){method, path});
	for (int i = 1; i < STATUS_CLASSES; i++)
		metrics->answers[i] =
			metric_get(&answers, (const char *const[]){method, path, classes[i]});
}

void report_init(const struct gateway_conf *conf)
{
	lines_init(conf->log_lines_per_second, conf->log_lines_burst);
	by_route = calloc(routes_n + 1, sizeof *by_route);
	ensure(by_route);
	for (size_t i = 0; i < routes_n; i++)
		route_metrics_init(&by_route[i], routes[i].http_method, routes[i].path);
	route_metrics_init(&by_route[routes_n], "any", "none");
}

void report_done(void)
{
	free(TAKE_PTR(by_route));
}

/* Cuts a path that is too long to read, with a mark. */
static const char *shown(const char *path, char out[PATH_SHOWN_MAX + sizeof CUT_MARK])
{
	if (strlen(path) <= PATH_SHOWN_MAX)
		return path;
	snprintf(out, PATH_SHOWN_MAX + sizeof CUT_MARK, "%.*s" CUT_MARK, PATH_SHOWN_MAX, path);
	return out;
}

/* The path for a line of log: of one that is a secret only the pattern. */
static const char *path_of(const struct request *request)
{
	const struct route *route = request->route;

	if (route && route->variable_field >= 0 &&
	    route->req->fields[route->variable_field].flags & JSON_SECRET)
		return route->path;
	return request->shown_path ? request->shown_path : request->http->path;
}

void report_answer(const struct request *request, int32_t status)
{
	const struct httpd_request *http = request->http;
	const struct rpc_context *context = &request->context;
	size_t i = request->route ? (size_t)(request->route - routes) : routes_n;
	int64_t dur_us = http->received_us ? clock_mono_us() - http->received_us : 0;
	char path[PATH_SHOWN_MAX + sizeof CUT_MARK];

	metric_observe_us(by_route[i].duration, dur_us);
	metric_add(by_route[i].answers[status / 100], 1);
	if (!log_enabled(LOG_LEVEL_INFO) || !lines_take(context->client_address))
		return;
	log_info("request", LOG_S("http_method", http->method),
		 LOG_S("path", shown(path_of(request), path)),
		 LOG_S("method", request->route ? request->route->method->path : NULL),
		 LOG_I("status", status), LOG_S("reason", request->reason), LOG_I("dur_us", dur_us),
		 LOG_S("request_id", context->request_id),
		 LOG_S("user_id", *context->subject.user_id ? context->subject.user_id : NULL),
		 LOG_S("address", context->client_address));
}

void report_stream(int change)
{
	metric_add(metric_get(&streams, NULL), change);
}
