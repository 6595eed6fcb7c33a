/* T08: each fault of a provider over real HTTP, in each API, streamed and in one piece: the class of
 * the fault, the text and the reason that a user sees, and whether it is paid. LIMITLESS_FAULTS=all
 * runs also all that must wait for a time to run out; otherwise the seed picks one way of each. */
#include "../chat_test.h"
#include "chat/provider/answer.h"
#include "exchange_rows_test.h"
#include "runtime/base/text.h"

#include <stdlib.h>

#define PATIENCE_MS 60000 /* no fast answer takes as long on a busy machine */
#define IMPATIENCE_MS 400 /* for those that never come */
#define REFUSAL_BYTES 4096

static const struct {
	const char *name, *path;
} apis[EXCHANGE_APIS] = {
	{"openai", "/v1"}, {"anthropic", ""}, {"gemini", "/v1beta"}, {"openai_responses", "/v1"}};

/* One exchange, as the engine has it. The hooks run on the client's thread. */
struct exchange {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ended;
	enum status status;
	bool framed;
	int32_t http_status;
	char retry_after[RETRY_AFTER_SIZE];
	struct provider_answer answer;
	struct buf text, refusal;
};

static void on_text(void *ctx, const char *text, size_t len)
{
	struct exchange *x = ctx;

	assert_true(text_is_utf8(text, len));
	buf_add(&x->text, text, len);
}

static void on_other(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	assert_true(text_is_utf8(text, len));
}

static void on_head(struct http_transfer *transfer, int32_t status, void *ctx)
{
	struct exchange *x = ctx;

	x->http_status = status;
	retry_after_read(transfer, x->retry_after);
	if (x->retry_after[0])
		x->answer.stream.retry_after = x->retry_after;
}

static bool on_data(struct http_transfer *transfer, const void *data, size_t len, void *ctx)
{
	struct exchange *x = ctx;
	size_t room = REFUSAL_BYTES - x->refusal.len;

	(void)transfer;
	if (x->http_status >= 200 && x->http_status < 300)
		return answer_feed(&x->answer, data, len);
	buf_add(&x->refusal, data, len < room ? len : room);
	return true;
}

static void on_end(struct http_transfer *transfer, enum status status, const struct error *err,
		   void *ctx)
{
	struct exchange *x = ctx;

	(void)err;
	pthread_mutex_lock(&x->lock);
	x->status = status;
	x->framed = http_framed(transfer);
	x->ended = true;
	pthread_cond_signal(&x->changed);
	pthread_mutex_unlock(&x->lock);
}

/* ---------------------------------------------------------------- the outcome in words */

static const char *class_of(enum fault_kind kind)
{
	static const char *const words[] = {
		[FAULT_RETRY] = "retry",     [FAULT_BUSY] = "busy",
		[FAULT_MODEL] = "model",     [FAULT_KEY] = "key",
		[FAULT_PRICE] = "price",     [FAULT_PARAMETER] = "parameter",
		[FAULT_UNCLEAR] = "unclear", [FAULT_FINAL] = "final"};

	return words[kind];
}

static void say_fault(const struct provider_fault *fault, bool again, char out[200])
{
	if (!again)
		snprintf(out, 200, "FAILED %s", fault->err.reason);
	else if (fault->retry_after_ms > 0)
		snprintf(out, 200, "%s %s %ld", class_of(fault->kind), fault->err.reason,
			 (long)fault->retry_after_ms);
	else
		snprintf(out, 200, "%s %s", class_of(fault->kind), fault->err.reason);
}

static const char *stop_of(const struct provider_stream *stream)
{
	if (stream->stop == STOP_LENGTH)
		return "LENGTH";
	if (stream->stop == STOP_FILTER || (stream->wrote_refusal && !stream->wrote_text))
		return "FILTER";
	return stream->n_calls > 0 ? "TOOLS" : "STOP";
}

/* As try.c decides. */
static bool say_answer(struct exchange *x, char out[200])
{
	/* The end that was not waited for is in good order when it said that it is the last. */
	bool closed = x->answer.stream.done || (x->status == OK && x->framed);
	const enum transport transport = closed ? TRANSPORT_CLOSED : TRANSPORT_CUT;
	struct ending ending;
	struct provider_fault fault = {0};

	answer_end(&x->answer);
	ending = answer_ending(&x->answer, transport);
	if (ending.done) {
		snprintf(out, 200, "DONE %s", stop_of(&x->answer.stream));
	} else if (ending.reason) {
		snprintf(out, 200, "FAILED %s", ending.reason);
	} else {
		if (x->answer.failed)
			fault = x->answer.fault;
		else if (closed)
			provider_fault_broken(&fault, "nothing in it can be read");
		else
			provider_fault_transfer(x->status == OK ? UNAVAILABLE : x->status, &fault);
		say_fault(&fault, ending.again, out);
	}
	return ending.charged;
}

static void say(struct exchange *x, const struct provider *provider, char out[400])
{
	struct provider_fault fault = {0};
	char words[200];
	bool paid = false;

	if (x->http_status >= 200 && x->http_status < 300) {
		paid = say_answer(x, words);
	} else if (x->http_status != 0) {
		provider->api->refusal(x->http_status, x->answer.stream.retry_after,
				       buf_text(&x->refusal), x->refusal.len, &fault);
		say_fault(&fault, true, words);
	} else {
		provider_fault_transfer(x->status, &fault);
		say_fault(&fault, true, words);
	}
	snprintf(out, 400, "%s '%s' %s %s", words, buf_text(&x->text), paid ? "paid" : "free",
		 !x->answer.stream.has_usage    ? "none"
		 : x->answer.stream.usage_begun ? "begun"
						: "told");
	if (paid) /* never for nothing */
		assert_true(x->text.len > 0 || x->answer.stream.n_calls > 0);
}

/* ---------------------------------------------------------------- one exchange */

static struct provider place_of(const struct exchange_row *row, size_t api,
				struct provider_key *key, struct arena *arena)
{
	int port = row->place == AT_NOTHING ? 1 : process_standin_port();

	return (struct provider){
		.name = "p",
		.base_url =
			arena_printf(arena, "%s://%s:%d%s", row->place == AT_TLS ? "https" : "http",
				     row->place == AT_NO_NAME ? "nowhere.invalid" : "127.0.0.1",
				     port, apis[api].path),
		.query = "",
		.proxy = row->place == BEHIND_NONE ? "http://127.0.0.1:1" : NULL,
		.api = provider_api_find(apis[api].name),
		.keys = key,
		.n_keys = 1,
	};
}

static const char *question_of(const struct exchange_row *row, bool whole, struct arena *arena)
{
	char *body;

	if (!row->body)
		return arena_printf(arena, "x %s %s", row->ask, whole ? "[[whole:1]]" : "");
	body = arena_memdup(arena, row->body, row->body_len + 1);
	for (size_t i = 0; i < row->body_len; i++)
		body[i] = body[i] == '\'' ? '"' : body[i];
	return arena_printf(arena, "x [[fault:body %s data=%s]]", row->ask,
			    base64url_encode(arena, body, row->body_len));
}

static void ask(struct http_client *client, const struct exchange_row *row, size_t api, bool whole,
		char out[400])
{
	static const struct http_hooks hooks = {on_head, on_data, on_end};
	static const struct prompt_tool tool = {.name = "look"};
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 64 << 20);
	const int32_t patience_ms = row->slow ? IMPATIENCE_MS : PATIENCE_MS;
	struct provider_key key = {.secret = "k"};
	const struct provider provider = place_of(row, api, &key, arena);
	const struct provider_route route = {.provider = &provider, .upstream = "demo"};
	const struct provider_pick pick = {&route, &key};
	const struct prompt_message message = {.role = "user",
					       .text = question_of(row, whole, arena)};
	const struct prompt prompt = {.messages = &message,
				      .n_messages = 1,
				      .max_output_tokens = 50,
				      .tools = &tool,
				      .n_tools = 1};
	struct exchange x = {.lock = PTHREAD_MUTEX_INITIALIZER,
			     .changed = PTHREAD_COND_INITIALIZER};
	_cleanup_(buf_done) struct buf body;
	struct http_request request;
	struct error err;

	buf_init(&body, 8 << 20);
	buf_init(&x.text, 8 << 20);
	buf_init(&x.refusal, REFUSAL_BYTES);
	answer_init(&x.answer, provider.api, 1 << 20);
	x.answer.stream.on_text = on_text;
	x.answer.stream.on_reasoning = x.answer.stream.on_item = on_other;
	x.answer.stream.ctx = &x;
	x.answer.stream.calls_max = strstr(row->name, "nobody offered") ? 0 : 128;
	assert_int_equal(provider.api->request(&pick, &prompt, 0, arena, &body, &request, &err),
			 OK);
	request.connect_timeout_ms = PATIENCE_MS;
	request.first_byte_timeout_ms = request.idle_timeout_ms = patience_ms;
	request.total_timeout_ms = 2 * patience_ms; /* drips never fall silent */
	http_start(client, &request, &hooks, &x);
	pthread_mutex_lock(&x.lock);
	while (!x.ended)
		pthread_cond_wait(&x.changed, &x.lock);
	pthread_mutex_unlock(&x.lock);
	say(&x, &provider, out);
	answer_done(&x.answer);
	buf_done(&x.text);
	buf_done(&x.refusal);
}

/* ---------------------------------------------------------------- the table */

static const char *expected(const char *const *list, size_t api)
{
	while (api > 0 && !list[api])
		api--;
	return list[api];
}

static int check(struct http_client *client, const struct exchange_row *row, size_t api, bool whole)
{
	const char *want = expected(whole && row->whole[0] ? row->whole : row->stream, api);
	char got[400];

	ask(client, row, api, whole, got);
	if (want && strcmp(want, got) == 0)
		return 0;
	fprintf(stderr, "ROW\t%s\t%s\t%s\t%s\n", row->name, apis[api].name,
		whole ? "whole" : "stream", got);
	return 1;
}

static void each_fault_has_its_outcome(void **state)
{
	struct http_client *client = http_client_new(&(struct http_client_options){0});
	const char *all = getenv("LIMITLESS_FAULTS"), *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)clock_wall_us();
	int wrong = 0;

	(void)state;
	printf("# seed %lu\n", (unsigned long)seed);
	for (size_t i = 0; i < exchange_rows_n; i++) {
		const struct exchange_row *row = &exchange_rows[i];
		size_t one = (size_t)((seed + i * 7) % (2 * EXCHANGE_APIS));

		for (size_t way = 0; way < 2 * EXCHANGE_APIS; way++) {
			if (row->slow && way != one && !(all && strcmp(all, "all") == 0))
				continue;
			wrong += check(client, row, way / 2, way % 2);
		}
	}
	http_client_free(client);
	assert_int_equal(wrong, 0);
}

static void the_table_is_as_long_as_was_promised(void **state)
{
	(void)state;
	assert_true(exchange_rows_n >= 60);
}

int exchange_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_as_long_as_was_promised),
		cmocka_unit_test(each_fault_has_its_outcome),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
