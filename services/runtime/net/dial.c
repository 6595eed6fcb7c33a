/* Outgoing connections. */
#include "runtime/net/conn.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/net/poll.h"
#include "runtime/net/thread.h"
#include "runtime/net/tls.h"
#include <string.h>

#define TIMEOUT_MS 5000
#define BACKLOG_RETRY_MS 20 /* connect() to a unix socket with a full backlog fails at once */

struct dial {
	char *url;
	bool tls;
	int64_t deadline_us;
	nng_stream_dialer *dialer;
	nng_aio *aio;
	net_dialed_fn *done;
	void *ctx;
	struct error err; /* of set-up; code OK: none */
};

static void dial_free(struct dial *dial)
{
	if (dial->dialer)
		nng_stream_dialer_free(dial->dialer);
	nng_aio_reap(dial->aio);
	free(dial->url);
	free(dial);
}

static void dial_failed(struct dial *dial, int rv)
{
	struct error err;
	enum status s;

	s = error_set(&err, UNAVAILABLE, "service_unavailable", "%s: %s", dial->url,
		      nng_strerror(rv));
	ensure(s == UNAVAILABLE);
	dial->done(NULL, &err, dial->ctx);
}

static void dial_try(struct dial *dial)
{
	int64_t left_ms = (dial->deadline_us - clock_mono_us()) / US_PER_MS;

	nng_aio_set_timeout(dial->aio, left_ms > 1 ? left_ms : 1);
	nng_stream_dialer_dial(dial->dialer, dial->aio);
}

static void dial_retry(void *arg)
{
	dial_try(arg);
}

static void dial_cb(void *arg)
{
	struct dial *dial = arg;
	int rv = nng_aio_result(dial->aio);

	if (rv == NNG_EAGAIN && clock_mono_us() < dial->deadline_us) {
		net_timer_start(clock_mono_us() + (1 + random_below(BACKLOG_RETRY_MS)) * US_PER_MS,
				dial_retry, dial);
		return;
	}
	net_callback_begin();
	if (rv == 0)
		dial->done(net_conn_new(nng_aio_get_output(dial->aio, 0), dial->tls, NULL), NULL,
			   dial->ctx);
	else
		dial_failed(dial, rv);
	net_callback_end();
	dial_free(dial);
}

static void dial_refused(void *arg)
{
	struct dial *dial = arg;

	dial->done(NULL, &dial->err, dial->ctx);
	dial_free(dial);
}

static enum status dial_prepare(struct dial *dial, const struct net_dial_options *options,
				struct error *reterr)
{
	nng_tls_config *config;
	enum status s;
	nng_url *url;
	int rv;

	s = net_poll_check(nng_version(), reterr);
	if (s != OK)
		return s;
	rv = nng_stream_dialer_alloc(&dial->dialer, options->url);
	if (rv != 0)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "url", "%s: %s",
				   options->url, nng_strerror(rv));
	/* Refused by ipc, which has none of it. */
	nng_stream_dialer_set_bool(dial->dialer, NNG_OPT_TCP_NODELAY, true);
	nng_stream_dialer_set_bool(dial->dialer, NNG_OPT_TCP_KEEPALIVE, true);
	if (!dial->tls)
		return OK;
	ensure(nng_url_parse(&url, options->url) == 0);
	s = net_tls_config(false, options->tls_certificate_file, options->tls_key_file,
			   options->tls_ca_file,
			   options->tls_server_name ? options->tls_server_name : url->u_hostname,
			   &config, reterr);
	nng_url_free(url);
	if (s != OK)
		return s;
	ensure(nng_stream_dialer_set_ptr(dial->dialer, NNG_OPT_TLS_CONFIG, config) == 0);
	nng_tls_config_free(config); /* the dialer has its own hold */
	return OK;
}

void net_dial(const struct net_dial_options *options, net_dialed_fn *done, void *ctx)
{
	int32_t timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_MS;
	struct dial *dial = calloc(1, sizeof(*dial));

	ensure(dial && nng_aio_alloc(&dial->aio, dial_cb, dial) == 0);
	dial->url = strdup(options->url);
	ensure(dial->url);
	dial->tls = strncmp(options->url, "tls+tcp", 7) == 0;
	dial->deadline_us = clock_mono_us() + timeout_ms * US_PER_MS;
	dial->done = done;
	dial->ctx = ctx;
	if (dial_prepare(dial, options, &dial->err) == OK)
		dial_try(dial);
	else
		net_post(dial_refused, dial);
}
