/* Pages hear of budgets and limits that are nearly used. The alert's row is what is left to tell, and
 * the event's id is made of it, so a crash in between tells nothing twice. */
#include "credits.h"

#include "events/v1/rpc.h"

#include <jansson.h>
#include <string.h>

#define ALERTS_MAX "100" /* of one look */
#define PUBLISH_MS 2000
#define ARENA_BYTES 65536

static enum status publish(const struct credits *credits, const PGresult *rows, int row,
			   struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, ARENA_BYTES);
	_cleanup_(freep) char *payload = NULL;
	const struct rpc_call_options options = {.timeout_ms = PUBLISH_MS};
	Events__V1__PublishRequest req = EVENTS__V1__PUBLISH_REQUEST__INIT;
	Events__V1__PublishResponse *resp;
	json_t *root = json_pack("{s:s, s:s, s:i}", "subject", db_peek(rows, row, "subject_id"),
				 "displayName", db_peek(rows, row, "display_name"), "percent",
				 db_i32(rows, row, "percent"));
	char id[UUID_SIZE];

	payload = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!payload)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "an alert");
	uuid_v5(&CREDITS_V1_ID_ALERT, db_peek(rows, row, "name"), id);
	req.id = id;
	req.user_id = (char *)db_peek(rows, row, "user_id");
	req.type = "budget.alert";
	req.payload = (ProtobufCBinaryData){strlen(payload), (uint8_t *)payload};
	return events_v1_publish_call(credits->events, &options, &req, arena, &resp, reterr);
}

enum status credits_publish_alerts(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s;

	s = db_query(db, &sql_credits_alerts_untold, (const char *[]){ALERTS_MAX}, &rows, reterr);
	for (int i = 0; s == OK && i < PQntuples(rows); i++) {
		const char *const told[] = {db_peek(rows, i, "account"),
					    db_peek(rows, i, "period_start"),
					    db_peek(rows, i, "percent")};

		s = publish(ctx, rows, i, reterr);
		if (s == OK)
			s = db_exec(db, &sql_credits_alert_told, told, NULL, reterr);
	}
	return s;
}
