#include "chat/catalogue/model_group.h"

#include "chat/catalogue/group_set.h"
#include "runtime/base/uuid.h"

#include <stdlib.h>
#include <string.h>

enum status group_name(struct rpc_call *call, const char *name, const char **ret)
{
	if (!name[strspn(name, " \t\r\n")])
		return rpc_fail_field(call, "field_required", "name", "a group has a name");
	if (strlen(name) > 100)
		return rpc_fail_field(call, "field_too_long", "name",
				      "a name has at most 100 bytes");
	*ret = name;
	return OK;
}

enum status group_models(struct rpc_call *call, char *const *models, size_t n, const char **ret)
{
	if (n > GROUP_MODELS_MAX)
		return rpc_fail_field(call, "field_invalid", "models",
				      "a group has at most %d models", GROUP_MODELS_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *star = strchr(models[i], '*');

		if (!models[i][0] || strlen(models[i]) > MODEL_BYTES_MAX || (star && star[1]))
			return rpc_fail_field(
				call, "field_invalid", "models",
				"'%.100s' is no id of a model, nor its beginning with * at the end",
				models[i]);
	}
	*ret = db_param_array(call->arena, (const char *const *)models, n);
	return OK;
}

enum status group_roles(struct rpc_call *call, const Chat__V1__ModelGroup__Role *roles, size_t n,
			const char **ret)
{
	bool user = false, admin = false;

	for (size_t i = 0; i < n; i++) {
		user |= roles[i] == CHAT__V1__MODEL_GROUP__ROLE__USER;
		admin |= roles[i] == CHAT__V1__MODEL_GROUP__ROLE__ADMIN;
		if (roles[i] != CHAT__V1__MODEL_GROUP__ROLE__USER &&
		    roles[i] != CHAT__V1__MODEL_GROUP__ROLE__ADMIN)
			return rpc_fail_field(call, "field_invalid", "roles",
					      "a role is USER or ADMIN");
	}
	*ret = user && admin ? "{user,admin}" : user ? "{user}" : admin ? "{admin}" : "{}";
	return OK;
}

enum status group_users(struct rpc_call *call, char *const *users, size_t n, const char **ret)
{
	char **ids = arena_array(call->arena, n, sizeof *ids);

	if (n > GROUP_USERS_MAX)
		return rpc_fail_field(call, "field_invalid", "users",
				      "a group has at most %d users by name", GROUP_USERS_MAX);
	if (!ids)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "users");
	for (size_t i = 0; i < n; i++) {
		char id[UUID_SIZE];
		struct uuid uuid;

		if (!uuid_parse(users[i], strlen(users[i]), &uuid))
			return rpc_fail_field(call, "field_invalid", "users",
					      "'%.100s' is no id of a user", users[i]);
		uuid_format(&uuid, id);
		ids[i] = arena_strdup(call->arena, id);
		if (!ids[i])
			return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "users");
	}
	*ret = db_param_array(call->arena, (const char *const *)ids, n);
	return OK;
}

enum status group_plans(struct rpc_call *call, char *const *plans, size_t n, const char **ret)
{
	if (n > GROUP_PLANS_MAX)
		return rpc_fail_field(call, "field_invalid", "plans",
				      "a group has at most %d plans", GROUP_PLANS_MAX);
	for (size_t i = 0; i < n; i++) {
		if (!*plans[i] || strlen(plans[i]) > PLAN_BYTES_MAX)
			return rpc_fail_field(call, "field_invalid", "plans",
					      "the id of a plan has 1 to %d bytes", PLAN_BYTES_MAX);
	}
	*ret = db_param_array(call->arena, (const char *const *)plans, n);
	return OK;
}

enum status group_get(struct rpc_call *call, const char *id, Chat__V1__ModelGroup *ret)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct group_set set;
	enum status s = db_query_one(service_db(call), &sql_model_groups, (const char *[]){id},
				     &rows, &call->err);

	if (s == OK)
		s = group_set_read(call->arena, rows, &set, &call->err);
	if (s == OK)
		*ret = *set.groups[0];
	return s;
}
