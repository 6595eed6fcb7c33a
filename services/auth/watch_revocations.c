#include "auth/feed.h"
#include "edge/v1/rpc.h"

enum status edge_v1_watch_revocations(struct rpc_call *call,
				      const Edge__V1__WatchRevocationsRequest *req)
{
	if (req->after_sequence < 0)
		return rpc_fail_field(call, "field_invalid", "after_sequence", "it is negative");
	return feed_watch(call, req->after_sequence);
}
