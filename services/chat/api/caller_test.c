/* One call of a program. */
#include "caller_test.h"

#include <jansson.h>
#include <time.h>

static bool on_message(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	const Google__Api__HttpBody *piece = (const Google__Api__HttpBody *)message;
	struct caller *caller = ctx;
	bool go_on;

	(void)call;
	pthread_mutex_lock(&caller->lock);
	if (caller->n_pieces++ == 0)
		snprintf(caller->content_type, sizeof caller->content_type, "%s",
			 piece->content_type);
	buf_add(&caller->body, piece->data.data, piece->data.len);
	go_on = !caller->paused;
	pthread_cond_broadcast(&caller->changed);
	pthread_mutex_unlock(&caller->lock);
	return go_on;
}

static void on_end(struct rpc_client_call *call, enum status status, const struct error *err,
		   void *ctx)
{
	struct caller *caller = ctx;

	(void)call;
	pthread_mutex_lock(&caller->lock);
	caller->call = NULL;
	caller->ended = true;
	caller->status = status;
	if (status != OK)
		caller->err = *err;
	pthread_cond_broadcast(&caller->changed);
	pthread_mutex_unlock(&caller->lock);
}

char *caller_body(struct stage *stage, const char *model, const char *text, bool stream)
{
	return arena_printf(stage->arena,
			    "{\"model\":\"%s\",\"stream\":%s,\"messages\":[{\"role\":\"user\","
			    "\"content\":\"%s\"}]}",
			    model, stream ? "true" : "false", text);
}

static void set_subject(struct stage *stage, const struct manner *manner)
{
	struct rpc_subject *subject = &stage->ctx.subject;

	stage_options(stage);
	if (!manner || !manner->api_key)
		return;
	snprintf(subject->api_key_id, UUID_SIZE, "%s", manner->api_key);
	snprintf(subject->on_disconnect, sizeof subject->on_disconnect, "%s",
		 manner->of_key ? manner->of_key : "DEFAULT");
}

static struct rpc_client_call *(*const opens[])(struct rpc_channel *channel,
						const struct rpc_call_options *options,
						const Chat__V1__ApiRequest *req,
						const struct rpc_client_hooks *hooks, void *ctx) = {
	chat_v1_create_chat_completion_open,
	chat_v1_create_response_open,
	chat_v1_create_message_open,
	chat_v1_create_embedding_open,
};

struct caller *caller_call(struct stage *stage, const struct manner *manner, const char *body)
{
	static const struct rpc_client_hooks hooks = {.on_message = on_message, .on_end = on_end};
	Chat__V1__ApiRequest req = CHAT__V1__API_REQUEST__INIT;
	Google__Api__HttpBody http = GOOGLE__API__HTTP_BODY__INIT;
	struct caller *caller = calloc(1, sizeof *caller);
	struct rpc_client_call *call;
	pthread_condattr_t monotonic;

	ensure(caller);
	pthread_mutex_init(&caller->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&caller->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	buf_init(&caller->body, 64 << 20);
	http.content_type = "application/json";
	http.data = (ProtobufCBinaryData){strlen(body), (uint8_t *)body};
	req.body = &http;
	if (manner && manner->on_disconnect)
		req.on_disconnect = (char *)manner->on_disconnect;
	if (manner && manner->retry_count)
		req.retry_count = (char *)manner->retry_count;
	set_subject(stage, manner);
	pthread_mutex_lock(&caller->lock);
	call = opens[manner ? manner->format : CHAT_COMPLETIONS](
		stage_channel(stage), &stage->options, &req, &hooks, caller);
	if (!caller->ended)
		caller->call = call;
	pthread_mutex_unlock(&caller->lock);
	return caller;
}

#define WAIT(caller, condition)                                                                  \
	do {                                                                                     \
		int64_t until_ = clock_mono_us() + WAIT_US;                                      \
		struct timespec end_ = {until_ / US_PER_S, until_ % US_PER_S * 1000};            \
		pthread_mutex_lock(&(caller)->lock);                                             \
		while (!(condition) &&                                                           \
		       pthread_cond_timedwait(&(caller)->changed, &(caller)->lock, &end_) == 0)  \
			;                                                                        \
		until_ = (condition);                                                            \
		pthread_mutex_unlock(&(caller)->lock);                                           \
		if (!until_)                                                                     \
			fail_msg("never: %s (ended %d: %s %s): %s", #condition, (caller)->ended, \
				 (caller)->err.reason, (caller)->err.message,                    \
				 buf_text(&(caller)->body));                                     \
	} while (0)

void caller_wait_pieces(struct caller *caller, size_t n)
{
	WAIT(caller, caller->n_pieces >= n);
}

void caller_wait_words(struct caller *caller, const char *words)
{
	WAIT(caller, strstr(buf_text(&caller->body), words) != NULL);
}

void caller_wait_end(struct caller *caller)
{
	WAIT(caller, caller->ended);
}

void caller_leave(struct caller *caller)
{
	pthread_mutex_lock(&caller->lock);
	if (caller->call)
		rpc_client_cancel(caller->call);
	pthread_mutex_unlock(&caller->lock);
	caller_wait_end(caller);
}

void caller_pause(struct caller *caller)
{
	pthread_mutex_lock(&caller->lock);
	caller->paused = true;
	pthread_mutex_unlock(&caller->lock);
}

void caller_resume(struct caller *caller)
{
	pthread_mutex_lock(&caller->lock);
	caller->paused = false;
	if (caller->call)
		rpc_client_resume(caller->call);
	pthread_mutex_unlock(&caller->lock);
}

void caller_free(struct caller *caller)
{
	if (!caller)
		return;
	caller_leave(caller);
	pthread_cond_destroy(&caller->changed);
	pthread_mutex_destroy(&caller->lock);
	buf_done(&caller->body);
	free(caller);
}

static void add_text(const char *json, size_t len, const char *member, struct buf *out)
{
	json_t *root = json_loadb(json, len, 0, NULL);
	json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
	const char *text =
		json_string_value(json_object_get(json_object_get(choice, member), "content"));

	if (text)
		buf_adds(out, text);
	json_decref(root);
}

char *caller_text(struct stage *stage, struct caller *caller)
{
	_cleanup_(buf_done) struct buf text;
	const char *line, *end;

	buf_init(&text, 8 << 20);
	pthread_mutex_lock(&caller->lock);
	line = buf_text(&caller->body);
	if (strcmp(caller->content_type, "application/json") == 0)
		add_text(line, strlen(line), "message", &text);
	else
		for (; (end = strchr(line, '\n')); line = end + 1) {
			if (strncmp(line, "data: ", 6) == 0)
				add_text(line + 6, (size_t)(end - line) - 6, "delta", &text);
		}
	pthread_mutex_unlock(&caller->lock);
	return arena_strdup(stage->arena, buf_text(&text));
}

void caller_expect_whole(struct stage *stage, struct caller *caller, const char *text)
{
	caller_wait_end(caller);
	if (caller->status != OK)
		fail_msg("not whole: %s %s", caller->err.reason, caller->err.message);
	if (strcmp(caller->content_type, "text/event-stream") == 0)
		assert_non_null(strstr(buf_text(&caller->body), "data: [DONE]\n\n"));
	assert_string_equal(caller_text(stage, caller), text);
}

void caller_expect_refused(struct caller *caller, enum status status, const char *reason)
{
	caller_wait_end(caller);
	assert_int_equal(caller->n_pieces, 0);
	assert_string_equal(caller->err.reason, reason);
	assert_int_equal(caller->status, status);
}

char *caller_answer(struct stage *stage, const struct manner *manner, const char *body)
{
	_cleanup_(caller_freep) struct caller *caller = caller_call(stage, manner, body);

	caller_wait_end(caller);
	if (caller->status != OK)
		fail_msg("no answer: %s %s", caller->err.reason, caller->err.message);
	return caller_text(stage, caller);
}

int calls_in(struct stage *stage, const char *state)
{
	char sql[300];

	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM chat.generation WHERE user_id = '%s' AND chat_id IS NULL "
		 "AND ('%s' = '' OR state = '%s')",
		 stage->user, state, state);
	return (int)strtol(pg_value(sql), NULL, 10);
}

static bool is_held(struct stage *stage)
{
	int64_t available, held;

	stage_balance(stage, &available, &held);
	return held > 0;
}

void calls_wait_held(struct stage *stage)
{
	eventually(is_held(stage));
}

void caller_budget(struct stage *stage, const char *id, int64_t limit)
{
	Credits__V1__SetBudgetRequest req = CREDITS__V1__SET_BUDGET_REQUEST__INIT;
	Google__Protobuf__Int64Value value = GOOGLE__PROTOBUF__INT64_VALUE__INIT;
	Credits__V1__Budget *resp;

	value.value = limit;
	req.budget = (char *)id;
	req.limit_microcredits = &value;
	req.kind = CREDITS__V1__BUDGET__KIND__API_KEY;
	req.period = CREDITS__V1__BUDGET__PERIOD__TOTAL;
	if (credits_v1_set_budget_call(stage_credits(), stage_options(stage), &req, stage->arena,
				       &resp, &stage->err) != OK)
		fail_msg("budget: %s", stage->err.message);
}
