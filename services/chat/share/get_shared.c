#include "chat/share/share.h"

enum status chat_v1_get_shared(struct rpc_call *call, const Chat__V1__GetSharedRequest *req,
			       Chat__V1__SharedChat *resp)
{
	return shared_answer(call, req, resp);
}
