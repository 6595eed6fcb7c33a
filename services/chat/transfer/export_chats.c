#include "chat/transfer/export.h"

enum status chat_v1_export_chats(struct rpc_call *call, const Chat__V1__ExportChatsRequest *req)
{
	return exports_begin(call, "",
			     req->format == CHAT__V1__EXPORT_CHAT_REQUEST__FORMAT__MARKDOWN);
}
