/* Chats of an import on their way into the database: some at a time, in one transaction with the
 * import's place in its file. So a run that is killed leaves nothing half, and none comes twice. */
#ifndef CHAT_TRANSFER_BATCH_H
#define CHAT_TRANSFER_BATCH_H

#include "chat/catalogue/tokens.h"
#include "chat/chat.h"
#include "chat/transfer/plant.h"

/* The run of an import. */
struct import_run {
	const struct chat_conf *conf;
	const struct tokens *tokens;
	char id[UUID_SIZE], user_id[UUID_SIZE], lease[UUID_SIZE];
	char model[MODEL_BYTES_MAX + 1]; /* of the chats' next answers */
	int32_t entry;                   /* where it is: the file in the ZIP, */
	int64_t at;                      /* the byte in it behind the last chat, */
	int32_t items;                   /* the chats before, with those of the batch */
	int64_t read;                    /* and how much of the whole was read */
};

struct batch_item {
	char chat[UUID_SIZE];                             /* "": it did not come */
	char project[UUID_SIZE], project_copy[UUID_SIZE]; /* ids of which one may be there */
	const char *program, *source, *title, *model;
	const char *outcome, *reason;
	int32_t attachments, hidden, unknown;
	bool pinned, archived;
	int64_t create_us, update_us;
	struct plant plant;
};

struct batch {
	struct arena *arena; /* of all that is in it */
	struct batch_item *items;
	size_t n, max;
};

/* arena_bytes_max: a chat that needs more is left out as TOO_LARGE. */
void batch_init(struct batch *batch, size_t chats_max, size_t arena_bytes_max);
void batch_done(struct batch *batch);
bool batch_is_full(const struct batch *batch);

/* A chat as the file has it. */
void batch_add(struct batch *batch, struct import_run *run, const char *text, size_t len);
/* One that cannot come. */
void batch_skip(struct batch *batch, struct import_run *run, const char *reason);

/* The projects that its chats are in, as a list for a statement; NULL: none. */
const char *batch_projects(const struct batch *batch, struct arena *arena);

/* Stores and empties it, with the place of the run. errors: those of db, ABORTED import_lost:
 * another run has the import, or it was cancelled. */
_must_check_ enum status batch_store(struct batch *batch, struct db *db, struct import_run *run,
				     struct error *reterr);

#endif
