/* Projects and their prompts: rows as answers, and the checks of what users send. */
#ifndef CHAT_PROJECT_PROJECT_H
#define CHAT_PROJECT_PROJECT_H

#include "chat/chat.h"

/* A row with the columns of project_get; strings in arena. */
void project_read(struct arena *arena, const PGresult *rows, int row, Chat__V1__Project *ret);
void prompt_row_read(struct arena *arena, const PGresult *rows, int row,
		     Chat__V1__ProjectPrompt *ret);

/* Checks of single fields. *ret is what is stored, in the call's arena. */
/* One line that is not empty. errors: INVALID_ARGUMENT field_required. */
_must_check_ enum status project_name(struct rpc_call *call, const char *name, const char **ret);
/* errors: INVALID_ARGUMENT field_invalid. */
_must_check_ enum status project_colour(struct rpc_call *call, const char *colour,
					const char **ret);
_must_check_ enum status project_icon(struct rpc_call *call, const char *icon, const char **ret);
/* errors: those of model_for. */
_must_check_ enum status project_model(struct rpc_call *call, const char *id, const char **ret);
/* Tokens of a text as a parameter. */
const char *project_tokens(struct rpc_call *call, const char *text);

/* Inside a transaction: locks a project that is not in the bin. errors: NOT_FOUND, those of db. */
_must_check_ enum status project_lock(struct db *db, const char *project, struct error *reterr);

/* The same for the project of a prompt, whose id goes to ret. */
_must_check_ enum status prompt_lock(struct db *db, const char *prompt, char ret[UUID_SIZE],
				     struct error *reterr);

struct project_size {
	int64_t instructions, prompts; /* bytes */
	int32_t n;                     /* prompts */
};
/* After project_lock. The bytes of the prompt `without` (NULL: none) are left out. */
_must_check_ enum status project_size(struct db *db, const char *project, const char *without,
				      struct project_size *ret, struct error *reterr);
/* errors: RESOURCE_EXHAUSTED project_text_full. */
_must_check_ enum status project_fits(const struct chat_conf *conf, int64_t bytes,
				      struct error *reterr);

/* Inside a transaction, before a chat is put into a project: keeps it out of the bin until the end.
 * errors: INVALID_ARGUMENT project_unknown with the field `project`, those of db. */
_must_check_ enum status project_share(struct db *db, const char *project, struct error *reterr);
/* The model of a project's new chats ("": none). errors: as project_share. */
_must_check_ enum status project_default_model(struct rpc_call *call, const char *project,
					       const char **ret);

/* Erases projects that lay in the bin for long enough. A job of runtime/jobs. ctx: struct chat. */
enum status project_purge(struct db *db, void *ctx, struct error *reterr);

#endif
