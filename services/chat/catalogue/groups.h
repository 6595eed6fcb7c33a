/* Who may use which model. The groups are in memory, so that a send waits for nothing; a thread
 * reads them again when they changed. */
#ifndef CHAT_CATALOGUE_GROUPS_H
#define CHAT_CATALOGUE_GROUPS_H

#include "chat/catalogue/catalogue.h"
#include "chat/catalogue/group_set.h"
#include "runtime/db/db.h"
#include "runtime/rpc/rpc.h"

struct groups;

/* Reads the groups, and then looks every interval_ms whether they changed. errors: those of db,
 * after wait_ms at most. */
_must_check_ enum status groups_start(struct db_pool *pool, int32_t interval_ms, int32_t wait_ms,
				      struct groups **ret, struct error *reterr);
void groups_stop(struct groups *groups);
/* An administrator changed them here: the thread looks at once. Any thread. */
void groups_changed(struct groups *groups);

/* The plans that open a model and pay for it first. Any thread; no I/O. */
void model_plans(struct groups *groups, const char *model, struct plan_list *ret);

/* Whether a user may use a model. Where only a plan would open it, the user's plans are looked up;
 * while the database is away they open nothing. Not for threads that must not wait. */
bool model_allowed(struct groups *groups, const char *model, const struct rpc_subject *who);

/* The same for many models: the plans are looked up once, and only where groups have any. */
void models_member(struct groups *groups, const struct rpc_subject *who, struct plan_list *ret);
bool model_allowed_with(struct groups *groups, const char *model, const struct rpc_subject *who,
			const struct plan_list *plans);

/* As chat_model (current.h), for one user: an id that this user may not use is PERMISSION_DENIED
 * model_not_allowed, and "" without a fallback is the first model that this user may use. */
_must_check_ enum status model_for(struct groups *groups, const struct catalogue *catalogue,
				   const struct rpc_subject *who, const char *id,
				   const char *fallback, const struct model **ret,
				   struct error *reterr);
/* The same for models of a kind; model_for knows those that chat. Another kind is INVALID_ARGUMENT
 * field_invalid. */
_must_check_ enum status model_of_kind(struct groups *groups, const struct catalogue *catalogue,
				       const struct rpc_subject *who, enum model_kind kind,
				       const char *id, const char *fallback,
				       const struct model **ret, struct error *reterr);

#endif
