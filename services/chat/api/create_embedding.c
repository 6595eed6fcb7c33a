#include "chat/api/call.h"

enum status chat_v1_create_embedding(struct rpc_call *call, const Chat__V1__ApiRequest *req)
{
	call_begin(call, req, &dialect_embeddings);
	return RPC_LATER;
}
