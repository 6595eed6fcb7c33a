/* Groups as they are read from the database, and what they say of a model. */
#ifndef CHAT_CATALOGUE_GROUP_SET_H
#define CHAT_CATALOGUE_GROUP_SET_H

#include "chat/v1/rpc.h"
#include "runtime/db/db.h"
#include "runtime/rpc/rpc.h"

#define GROUP_PLANS_MAX 32 /* of a group; of a model and of a user, too: more do not count */
#define PLAN_BYTES_MAX 40

/* Ids of plans. */
struct plan_list {
	char ids[GROUP_PLANS_MAX][PLAN_BYTES_MAX + 1];
	size_t n;
};

struct group_set {
	Chat__V1__ModelGroup **groups;
	size_t n;
};

/* Rows of model_groups; all in the arena. errors: RESOURCE_EXHAUSTED call_too_large. */
_must_check_ enum status group_set_read(struct arena *arena, const PGresult *rows,
					struct group_set *ret, struct error *reterr);

/* Whether a pattern ("gpt-4o", "claude-*") names the model. */
bool group_pattern_matches(const char *pattern, const char *model);

/* Whether a user may use a model who has no plan. */
bool group_set_allows(const struct group_set *set, const char *model,
		      const struct rpc_subject *who);
/* The plans that open the model, each once. */
void group_set_plans(const struct group_set *set, const char *model, struct plan_list *ret);
bool plan_lists_meet(const struct plan_list *a, const struct plan_list *b);

#endif
