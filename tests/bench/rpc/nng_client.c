/* Client of the benchmark on nng's REQ/REP. It cannot stream. */
#include "measure.h"

#include "bench/echo.pb-c.h"
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdbool.h>
#include <unistd.h>

static _Atomic bool stop;
static _Atomic int running;

struct caller {
	nng_ctx ctx;
	nng_aio *aio;
	bool receiving;
	int64_t start;
	struct latencies latencies;
};

static void go(struct caller *caller)
{
	int64_t xs[] = {1, 2, 3, 4};
	Bench__Echo echo = BENCH__ECHO__INIT;
	nng_msg *request;

	echo.id = (char *)ECHO_ID;
	echo.note = (char *)ECHO_NOTE;
	echo.amount = ECHO_AMOUNT;
	echo.n_xs = 4;
	echo.xs = xs;
	caller->start = now_ns();
	caller->receiving = false;
	nng_msg_alloc(&request, bench__echo__get_packed_size(&echo));
	bench__echo__pack(&echo, nng_msg_body(request));
	nng_aio_set_msg(caller->aio, request);
	nng_ctx_send(caller->ctx, caller->aio);
}

static void step(void *arg)
{
	struct caller *caller = arg;
	Bench__Echo *echo;
	nng_msg *reply;

	if (nng_aio_result(caller->aio) != 0)
		return;
	if (!caller->receiving) {
		caller->receiving = true;
		nng_ctx_recv(caller->ctx, caller->aio);
		return;
	}
	reply = nng_aio_get_msg(caller->aio);
	echo = bench__echo__unpack(NULL, nng_msg_len(reply), nng_msg_body(reply));
	bench__echo__free_unpacked(echo, NULL);
	nng_msg_free(reply);
	latencies_add(&caller->latencies, now_ns() - caller->start);
	if (stop)
		running--;
	else
		go(caller);
}

int main(int argc, char **argv)
{
	static nng_socket sockets[64];
	struct latencies *sum = calloc(1, sizeof(*sum));
	struct caller *callers;
	struct plan plan;
	int64_t start, ns;

	if (plan_read(&plan, argc, argv) != 0 || plan.stream)
		return 2;
	for (int i = 0; i < plan.connections; i++)
		if (nng_req0_open(&sockets[i]) != 0 || nng_dial(sockets[i], plan.url, NULL, 0) != 0)
			return 1;
	callers = calloc((size_t)plan.callers, sizeof(callers[0]));
	start = now_ns();
	running = plan.callers;
	for (int i = 0; i < plan.callers; i++) {
		nng_ctx_open(&callers[i].ctx, sockets[i % plan.connections]);
		nng_aio_alloc(&callers[i].aio, step, &callers[i]);
		go(&callers[i]);
	}
	sleep((unsigned)plan.seconds);
	stop = true;
	ns = now_ns() - start;
	while (running > 0)
		usleep(1000);
	for (int i = 0; i < plan.callers; i++)
		latencies_sum(sum, &callers[i].latencies);
	print_calls(sum, ns);
	return 0;
}
