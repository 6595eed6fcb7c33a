/* Rows of drafts as answers. */
#ifndef CHAT_DRAFT_DRAFT_H
#define CHAT_DRAFT_DRAFT_H

#include "chat/chat.h"

/* The draft of the caller in a chat ("": for a new one). *ret_full: the caller has as many others
 * as one may; NULL allowed. errors: NOT_FOUND not_found. */
_must_check_ enum status draft_get(struct rpc_call *call, char *chat, Chat__V1__Draft *ret,
				   bool *ret_full);
/* A row of draft_get or draft_save; strings in the call's arena. */
void draft_read(struct rpc_call *call, char *chat, const PGresult *rows, Chat__V1__Draft *ret);

#endif
