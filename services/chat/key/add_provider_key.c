#include "chat/key/rows.h"
#include "chat/key/vault.h"
#include "runtime/log/log.h"

#include <string.h>

#define LIMIT_MAX 100000

static bool is_provider(struct rpc_call *call, const char *name)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);

	for (size_t i = 0; catalogue->providers->names[i]; i++) {
		if (strcmp(catalogue->providers->names[i], name) == 0)
			return true;
	}
	return false;
}

static enum status check(struct rpc_call *call, const Chat__V1__AddProviderKeyRequest *req)
{
	for (const char *p = req->secret; *p; p++) {
		if (*p <= ' ' || *p > '~' || *p == ',')
			return rpc_fail_field(call, "field_invalid", "secret",
					      "a key is printable ASCII without blanks and commas");
	}
	if (!is_provider(call, req->provider))
		return rpc_fail_field(call, "provider_unknown", "provider",
				      "chat.yaml has no provider of this name");
	if (req->requests_per_minute &&
	    (req->requests_per_minute->value < 0 || req->requests_per_minute->value > LIMIT_MAX))
		return rpc_fail_field(call, "field_invalid", "requests_per_minute", "it is 0 to %d",
				      LIMIT_MAX);
	if (!chat_of(call)->vault->has_master)
		return rpc_fail(call, FAILED_PRECONDITION, "master_key_missing",
				"set provider_keys.master_key in chat.yaml first");
	return OK;
}

static enum status refuse(struct rpc_call *call, const char *id)
{
	Chat__V1__ProviderKey key;

	if (provider_key_get(call, id, &key) == OK)
		return rpc_fail(call, ALREADY_EXISTS, "provider_key_exists",
				"the provider has this key already");
	return rpc_fail(call, RESOURCE_EXHAUSTED, "provider_keys_full",
			"a provider has at most %d keys: delete one first", PROVIDER_KEYS_MAX);
}

static enum status add(struct rpc_call *call, const Chat__V1__AddProviderKeyRequest *req,
		       const char *id)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const struct vault *vault = chat_of(call)->vault;
	int64_t limit = req->requests_per_minute ? req->requests_per_minute->value
						 : chat_of(call)->conf->key_requests_per_minute;
	char hint[HINT_SIZE];
	enum status s;

	vault_hint(req->secret, hint);
	const char *const params[] = {
		id,
		req->provider,
		hint,
		vault_seal(vault, call->arena, req->provider, id, req->secret),
		vault->master.id,
		db_param_i64(call->arena, limit),
		db_param_i64(call->arena, PROVIDER_KEYS_MAX),
	};
	s = db_query(service_db(call), &sql_provider_key_add, params, &rows, &call->err);
	return s == OK && PQntuples(rows) == 0 ? refuse(call, id) : s;
}

enum status chat_v1_add_provider_key(struct rpc_call *call,
				     const Chat__V1__AddProviderKeyRequest *req,
				     Chat__V1__ProviderKey *resp)
{
	char id[UUID_SIZE];
	enum status s = check(call, req);

	if (s == OK) {
		vault_id(chat_of(call)->vault, req->provider, req->secret, id);
		s = add(call, req, id);
	}
	explicit_bzero(req->secret, strlen(req->secret));
	if (s != OK)
		return s;
	log_info("provider_key_added", LOG_S("by", call->subject), LOG_S("key", id),
		 LOG_S("provider", req->provider), LOG_S("request_id", call->ctx.request_id));
	return provider_key_get(call, id, resp);
}
