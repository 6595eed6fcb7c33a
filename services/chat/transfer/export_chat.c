#include "chat/transfer/export.h"

enum status chat_v1_export_chat(struct rpc_call *call, const Chat__V1__ExportChatRequest *req)
{
	return exports_begin(call, req->chat,
			     req->format == CHAT__V1__EXPORT_CHAT_REQUEST__FORMAT__MARKDOWN);
}
