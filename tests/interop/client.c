/* The cases of gRPC's interoperability tests on runtime/rpc, with the flags of gRPC's own clients:
 * --server_host=H --server_port=N --test_case=C [--use_tls=false]. Exit code 0: the case passed. */
#include "methods.h"

#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct rpc_channel *channel;
static struct arena *memory; /* of the case: outcomes and answers */

#define check(condition)                                                                \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			exit(1);                                                        \
		}                                                                       \
	} while (0)

/* ------------------------------------------------------------------ the outcome of a call */

#define ANSWERS_MAX 16

struct outcome {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct rpc_client_call *call; /* until over */
	bool over;
	enum status status;
	char message[256];
	int answers;
	size_t sizes[ANSWERS_MAX]; /* of the payloads, in order */
	int64_t aggregated;
	char initial[64];
	uint8_t trailing[16];
	size_t trailing_len;
};

static struct outcome *outcome_new(void)
{
	struct outcome *outcome = arena_zalloc(memory, sizeof(*outcome));

	ensure(outcome);
	pthread_mutex_init(&outcome->lock, NULL);
	pthread_cond_init(&outcome->changed, NULL);
	return outcome;
}

static void take_answer(struct outcome *outcome, const ProtobufCMessage *message)
{
	const Grpc__Testing__Payload *payload = NULL;

	if (message->descriptor == &grpc__testing__simple_response__descriptor)
		payload = ((const Grpc__Testing__SimpleResponse *)message)->payload;
	if (message->descriptor == &grpc__testing__streaming_output_call_response__descriptor)
		payload = ((const Grpc__Testing__StreamingOutputCallResponse *)message)->payload;
	if (message->descriptor == &grpc__testing__streaming_input_call_response__descriptor)
		outcome->aggregated = ((const Grpc__Testing__StreamingInputCallResponse *)message)
					      ->aggregated_payload_size;
	check(outcome->answers < ANSWERS_MAX);
	outcome->sizes[outcome->answers++] = payload ? payload->body.len : 0;
	for (size_t i = 0; payload && i < payload->body.len; i++)
		check(payload->body.data[i] == 0);
}

static void on_headers(struct rpc_client_call *call, void *ctx)
{
	struct outcome *outcome = ctx;
	const char *value = rpc_client_metadata(call, ECHO_INITIAL, false);

	if (value)
		snprintf(outcome->initial, sizeof(outcome->initial), "%s", value);
}

static bool on_message(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	struct outcome *outcome = ctx;

	pthread_mutex_lock(&outcome->lock);
	take_answer(outcome, message);
	pthread_cond_signal(&outcome->changed);
	pthread_mutex_unlock(&outcome->lock);
	return true;
}

static void on_end(struct rpc_client_call *call, enum status status, const struct error *err,
		   void *ctx)
{
	struct outcome *outcome = ctx;
	struct arena *arena = arena_new(256, 4096);
	const uint8_t *bytes;
	size_t len;

	pthread_mutex_lock(&outcome->lock);
	bytes = rpc_client_metadata_bin(call, ECHO_TRAILING, true, arena, &len);
	if (bytes && len <= sizeof(outcome->trailing)) {
		memcpy(outcome->trailing, bytes, len);
		outcome->trailing_len = len;
	}
	arena_free(arena);
	outcome->status = status;
	snprintf(outcome->message, sizeof(outcome->message), "%s", err ? err->message : "");
	outcome->over = true;
	pthread_cond_signal(&outcome->changed);
	pthread_mutex_unlock(&outcome->lock);
}

static const struct rpc_client_hooks hooks = {
	.on_headers = on_headers, .on_message = on_message, .on_end = on_end};

/* Waits for so many answers, or for the end. */
static void wait_answers(struct outcome *outcome, int n)
{
	pthread_mutex_lock(&outcome->lock);
	while (!outcome->over && outcome->answers < n)
		pthread_cond_wait(&outcome->changed, &outcome->lock);
	pthread_mutex_unlock(&outcome->lock);
}

static void wait_end(struct outcome *outcome)
{
	wait_answers(outcome, ANSWERS_MAX + 1);
	if (outcome->status != OK)
		fprintf(stderr, "ended with %s: %s\n", status_name(outcome->status),
			outcome->message);
}

/* ------------------------------------------------------------------ a stream from this thread: its
 * handle may end at any time, so it is used under the lock that on_end takes */

static struct outcome *open_stream(const struct rpc_method *method,
				   const struct rpc_call_options *options)
{
	struct outcome *outcome = outcome_new();

	pthread_mutex_lock(&outcome->lock);
	outcome->call = rpc_stream_open(channel, method, options, NULL, &hooks, outcome);
	pthread_mutex_unlock(&outcome->lock);
	return outcome;
}

static void send(struct outcome *outcome, const ProtobufCMessage *message)
{
	pthread_mutex_lock(&outcome->lock);
	if (!outcome->over) {
		enum status s = rpc_client_send(outcome->call, message);

		check(s == OK || s == CANCELLED); /* a deadline may be short */
	}
	pthread_mutex_unlock(&outcome->lock);
}

static void with_call(struct outcome *outcome, void (*fn)(struct rpc_client_call *call))
{
	pthread_mutex_lock(&outcome->lock);
	if (!outcome->over)
		fn(outcome->call);
	pthread_mutex_unlock(&outcome->lock);
}

static void close_send(struct outcome *outcome)
{
	with_call(outcome, rpc_client_close_send);
}

/* ------------------------------------------------------------------ requests */

static uint8_t zeros[300000];

static Grpc__Testing__Payload *payload(size_t size)
{
	static Grpc__Testing__Payload made;

	made = (Grpc__Testing__Payload)GRPC__TESTING__PAYLOAD__INIT;
	made.body.data = zeros;
	made.body.len = size;
	return &made;
}

/* A unary call as a stream with one message each way, because a stream shows the metadata. */
static struct outcome *unary(const struct rpc_method *method, const ProtobufCMessage *req,
			     const struct rpc_call_options *options)
{
	struct outcome *outcome = open_stream(method, options);

	send(outcome, req);
	close_send(outcome);
	wait_end(outcome);
	return outcome;
}

static enum status blocking(const struct rpc_method *method, const ProtobufCMessage *req,
			    ProtobufCMessage **resp)
{
	struct error err;

	return rpc_call_blocking(channel, method, NULL, req, memory, resp, &err);
}

static Grpc__Testing__SimpleRequest large_request(void)
{
	Grpc__Testing__SimpleRequest req = GRPC__TESTING__SIMPLE_REQUEST__INIT;

	req.response_size = 314159;
	req.payload = payload(271828);
	return req;
}

/* A message of a duplex call. It asks for an answer of that size; below 0: for none. */
static void ask(struct outcome *outcome, int32_t answer_size, size_t size)
{
	Grpc__Testing__StreamingOutputCallRequest req =
		GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
	Grpc__Testing__ResponseParameters parameters = GRPC__TESTING__RESPONSE_PARAMETERS__INIT;
	Grpc__Testing__ResponseParameters *list[] = {&parameters};

	parameters.size = answer_size;
	req.response_parameters = list;
	req.n_response_parameters = answer_size >= 0;
	req.payload = payload(size);
	send(outcome, &req.base);
}

/* ------------------------------------------------------------------ the cases */

static void empty_unary(void)
{
	Grpc__Testing__Empty req = GRPC__TESTING__EMPTY__INIT;
	ProtobufCMessage *resp;

	check(blocking(&empty_call, &req.base, &resp) == OK);
}

static void large_unary(void)
{
	Grpc__Testing__SimpleRequest req = large_request();
	ProtobufCMessage *resp;

	check(blocking(&unary_call, &req.base, &resp) == OK);
	check(((Grpc__Testing__SimpleResponse *)resp)->payload->body.len == 314159);
}

static void client_streaming(void)
{
	static const size_t sizes[] = {27182, 8, 1828, 45904};
	struct outcome *outcome = open_stream(&input_call, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		Grpc__Testing__StreamingInputCallRequest req =
			GRPC__TESTING__STREAMING_INPUT_CALL_REQUEST__INIT;

		req.payload = payload(sizes[i]);
		send(outcome, &req.base);
	}
	close_send(outcome);
	wait_end(outcome);
	check(outcome->status == OK && outcome->aggregated == 74922);
}

static const int32_t answer_sizes[] = {31415, 9, 2653, 58979};

static void check_answers(const struct outcome *outcome)
{
	check(outcome->status == OK && outcome->answers == 4);
	for (int i = 0; i < 4; i++)
		check(outcome->sizes[i] == (size_t)answer_sizes[i]);
}

static void server_streaming(void)
{
	Grpc__Testing__StreamingOutputCallRequest req =
		GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
	Grpc__Testing__ResponseParameters parameters[4], *list[4];
	struct outcome *outcome = outcome_new();

	for (int i = 0; i < 4; i++) {
		list[i] = &parameters[i];
		grpc__testing__response_parameters__init(list[i]);
		list[i]->size = answer_sizes[i];
	}
	req.response_parameters = list;
	req.n_response_parameters = 4;
	rpc_stream_open(channel, &output_call, NULL, &req.base, &hooks, outcome);
	wait_end(outcome);
	check_answers(outcome);
}

static void ping_pong(void)
{
	static const size_t sizes[] = {27182, 8, 1828, 45904};
	struct outcome *outcome = open_stream(&duplex_call, NULL);

	for (int i = 0; i < 4; i++) {
		ask(outcome, answer_sizes[i], sizes[i]);
		wait_answers(outcome, i + 1);
		check(outcome->answers == i + 1);
	}
	close_send(outcome);
	wait_end(outcome);
	check_answers(outcome);
}

static void empty_stream(void)
{
	struct outcome *outcome = open_stream(&duplex_call, NULL);

	close_send(outcome);
	wait_end(outcome);
	check(outcome->status == OK && outcome->answers == 0);
}

static void cancel_after_begin(void)
{
	struct outcome *outcome = open_stream(&input_call, NULL);

	with_call(outcome, rpc_client_cancel);
	wait_end(outcome);
	check(outcome->status == CANCELLED);
}

static void cancel_after_first_response(void)
{
	struct outcome *outcome = open_stream(&duplex_call, NULL);

	ask(outcome, 31415, 27182);
	wait_answers(outcome, 1);
	check(outcome->answers == 1);
	with_call(outcome, rpc_client_cancel);
	wait_end(outcome);
	check(outcome->status == CANCELLED);
}

static void timeout_on_sleeping_server(void)
{
	const struct rpc_call_options options = {.timeout_ms = 1};
	Grpc__Testing__StreamingOutputCallRequest req =
		GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
	struct outcome *outcome = open_stream(&duplex_call, &options);

	req.payload = payload(27182);
	send(outcome, &req.base);
	wait_end(outcome);
	check(outcome->status == DEADLINE_EXCEEDED);
}

static void check_metadata(const struct outcome *outcome)
{
	check(outcome->status == OK);
	check(strcmp(outcome->initial, "test_initial_metadata_value") == 0);
	check(outcome->trailing_len == 3 && memcmp(outcome->trailing, "\xab\xab\xab", 3) == 0);
}

static void custom_metadata(void)
{
	const struct rpc_metadata pairs[] = {
		{ECHO_INITIAL, "test_initial_metadata_value", 27},
		{ECHO_TRAILING, "\xab\xab\xab", 3},
	};
	const struct rpc_call_options options = {.metadata = pairs, .n_metadata = 2};
	Grpc__Testing__SimpleRequest req = large_request();
	struct outcome *outcome = unary(&unary_call, &req.base, &options);

	check_metadata(outcome);
	outcome = open_stream(&duplex_call, &options);
	ask(outcome, 314159, 271828);
	close_send(outcome);
	wait_end(outcome);
	check_metadata(outcome);
}

static void status_is_echoed(const char *text, bool stream)
{
	Grpc__Testing__SimpleRequest req = GRPC__TESTING__SIMPLE_REQUEST__INIT;
	Grpc__Testing__StreamingOutputCallRequest ask_for =
		GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
	Grpc__Testing__EchoStatus status = GRPC__TESTING__ECHO_STATUS__INIT;
	struct outcome *outcome;

	status.code = UNKNOWN;
	status.message = (char *)text;
	req.response_status = &status;
	ask_for.response_status = &status;
	outcome = stream ? unary(&duplex_call, &ask_for.base, NULL)
			 : unary(&unary_call, &req.base, NULL);
	check(outcome->status == UNKNOWN && strcmp(outcome->message, text) == 0);
}

static void status_code_and_message(void)
{
	status_is_echoed("test status message", false);
	status_is_echoed("test status message", true);
}

static void special_status_message(void)
{
	status_is_echoed("\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP "
			 "\U0001f608\t\n",
			 false);
}

static void unimplemented(const struct rpc_method *method)
{
	Grpc__Testing__Empty req = GRPC__TESTING__EMPTY__INIT;
	ProtobufCMessage *resp;

	check(blocking(method, &req.base, &resp) == UNIMPLEMENTED);
}

static void unimplemented_method(void)
{
	static const struct rpc_method method =
		INTEROP_METHOD("TestService", "UnimplementedCall", RPC_UNARY, empty, empty);

	unimplemented(&method);
}

static void unimplemented_service(void)
{
	static const struct rpc_method method = INTEROP_METHOD(
		"UnimplementedService", "UnimplementedCall", RPC_UNARY, empty, empty);

	unimplemented(&method);
}

/* Not one of gRPC's cases: the answer comes compressed. */
static void gzip(void)
{
	Grpc__Testing__SimpleRequest req = large_request();
	Grpc__Testing__BoolValue compressed = GRPC__TESTING__BOOL_VALUE__INIT;
	ProtobufCMessage *resp;

	compressed.value = true;
	req.response_compressed = &compressed;
	check(blocking(&unary_call, &req.base, &resp) == OK);
	check(((Grpc__Testing__SimpleResponse *)resp)->payload->body.len == 314159);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
#define CASE(name)          \
	{                   \
#name, name \
	}
	CASE(empty_unary),
	CASE(large_unary),
	CASE(client_streaming),
	CASE(server_streaming),
	CASE(ping_pong),
	CASE(empty_stream),
	CASE(cancel_after_begin),
	CASE(cancel_after_first_response),
	CASE(timeout_on_sleeping_server),
	CASE(custom_metadata),
	CASE(status_code_and_message),
	CASE(special_status_message),
	CASE(unimplemented_method),
	CASE(unimplemented_service),
	CASE(gzip),
};

int main(int argc, char **argv)
{
	char host[128] = "127.0.0.1", name[64] = "large_unary", target[256];
	struct rpc_channel_options options = {.target = target};
	int port = 0;

	for (int i = 1; i < argc; i++)
		if (sscanf(argv[i], "--server_host=%127s", host) != 1 &&
		    sscanf(argv[i], "--server_port=%d", &port) != 1 &&
		    sscanf(argv[i], "--test_case=%63s", name) != 1 &&
		    strcmp(argv[i], "--use_tls=false") != 0)
			fprintf(stderr, "%s is not supported\n", argv[i]);
	log_init("interop", LOG_LEVEL_WARN);
	snprintf(target, sizeof(target), "dns:///%s:%d", host, port);
	memory = arena_new(4096, 8 * 1024 * 1024);
	channel = rpc_channel_open(&options);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (strcmp(cases[i].name, name) != 0)
			continue;
		cases[i].run();
		printf("%s passed\n", name);
		rpc_channel_close(channel);
		arena_free(memory);
		return 0;
	}
	fprintf(stderr, "unknown test case %s\n", name);
	return 2;
}
