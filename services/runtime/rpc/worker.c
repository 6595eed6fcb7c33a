/* The threads that run unary handlers straight through, and the lanes in which calls wait for them.
 *
 * Waking threads costs here, locks do not. A call is queued under one lock. At most one worker is
 * on its way to it at any time, and wakes the next one when there is more. The worker that slept
 * last is woken first. A worker that finds several short calls runs them in a row, so that their
 * answers leave together.
 *
 * Calls of pipelined methods run on fibers: while one waits for the database its worker starts the
 * next, whose statement goes out on the same connection. They go on in the order in which they
 * began to wait, as the database answers. */
#include "runtime/rpc/server.h"

#include "runtime/base/ensure.h"
#include "runtime/base/fiber.h"
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define WAITING_MAX 16 /* fibers of one worker */

static bool is_pipelined(const struct server_call *call)
{
	return call && call->pub.method->pipelined;
}

/* lane->lock held. */
static void wake_one(struct worker_lane *lane)
{
	struct worker *worker = lane->idle;

	if (!worker || lane->waking || !queue_first(&lane->queue))
		return;
	lane->idle = worker->idle_next;
	worker->idle = false;
	lane->waking = true;
	pthread_cond_signal(&worker->wake);
}

static void sleep_until_woken(struct worker *worker)
{
	struct worker_lane *lane = worker->lane;

	worker->idle = true;
	worker->idle_next = lane->idle;
	lane->idle = worker;
	while (worker->idle)
		pthread_cond_wait(&worker->wake, &lane->lock);
	lane->waking = false;
}

/* lane->lock held. With calls that wait it takes only what runs beside them. */
static bool may_take(const struct worker *worker)
{
	const struct server_call *first = queue_first(&worker->lane->queue);

	if (worker->n_waiting == 0)
		return first;
	return is_pipelined(first) && worker->n_waiting < WAITING_MAX;
}

/* NULL: there is none, so those that wait go on; with none of these the server stops. */
static struct server_call *next_call(struct worker *worker)
{
	struct worker_lane *lane = worker->lane;
	struct server_call *call = NULL;

	pthread_mutex_lock(&lane->lock);
	while (!queue_first(&lane->queue) && worker->n_waiting == 0 && !lane->stopping)
		sleep_until_woken(worker);
	if (may_take(worker))
		call = queue_take(&lane->queue);
	/* The rest is for the next one, unless this one comes back for it at once. */
	if (!is_pipelined(call) || !is_pipelined(queue_first(&lane->queue)))
		wake_one(lane);
	pthread_mutex_unlock(&lane->lock);
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
	struct fiber_run *run = ctx;

	run_call(run->worker, run->call);
}

static struct fiber_run *take_spare(struct worker *worker)
{
	struct fiber_run *run = worker->spare;

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

static void put_back(struct worker *worker, struct fiber_run *run, bool waits)
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
	struct fiber_run *run = take_spare(worker);

	run->call = call;
	put_back(worker, run, fiber_start(run->fiber, fiber_main, run));
}

static void go_on(struct worker *worker)
{
	const struct rpc_server_options *options = &worker->lane->server->options;
	struct fiber_run *run = worker->waiting;

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
		struct fiber_run *run = worker->spare;

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
	const struct rpc_server_options *options = &worker->lane->server->options;

	if (worker->lane->nice > 0) /* refused: then it is as urgent as the others */
		setpriority(PRIO_PROCESS, (id_t)gettid(), worker->lane->nice);
	if (options->worker_init)
		worker->state = options->worker_init(options->worker_ctx);
	while (turn(worker)) {
	}
	free_spares(worker);
	if (options->worker_done)
		options->worker_done(worker->state, options->worker_ctx);
	return NULL;
}

struct worker_lane *worker_lane_of(struct rpc_server *server, const struct rpc_method *method)
{
	struct worker_lane *lane = &server->lanes[method->lane];

	return lane->n_workers > 0 ? lane : &server->lanes[RPC_LANE_MAIN];
}

enum queue_answer workers_queue(struct server_call *call)
{
	struct worker_lane *lane = worker_lane_of(call->server, call->pub.method);
	enum queue_answer answer = QUEUE_FULL;

	pthread_mutex_lock(&lane->lock);
	if (!lane->stopping)
		answer = queue_put(&lane->queue, call);
	if (answer == QUEUE_TAKEN) {
		stream_ref(&call->stream);
		wake_one(lane);
	}
	pthread_mutex_unlock(&lane->lock);
	return answer;
}

static void start_worker(struct worker_lane *lane, int32_t i)
{
	struct worker *worker = &lane->workers[i];
	bool main = lane == &lane->server->lanes[RPC_LANE_MAIN];
	char name[16];

	worker->lane = lane;
	worker->waiting_last = &worker->waiting;
	pthread_cond_init(&worker->wake, NULL);
	ensure(pthread_create(&worker->thread, NULL, worker_main, worker) == 0);
	snprintf(name, sizeof(name), main ? "rpc:worker%d" : "rpc:heavy%d", i);
	pthread_setname_np(worker->thread, name);
}

static void lane_start(struct rpc_server *server, enum rpc_lane which,
		       const struct rpc_lane_options *options)
{
	struct worker_lane *lane = &server->lanes[which];

	pthread_mutex_init(&lane->lock, NULL);
	queue_init(&lane->queue, options->queue_max, options->queue_user_max);
	lane->server = server;
	lane->nice = options->nice;
	lane->workers = calloc((size_t)options->workers + 1, sizeof(lane->workers[0]));
	ensure(lane->workers);
	lane->n_workers = options->workers;
	for (int32_t i = 0; i < lane->n_workers; i++)
		start_worker(lane, i);
}

void workers_start(struct rpc_server *server)
{
	const struct rpc_server_options *options = &server->options;
	const struct rpc_lane_options main = {.workers = options->workers,
					      .queue_max = options->queue_max,
					      .queue_user_max = options->queue_user_max};

	lane_start(server, RPC_LANE_MAIN, &main);
	lane_start(server, RPC_LANE_HEAVY, &options->heavy);
}

static void lane_stop(struct worker_lane *lane)
{
	if (!lane->workers)
		return;
	pthread_mutex_lock(&lane->lock);
	lane->stopping = true;
	for (int32_t i = 0; i < lane->n_workers; i++) {
		lane->workers[i].idle = false;
		pthread_cond_signal(&lane->workers[i].wake);
	}
	lane->idle = NULL;
	pthread_mutex_unlock(&lane->lock);
	for (int32_t i = 0; i < lane->n_workers; i++) {
		pthread_join(lane->workers[i].thread, NULL);
		pthread_cond_destroy(&lane->workers[i].wake);
	}
	free(TAKE_PTR(lane->workers));
	queue_done(&lane->queue);
	pthread_mutex_destroy(&lane->lock);
}

void workers_stop(struct rpc_server *server)
{
	for (size_t i = 0; i < RPC_LANES; i++)
		lane_stop(&server->lanes[i]);
}
