/* One address of a channel: connect, back off, connect again. */
#include "runtime/rpc/client.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"
#include <stdio.h>
#include <string.h>

/* connection-backoff.md of gRPC */
#define BACKOFF_FACTOR 1.6
#define BACKOFF_JITTER_PERCENT 20

static struct subchannel *sub_ref(struct subchannel *sub)
{
	atomic_fetch_add(&sub->refs, 1);
	return sub;
}

static void unref_posted(void *arg)
{
	struct subchannel *sub = arg;
	struct rpc_channel *channel = sub->channel;

	if (atomic_fetch_sub(&sub->refs, 1) != 1)
		return;
	free(sub->url);
	free(sub);
	pthread_mutex_lock(&channel->lock);
	channel->n_subs--;
	pthread_cond_broadcast(&channel->changed);
	pthread_mutex_unlock(&channel->lock);
	channel_unref(channel);
}

/* The last one needs the channel's lock, which the caller may hold. */
static void sub_unref(struct subchannel *sub)
{
	net_post(unref_posted, sub);
}

static void dialed(struct net_conn *conn, const struct error *err, void *ctx);

static void sub_connect(struct subchannel *sub)
{
	const struct rpc_channel_options *options = &sub->channel->options;
	const struct net_dial_options dial = {
		.url = sub->url,
		.timeout_ms = options->connect_timeout_ms,
		.tls_certificate_file = options->tls_certificate_file,
		.tls_key_file = options->tls_key_file,
		.tls_ca_file = options->tls_ca_file,
		.tls_server_name =
			options->tls_server_name ? options->tls_server_name : sub->channel->host,
	};

	sub->state = SUB_CONNECTING;
	sub->try_started_us = clock_mono_us();
	net_dial(&dial, dialed, sub_ref(sub));
}

void sub_want(struct subchannel *sub)
{
	if (sub->state == SUB_IDLE)
		sub_connect(sub);
}

struct subchannel *sub_new(struct rpc_channel *channel, enum conn_class class, const char *url,
			   bool extra)
{
	struct subchannel *sub = calloc(1, sizeof(*sub));

	ensure(sub);
	atomic_init(&sub->refs, 1);
	sub->channel = channel_ref(channel);
	sub->url = strdup(url);
	ensure(sub->url);
	sub->class = class;
	sub->extra = extra;
	sub->seen = true;
	sub->backoff_ms = channel->options.backoff_initial_ms;
	sub->next = channel->subs;
	channel->subs = sub;
	channel->n_subs++;
	if (channel->wanted[class])
		sub_connect(sub);
	return sub;
}

/* ------------------------------------------------------------------ the end of an address */

static void leave_posted(void *arg)
{
	struct session *session = arg;

	session_lock(session);
	/* Its streams may end; after the last one the connection closes. */
	if (!session->closed)
		nghttp2_submit_goaway(session->h2, NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, NULL, 0);
	session_unlock(session);
	session_unref(session);
}

void sub_remove(struct subchannel *sub)
{
	struct subchannel **at = &sub->channel->subs;

	while (*at != sub)
		at = &(*at)->next;
	*at = sub->next;
	sub->state = SUB_GONE;
	if (sub->timer && net_timer_cancel(sub->timer))
		sub_unref(sub);
	sub->timer = NULL;
	if (sub->session)
		net_post(leave_posted, session_ref(&sub->session->session));
	sub->session = NULL;
	sub_unref(sub);
}

/* ------------------------------------------------------------------ failure */

static void go_on_posted(void *arg)
{
	struct rpc_channel *channel = arg;

	channel->on_change(channel);
	channel_unref(channel);
}

static void pending_go_on(struct rpc_channel *channel)
{
	if (channel->pending)
		net_post(go_on_posted, channel_ref(channel));
}

static void retry_fired(void *arg)
{
	struct subchannel *sub = arg;

	pthread_mutex_lock(&sub->channel->lock);
	sub->timer = NULL;
	if (sub->state == SUB_BACKOFF)
		sub_connect(sub);
	pthread_mutex_unlock(&sub->channel->lock);
	sub_unref(sub);
}

static void back_off(struct subchannel *sub)
{
	double jitter = 1 + ((double)random_below(2 * BACKOFF_JITTER_PERCENT * 1000 + 1) / 1000 -
			     BACKOFF_JITTER_PERCENT) /
				    100;
	int64_t until = sub->try_started_us + (int64_t)(sub->backoff_ms * jitter * US_PER_MS);

	sub->state = SUB_BACKOFF;
	sub->backoff_ms *= BACKOFF_FACTOR;
	if (sub->backoff_ms > sub->channel->options.backoff_max_ms)
		sub->backoff_ms = sub->channel->options.backoff_max_ms;
	sub->timer = net_timer_start(until, retry_fired, sub_ref(sub));
}

static bool any(const struct rpc_channel *channel, enum conn_class class, enum sub_state state)
{
	for (const struct subchannel *sub = channel->subs; sub; sub = sub->next)
		if (sub->class == class && sub->state == state)
			return true;
	return false;
}

static void sub_failed(struct subchannel *sub, const struct error *err)
{
	struct rpc_channel *channel = sub->channel;
	bool first = sub->backoff_ms == channel->options.backoff_initial_ms;
	enum conn_class class = sub->class;

	/* An address that goes on failing is said once. */
	log_at(first && !channel->closing ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "rpc_connect_failed",
	       LOG_S("url", sub->url), LOG_S("error", err->message));
	channel->why = *err;
	if (sub->extra)
		sub_remove(sub);
	else
		back_off(sub);
	if (!any(channel, class, SUB_READY) && !any(channel, class, SUB_CONNECTING))
		channel->failing[class] = true;
	channel_look_up(channel);
	pending_go_on(channel);
}

/* ------------------------------------------------------------------ a connection's life */

static void settled(struct client_session *session, int32_t streams_max)
{
	struct subchannel *sub = session->sub;
	struct rpc_channel *channel = sub->channel;

	pthread_mutex_lock(&channel->lock);
	session->streams_max = streams_max;
	if (sub->connecting == session) {
		sub->connecting = NULL;
		if (sub->state == SUB_CONNECTING) {
			sub->state = SUB_READY;
			sub->session = session;
			sub->ready_us = clock_mono_us();
			channel->failing[sub->class] = false;
			pending_go_on(channel);
		}
	}
	if (sub->state == SUB_GONE)
		net_post(leave_posted, session_ref(&session->session));
	pthread_mutex_unlock(&channel->lock);
}

/* The connection takes no more calls: get another one. One that did not last is no success. */
static void replace(struct subchannel *sub)
{
	const struct rpc_channel_options *options = &sub->channel->options;

	sub->session = NULL;
	if (sub->extra) {
		sub_remove(sub);
		return;
	}
	if (clock_mono_us() - sub->ready_us < options->backoff_initial_ms * US_PER_MS) {
		back_off(sub);
		return;
	}
	sub->backoff_ms = options->backoff_initial_ms;
	sub_connect(sub);
}

static void going_away(struct client_session *session)
{
	struct subchannel *sub = session->sub;
	struct rpc_channel *channel = sub->channel;

	pthread_mutex_lock(&channel->lock);
	session->going_away = true;
	if (sub->session == session) {
		replace(sub);
		channel_look_up(channel);
	}
	pthread_mutex_unlock(&channel->lock);
}

static void lost(struct client_session *session)
{
	struct subchannel *sub = session->sub;
	struct rpc_channel *channel = sub->channel;
	struct error err;
	enum status s;

	pthread_mutex_lock(&channel->lock);
	session->going_away = true;
	if (sub->session == session) {
		replace(sub);
		channel_look_up(channel);
	} else if (sub->connecting == session) {
		sub->connecting = NULL;
		s = error_set(&err, UNAVAILABLE, "service_unavailable",
			      "%s: the connection ended before HTTP/2 began", sub->url);
		if (sub->state == SUB_CONNECTING && s != OK)
			sub_failed(sub, &err);
	}
	pthread_mutex_unlock(&channel->lock);
}

static void session_freed(struct client_session *session)
{
	sub_unref(session->sub);
}

static const struct client_session_owner session_owner = {settled, going_away, lost, session_freed};

static void dialed(struct net_conn *conn, const struct error *err, void *ctx)
{
	struct subchannel *sub = ctx;
	struct rpc_channel *channel = sub->channel;
	struct client_session *session = NULL;

	pthread_mutex_lock(&channel->lock);
	if (sub->state == SUB_CONNECTING && conn)
		session = sub->connecting = client_session_new(sub_ref(sub), &session_owner, conn);
	else if (sub->state == SUB_CONNECTING)
		sub_failed(sub, err);
	pthread_mutex_unlock(&channel->lock);
	if (session)
		client_session_start(session);
	else if (conn)
		net_close(conn, false);
	if (conn)
		net_unref(conn);
	sub_unref(sub);
}
