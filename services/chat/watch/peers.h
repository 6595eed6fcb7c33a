/* Channels to other replicas. Any thread. */
#ifndef CHAT_WATCH_PEERS_H
#define CHAT_WATCH_PEERS_H

#include "chat/v1/rpc.h"

struct peers;
struct peer;

/* dial opens a channel; peers closes it. */
struct peers *peers_new(struct rpc_channel *(*dial)(void *ctx, const char *endpoint), void *ctx);
void peers_free(struct peers *peers);

/* The replica at endpoint, until peers_give. */
struct peer *peers_take(struct peers *peers, const char *endpoint);
void peers_give(struct peers *peers, struct peer *peer);
struct rpc_channel *peer_channel(const struct peer *peer);

/* Tells the replica at endpoint to stop a generation. For workers. */
_must_check_ enum status peers_cancel(struct peers *peers, const char *endpoint,
				      const char *boot_id, const char *generation,
				      const struct rpc_context *context, struct error *reterr);

#endif
