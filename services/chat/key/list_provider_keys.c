#include "chat/key/rows.h"
#include "chat/key/vault.h"
#include "runtime/service/list.h"

static void name_providers(struct arena *arena, const struct provider_set *set,
			   Chat__V1__ListProviderKeysResponse *resp)
{
	size_t n = 0;

	while (set->names[n])
		n++;
	resp->providers = arena_array(arena, n, sizeof *resp->providers);
	for (; resp->providers && resp->n_providers < n; resp->n_providers++)
		resp->providers[resp->n_providers] =
			arena_strdup(arena, set->names[resp->n_providers]);
}

enum status chat_v1_list_provider_keys(struct rpc_call *call,
				       _unused_ const Chat__V1__ListProviderKeysRequest *req,
				       Chat__V1__ListProviderKeysResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	const char *const params[] = {NULL};
	enum status s =
		db_query(service_db(call), &sql_provider_key_list, params, &rows, &call->err);

	if (s == OK)
		s = list_new(call, &chat__v1__provider_key__descriptor, (size_t)PQntuples(rows),
			     &resp->n_keys, &resp->keys);
	if (s != OK)
		return s;
	for (size_t i = 0; i < resp->n_keys; i++)
		provider_key_read(call->arena, catalogue, rows, (int)i, resp->keys[i]);
	name_providers(call->arena, catalogue->providers, resp);
	resp->default_requests_per_minute = (int32_t)chat_of(call)->conf->key_requests_per_minute;
	resp->can_add = chat_of(call)->vault->has_master;
	return OK;
}
