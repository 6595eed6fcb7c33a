/* The conversation in a request of responses. */
#ifndef CHAT_API_RESPONSES_INPUT_H
#define CHAT_API_RESPONSES_INPUT_H

#include "chat/api/parameters.h"

/* Instructions and input as messages. */
void responses_read_input(struct reading *reading, const struct node *root, struct prompt *prompt);

#endif
