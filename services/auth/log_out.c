#include "auth/auth.h"
#include "runtime/feed/feed.h"

enum status auth_v1_log_out(struct rpc_call *call, const Auth__V1__LogOutRequest *req,
			    Google__Protobuf__Empty *resp)
{
	enum status s = session_end(call, call->subject,
				    req->everywhere ? NULL : call->ctx.subject.session_id, NULL,
				    SESSION_LOGOUT, NULL);

	if (s == OK)
		feed_wake(auth_of(call)->revocations);
	return s;
}
