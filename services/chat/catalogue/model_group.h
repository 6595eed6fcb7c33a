/* Groups of models as administrators write them. */
#ifndef CHAT_CATALOGUE_MODEL_GROUP_H
#define CHAT_CATALOGUE_MODEL_GROUP_H

#include "chat/chat.h"

#define MODEL_GROUPS_MAX 200
#define GROUP_MODELS_MAX 200
#define GROUP_USERS_MAX 1000

/* SQL's text of what a request has. errors: INVALID_ARGUMENT with the field. */
_must_check_ enum status group_name(struct rpc_call *call, const char *name, const char **ret);
_must_check_ enum status group_models(struct rpc_call *call, char *const *models, size_t n,
				      const char **ret);
_must_check_ enum status group_roles(struct rpc_call *call, const Chat__V1__ModelGroup__Role *roles,
				     size_t n, const char **ret);
_must_check_ enum status group_users(struct rpc_call *call, char *const *users, size_t n,
				     const char **ret);

_must_check_ enum status group_plans(struct rpc_call *call, char *const *plans, size_t n,
				     const char **ret);

/* The group as it is stored now. errors: NOT_FOUND not_found. */
_must_check_ enum status group_get(struct rpc_call *call, const char *id,
				   Chat__V1__ModelGroup *ret);

#endif
