/* Answers to programs are deleted some minutes after their end. */
#ifndef CHAT_API_PURGE_H
#define CHAT_API_PURGE_H

#include "runtime/base/status.h"
#include "runtime/db/db.h"

/* A job; ctx: the service's struct chat. */
enum status call_purge(struct db *db, void *ctx, struct error *reterr);
/* Pause between two looks. */
int64_t call_purge_pause_ms(int64_t kept_ms);

#endif
