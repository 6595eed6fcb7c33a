#include "chat/watch/peers.h"

#include "runtime/base/ensure.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PEERS_MAX 64 /* beyond these a channel that nobody uses is closed */

struct peer {
	struct peer *next;
	char endpoint[256];
	struct rpc_channel *channel;
	int users;
};

struct peers {
	pthread_mutex_t lock; /* guards all peers */
	struct peer *first;
	struct rpc_channel *(*dial)(void *ctx, const char *endpoint);
	void *ctx;
};

struct peers *peers_new(struct rpc_channel *(*dial)(void *ctx, const char *endpoint), void *ctx)
{
	struct peers *peers = calloc(1, sizeof *peers);

	ensure(peers);
	peers->dial = dial;
	peers->ctx = ctx;
	pthread_mutex_init(&peers->lock, NULL);
	return peers;
}

void peers_free(struct peers *peers)
{
	while (peers->first) {
		struct peer *peer = peers->first;

		peers->first = peer->next;
		rpc_channel_close(peer->channel);
		free(peer);
	}
	pthread_mutex_destroy(&peers->lock);
	free(peers);
}

struct rpc_channel *peer_channel(const struct peer *peer)
{
	return peer->channel;
}

static struct peer *peer_find(struct peers *peers, const char *endpoint)
{
	struct peer *peer = peers->first;

	while (peer && strcmp(peer->endpoint, endpoint) != 0)
		peer = peer->next;
	return peer;
}

/* Takes a peer that nobody uses out when there are too many: its channel, or NULL. */
static struct rpc_channel *peer_evict(struct peers *peers)
{
	struct peer **at = &peers->first, **idle = NULL, *peer;
	struct rpc_channel *channel;
	int n = 0;

	for (; *at; at = &(*at)->next, n++) {
		if ((*at)->users == 0)
			idle = at; /* the last is the oldest */
	}
	if (n < PEERS_MAX || !idle)
		return NULL;
	peer = *idle;
	*idle = peer->next;
	channel = peer->channel;
	free(peer);
	return channel;
}

struct peer *peers_take(struct peers *peers, const char *endpoint)
{
	struct rpc_channel *old = NULL;
	struct peer *peer;

	pthread_mutex_lock(&peers->lock);
	peer = peer_find(peers, endpoint);
	if (!peer) {
		old = peer_evict(peers);
		peer = calloc(1, sizeof *peer);
		ensure(peer);
		snprintf(peer->endpoint, sizeof peer->endpoint, "%s", endpoint);
		peer->channel = peers->dial(peers->ctx, endpoint);
		peer->next = peers->first;
		peers->first = peer;
	}
	peer->users++;
	pthread_mutex_unlock(&peers->lock);
	if (old)
		rpc_channel_close(old);
	return peer;
}

void peers_give(struct peers *peers, struct peer *peer)
{
	pthread_mutex_lock(&peers->lock);
	peer->users--;
	pthread_mutex_unlock(&peers->lock);
}

enum status peers_cancel(struct peers *peers, const char *endpoint, const char *boot_id,
			 const char *generation, const struct rpc_context *context,
			 struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);
	struct rpc_call_options options = {.parent = context};
	Chat__V1__ForwardCancelRequest req = CHAT__V1__FORWARD_CANCEL_REQUEST__INIT;
	Google__Protobuf__Empty *resp;
	struct peer *peer = peers_take(peers, endpoint);
	enum status s;

	req.generation = (char *)generation;
	req.boot_id = (char *)boot_id;
	s = chat_v1_forward_cancel_call(peer->channel, &options, &req, arena, &resp, reterr);
	peers_give(peers, peer);
	return s;
}
