/* Echo server on nng's REQ/REP: what the transport offers by itself. */
#include "bench/echo.pb-c.h"
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONTEXTS 256

struct worker {
	nng_ctx ctx;
	nng_aio *aio;
	bool sending;
};

static void answer(struct worker *worker, nng_msg *request)
{
	Bench__Echo *echo = bench__echo__unpack(NULL, nng_msg_len(request), nng_msg_body(request));
	nng_msg *reply;

	nng_msg_alloc(&reply, bench__echo__get_packed_size(echo));
	bench__echo__pack(echo, nng_msg_body(reply));
	bench__echo__free_unpacked(echo, NULL);
	nng_msg_free(request);
	worker->sending = true;
	nng_aio_set_msg(worker->aio, reply);
	nng_ctx_send(worker->ctx, worker->aio);
}

static void step(void *arg)
{
	struct worker *worker = arg;
	int rv = nng_aio_result(worker->aio);

	if (!worker->sending) {
		if (rv == 0)
			answer(worker, nng_aio_get_msg(worker->aio));
		return;
	}
	if (rv != 0)
		nng_msg_free(nng_aio_get_msg(worker->aio));
	worker->sending = false;
	nng_ctx_recv(worker->ctx, worker->aio);
}

int main(int argc, char **argv)
{
	static struct worker workers[CONTEXTS];
	nng_socket socket;

	if (argc < 2 || nng_rep0_open(&socket) != 0)
		return 2;
	for (int i = 0; i < CONTEXTS; i++) {
		nng_ctx_open(&workers[i].ctx, socket);
		nng_aio_alloc(&workers[i].aio, step, &workers[i]);
	}
	if (nng_listen(socket, argv[1], NULL, 0) != 0)
		return 1;
	for (int i = 0; i < CONTEXTS; i++)
		nng_ctx_recv(workers[i].ctx, workers[i].aio);
	for (;;)
		pause();
}
