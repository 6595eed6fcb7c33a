#include "chat/key/rows.h"

#include <string.h>

static bool is_in_use(const struct catalogue *catalogue, const char *provider, const char *id)
{
	for (size_t i = 0; i < catalogue->providers->n; i++) {
		const struct provider *one = &catalogue->providers->providers[i];

		if (strcmp(one->name, provider) == 0)
			return provider_key_find(one, id);
	}
	return false;
}

static Chat__V1__ProviderKey__State state_of(const Chat__V1__ProviderKey *key, bool in_use)
{
	if (!key->enabled)
		return CHAT__V1__PROVIDER_KEY__STATE__DISABLED;
	if (key->refused_time)
		return CHAT__V1__PROVIDER_KEY__STATE__REFUSED;
	if (!in_use)
		return CHAT__V1__PROVIDER_KEY__STATE__UNUSED;
	return key->rest_end_time ? CHAT__V1__PROVIDER_KEY__STATE__RESTING
				  : CHAT__V1__PROVIDER_KEY__STATE__IN_USE;
}

void provider_key_read(struct arena *arena, const struct catalogue *catalogue, const PGresult *rows,
		       int row, Chat__V1__ProviderKey *ret)
{
	chat__v1__provider_key__init(ret);
	ret->id = db_text(arena, rows, row, "id");
	ret->provider = db_text(arena, rows, row, "provider");
	ret->hint = db_text(arena, rows, row, "hint");
	ret->source = strcmp(db_peek(rows, row, "source"), "FILE") == 0
			      ? CHAT__V1__PROVIDER_KEY__SOURCE__FILE
			      : CHAT__V1__PROVIDER_KEY__SOURCE__TABLE;
	ret->enabled = db_bool(rows, row, "enabled");
	ret->requests_per_minute = db_i32(rows, row, "requests_per_minute");
	ret->recent_uses = db_i32(rows, row, "uses");
	ret->consecutive_failures = db_i32(rows, row, "failures");
	ret->rest_model = db_text(arena, rows, row, "rest_model");
	ret->rest_end_time = db_time(arena, rows, row, "rest_us");
	ret->refused_time = db_time(arena, rows, row, "refused_us");
	ret->last_use_time = db_time(arena, rows, row, "used_us");
	ret->create_time = db_time(arena, rows, row, "create_us");
	ret->state = state_of(ret, is_in_use(catalogue, ret->provider, ret->id));
}

static enum status read_one(struct rpc_call *call, const char *id, PGresult **ret)
{
	const char *const params[] = {id};
	enum status s = db_query(service_db(call), &sql_provider_key_list, params, ret, &call->err);

	if (s == OK && PQntuples(*ret) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such key");
	return s;
}

enum status provider_key_get(struct rpc_call *call, const char *id, Chat__V1__ProviderKey *ret)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	enum status s = read_one(call, id, &rows);

	if (s == OK)
		provider_key_read(call->arena, catalogue, rows, 0, ret);
	return s;
}

enum status provider_key_refusal(struct rpc_call *call, const char *id)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = read_one(call, id, &rows);

	if (s != OK)
		return s;
	return rpc_fail(call, FAILED_PRECONDITION, "provider_key_of_file",
			"the key stands in chat.yaml: change it there, or turn it off");
}
