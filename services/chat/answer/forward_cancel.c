#include "chat/answer/cancel.h"

#include <string.h>

#define WAIT_MS 1500 /* below the method's own time limit */

enum status chat_v1_forward_cancel(struct rpc_call *call, const Chat__V1__ForwardCancelRequest *req,
				   _unused_ Google__Protobuf__Empty *resp)
{
	struct engine *engine = chat_of(call)->engine;

	if (strcmp(req->boot_id, engine->boot_id) != 0 ||
	    !cancel_here(engine, req->generation, WAIT_MS))
		return rpc_fail(call, FAILED_PRECONDITION, "generation_moved",
				"the generation does not run here");
	return OK;
}
