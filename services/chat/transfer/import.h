/* An import: a file of chats that a job reads from pieces in the database. docs/modules/transfer.md */
#ifndef CHAT_TRANSFER_IMPORT_H
#define CHAT_TRANSFER_IMPORT_H

#include "chat/chat.h"

struct tokens;
struct imports;

#define IMPORT_PIECE_BYTES (256 << 10) /* of a row of import_piece */

/* The thread that reads files, one at a time in a process. */
struct imports *imports_start(const struct chat_conf *conf, struct db_pool *pool,
			      const struct db_options *app, const struct tokens *tokens);
/* A file is complete. Any thread. */
void imports_wake(struct imports *imports);
/* The file that is read now stays for another replica. NULL allowed. */
void imports_stop(struct imports *imports);

/* A job of runtime/jobs: uploads that nobody goes on with, and old lists. ctx: struct chat. */
enum status imports_purge(struct db *db, void *ctx, struct error *reterr);

/* Rows as answers; strings in arena. */
void import_read(struct arena *arena, const PGresult *rows, int row, Chat__V1__Import *ret);
void import_item_read(struct arena *arena, const PGresult *rows, int row,
		      Chat__V1__ImportItem *ret);
/* An import of the caller. errors: NOT_FOUND not_found. */
_must_check_ enum status import_get(struct rpc_call *call, const char *id, Chat__V1__Import *ret);

#endif
