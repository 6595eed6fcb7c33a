#include "chat/watch/watch.h"

enum status chat_v1_watch_generation(struct rpc_call *call,
				     const Chat__V1__WatchGenerationRequest *req)
{
	watch_begin(chat_of(call)->engine, call, req->generation, req->cursor);
	return RPC_LATER;
}
