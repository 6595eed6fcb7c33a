/* A call for a handler, without a network:
 *
 *   struct rpc_call *call = test_call_new(db, user_id, NULL);
 *   s = credits_v1_get_balance(call, &req, &resp); */
#ifndef TESTS_LIB_CALL_H
#define TESTS_LIB_CALL_H

#include "runtime/db/db.h"
#include "runtime/rpc/rpc.h"

/* user_id: subject of the call; NULL: none. caller: the calling service; NULL: the gateway. db: from
 * service_db. */
struct rpc_call *test_call_new(struct db *db, const char *user_id, const char *caller);
void test_call_free(struct rpc_call *call);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct rpc_call *, test_call_free);

/* Makes it a new call of the same user: arena and err are empty again. */
void test_call_reset(struct rpc_call *call);

#endif
