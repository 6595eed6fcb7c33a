#include "chat/queue/queue.h"
#include "runtime/db/timestamp.h"
#include "runtime/service/list.h"

#define ALIVE_MS 30000 /* since the last sign of life */

static enum status read_depth(struct rpc_call *call, struct db *db, Chat__V1__Queue *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_queue_depth, NULL, &rows, &call->err);
	size_t n;

	if (s != OK)
		return s;
	n = (size_t)PQntuples(rows);
	s = list_new(call, &chat__v1__queue__depth_by_state_entry__descriptor, n,
		     &resp->n_depth_by_state, &resp->depth_by_state);
	for (size_t i = 0; s == OK && i < n; i++) {
		int64_t age_ms = db_i64(rows, (int)i, "age_ms");

		resp->depth_by_state[i]->key = db_text(call->arena, rows, (int)i, "state");
		resp->depth_by_state[i]->value = db_i64(rows, (int)i, "depth");
		if (age_ms > resp->oldest_age_ms)
			resp->oldest_age_ms = age_ms;
	}
	return s;
}

static enum status read_replicas(struct rpc_call *call, struct db *db, Chat__V1__Queue *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {db_param_i64(call->arena, ALIVE_MS)};
	enum status s = db_query(db, &sql_queue_replicas, params, &rows, &call->err);
	size_t n;

	if (s != OK)
		return s;
	n = (size_t)PQntuples(rows);
	s = list_new(call, &chat__v1__worker_heartbeat__descriptor, n, &resp->n_workers,
		     &resp->workers);
	for (size_t i = 0; s == OK && i < n; i++) {
		Chat__V1__WorkerHeartbeat *worker = resp->workers[i];

		worker->boot_id = db_text(call->arena, rows, (int)i, "boot_id");
		worker->endpoint = db_text(call->arena, rows, (int)i, "endpoint");
		worker->running = db_i32(rows, (int)i, "running");
		worker->last_time = timestamp_new(call->arena, db_i64(rows, (int)i, "beat_us"));
	}
	return s;
}

enum status chat_v1_get_queue(struct rpc_call *call, _unused_ const Chat__V1__GetQueueRequest *req,
			      Chat__V1__Queue *resp)
{
	struct db *db;
	enum status s = chat_worker_take(call, &db);

	if (s != OK)
		return s;
	s = read_depth(call, db, resp);
	if (s == OK)
		s = read_replicas(call, db, resp);
	chat_worker_give(call, db);
	return s;
}
