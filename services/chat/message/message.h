/* Rows of messages as answers. */
#ifndef CHAT_MESSAGE_MESSAGE_H
#define CHAT_MESSAGE_MESSAGE_H

#include "chat/chat.h"

/* A row with the columns of message_branch; strings in arena. */
void message_read(struct arena *arena, const PGresult *rows, int row, Chat__V1__Message *ret);

#endif
