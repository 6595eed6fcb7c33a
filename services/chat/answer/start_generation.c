#include "chat/answer/engine.h"

enum status chat_v1_start_generation(struct rpc_call *call, const Chat__V1__GenerateRequest *req,
				     _unused_ Chat__V1__Generation *resp)
{
	engine_generate(chat_of(call)->engine, call, req);
	return RPC_LATER;
}
