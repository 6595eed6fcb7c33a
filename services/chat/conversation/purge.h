/* Chats that lay in the bin for long enough are erased, and links that ended so long ago. */
#ifndef CHAT_CONVERSATION_PURGE_H
#define CHAT_CONVERSATION_PURGE_H

#include "runtime/db/db.h"

/* A job of runtime/jobs. ctx: struct chat. */
enum status chat_purge(struct db *db, void *ctx, struct error *reterr);

#endif
