#include "chat/key/rows.h"
#include "runtime/log/log.h"
#include "runtime/service/mask.h"

#include <string.h>

enum status chat_v1_update_provider_key(struct rpc_call *call,
					const Chat__V1__UpdateProviderKeyRequest *req,
					Chat__V1__ProviderKey *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const Google__Protobuf__FieldMask *mask = req->update_mask;
	const char *enabled = NULL, *limit = NULL;
	enum status s = mask_check(call, mask);

	if (s != OK)
		return s;
	for (size_t i = 0; i < mask->n_paths; i++) {
		if (strcmp(mask->paths[i], "enabled") == 0)
			enabled = req->enabled ? "true" : "false";
		else if (strcmp(mask->paths[i], "requests_per_minute") == 0)
			limit = db_param_i64(call->arena, req->requests_per_minute);
		else
			return mask_unknown(call, mask->paths[i]);
	}
	const char *const params[] = {req->key, enabled, limit};
	s = db_query(service_db(call), &sql_provider_key_update, params, &rows, &call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return provider_key_refusal(call, req->key);
	log_info("provider_key_changed", LOG_S("by", call->subject), LOG_S("key", req->key),
		 LOG_S("enabled", enabled ? enabled : ""), LOG_S("limit", limit ? limit : ""),
		 LOG_S("request_id", call->ctx.request_id));
	return provider_key_get(call, req->key, resp);
}
