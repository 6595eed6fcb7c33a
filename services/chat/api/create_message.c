#include "chat/api/call.h"

enum status chat_v1_create_message(struct rpc_call *call, const Chat__V1__ApiRequest *req)
{
	call_begin(call, req, &dialect_messages);
	return RPC_LATER;
}
