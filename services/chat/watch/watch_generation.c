#include "chat/answer/engine.h"

enum status chat_v1_watch_generation(struct rpc_call *call,
				     const Chat__V1__WatchGenerationRequest *req)
{
	engine_watch(chat_of(call)->engine, call, req->generation, req->cursor);
	return RPC_LATER;
}
