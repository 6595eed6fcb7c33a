#include "chat/chat.h"
#include "chat/events/events.h"
#include "runtime/log/log.h"

void events_tell(struct rpc_call *call, const char *type, const char *payload)
{
	struct error err;
	struct db *db;
	enum status s = db_pool_take(chat_of(call)->workers, CHAT_WORKER_WAIT_MS, &db, &err);

	if (s == OK) {
		s = events_add(db, NULL, call->subject, type, payload, NULL, &err);
		chat_worker_give(call, db);
	}
	if (s == OK)
		feed_wake(chat_of(call)->events);
	else
		log_warn("event_not_told", LOG_S("type", type),
			 LOG_S("request_id", call->ctx.request_id), LOG_S("reason", err.reason),
			 LOG_S("message", err.message));
}
