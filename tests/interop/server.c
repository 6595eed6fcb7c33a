/* grpc.testing.TestService on runtime/rpc, with the flags of gRPC's own interoperability servers:
 * --port=N [--use_tls=false]. Handlers and hooks run on callback threads; a pause between answers
 * is a timer. */
#include "methods.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "runtime/net/net.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const uint8_t zeros[4 * 1024 * 1024];

/* The metadata that the client wants back. */
static void echo_metadata(struct rpc_call *call)
{
	const char *initial = rpc_metadata(call, ECHO_INITIAL);
	const uint8_t *trailing;
	size_t len;

	if (initial)
		rpc_send_header(call, ECHO_INITIAL, initial, strlen(initial));
	trailing = rpc_metadata_bin(call, ECHO_TRAILING, &len);
	if (trailing)
		rpc_send_trailer(call, ECHO_TRAILING, trailing, len);
}

static enum status echo_status(struct rpc_call *call, const Grpc__Testing__EchoStatus *status)
{
	return rpc_fail(call, (enum status)status->code, "", "%s", status->message);
}

static bool size_is_good(int32_t size)
{
	return size >= 0 && (size_t)size <= sizeof(zeros);
}

static enum status empty(struct rpc_call *call, const ProtobufCMessage *req, ProtobufCMessage *resp)
{
	return OK;
}

static enum status unary(struct rpc_call *call, const ProtobufCMessage *message,
			 ProtobufCMessage *answer)
{
	const Grpc__Testing__SimpleRequest *req = (const void *)message;
	Grpc__Testing__SimpleResponse *resp = (void *)answer;

	echo_metadata(call);
	if (req->response_status && req->response_status->code != 0)
		return echo_status(call, req->response_status);
	if (!size_is_good(req->response_size))
		return rpc_fail(call, INVALID_ARGUMENT, "", "response_size");
	resp->payload = arena_zalloc(call->arena, sizeof(*resp->payload));
	if (!resp->payload)
		return RESOURCE_EXHAUSTED;
	grpc__testing__payload__init(resp->payload);
	resp->payload->body.data = (uint8_t *)zeros;
	resp->payload->body.len = (size_t)req->response_size;
	return OK;
}

/* ------------------------------------------------------------------ streams of answers */

/* Answers that are not sent yet. The hooks and the timer both send them, so they have a lock. */
struct answers {
	pthread_mutex_t lock;
	struct rpc_call *call;
	Grpc__Testing__ResponseParameters *waiting; /* copies: n of them, from index at on */
	size_t at, n, room;
	bool half_closed, ended;
	struct net_timer *timer; /* of a pause before the next answer */
	bool paused;             /* the pause before the next answer is over */
};

static void answers_free(void *ctx)
{
	struct answers *answers = ctx;

	pthread_mutex_destroy(&answers->lock);
	free(answers->waiting);
	free(answers);
}

static void go_on(struct answers *answers);

static void pause_over(void *ctx)
{
	struct answers *answers = ctx;

	pthread_mutex_lock(&answers->lock);
	answers->timer = NULL;
	answers->paused = true;
	go_on(answers);
}

/* The caller holds the lock, and this releases it. */
static void end(struct answers *answers, enum status status)
{
	bool first = !answers->ended;

	answers->ended = true;
	if (answers->timer && !net_timer_cancel(answers->timer))
		first = false; /* the timer runs already, and ends the call */
	pthread_mutex_unlock(&answers->lock);
	if (first)
		rpc_finish(answers->call, status, NULL);
}

/* The caller holds the lock, and this releases it. Sends answers, then waits for a timer, for room or
 * for more requests, or ends. */
static void go_on(struct answers *answers)
{
	while (answers->at < answers->n && !answers->ended) {
		const Grpc__Testing__ResponseParameters *next = &answers->waiting[answers->at];
		Grpc__Testing__StreamingOutputCallResponse resp =
			GRPC__TESTING__STREAMING_OUTPUT_CALL_RESPONSE__INIT;
		Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;

		if (next->interval_us > 0 && !answers->paused) {
			if (!answers->timer)
				answers->timer = net_timer_start(
					clock_mono_us() + next->interval_us, pause_over, answers);
			break;
		}
		payload.body.data = (uint8_t *)zeros;
		payload.body.len = (size_t)next->size;
		resp.payload = &payload;
		if (rpc_stream_send(answers->call, &resp.base) != OK)
			break; /* on_writable or on_cancel follows */
		answers->paused = false;
		answers->at++;
	}
	if (answers->half_closed && answers->at == answers->n)
		end(answers, OK);
	else
		pthread_mutex_unlock(&answers->lock);
}

static bool add(struct answers *answers, const Grpc__Testing__StreamingOutputCallRequest *req)
{
	size_t n = answers->n + req->n_response_parameters;

	if (n > answers->room) {
		answers->room = n * 2;
		answers->waiting =
			realloc(answers->waiting, answers->room * sizeof(answers->waiting[0]));
		ensure(answers->waiting);
	}
	for (size_t i = 0; i < req->n_response_parameters; i++) {
		if (!size_is_good(req->response_parameters[i]->size))
			return false;
		answers->waiting[answers->n++] = *req->response_parameters[i];
	}
	return true;
}

static bool on_request(struct rpc_call *call, const ProtobufCMessage *message, void *ctx)
{
	const Grpc__Testing__StreamingOutputCallRequest *req = (const void *)message;
	struct answers *answers = ctx;

	pthread_mutex_lock(&answers->lock);
	if (req->response_status && req->response_status->code != 0)
		end(answers, echo_status(call, req->response_status));
	else if (!add(answers, req))
		end(answers, rpc_fail(call, INVALID_ARGUMENT, "", "size"));
	else
		go_on(answers);
	return true;
}

static void on_half_close(struct rpc_call *call, void *ctx)
{
	struct answers *answers = ctx;

	pthread_mutex_lock(&answers->lock);
	answers->half_closed = true;
	go_on(answers);
}

static void on_writable(struct rpc_call *call, void *ctx)
{
	struct answers *answers = ctx;

	pthread_mutex_lock(&answers->lock);
	go_on(answers);
}

static void on_cancel(struct rpc_call *call, void *ctx)
{
	struct answers *answers = ctx;

	pthread_mutex_lock(&answers->lock);
	end(answers, CANCELLED);
}

static struct answers *answers_new(struct rpc_call *call)
{
	static const struct rpc_stream_hooks hooks = {.on_message = on_request,
						      .on_half_close = on_half_close,
						      .on_writable = on_writable,
						      .on_cancel = on_cancel,
						      .on_done = answers_free};
	struct answers *answers = calloc(1, sizeof(*answers));

	ensure(answers);
	pthread_mutex_init(&answers->lock, NULL);
	answers->call = call;
	rpc_stream_hooks_set(call, &hooks, answers);
	return answers;
}

static enum status output(struct rpc_call *call, const ProtobufCMessage *message,
			  ProtobufCMessage *resp)
{
	const Grpc__Testing__StreamingOutputCallRequest *req = (const void *)message;
	struct answers *answers;

	echo_metadata(call);
	if (req->response_status && req->response_status->code != 0)
		return echo_status(call, req->response_status);
	answers = answers_new(call);
	answers->half_closed = true; /* this is the only request */
	on_request(call, message, answers);
	return RPC_LATER;
}

static enum status duplex(struct rpc_call *call, const ProtobufCMessage *req,
			  ProtobufCMessage *resp)
{
	echo_metadata(call);
	answers_new(call);
	return RPC_LATER;
}

/* ------------------------------------------------------------------ a stream of requests */

static bool on_input(struct rpc_call *call, const ProtobufCMessage *message, void *ctx)
{
	const Grpc__Testing__StreamingInputCallRequest *req = (const void *)message;

	*(int32_t *)ctx += req->payload ? (int32_t)req->payload->body.len : 0;
	return true;
}

static void on_input_end(struct rpc_call *call, void *ctx)
{
	Grpc__Testing__StreamingInputCallResponse resp =
		GRPC__TESTING__STREAMING_INPUT_CALL_RESPONSE__INIT;

	resp.aggregated_payload_size = *(int32_t *)ctx;
	rpc_finish(call, OK, &resp.base);
}

static void on_input_cancel(struct rpc_call *call, void *ctx)
{
	rpc_finish(call, CANCELLED, NULL);
}

static enum status input(struct rpc_call *call, const ProtobufCMessage *req, ProtobufCMessage *resp)
{
	static const struct rpc_stream_hooks hooks = {.on_message = on_input,
						      .on_half_close = on_input_end,
						      .on_cancel = on_input_cancel,
						      .on_done = free};
	int32_t *sum = calloc(1, sizeof(*sum));

	ensure(sum);
	echo_metadata(call);
	rpc_stream_hooks_set(call, &hooks, sum);
	return RPC_LATER;
}

static const struct rpc_handler handlers[] = {{&empty_call, empty},
					      {&unary_call, unary},
					      {&output_call, output},
					      {&input_call, input},
					      {&duplex_call, duplex}};

int main(int argc, char **argv)
{
	char url[64] = "";
	const char *const listen[] = {url, NULL};
	struct rpc_server_options options = {.listen = listen, .keep_texts = true};
	struct rpc_server *server;
	struct error err;
	sigset_t set;
	int number;

	for (int i = 1; i < argc; i++)
		if (sscanf(argv[i], "--port=%d", &number) == 1)
			snprintf(url, sizeof(url), "tcp://0.0.0.0:%d", number);
		else if (strcmp(argv[i], "--use_tls=false") != 0)
			fprintf(stderr, "%s is not supported\n", argv[i]);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	log_init("interop", LOG_LEVEL_WARN);
	server = rpc_server_new(&options);
	rpc_health_register(server);
	rpc_reflection_register(server);
	rpc_server_register(server, handlers, ARRAY_SIZE(handlers));
	if (!url[0] || rpc_server_start(server, &err) != OK) {
		fprintf(stderr, "%s\n", url[0] ? err.message : "usage: --port=N");
		return 1;
	}
	sigwait(&set, &number);
	rpc_server_drain(server);
	rpc_server_free(server);
	return 0;
}
