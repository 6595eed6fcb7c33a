/* Projects in our own exports. A project's copy has an id that its own and the user decide, so it comes
 * once; a user who has the project itself needs none. */
#ifndef CHAT_TRANSFER_PROJECT_COPY_H
#define CHAT_TRANSFER_PROJECT_COPY_H

#include "chat/transfer/batch.h"

/* Whether an element of a file is a project. */
bool project_copy_is(const char *text, size_t len);
/* The id of the copy that the user has. source: the project's own id. */
void project_copy_id(const char *user, const char *source, char out[UUID_SIZE]);
/* Stores it, if the user has neither. db: of chat_app.
 * errors: RESOURCE_EXHAUSTED projects_full, those of db. */
_must_check_ enum status project_copy_store(struct arena *arena, struct db *db,
					    const struct import_run *run, const char *text,
					    size_t len, struct error *reterr);

#endif
