#include "chat/watch/watch.h"

enum status chat_v1_forward_watch(struct rpc_call *call, const Chat__V1__ForwardWatchRequest *req)
{
	watch_begin_here(chat_of(call)->engine, call, req->generation, req->user_id, req->boot_id,
			 req->cursor);
	return RPC_LATER;
}
