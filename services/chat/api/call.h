/* The call of a program from its body to a generation, or to the one that it repeats. */
#ifndef CHAT_API_CALL_H
#define CHAT_API_CALL_H

#include "chat/api/dialect.h"
#include "chat/chat.h"

/* Takes the call over and finishes it; the handler returns RPC_LATER. req lives as long as the
 * call. Any thread. */
void call_begin(struct rpc_call *call, const Chat__V1__ApiRequest *req,
		const struct api_dialect *dialect);

#endif
