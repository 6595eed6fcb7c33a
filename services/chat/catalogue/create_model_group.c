#include "chat/catalogue/groups.h"
#include "chat/catalogue/model_group.h"

enum status chat_v1_create_model_group(struct rpc_call *call,
				       const Chat__V1__CreateModelGroupRequest *req,
				       Chat__V1__ModelGroup *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *name = NULL, *models = NULL, *roles = NULL, *users = NULL, *plans = NULL;
	char id[UUID_SIZE];
	enum status s = group_name(call, req->name, &name);

	if (s == OK)
		s = group_models(call, req->models, req->n_models, &models);
	if (s == OK)
		s = group_roles(call, req->roles, req->n_roles, &roles);
	if (s == OK)
		s = group_users(call, req->users, req->n_users, &users);
	if (s == OK)
		s = group_plans(call, req->plans, req->n_plans, &plans);
	if (s != OK)
		return s;
	uuid_v7(id);
	const char *const params[] = {
		id,
		name,
		models,
		req->everyone ? "true" : "false",
		roles,
		users,
		db_param_i64(call->arena, MODEL_GROUPS_MAX),
		plans,
	};
	s = db_query(service_db(call), &sql_model_group_insert, params, &rows, &call->err);
	if (s == OK && PQntuples(rows) == 0)
		s = rpc_fail(call, RESOURCE_EXHAUSTED, "groups_full", "there are %d groups",
			     MODEL_GROUPS_MAX);
	if (s != OK)
		return s;
	groups_changed(chat_of(call)->groups);
	return group_get(call, id, resp);
}
