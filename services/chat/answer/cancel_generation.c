#include "chat/answer/cancel.h"
#include "chat/watch/peers.h"
#include "chat/words/state.h"
#include "runtime/log/log.h"

#include <string.h>

#define WAIT_MS 1500 /* for the end to be stored, so that the answer tells it */

/* The mark in the row stops it within a checkpoint; a word to its replica is faster. */
static void tell_owner(struct rpc_call *call, const char *id, const PGresult *rows)
{
	struct engine *engine = chat_of(call)->engine;
	const char *boot_id = db_peek(rows, 0, "boot_id");
	struct error err;

	if (strcmp(boot_id, engine->boot_id) == 0) {
		cancel_here(engine, id, WAIT_MS);
		return;
	}
	if (peers_cancel(engine->peers, db_peek(rows, 0, "owner_endpoint"), boot_id, id, &call->ctx,
			 &err) != OK)
		log_info("cancel_not_forwarded", LOG_S("request_id", call->ctx.request_id),
			 LOG_S("generation", id), LOG_S("reason", err.reason));
}

enum status chat_v1_cancel_generation(struct rpc_call *call,
				      const Chat__V1__CancelGenerationRequest *req,
				      Chat__V1__Generation *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->generation};
	Chat__V1__GetGenerationRequest get = CHAT__V1__GET_GENERATION_REQUEST__INIT;
	enum status s;

	s = db_query_as(service_db(call), call->subject, &sql_generation_cancel, params, &rows,
			&call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such generation");
	if (state_read(db_peek(rows, 0, "state")) == CHAT__V1__GENERATION__STATE__RUNNING)
		tell_owner(call, req->generation, rows);
	get.generation = req->generation;
	return chat_v1_get_generation(call, &get, resp);
}
