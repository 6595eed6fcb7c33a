/* Methods with one answer. */
#include "gateway/gateway.h"

/* The client is gone, so nobody waits for the answer. Under the request's lock, as unary_start
 * is. */
static void on_close(_unused_ struct httpd_request *http, void *ctx)
{
	struct request *request = ctx;

	rpc_client_cancel(request->call);
}

static const struct httpd_hooks hooks = {.on_close = on_close};

static void on_reply(void *ctx, enum status status, const ProtobufCMessage *resp,
		     const struct error *err)
{
	if (status == OK)
		reply_message(ctx, resp);
	else
		reply_problem(ctx, err);
}

void unary_start(struct request *request, const ProtobufCMessage *message)
{
	const struct gateway *gateway = request->gateway;
	const struct route *route = request->route;
	const struct rpc_call_options options = {
		.parent = &request->context,
		.timeout_ms = route->timeout_ms ? route->timeout_ms
						: (uint32_t)gateway->conf->unary_timeout_ms,
	};
	struct httpd_lock *lock = httpd_lock_of(request->http);
	bool taken = httpd_lock_take(lock);

	/* The answer and on_close wait for the lock. Until it is released the request is ours. */
	request->call = rpc_call_async(backends_of_route(gateway->backends, route), route->method,
				       &options, message, on_reply, request);
	if (!httpd_hooks_set(request->http, &hooks, request))
		rpc_client_cancel(request->call);
	httpd_lock_release(lock, taken);
	httpd_lock_unref(lock);
}
