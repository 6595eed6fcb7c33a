/* Exports: chats as files that are written while they are sent. docs/modules/transfer.md */
#ifndef CHAT_TRANSFER_EXPORT_H
#define CHAT_TRANSFER_EXPORT_H

#include "chat/chat.h"

struct exports;

/* The thread that writes them, a page at a time and in turns. */
struct exports *exports_start(const struct chat_conf *conf, const struct db_options *app);
/* NULL allowed. Exports under way end as UNAVAILABLE. */
void exports_stop(struct exports *exports);

/* Begins the file of a chat of the caller, or (chat "") of all. For streaming handlers. errors:
 * RESOURCE_EXHAUSTED exports_full; later NOT_FOUND. */
_must_check_ enum status exports_begin(struct rpc_call *call, const char *chat, bool markdown);

#endif
