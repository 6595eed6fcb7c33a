#include "runtime/httpd/httpd.h"

#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/httpd/account.h"

#include <stdio.h>
#include <string.h>

#define EVICTED_MAX 1024 /* connections that were told to leave and are not gone yet */

/* For servers that do not write their own. */
static void refuse_plainly(struct httpd_request *req, int32_t status, _unused_ const char *reason,
			   const char *detail, _unused_ void *ctx)
{
	httpd_answer(req, &(struct httpd_answer){
				  .status = status,
				  .content_type = "text/plain; charset=utf-8",
				  .body = detail,
				  .body_len = strlen(detail),
			  });
}

static void default_i32(int32_t *value, int32_t fallback)
{
	if (*value == 0)
		*value = fallback;
}

static void default_size(size_t *value, size_t fallback)
{
	if (*value == 0)
		*value = fallback;
}

static void options_complete(struct httpd_options *options)
{
	if (!options->refuse)
		options->refuse = refuse_plainly;
	default_i32(&options->connections_max, 1024);
	default_size(&options->head_bytes_max, 16384);
	default_i32(&options->headers_max, 100);
	default_size(&options->url_bytes_max, 8192);
	default_size(&options->body_bytes_max, 1048576);
	default_size(&options->request_arena_bytes, 4194304);
	default_i32(&options->head_timeout_ms, 10000);
	default_i32(&options->connections_per_address_max, options->connections_max);
	default_i32(&options->connections_per_proxy_max, options->connections_max);
	default_i32(&options->body_rate_min, 1024);
	default_i32(&options->body_window_ms, 5000);
	default_i32(&options->body_timeout_ms, 120000);
	default_size(&options->bodies_bytes_max, 64 << 20);
	default_size(&options->bodies_bytes_per_client_max, 8 << 20);
	default_i32(&options->idle_timeout_ms, 75000);
	default_i32(&options->send_timeout_ms, 30000);
	default_size(&options->stream_queue_bytes, 262144);
	options->listen = NULL;
}

static enum status take_ranges(struct httpd *httpd, struct error *reterr)
{
	const char *const *list = httpd->options.trusted;
	size_t n = 0;

	while (list && list[n])
		n++;
	httpd->trusted = calloc(n + 1, sizeof *httpd->trusted);
	ensure(httpd->trusted);
	httpd->options.trusted = NULL;
	for (; httpd->n_trusted < n; httpd->n_trusted++)
		if (!net_range_parse(list[httpd->n_trusted], &httpd->trusted[httpd->n_trusted]))
			return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
					 "'%s' is no range of addresses such as 10.0.0.0/8",
					 list[httpd->n_trusted]);
	return OK;
}

static struct httpd *httpd_new(const struct httpd_options *options)
{
	struct httpd *httpd = calloc(1, sizeof *httpd);
	pthread_condattr_t attributes;

	ensure(httpd);
	httpd->options = *options;
	options_complete(&httpd->options);
	httpd->accounts = calloc(ACCOUNT_BUCKETS, sizeof(struct account *));
	ensure(httpd->accounts);
	random_bytes(&httpd->account_seed, sizeof httpd->account_seed);
	pthread_mutex_init(&httpd->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&httpd->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return httpd;
}

enum status httpd_start(const struct httpd_options *options, struct httpd **ret,
			struct error *reterr)
{
	struct httpd *httpd;
	enum status s;
	size_t n = 0;

	ensure(options->handle && options->listen);
	httpd = httpd_new(options);
	while (options->listen[n])
		n++;
	httpd->listeners = calloc(n + 1, sizeof *httpd->listeners);
	ensure(httpd->listeners);
	s = take_ranges(httpd, reterr);
	for (size_t i = 0; s == OK && i < n; i++) {
		struct net_listen_options listen = {
			.url = options->listen[i],
			.connections_max = httpd->options.connections_max + EVICTED_MAX,
		};

		s = net_listen(&listen, conn_accept, httpd, &httpd->listeners[i], reterr);
		httpd->n_listeners += s == OK;
	}
	if (s == OK)
		*ret = httpd;
	else
		httpd_free(httpd);
	return s;
}

uint16_t httpd_port(const struct httpd *httpd, size_t i)
{
	return i < httpd->n_listeners ? net_listener_port(httpd->listeners[i]) : 0;
}

int32_t httpd_connections(const struct httpd *httpd)
{
	return atomic_load(&httpd->n_connections);
}

/* Closes connections: those between two requests, or all. */
static void close_connections(struct httpd *httpd, bool all)
{
	struct conn **conns;
	size_t n = 0;

	pthread_mutex_lock(&httpd->mutex);
	conns = calloc((size_t)httpd->n_connections + 1, sizeof(struct conn *));
	ensure(conns);
	for (int i = 0; i < CONN_LISTS; i++) {
		for (struct conn *conn = httpd->lists[i].first; conn; conn = conn->next) {
			net_ref(conn->net);
			conns[n++] = conn;
		}
	}
	pthread_mutex_unlock(&httpd->mutex);
	for (size_t i = 0; i < n; i++) {
		struct net_conn *net = conns[i]->net;

		net_lock(net);
		if (all || conns[i]->phase == PHASE_IDLE)
			net_close(net, false);
		net_unlock(net);
		net_unref(net);
	}
	free(conns);
}

void httpd_drain(struct httpd *httpd, int32_t drain_ms)
{
	int64_t until_us = clock_mono_us() + drain_ms * US_PER_MS;
	struct timespec until = {until_us / US_PER_S, until_us % US_PER_S * 1000};

	atomic_store(&httpd->draining, true);
	for (size_t i = 0; i < httpd->n_listeners; i++)
		net_listener_stop(httpd->listeners[i]);
	close_connections(httpd, false);
	pthread_mutex_lock(&httpd->mutex);
	while (httpd->n_connections && clock_mono_us() < until_us)
		pthread_cond_timedwait(&httpd->changed, &httpd->mutex, &until);
	pthread_mutex_unlock(&httpd->mutex);
	close_connections(httpd, true);
}

void httpd_free(struct httpd *httpd)
{
	if (!httpd)
		return;
	atomic_store(&httpd->draining, true);
	for (size_t i = 0; i < httpd->n_listeners; i++)
		net_listener_stop(httpd->listeners[i]);
	close_connections(httpd, true);
	for (size_t i = 0; i < httpd->n_listeners; i++)
		net_listener_free(httpd->listeners[i]);
	pool_free(httpd);
	free(httpd->owned);
	free(httpd->listeners);
	free(httpd->trusted);
	free(httpd->accounts);
	pthread_mutex_destroy(&httpd->mutex);
	pthread_cond_destroy(&httpd->changed);
	free(httpd);
}

const char *httpd_header(const struct httpd_request *req, const char *name)
{
	for (size_t i = 0; i < req->n_headers; i++)
		if (strcmp(req->headers[i].name, name) == 0)
			return req->headers[i].value;
	return NULL;
}
