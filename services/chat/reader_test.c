/* One stream of events, collected. */
#include "chat_test.h"

#include <time.h>

static void add_event(struct reader *reader, const Chat__V1__GenerationEvent *event)
{
	size_t n = reader->n_events++;

	ensure(n < EVENTS_MAX);
	snprintf(reader->cursors[n], sizeof reader->cursors[n], "%s", event->cursor);
	switch (event->event_case) {
	case CHAT__V1__GENERATION_EVENT__EVENT_ACCEPTED:
		reader->accepted = true;
		snprintf(reader->generation, UUID_SIZE, "%s", event->accepted->generation);
		snprintf(reader->chat, UUID_SIZE, "%s", event->accepted->chat);
		snprintf(reader->user_message, UUID_SIZE, "%s", event->accepted->user_message);
		snprintf(reader->assistant_message, UUID_SIZE, "%s",
			 event->accepted->assistant_message);
		break;
	case CHAT__V1__GENERATION_EVENT__EVENT_DELTA:
		buf_adds(&reader->text, event->delta->text);
		break;
	case CHAT__V1__GENERATION_EVENT__EVENT_REASONING:
		buf_adds(&reader->reasoning, event->reasoning->text);
		break;
	case CHAT__V1__GENERATION_EVENT__EVENT_ITEM:
		buf_add(&reader->items, event->item->json.data, event->item->json.len);
		buf_addc(&reader->items, '\n');
		reader->n_items++;
		break;
	case CHAT__V1__GENERATION_EVENT__EVENT_RESET:
		reader->n_resets++;
		buf_clear(&reader->text);
		buf_clear(&reader->reasoning);
		buf_clear(&reader->items);
		reader->n_items = 0;
		break;
	case CHAT__V1__GENERATION_EVENT__EVENT_WAITING:
		reader->n_waits++;
		reader->waits_s = event->waiting->retry_time->seconds;
		break;
	case CHAT__V1__GENERATION_EVENT__EVENT_USAGE:
		reader->cost = event->usage->credits_used_microcredits;
		reader->prompt_tokens = event->usage->prompt_tokens;
		reader->completion_tokens = event->usage->completion_tokens;
		break;
	case CHAT__V1__GENERATION_EVENT__EVENT_DONE:
		reader->done = true;
		reader->stop_reason = event->done->stop_reason;
		ensure(reader->done_text = strdup(event->done->message->text));
		break;
	case CHAT__V1__GENERATION_EVENT__EVENT_ERROR:
		reader->failed = true;
		reader->http = event->error->status;
		snprintf(reader->reason, sizeof reader->reason, "%s", event->error->reason);
		break;
	default:
		ensure(false);
	}
	reader->text_at[n] = reader->text.len;
	reader->items_at[n] = reader->items.len;
}

static bool on_message(struct rpc_client_call *call, const ProtobufCMessage *message, void *ctx)
{
	struct reader *reader = ctx;
	bool go_on;

	(void)call;
	pthread_mutex_lock(&reader->lock);
	add_event(reader, (const Chat__V1__GenerationEvent *)message);
	go_on = !reader->paused;
	pthread_cond_broadcast(&reader->changed);
	pthread_mutex_unlock(&reader->lock);
	return go_on;
}

static void on_end(struct rpc_client_call *call, enum status status, const struct error *err,
		   void *ctx)
{
	struct reader *reader = ctx;

	(void)call;
	pthread_mutex_lock(&reader->lock);
	reader->call = NULL;
	reader->ended = true;
	reader->status = status;
	if (status != OK)
		reader->err = *err;
	pthread_cond_broadcast(&reader->changed);
	pthread_mutex_unlock(&reader->lock);
}

static const struct rpc_client_hooks hooks = {.on_message = on_message, .on_end = on_end};

static struct reader *reader_new(void)
{
	struct reader *reader = calloc(1, sizeof *reader);
	pthread_condattr_t monotonic;

	ensure(reader);
	pthread_mutex_init(&reader->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&reader->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	buf_init(&reader->text, 4 << 20);
	buf_init(&reader->reasoning, 4 << 20);
	buf_init(&reader->items, 4 << 20);
	return reader;
}

/* The handle is ours once the lock is free: an end may have come before it. */
#define OPEN(reader, expression)                       \
	do {                                           \
		struct rpc_client_call *call_;         \
		pthread_mutex_lock(&(reader)->lock);   \
		call_ = expression;                    \
		if (!(reader)->ended)                  \
			(reader)->call = call_;        \
		pthread_mutex_unlock(&(reader)->lock); \
	} while (0)

struct reader *reader_request(struct stage *stage, const Chat__V1__GenerateRequest *req)
{
	struct reader *reader = reader_new();

	OPEN(reader, chat_v1_generate_open(stage_channel(stage), stage_options(stage), req, &hooks,
					   reader));
	return reader;
}

struct reader *reader_generate(struct stage *stage, const char *chat, const char *text)
{
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;

	req.chat = (char *)chat;
	req.text = (char *)text;
	return reader_request(stage, &req);
}

struct reader *reader_watch(struct stage *stage, const char *generation, const char *cursor)
{
	Chat__V1__WatchGenerationRequest req = CHAT__V1__WATCH_GENERATION_REQUEST__INIT;
	struct reader *reader = reader_new();

	req.generation = (char *)generation;
	req.cursor = (char *)cursor;
	OPEN(reader, chat_v1_watch_generation_open(stage_channel(stage), stage_options(stage), &req,
						   &hooks, reader));
	return reader;
}

struct reader *reader_forward(struct stage *stage, const Chat__V1__ForwardWatchRequest *req)
{
	struct reader *reader = reader_new();

	OPEN(reader, chat_v1_forward_watch_open(stage_channel(stage), stage_options(stage), req,
						&hooks, reader));
	return reader;
}

/* True when condition holds in time; the lock is held. */
#define WAIT(reader, condition)                                                                 \
	do {                                                                                    \
		int64_t until_ = clock_mono_us() + WAIT_US;                                     \
		struct timespec end_ = {until_ / US_PER_S, until_ % US_PER_S * 1000};           \
		pthread_mutex_lock(&(reader)->lock);                                            \
		while (!(condition) &&                                                          \
		       pthread_cond_timedwait(&(reader)->changed, &(reader)->lock, &end_) == 0) \
			;                                                                       \
		until_ = (condition);                                                           \
		pthread_mutex_unlock(&(reader)->lock);                                          \
		if (!until_)                                                                    \
			fail_msg("never: %s (ended %d: %s %s)", #condition, (reader)->ended,    \
				 (reader)->err.reason, (reader)->err.message);                  \
	} while (0)

void reader_wait_accepted(struct reader *reader)
{
	WAIT(reader, reader->accepted);
}

void reader_wait_text(struct reader *reader, size_t bytes)
{
	WAIT(reader, reader->text.len >= bytes);
}

void reader_wait_events(struct reader *reader, size_t n)
{
	WAIT(reader, reader->n_events >= n);
}

void reader_wait_items(struct reader *reader, size_t n)
{
	WAIT(reader, reader->n_items >= n);
}

void reader_wait_end(struct reader *reader)
{
	WAIT(reader, reader->ended);
}

void reader_leave(struct reader *reader)
{
	pthread_mutex_lock(&reader->lock);
	if (reader->call)
		rpc_client_cancel(reader->call);
	pthread_mutex_unlock(&reader->lock);
	reader_wait_end(reader);
}

void reader_pause(struct reader *reader)
{
	pthread_mutex_lock(&reader->lock);
	reader->paused = true;
	pthread_mutex_unlock(&reader->lock);
}

void reader_resume(struct reader *reader)
{
	pthread_mutex_lock(&reader->lock);
	reader->paused = false;
	if (reader->call)
		rpc_client_resume(reader->call);
	pthread_mutex_unlock(&reader->lock);
}

void reader_free(struct reader *reader)
{
	if (!reader)
		return;
	reader_leave(reader);
	pthread_cond_destroy(&reader->changed);
	pthread_mutex_destroy(&reader->lock);
	buf_done(&reader->text);
	buf_done(&reader->reasoning);
	buf_done(&reader->items);
	free(reader->done_text);
	free(reader);
}

const char *reader_text(struct reader *reader)
{
	return buf_text(&reader->text);
}

void reader_expect_done(struct reader *reader, Chat__V1__StopReason stop)
{
	reader_wait_end(reader);
	if (reader->status != OK || !reader->done)
		fail_msg("not done: %d %s %s; event %s", reader->status, reader->err.reason,
			 reader->err.message, reader->reason);
	assert_int_equal(reader->stop_reason, stop);
	assert_string_equal(reader->done_text, reader_text(reader));
}

void reader_expect_failed(struct reader *reader, const char *reason)
{
	reader_wait_end(reader);
	assert_int_equal(reader->status, OK);
	assert_true(reader->failed);
	assert_string_equal(reader->reason, reason);
}

void reader_expect_refused(struct reader *reader, enum status status, const char *reason)
{
	reader_wait_end(reader);
	assert_int_equal(reader->n_events, 0);
	assert_int_equal(reader->status, status);
	assert_string_equal(reader->err.reason, reason);
}

struct reader *stage_answer(struct stage *stage, const char *chat, const char *text)
{
	struct reader *reader = reader_generate(stage, chat, text);

	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	return reader;
}
