/* A title on its way. It belongs to the engine thread, or to the crew while work is there. */
#ifndef CHAT_TITLE_NAMING_STATE_H
#define CHAT_TITLE_NAMING_STATE_H

#include "chat/answer/engine.h"
#include "chat/key/take.h"
#include "chat/provider/answer.h"

struct naming {
	struct work work; /* first */
	struct engine *engine;
	struct naming *next; /* of engine->namings */
	char chat[UUID_SIZE], user[UUID_SIZE], question[UUID_SIZE], reply[UUID_SIZE];
	struct rpc_subject subject;
	struct arena *arena;
	struct catalogue *catalogue;
	const struct model *model;
	struct prompt prompt;
	int64_t counted; /* tokens of the prompt, in o200k */
	struct provider_pick pick;
	struct provider_ask ask;
	struct key_taken taken;
	struct provider_answer answer;
	int32_t status; /* of HTTP; 0: none came */
	struct buf text;
	bool whole; /* the model said that its answer is over */
	bool named; /* the chat has the title */
};

#endif
