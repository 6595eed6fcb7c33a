#include "auth/auth.h"
#include "edge/v1/rpc.h"
#include "runtime/feed/feed.h"

enum status edge_v1_watch_revocations(struct rpc_call *call,
				      const Edge__V1__WatchRevocationsRequest *req)
{
	if (req->after_sequence < 0)
		return rpc_fail_field(call, "field_invalid", "after_sequence", "it is negative");
	return feed_watch(auth_of(call)->revocations, call, req->after_sequence);
}
