#include "chat/catalogue/group_set.h"

#include <stdlib.h>
#include <string.h>

/* Of group `id`, from row `first` on: how many rows are of this kind. */
static size_t count(const PGresult *rows, int first, const char *id, const char *kind)
{
	size_t n = 0;

	for (int i = first; i < PQntuples(rows) && strcmp(db_peek(rows, i, "id"), id) == 0; i++)
		n += strcmp(db_peek(rows, i, "kind"), kind) == 0;
	return n;
}

static enum status read_group(struct arena *arena, const PGresult *rows, int *row,
			      Chat__V1__ModelGroup **ret, struct error *reterr)
{
	Chat__V1__ModelGroup *group = arena_alloc(arena, sizeof *group);
	const char *id = db_peek(rows, *row, "id");

	if (!group)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "model groups");
	chat__v1__model_group__init(group);
	group->id = db_text(arena, rows, *row, "id");
	group->name = db_text(arena, rows, *row, "name");
	group->everyone = db_bool(rows, *row, "everyone");
	group->create_time = db_time(arena, rows, *row, "create_us");
	group->models = arena_array(arena, count(rows, *row, id, "model"), sizeof *group->models);
	group->roles = arena_array(arena, count(rows, *row, id, "role"), sizeof *group->roles);
	group->users = arena_array(arena, count(rows, *row, id, "user"), sizeof *group->users);
	group->plans = arena_array(arena, count(rows, *row, id, "plan"), sizeof *group->plans);
	if (!group->models || !group->roles || !group->users || !group->plans)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "model groups");
	for (; *row < PQntuples(rows) && strcmp(db_peek(rows, *row, "id"), id) == 0; (*row)++) {
		const char *kind = db_peek(rows, *row, "kind");
		char *value = db_text(arena, rows, *row, "value");

		if (strcmp(kind, "model") == 0)
			group->models[group->n_models++] = value;
		else if (strcmp(kind, "user") == 0)
			group->users[group->n_users++] = value;
		else if (strcmp(kind, "plan") == 0)
			group->plans[group->n_plans++] = value;
		else if (strcmp(kind, "role") == 0)
			group->roles[group->n_roles++] =
				strcmp(value, "admin") == 0 ? CHAT__V1__MODEL_GROUP__ROLE__ADMIN
							    : CHAT__V1__MODEL_GROUP__ROLE__USER;
	}
	*ret = group;
	return OK;
}

enum status group_set_read(struct arena *arena, const PGresult *rows, struct group_set *ret,
			   struct error *reterr)
{
	int row = 0, n_rows = PQntuples(rows);
	enum status s = OK;

	ret->n = 0;
	ret->groups = arena_array(arena, (size_t)n_rows, sizeof *ret->groups);
	if (!ret->groups)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "model groups");
	while (s == OK && row < n_rows)
		s = read_group(arena, rows, &row, &ret->groups[ret->n++], reterr);
	return s;
}

bool group_pattern_matches(const char *pattern, const char *model)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return strncmp(pattern, model, len - 1) == 0;
	return strcmp(pattern, model) == 0;
}

static bool names(const Chat__V1__ModelGroup *group, const char *model)
{
	for (size_t i = 0; i < group->n_models; i++)
		if (group_pattern_matches(group->models[i], model))
			return true;
	return false;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has(const Chat__V1__ModelGroup *group, const struct rpc_subject *who)
{
	const char *id = who->user_id;

	if (group->everyone)
		return true;
	for (size_t i = 0; i < group->n_roles; i++)
		if (who->admin == (group->roles[i] == CHAT__V1__MODEL_GROUP__ROLE__ADMIN))
			return true;
	/* Ids of one form sort by their text as by their value. */
	return group->n_users > 0 &&
	       bsearch(&id, group->users, group->n_users, sizeof *group->users, compare_ids);
}

bool group_set_allows(const struct group_set *set, const char *model, const struct rpc_subject *who)
{
	bool named = false;

	for (size_t i = 0; i < set->n; i++) {
		if (!names(set->groups[i], model))
			continue;
		if (has(set->groups[i], who))
			return true;
		named = true;
	}
	return !named;
}

static bool has_plan(const struct plan_list *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->ids[i], id) == 0)
			return true;
	return false;
}

void group_set_plans(const struct group_set *set, const char *model, struct plan_list *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < set->n; i++) {
		const Chat__V1__ModelGroup *group = set->groups[i];

		for (size_t p = 0; p < group->n_plans && names(group, model); p++) {
			if (ret->n < GROUP_PLANS_MAX && !has_plan(ret, group->plans[p]))
				snprintf(ret->ids[ret->n++], sizeof ret->ids[0], "%s",
					 group->plans[p]);
		}
	}
}

bool plan_lists_meet(const struct plan_list *a, const struct plan_list *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (has_plan(b, a->ids[i]))
			return true;
	return false;
}
