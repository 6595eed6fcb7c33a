/* The threads that run unary handlers straight through.
 *
 * What costs here is waking threads, not locks: a call is queued under one lock, at most one worker
 * is on its way to it at any time (it wakes the next one when there is more), the worker that slept
 * last is woken first, and a worker that finds several short calls runs them in a row so that their
 * answers leave together. */
#include "runtime/rpc/server.h"

#include "runtime/base/ensure.h"
#include <stdio.h>

static struct server_call *pop(struct rpc_server *server)
{
	struct server_call *call = server->queue_first;

	if (!call)
		return NULL;
	server->queue_first = call->queue_next;
	if (!server->queue_first)
		server->queue_last = &server->queue_first;
	atomic_fetch_sub_explicit(&server->queue_n, 1, memory_order_relaxed);
	return call;
}

/* queue_lock held. */
static void wake_one(struct rpc_server *server)
{
	struct worker *worker = server->idle;

	if (!worker || server->waking || !server->queue_first)
		return;
	server->idle = worker->idle_next;
	worker->idle = false;
	server->waking = true;
	pthread_cond_signal(&worker->wake);
}

static void sleep_until_woken(struct worker *worker)
{
	struct rpc_server *server = worker->server;

	worker->idle = true;
	worker->idle_next = server->idle;
	server->idle = worker;
	while (worker->idle)
		pthread_cond_wait(&worker->wake, &server->queue_lock);
	server->waking = false;
}

static struct server_call *next_call(struct worker *worker)
{
	struct rpc_server *server = worker->server;
	struct server_call *call;

	pthread_mutex_lock(&server->queue_lock);
	while (!server->queue_first && !server->stopping)
		sleep_until_woken(worker);
	call = pop(server);
	wake_one(server); /* the rest is for the next one */
	pthread_mutex_unlock(&server->queue_lock);
	return call;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	const struct rpc_server_options *options = &worker->server->options;
	void *state = options->worker_init ? options->worker_init(options->worker_ctx) : NULL;
	struct server_call *call;

	while ((call = next_call(worker)) != NULL) {
		server_call_run(call, state);
		stream_unref(&call->stream);
	}
	if (options->worker_done)
		options->worker_done(state, options->worker_ctx);
	return NULL;
}

bool workers_queue(struct server_call *call)
{
	struct rpc_server *server = call->server;
	bool room;

	pthread_mutex_lock(&server->queue_lock);
	room = !server->stopping && atomic_load(&server->queue_n) < server->options.queue_max;
	if (room) {
		stream_ref(&call->stream);
		call->queue_next = NULL;
		*server->queue_last = call;
		server->queue_last = &call->queue_next;
		atomic_fetch_add_explicit(&server->queue_n, 1, memory_order_relaxed);
		wake_one(server);
	}
	pthread_mutex_unlock(&server->queue_lock);
	return room;
}

void workers_start(struct rpc_server *server)
{
	server->workers = calloc((size_t)server->options.workers, sizeof(server->workers[0]));
	ensure(server->workers);
	for (int i = 0; i < server->options.workers; i++) {
		struct worker *worker = &server->workers[i];
		char name[32];

		worker->server = server;
		pthread_cond_init(&worker->wake, NULL);
		ensure(pthread_create(&worker->thread, NULL, worker_main, worker) == 0);
		snprintf(name, sizeof(name), "rpc:worker%d", i);
		pthread_setname_np(worker->thread, name);
	}
}

void workers_stop(struct rpc_server *server)
{
	if (!server->workers)
		return;
	pthread_mutex_lock(&server->queue_lock);
	server->stopping = true;
	for (int i = 0; i < server->options.workers; i++) {
		server->workers[i].idle = false;
		pthread_cond_signal(&server->workers[i].wake);
	}
	server->idle = NULL;
	pthread_mutex_unlock(&server->queue_lock);
	for (int i = 0; i < server->options.workers; i++) {
		pthread_join(server->workers[i].thread, NULL);
		pthread_cond_destroy(&server->workers[i].wake);
	}
	free(server->workers);
	server->workers = NULL;
}
