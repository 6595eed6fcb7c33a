/* Names into addresses, by a thread of the channel: getaddrinfo blocks. */
#include "runtime/rpc/client.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define URL_MAX 128
#define ADDRESSES_MAX 64 /* of one channel; more are left out */
#define POKE_MS 1000     /* losses in a row are one reason to look */

/* The addresses that the names of a target stand for at the moment. */
struct addresses {
	char url[ADDRESSES_MAX][URL_MAX];
	size_t n;
	int fault; /* of getaddrinfo, for a name that is not known; 0: none */
};

static void add_url(const struct rpc_channel *channel, const struct addrinfo *info,
		    const char *port, struct addresses *found)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (found->n == ADDRESSES_MAX)
		return;
	if (info->ai_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)info->ai_addr)->sin_addr, text,
			  sizeof(text));
	else
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)info->ai_addr)->sin6_addr, text,
			  sizeof(text));
	snprintf(found->url[found->n++], URL_MAX,
		 info->ai_family == AF_INET ? "%s://%s:%s" : "%s://[%s]:%s", channel->scheme, text,
		 port);
}

/* "host:port" or "[v6]:port", len bytes. */
static void look_up(const struct rpc_channel *channel, const char *name, size_t len,
		    struct addresses *found)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	char host[256], port[16];
	int rv;

	target_split(name, len, host, sizeof(host), port, sizeof(port));
	rv = getaddrinfo(host, port, &hints, &list);
	if (rv != 0) {
		found->fault = rv;
		return;
	}
	for (const struct addrinfo *info = list; info; info = info->ai_next)
		add_url(channel, info, port, found);
	freeaddrinfo(list);
}

/* channel->lock held. An address that is known stays while one of the names is not. */
static void update(struct rpc_channel *channel, const struct addresses *found)
{
	struct subchannel *sub, *next;

	for (sub = channel->subs; sub; sub = sub->next)
		sub->seen = false;
	for (size_t i = 0; i < found->n; i++) {
		bool known = false;

		for (sub = channel->subs; sub; sub = sub->next)
			if (strcmp(sub->url, found->url[i]) == 0)
				sub->seen = known = true;
		if (!known)
			channel_add(channel, found->url[i]);
	}
	for (sub = channel->subs; sub && found->fault == 0; sub = next) {
		next = sub->next;
		if (!sub->seen)
			sub_remove(sub);
	}
}

static void resolve(struct rpc_channel *channel)
{
	struct addresses *found = calloc(1, sizeof(*found));
	enum status s = OK;

	ensure(found);
	for (const char *name = channel->names; name;) {
		const char *comma = strchr(name, ',');

		look_up(channel, name, comma ? (size_t)(comma - name) : strlen(name), found);
		name = comma ? comma + 1 : NULL;
	}
	pthread_mutex_lock(&channel->lock);
	channel->resolved = true;
	if (!channel->closing)
		update(channel, found);
	if (found->fault != 0 && !channel->subs) {
		s = error_set(&channel->why, UNAVAILABLE, "service_unavailable", "%s: %s",
			      channel->options.target, gai_strerror(found->fault));
		for (int class = 0; class < CONN_CLASSES; class ++)
			channel->failing[class] = true;
	}
	pthread_mutex_unlock(&channel->lock);
	free(found);
	if (s != OK)
		channel->on_change(channel);
}

static void wait_until(struct rpc_channel *channel, int64_t until_us, bool pokable)
{
	const struct timespec until = {until_us / US_PER_S, until_us % US_PER_S * 1000};
	int rv = 0;

	while (rv == 0 && !channel->closing && !(pokable && channel->resolve_now))
		rv = pthread_cond_timedwait(&channel->resolver_wake, &channel->lock, &until);
}

static void *resolver_main(void *arg)
{
	struct rpc_channel *channel = arg;

	pthread_mutex_lock(&channel->lock);
	while (!channel->closing) {
		int64_t now = clock_mono_us();

		channel->resolve_now = false;
		pthread_mutex_unlock(&channel->lock);
		resolve(channel);
		pthread_mutex_lock(&channel->lock);
		wait_until(channel, now + POKE_MS * US_PER_MS, false);
		wait_until(channel, now + channel->options.resolve_interval_ms * US_PER_MS, true);
	}
	pthread_mutex_unlock(&channel->lock);
	return NULL;
}

void resolver_start(struct rpc_channel *channel)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&channel->resolver_wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	channel->resolver_runs = true;
	ensure(pthread_create(&channel->resolver, NULL, resolver_main, channel) == 0);
	pthread_setname_np(channel->resolver, "rpc:resolve");
}

void resolver_stop(struct rpc_channel *channel)
{
	if (!channel->resolver_runs)
		return;
	pthread_mutex_lock(&channel->lock);
	pthread_cond_signal(&channel->resolver_wake);
	pthread_mutex_unlock(&channel->lock);
	pthread_join(channel->resolver, NULL);
	pthread_mutex_lock(&channel->lock);
	channel->resolver_runs = false; /* connections that end may still want to poke it */
	pthread_mutex_unlock(&channel->lock);
	pthread_cond_destroy(&channel->resolver_wake);
}
