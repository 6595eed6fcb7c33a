#include "chat/answer/start.h"

enum status chat_v1_start_generation(struct rpc_call *call, const Chat__V1__GenerateRequest *req,
				     _unused_ Chat__V1__Generation *resp)
{
	start_begin(chat_of(call)->engine, call, req);
	return RPC_LATER;
}
