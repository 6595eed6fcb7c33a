#include "chat/draft/draft.h"
#include "chat/events/events.h"

#include <inttypes.h>
#include <string.h>

/* Nothing was stored: the answer says why. */
static enum status not_stored(struct rpc_call *call, const Chat__V1__SaveDraftRequest *req,
			      Chat__V1__Draft *resp)
{
	bool full;
	enum status s = draft_get(call, req->chat, resp, &full);

	if (s == OK && full && resp->version <= req->version)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "drafts_full",
				"you have %" PRId64 " drafts, as many as one may have: send or "
				"empty one",
				chat_of(call)->conf->drafts_per_user);
	return s;
}

enum status chat_v1_save_draft(struct rpc_call *call, const Chat__V1__SaveDraftRequest *req,
			       Chat__V1__Draft *resp)
{
	const struct chat_conf *conf = chat_of(call)->conf;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {
		call->subject,
		*req->chat ? req->chat : NULL,
		req->text,
		db_param_i64(call->arena, req->version),
		db_param_i64(call->arena, conf->drafts_per_user),
	};
	enum status s;

	if ((int64_t)strlen(req->text) > conf->draft_bytes_max)
		return rpc_fail_field(call, "field_too_long", "text",
				      "a draft has at most %" PRId64 " bytes",
				      conf->draft_bytes_max);
	if (req->version < 0 || req->version >= INT64_MAX / 2)
		return rpc_fail_field(call, "field_invalid", "version",
				      "it is that of the draft that was read");
	s = db_query_as(service_db(call), call->subject, &sql_draft_save, params, &rows,
			&call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return not_stored(call, req, resp);
	draft_read(call, req->chat, rows, resp);
	resp->stored = true;
	events_tell(call, "draft.changed",
		    arena_printf(call->arena, "{\"chat\":\"%s\",\"version\":\"%" PRId64 "\"}",
				 req->chat, resp->version));
	return OK;
}
