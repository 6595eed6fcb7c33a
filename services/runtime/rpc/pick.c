/* Which connection a call takes, and which connections there should be. */
#include "runtime/rpc/client.h"

#include "runtime/base/text.h"
#include <string.h>

#define EXTRA_MAX 8 /* connections in all, when each is at its limit of streams */

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
