/* A channel as such: what it was told, its memory, and the wish to look its names up again. */
#include "runtime/rpc/client.h"

#include "runtime/base/ensure.h"
#include <stdio.h>
#include <string.h>

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

struct rpc_channel *channel_new(const struct rpc_channel_options *options)
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
	return channel;
}

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

void channel_look_up(struct rpc_channel *channel)
{
	if (!channel->resolver_runs)
		return;
	channel->resolve_now = true;
	pthread_cond_signal(&channel->resolver_wake);
}
