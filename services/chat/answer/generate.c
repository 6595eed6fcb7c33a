#include "chat/answer/start.h"

enum status chat_v1_generate(struct rpc_call *call, const Chat__V1__GenerateRequest *req)
{
	start_begin(chat_of(call)->engine, call, req);
	return RPC_LATER;
}
