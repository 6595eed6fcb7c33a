#include "chat/catalogue/groups.h"
#include "chat/catalogue/model_group.h"
#include "runtime/service/mask.h"

#include <string.h>

/* NULL: it stays. */
struct change {
	const char *name, *models, *everyone, *roles, *users, *plans;
};

static enum status set(struct rpc_call *call, const Chat__V1__UpdateModelGroupRequest *req,
		       const char *path, struct change *change)
{
	if (strcmp(path, "name") == 0)
		return group_name(call, req->name, &change->name);
	if (strcmp(path, "models") == 0)
		return group_models(call, req->models, req->n_models, &change->models);
	if (strcmp(path, "roles") == 0)
		return group_roles(call, req->roles, req->n_roles, &change->roles);
	if (strcmp(path, "users") == 0)
		return group_users(call, req->users, req->n_users, &change->users);
	if (strcmp(path, "plans") == 0)
		return group_plans(call, req->plans, req->n_plans, &change->plans);
	if (strcmp(path, "everyone") != 0)
		return rpc_fail_field(call, "field_invalid", "update_mask",
				      "'%.100s' is no field that can be changed", path);
	change->everyone = req->everyone ? "true" : "false";
	return OK;
}

enum status chat_v1_update_model_group(struct rpc_call *call,
				       const Chat__V1__UpdateModelGroupRequest *req,
				       Chat__V1__ModelGroup *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const Google__Protobuf__FieldMask *mask = req->update_mask;
	struct change change = {0};
	enum status s = mask_check(call, mask);

	for (size_t i = 0; s == OK && i < mask->n_paths; i++)
		s = set(call, req, mask->paths[i], &change);
	if (s != OK)
		return s;
	const char *const params[] = {req->group,   change.name,  change.models, change.everyone,
				      change.roles, change.users, change.plans};
	s = db_query_one(service_db(call), &sql_model_group_update, params, &rows, &call->err);
	if (s != OK)
		return s;
	groups_changed(chat_of(call)->groups);
	return group_get(call, req->group, resp);
}
