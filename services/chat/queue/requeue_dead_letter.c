#include "chat/queue/queue.h"
#include "runtime/log/log.h"

enum status chat_v1_requeue_dead_letter(struct rpc_call *call,
					const Chat__V1__RequeueDeadLetterRequest *req,
					Chat__V1__DeadLetter *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->generation};
	struct db *db;
	int64_t n = 0;
	enum status s = chat_worker_take(call, &db);

	if (s != OK)
		return s;
	s = db_exec(db, &sql_queue_requeue, params, &n, &call->err);
	if (s == OK)
		s = db_query(db, &sql_queue_one, params, &rows, &call->err);
	chat_worker_give(call, db);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such background answer");
	if (n > 0)
		log_info("dead_letter_requeued", LOG_S("generation", req->generation),
			 LOG_S("admin", call->subject), LOG_S("request_id", call->ctx.request_id));
	dead_letter_read(call->arena, rows, 0, resp);
	return OK;
}
