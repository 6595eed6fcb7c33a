/* grpc.health.v1: Check, List and Watch for every service of the tables and for "", the whole
 * server. Anybody may ask. */
#include "runtime/rpc/server.h"

#include "grpc/health/v1/health.pb-c.h"
#include "runtime/base/ensure.h"
#include <string.h>

#define SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

/* The service in "/service/Method". */
static size_t service_len(const char *path)
{
	return (size_t)(strrchr(path, '/') - path) - 1;
}

static bool has_service(const struct rpc_server *server, const char *name)
{
	if (name[0] == '\0')
		return true;
	for (size_t i = 0; i < server->n_methods; i++) {
		const char *path = server->methods[i].handler.method->path;

		if (service_len(path) == strlen(name) && memcmp(path + 1, name, strlen(name)) == 0)
			return true;
	}
	return false;
}

static Grpc__Health__V1__HealthCheckResponse__ServingStatus state_of(struct rpc_server *server)
{
	return atomic_load(&server->serving) ? SERVING : NOT_SERVING;
}

static enum status check(struct rpc_call *call, const ProtobufCMessage *message,
			 ProtobufCMessage *answer)
{
	const Grpc__Health__V1__HealthCheckRequest *req = (const void *)message;
	Grpc__Health__V1__HealthCheckResponse *resp = (void *)answer;
	struct rpc_server *server = call_of_pub(call)->server;

	if (!has_service(server, req->service))
		return rpc_fail(call, NOT_FOUND, "not_found", "unknown service '%s'", req->service);
	resp->status = state_of(server);
	return OK;
}

/* ------------------------------------------------------------------ List */

static bool list_one(struct rpc_call *call, Grpc__Health__V1__HealthListResponse *resp,
		     const char *name, size_t len)
{
	struct server_call *own = call_of_pub(call);
	Grpc__Health__V1__HealthListResponse__StatusesEntry *entry;

	for (size_t i = 0; i < resp->n_statuses; i++)
		if (strlen(resp->statuses[i]->key) == len &&
		    memcmp(resp->statuses[i]->key, name, len) == 0)
			return true;
	entry = arena_alloc(call->arena, sizeof(*entry));
	if (!entry)
		return false;
	*entry = (Grpc__Health__V1__HealthListResponse__StatusesEntry)
		GRPC__HEALTH__V1__HEALTH_LIST_RESPONSE__STATUSES_ENTRY__INIT;
	entry->key = arena_strndup(call->arena, name, len);
	entry->value = arena_alloc(call->arena, sizeof(*entry->value));
	if (!entry->value)
		return false;
	*entry->value = (Grpc__Health__V1__HealthCheckResponse)
		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
	entry->value->status = state_of(own->server);
	resp->statuses[resp->n_statuses++] = entry;
	return true;
}

static enum status list(struct rpc_call *call, const ProtobufCMessage *message,
			ProtobufCMessage *answer)
{
	Grpc__Health__V1__HealthListResponse *resp = (void *)answer;
	struct rpc_server *server = call_of_pub(call)->server;
	bool room;

	resp->statuses = arena_array(call->arena, server->n_methods + 1, sizeof(resp->statuses[0]));
	room = resp->statuses && list_one(call, resp, "", 0);
	for (size_t i = 0; room && i < server->n_methods; i++) {
		const char *path = server->methods[i].handler.method->path;

		room = list_one(call, resp, path + 1, service_len(path));
	}
	return OK; /* without room the arena is exhausted, and rpc_finish says so */
}

/* ------------------------------------------------------------------ Watch */

/* Health's own state of a server. */
struct health {
	struct rpc_server *server;
	pthread_mutex_t lock; /* taken before any session's */
	struct health_watch *watches;
};

struct health_watch {
	struct rpc_call *call;
	struct health *health;
	bool known;
	bool ended; /* (lock) rpc_finish was called */
	Grpc__Health__V1__HealthCheckResponse__ServingStatus told; /* (lock) */
	struct health_watch *previous, *next;
};

static void tell(struct health_watch *watch)
{
	Grpc__Health__V1__HealthCheckResponse message =
		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	message.status = watch->known ? state_of(watch->health->server) : SERVICE_UNKNOWN;
	if (watch->ended || message.status == watch->told)
		return;
	/* Full or gone: the next change, or the end of the call, is not far. */
	if (rpc_stream_send(watch->call, &message.base) == OK)
		watch->told = message.status;
}

static void serving_changed(void *ctx)
{
	struct health *health = ctx;

	pthread_mutex_lock(&health->lock);
	for (struct health_watch *watch = health->watches; watch; watch = watch->next)
		tell(watch);
	pthread_mutex_unlock(&health->lock);
}

static void watch_end(struct health_watch *watch, enum status status)
{
	bool first;

	pthread_mutex_lock(&watch->health->lock);
	first = !watch->ended;
	watch->ended = true;
	pthread_mutex_unlock(&watch->health->lock);
	if (first)
		rpc_finish(watch->call, status, NULL);
}

static void watch_cancelled(struct rpc_call *call, void *ctx)
{
	watch_end(ctx, CANCELLED);
}

static void watch_drained(struct rpc_call *call, void *ctx)
{
	watch_end(ctx, UNAVAILABLE);
}

static void watch_writable(struct rpc_call *call, void *ctx)
{
	struct health_watch *watch = ctx;

	pthread_mutex_lock(&watch->health->lock);
	tell(watch);
	pthread_mutex_unlock(&watch->health->lock);
}

static void watch_done(void *ctx)
{
	struct health_watch *watch = ctx;
	struct health *health = watch->health;

	pthread_mutex_lock(&health->lock);
	if (watch->previous)
		watch->previous->next = watch->next;
	else
		health->watches = watch->next;
	if (watch->next)
		watch->next->previous = watch->previous;
	pthread_mutex_unlock(&health->lock);
	free(watch);
}

static enum status watch(struct rpc_call *call, const ProtobufCMessage *message,
			 ProtobufCMessage *unused)
{
	static const struct rpc_stream_hooks hooks = {
		.on_writable = watch_writable,
		.on_cancel = watch_cancelled,
		.on_drain = watch_drained,
		.on_done = watch_done,
	};
	const Grpc__Health__V1__HealthCheckRequest *req = (const void *)message;
	struct health *health = call_of_pub(call)->server->on_serving.ctx;
	struct health_watch *made = calloc(1, sizeof(*made));

	ensure(made);
	made->call = call;
	made->health = health;
	made->known = has_service(health->server, req->service);
	rpc_stream_hooks_set(call, &hooks, made);
	pthread_mutex_lock(&health->lock);
	made->next = health->watches;
	if (made->next)
		made->next->previous = made;
	health->watches = made;
	tell(made);
	pthread_mutex_unlock(&health->lock);
	return RPC_LATER;
}

static const struct rpc_method methods[] = {
	{"/grpc.health.v1.Health/Check", RPC_UNARY,
	 &grpc__health__v1__health_check_request__descriptor,
	 &grpc__health__v1__health_check_response__descriptor, RPC_ACCESS_PUBLIC, NULL, 0, true,
	 true, false, RPC_LANE_MAIN},
	{"/grpc.health.v1.Health/List", RPC_UNARY,
	 &grpc__health__v1__health_list_request__descriptor,
	 &grpc__health__v1__health_list_response__descriptor, RPC_ACCESS_PUBLIC, NULL, 0, true,
	 true, false, RPC_LANE_MAIN},
	{"/grpc.health.v1.Health/Watch", RPC_SERVER_STREAM,
	 &grpc__health__v1__health_check_request__descriptor,
	 &grpc__health__v1__health_check_response__descriptor, RPC_ACCESS_PUBLIC, NULL, 0, true,
	 false, false, RPC_LANE_MAIN},
};

static const struct rpc_handler handlers[] = {
	{&methods[0], check},
	{&methods[1], list},
	{&methods[2], watch},
};

static void health_free(void *ctx)
{
	struct health *health = ctx;

	pthread_mutex_destroy(&health->lock);
	free(health);
}

void rpc_health_register(struct rpc_server *server)
{
	struct health *health = calloc(1, sizeof(*health));

	ensure(health);
	health->server = server;
	pthread_mutex_init(&health->lock, NULL);
	server->on_serving = (struct serving_hook){serving_changed, health_free, health};
	methods_add(server, handlers, ARRAY_SIZE(handlers), true);
}
