#include "chat/chat.h"
#include "chat/events/events.h"
#include "events/v1/rpc.h"

#include <jansson.h>
#include <string.h>

static enum status check(struct rpc_call *call, const Events__V1__PublishRequest *req)
{
	size_t type_len = strlen(req->type);
	json_t *payload;
	bool good;

	if (type_len < 1 || type_len > EVENT_TYPE_BYTES_MAX)
		return rpc_fail_field(call, "field_invalid", "type", "it has 1 to 60 characters");
	if (req->payload.len > EVENT_PAYLOAD_BYTES_MAX)
		return rpc_fail_field(call, "field_too_long", "payload",
				      "it has at most 4,096 bytes");
	payload = json_loadb((const char *)req->payload.data, req->payload.len,
			     JSON_REJECT_DUPLICATES, NULL);
	good = json_is_object(payload);
	json_decref(payload);
	return good ? OK : rpc_fail_field(call, "field_invalid", "payload", "it is no JSON object");
}

enum status events_v1_publish(struct rpc_call *call, const Events__V1__PublishRequest *req,
			      Events__V1__PublishResponse *resp)
{
	struct db *db;
	enum status s = check(call, req);

	if (s == OK)
		s = chat_worker_take(call, &db);
	if (s != OK)
		return s;
	s = events_add(
		db, req->id, req->user_id, req->type,
		arena_strndup(call->arena, (const char *)req->payload.data, req->payload.len),
		&resp->sequence, &call->err);
	chat_worker_give(call, db);
	if (s == OK)
		feed_wake(chat_of(call)->events);
	return s;
}
