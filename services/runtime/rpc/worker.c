/* The threads that run unary handlers straight through.
 *
 * What costs here is waking threads, not locks: a call is queued under one lock, at most one worker
 * is on its way to it at any time (it wakes the next one when there is more), the worker that slept
 * last is woken first, and a worker that finds several short calls runs them in a row so that their
 * answers leave together.
 *
 * Calls of pipelined methods run on fibers: while one waits for the database its worker starts the
 * next, whose statement goes out on the same connection. They go on in the order in which they
 * began to wait, as the database answers. */
#include "runtime/rpc/server.h"

#include "runtime/base/ensure.h"
#include "runtime/base/fiber.h"
#include <stdio.h>

#define WAITING_MAX 16 /* fibers of one worker */

static bool is_pipelined(const struct server_call *call)
{
	return call && call->pub.method->pipelined;
}

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

/* queue_lock held. With calls that wait it takes only what runs beside them. */
static bool may_take(const struct worker *worker)
{
	const struct server_call *first = worker->server->queue_first;

	if (worker->n_waiting == 0)
		return first;
	return is_pipelined(first) && worker->n_waiting < WAITING_MAX;
}

/* NULL: there is none, so those that wait go on; with none of these the server stops. */
static struct server_call *next_call(struct worker *worker)
{
	struct rpc_server *server = worker->server;
	struct server_call *call = NULL;

	pthread_mutex_lock(&server->queue_lock);
	while (!server->queue_first && worker->n_waiting == 0 && !server->stopping)
		sleep_until_woken(worker);
	if (may_take(worker))
		call = pop(server);
	/* The rest is for the next one, unless this one comes back for it at once. */
	if (!is_pipelined(call) || !is_pipelined(server->queue_first))
		wake_one(server);
	pthread_mutex_unlock(&server->queue_lock);
	return call;
}

/* ------------------------------------------------------------------ fibers */

static void run_call(struct worker *worker, struct server_call *call)
{
	server_call_run(call, worker->state);
	stream_unref(&call->stream);
}

static void fiber_main(void *ctx)
{
	struct run *run = ctx;

	run_call(run->worker, run->call);
}

static struct run *take_spare(struct worker *worker)
{
	struct run *run = worker->spare;

	if (run) {
		worker->spare = run->next;
		return run;
	}
	run = calloc(1, sizeof(*run));
	ensure(run);
	run->fiber = fiber_new();
	run->worker = worker;
	return run;
}

static void put_back(struct worker *worker, struct run *run, bool waits)
{
	if (!waits) {
		run->next = worker->spare;
		worker->spare = run;
		return;
	}
	run->next = NULL;
	*worker->waiting_last = run;
	worker->waiting_last = &run->next;
	worker->n_waiting++;
}

static void start(struct worker *worker, struct server_call *call)
{
	struct run *run = take_spare(worker);

	run->call = call;
	put_back(worker, run, fiber_start(run->fiber, fiber_main, run));
}

static void go_on(struct worker *worker)
{
	const struct rpc_server_options *options = &worker->server->options;
	struct run *run = worker->waiting;

	worker->waiting = run->next;
	if (!worker->waiting)
		worker->waiting_last = &worker->waiting;
	worker->n_waiting--;
	if (worker->state && options->worker_call)
		options->worker_call(worker->state, &run->call->pub, options->worker_ctx);
	put_back(worker, run, fiber_resume(run->fiber));
}

static void free_spares(struct worker *worker)
{
	while (worker->spare) {
		struct run *run = worker->spare;

		worker->spare = run->next;
		fiber_free(run->fiber);
		free(run);
	}
}

/* ------------------------------------------------------------------ threads */

/* False: the server stops. */
static bool turn(struct worker *worker)
{
	struct server_call *call = next_call(worker);

	if (!call && worker->n_waiting == 0)
		return false;
	if (is_pipelined(call))
		start(worker, call);
	else if (call)
		run_call(worker, call);
	else
		go_on(worker);
	if (worker->n_waiting == 0)
		rpc_answers_send();
	return true;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	const struct rpc_server_options *options = &worker->server->options;

	if (options->worker_init)
		worker->state = options->worker_init(options->worker_ctx);
	while (turn(worker)) {
	}
	free_spares(worker);
	if (options->worker_done)
		options->worker_done(worker->state, options->worker_ctx);
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
		worker->waiting_last = &worker->waiting;
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
