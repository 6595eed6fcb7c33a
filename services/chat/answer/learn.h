/* Factors of tokenizers are stored now and then, and read again: replicas learn from each other. */
#ifndef CHAT_ANSWER_LEARN_H
#define CHAT_ANSWER_LEARN_H

#include "chat/answer/engine.h"

void learn_begin(struct engine *engine);

#endif
