/* Names into addresses, by a thread of the channel: getaddrinfo blocks. */
#include "runtime/rpc/client.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define URL_MAX 128
#define POKE_MS 1000 /* losses in a row are one reason to look */

static void make_url(const struct rpc_channel *channel, const struct addrinfo *info,
		     char url[URL_MAX])
{
	char text[INET6_ADDRSTRLEN] = "";

	if (info->ai_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)info->ai_addr)->sin_addr, text,
			  sizeof(text));
	else
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)info->ai_addr)->sin6_addr, text,
			  sizeof(text));
	snprintf(url, URL_MAX, info->ai_family == AF_INET ? "%s://%s:%s" : "%s://[%s]:%s",
		 channel->scheme, text, channel->port);
}

/* channel->lock held. */
static void update(struct rpc_channel *channel, const struct addrinfo *list)
{
	struct subchannel *sub, *next;
	char url[URL_MAX];

	for (sub = channel->subs; sub; sub = sub->next)
		sub->seen = false;
	for (; list; list = list->ai_next) {
		bool known = false;

		make_url(channel, list, url);
		for (sub = channel->subs; sub; sub = sub->next)
			if (strcmp(sub->url, url) == 0)
				sub->seen = known = true;
		if (!known)
			sub_new(channel, url, false);
	}
	for (sub = channel->subs; sub; sub = next) {
		next = sub->next;
		if (!sub->seen)
			sub_remove(sub);
	}
}

static void resolve(struct rpc_channel *channel)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	int rv = getaddrinfo(channel->host, channel->port, &hints, &list);
	enum status s = OK;

	pthread_mutex_lock(&channel->lock);
	channel->resolved = true;
	if (rv == 0 && !channel->closing)
		update(channel, list);
	if (rv != 0 &&
	    !channel->subs) { /* the addresses that are known stay, whatever became of their name */
		s = error_set(&channel->why, UNAVAILABLE, "service_unavailable", "%s: %s",
			      channel->options.target, gai_strerror(rv));
		channel->failing = true;
	}
	pthread_mutex_unlock(&channel->lock);
	if (list)
		freeaddrinfo(list);
	if (s != OK)
		calls_pending_go_on(channel);
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
	pthread_cond_destroy(&channel->resolver_wake);
	channel->resolver_runs = false;
}

void resolver_poke(struct rpc_channel *channel)
{
	if (!channel->resolver_runs)
		return;
	channel->resolve_now = true;
	pthread_cond_signal(&channel->resolver_wake);
}
