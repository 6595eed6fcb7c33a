/* Step 0: a request is looked up, its user's balance is looked at, and a place is taken for it.
 * Until it is stored nothing of it stays. */
#ifndef CHAT_ANSWER_START_H
#define CHAT_ANSWER_START_H

#include "chat/answer/engine.h"

/* Takes the call over and finishes it; the handler returns RPC_LATER. It answers with a stream
 * (Generate) or once (StartGeneration). req lives as long as the call. Any thread. */
void start_begin(struct engine *engine, struct rpc_call *call,
		 const Chat__V1__GenerateRequest *req);

#endif
