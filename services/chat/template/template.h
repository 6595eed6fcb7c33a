/* Templates of prompts: rows as answers, and the checks of what users send. */
#ifndef CHAT_TEMPLATE_TEMPLATE_H
#define CHAT_TEMPLATE_TEMPLATE_H

#include "chat/chat.h"
#include "chat/template/fill.h"

/* Lists begin behind this id. */
#define TEMPLATES_BEGIN "00000000-0000-0000-0000-000000000000"

/* A row with the columns of template_get, its variables too. errors: those of fill_read, which no
 * stored text has. */
_must_check_ enum status template_read(struct rpc_call *call, const PGresult *rows, int row,
				       Chat__V1__Template *ret, struct error *reterr);
/* The same without variables, for lists. */
void template_read_short(struct arena *arena, const PGresult *rows, int row,
			 Chat__V1__Template *ret);

/* One line that is not empty. *ret is in the call's arena. errors: INVALID_ARGUMENT field_required.
 */
_must_check_ enum status template_title(struct rpc_call *call, const char *title, const char **ret);
/* errors: INVALID_ARGUMENT field_required, and those of fill_read. */
_must_check_ enum status template_text(struct rpc_call *call, const char *text);

/* Inside a transaction that holds the owner's lock: whether one more may be. id: of the template
 * itself. errors: RESOURCE_EXHAUSTED templates_full. */
_must_check_ enum status template_fits(struct db *db, struct rpc_call *call, const char *id,
				       bool is_public, struct error *reterr);

/* Erases templates that lay in the bin for long enough. A job of runtime/jobs. ctx: struct chat. */
enum status template_purge(struct db *db, void *ctx, struct error *reterr);

#endif
