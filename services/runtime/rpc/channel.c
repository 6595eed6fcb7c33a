/* A channel from its opening to its end. */
#include "runtime/rpc/client.h"

#include "runtime/base/ensure.h"

struct rpc_channel *rpc_channel_open(const struct rpc_channel_options *options)
{
	struct rpc_channel *channel = channel_new(options);

	channel->on_change = client_calls_go_on;
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

static void abort_calls(struct rpc_channel *channel)
{
	pthread_mutex_lock(&channel->lock);
	for (;;) {
		struct rpc_client_call *call = channel->calls;

		while (call && (atomic_load(&call->aborted) != OK || call->place == PLACE_ENDED))
			call = call->next;
		if (!call)
			break;
		client_call_ref(call);
		pthread_mutex_unlock(&channel->lock);
		client_call_abort(call, CANCELLED);
		client_call_unref(call);
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
