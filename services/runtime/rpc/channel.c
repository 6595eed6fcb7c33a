/* A channel: where its calls may go. */
#include "runtime/rpc/client.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include <stdio.h>
#include <string.h>

#define EXTRA_MAX 8 /* connections in all, when each is at its limit of streams */
#define RETRY_TOKENS_MAX 1000.0

/* ------------------------------------------------------------------ options and target */

static char *copy(const char *text)
{
	char *made = text ? strdup(text) : NULL;

	ensure(!text || made);
	return made;
}

static void default_i32(int32_t *value, int32_t fallback)
{
	if (*value == 0)
		*value = fallback;
}

static void set_options(struct rpc_channel *channel, const struct rpc_channel_options *given)
{
	struct rpc_channel_options *options = &channel->options;

	*options = *given;
	options->target = copy(given->target);
	options->service = copy(given->service);
	options->tls_certificate_file = copy(given->tls_certificate_file);
	options->tls_key_file = copy(given->tls_key_file);
	options->tls_ca_file = copy(given->tls_ca_file);
	options->tls_server_name = copy(given->tls_server_name);
	if (options->message_bytes_max == 0)
		options->message_bytes_max = 4 * 1024 * 1024;
	if (options->stream_queue_bytes == 0)
		options->stream_queue_bytes = 1024 * 1024;
	default_i32(&options->connect_timeout_ms, 5000);
	default_i32(&options->keepalive_ms, 20000);
	default_i32(&options->keepalive_timeout_ms, 10000);
	default_i32(&options->resolve_interval_ms, 10000);
	default_i32(&options->backoff_initial_ms, 1000);
	default_i32(&options->backoff_max_ms, 120000);
	default_i32(&options->retries_max, 3);
}

static bool skip(const char **p, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(*p, prefix, n) != 0)
		return false;
	*p += n;
	return true;
}

void target_split(const char *address, size_t len, char *host, size_t host_size, char *port,
		  size_t port_size)
{
	const char *colon = memrchr(address, ':', len);
	size_t host_len = colon ? (size_t)(colon - address) : len;
	size_t port_len = colon ? len - host_len - 1 : 0;

	snprintf(port, port_size, "%.*s", (int)port_len, colon ? colon + 1 : "");
	if (host_len > 1 && address[0] == '[' && address[host_len - 1] == ']') {
		address++;
		host_len -= 2;
	}
	snprintf(host, host_size, "%.*s", (int)host_len, address);
}

static void read_target(struct rpc_channel *channel)
{
	const char *p = channel->options.target;
	char host[256], port[16];

	channel->authority = copy("localhost");
	if (skip(&p, "tls+tcp://")) {
		channel->scheme = copy("tls+tcp");
	} else if (skip(&p, "dns:///") || skip(&p, "dns:") || skip(&p, "tcp://")) {
		channel->scheme = copy("tcp");
	} else {
		return; /* ipc: and whatever nng may say is wrong with it */
	}
	free(channel->authority);
	channel->names = copy(p);
	channel->authority = strndup(p, strcspn(p, ","));
	ensure(channel->authority);
	target_split(channel->authority, strlen(channel->authority), host, sizeof(host), port,
		     sizeof(port));
	channel->host = copy(host);
}

struct rpc_channel *rpc_channel_open(const struct rpc_channel_options *options)
{
	struct rpc_channel *channel = calloc(1, sizeof(*channel));

	ensure(channel);
	atomic_init(&channel->refs, 1);
	set_options(channel, options);
	read_target(channel);
	pthread_mutex_init(&channel->lock, NULL);
	pthread_cond_init(&channel->changed, NULL);
	channel->pending_last = &channel->pending;
	channel->retry_tokens = RETRY_TOKENS_MAX;
	if (channel->names) {
		resolver_start(channel);
		return channel;
	}
	pthread_mutex_lock(&channel->lock);
	channel->resolved = true;
	channel_add(channel, channel->options.target);
	pthread_mutex_unlock(&channel->lock);
	return channel;
}

/* ------------------------------------------------------------------ references and end */

struct rpc_channel *channel_ref(struct rpc_channel *channel)
{
	atomic_fetch_add(&channel->refs, 1);
	return channel;
}

void channel_unref(struct rpc_channel *channel)
{
	if (atomic_fetch_sub(&channel->refs, 1) != 1)
		return;
	free((char *)channel->options.target);
	free((char *)channel->options.service);
	free((char *)channel->options.tls_certificate_file);
	free((char *)channel->options.tls_key_file);
	free((char *)channel->options.tls_ca_file);
	free((char *)channel->options.tls_server_name);
	free(channel->authority);
	free(channel->scheme);
	free(channel->host);
	free(channel->names);
	pthread_mutex_destroy(&channel->lock);
	pthread_cond_destroy(&channel->changed);
	free(channel);
}

static void abort_calls(struct rpc_channel *channel)
{
	pthread_mutex_lock(&channel->lock);
	for (;;) {
		struct rpc_client_call *call = channel->calls;

		while (call && (atomic_load(&call->aborted) != OK || call->place == PLACE_ENDED))
			call = call->next;
		if (!call)
			break;
		call_ref(call);
		pthread_mutex_unlock(&channel->lock);
		call_abort(call, CANCELLED);
		call_unref(call);
		pthread_mutex_lock(&channel->lock);
	}
	while (channel->n_calls > 0)
		pthread_cond_wait(&channel->changed, &channel->lock);
	pthread_mutex_unlock(&channel->lock);
}

void rpc_channel_close(struct rpc_channel *channel)
{
	if (!channel)
		return;
	ensure(!net_on_callback_thread());
	pthread_mutex_lock(&channel->lock);
	channel->closing = true;
	pthread_mutex_unlock(&channel->lock);
	resolver_stop(channel);
	abort_calls(channel);
	pthread_mutex_lock(&channel->lock);
	while (channel->subs)
		sub_remove(channel->subs);
	while (channel->n_subs > 0) /* their connections end on other threads */
		pthread_cond_wait(&channel->changed, &channel->lock);
	pthread_mutex_unlock(&channel->lock);
	channel_unref(channel);
}

/* ------------------------------------------------------------------ choice */

static bool has_room(const struct client_session *session)
{
	return session->in_flight < session->streams_max;
}

/* One more connection to an address whose connections are full. */
static void open_extra(struct rpc_channel *channel, enum conn_class class, const char *url)
{
	int n = 0;

	for (struct subchannel *sub = channel->subs; sub; sub = sub->next) {
		if (sub->class != class || strcmp(sub->url, url) != 0)
			continue;
		if (sub->state != SUB_READY)
			return; /* one is on its way, or cannot come */
		n++;
	}
	if (n < EXTRA_MAX)
		sub_new(channel, class, url, true);
}

void channel_add(struct rpc_channel *channel, const char *url)
{
	for (int class = 0; class < CONN_CLASSES; class ++)
		sub_new(channel, (enum conn_class) class, url, false);
}

static void want(struct rpc_channel *channel, enum conn_class class)
{
	if (channel->wanted[class])
		return;
	channel->wanted[class] = true;
	for (struct subchannel *sub = channel->subs; sub; sub = sub->next) {
		if (sub->class != class)
			continue;
		sub_want(sub);
		channel->failing[class] = false; /* nobody has tried this address */
	}
}

/* The less busy of two that are ready, chosen at random: nearly as even as the least busy of all,
 * and no herd when loads are stale. */
struct client_session *channel_pick(struct rpc_channel *channel, enum conn_class class)
{
	struct client_session *ready[2] = {NULL, NULL}, *best;
	uint64_t n = 0;

	want(channel, class);
	for (struct subchannel *sub = channel->subs; sub; sub = sub->next) {
		if (sub->state != SUB_READY || sub->class != class)
			continue;
		/* Reservoir of two. */
		if (n < 2)
			ready[n] = sub->session;
		else if (random_below(n + 1) < 2)
			ready[random_below(2)] = sub->session;
		n++;
	}
	best = ready[0];
	if (ready[1] && (!has_room(best) || ready[1]->in_flight < best->in_flight ||
			 (ready[1]->in_flight == best->in_flight && channel->turn++ % 2)))
		best = ready[1];
	if (!best)
		return NULL;
	if (!has_room(best))
		open_extra(channel, class, best->sub->url);
	best->in_flight++;
	return best;
}

bool channel_may_wait(const struct rpc_channel *channel, enum conn_class class)
{
	if (channel->failing[class])
		return false;
	if (!channel->resolved)
		return true;
	for (const struct subchannel *sub = channel->subs; sub; sub = sub->next)
		if (sub->class == class && sub->state == SUB_CONNECTING)
			return true;
	return false;
}
