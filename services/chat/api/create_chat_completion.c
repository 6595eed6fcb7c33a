#include "chat/api/call.h"

enum status chat_v1_create_chat_completion(struct rpc_call *call, const Chat__V1__ApiRequest *req)
{
	call_begin(call, req, &dialect_chat_completions);
	return RPC_LATER;
}
