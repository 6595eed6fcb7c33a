/* A request on its way to step 1: whether it was here before, whether its user can pay at all, and
 * whether there is a place for it. Nothing is left of it until it is stored. */
#ifndef CHAT_ANSWER_START_H
#define CHAT_ANSWER_START_H

#include "chat/answer/engine.h"

/* Takes the call over and finishes it; the handler returns RPC_LATER. It answers with a stream
 * (Generate) or once (StartGeneration). req lives as long as the call. Any thread. */
void start_begin(struct engine *engine, struct rpc_call *call,
		 const Chat__V1__GenerateRequest *req);

#endif
