#include "tests/lib/call.h"

#include "runtime/base/ensure.h"

#include <stdio.h>
#include <string.h>

#define ARENA_CHUNK (64 * 1024)
#define ARENA_MAX (9 * 1024 * 1024)

struct rpc_call *test_call_new(struct db *db, const char *user_id, const char *caller)
{
	struct rpc_call *call = calloc(1, sizeof *call);

	ensure(call);
	call->arena = arena_new(ARENA_CHUNK, ARENA_MAX);
	call->worker = db;
	snprintf(call->caller, sizeof call->caller, "%s", caller ? caller : "gateway");
	snprintf(call->ctx.request_id, sizeof call->ctx.request_id, "test");
	if (user_id)
		snprintf(call->ctx.subject.user_id, sizeof call->ctx.subject.user_id, "%s",
			 user_id);
	call->subject = call->ctx.subject.user_id;
	return call;
}

void test_call_free(struct rpc_call *call)
{
	if (!call)
		return;
	arena_free(call->arena);
	free(call);
}

void test_call_reset(struct rpc_call *call)
{
	arena_reset(call->arena);
	memset(&call->err, 0, sizeof call->err);
}
