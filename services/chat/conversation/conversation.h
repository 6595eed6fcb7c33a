/* Rows of chats as answers. */
#ifndef CHAT_CONVERSATION_CONVERSATION_H
#define CHAT_CONVERSATION_CONVERSATION_H

#include "chat/chat.h"

/* A row with the columns of chat_get; strings in arena. */
void chat_read(struct arena *arena, const PGresult *rows, int row, Chat__V1__Chat *ret);

/* Checks a title: one line of at most TITLE_BYTES_MAX bytes. *ret: the title without characters
 * that turn the direction of text, in the call's arena. errors: INVALID_ARGUMENT field_too_long,
 * field_invalid with the field `title`. */
_must_check_ enum status title_read(struct rpc_call *call, const char *title, const char **ret);

#endif
