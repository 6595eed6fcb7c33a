/* A call from its start to its end: context, place, retries, deadline. */
#include "runtime/rpc/client.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include <stdio.h>
#include <string.h>

#define METADATA_MAX_BYTES (7 * 1024) /* the rest of the 8 KiB is for the context */
#define REFUSALS_MAX 5                /* of one call, by connections that go away */
#define RETRY_INITIAL_MS 50
#define RETRY_MAX_MS 1000
#define RETRY_TOKENS_EACH 0.1 /* a call that went well pays for a tenth of a retry */

/* ------------------------------------------------------------------ references */

struct rpc_client_call *client_call_ref(struct rpc_client_call *call)
{
	atomic_fetch_add(&call->refs, 1);
	return call;
}

void client_call_unref(struct rpc_client_call *call)
{
	if (atomic_fetch_sub(&call->refs, 1) != 1)
		return;
	meta_free(&call->headers);
	pthread_mutex_destroy(&call->send_lock);
	channel_unref(call->channel);
	free(call);
}

static void attempt_over(struct attempt *attempt);

static void attempt_free(struct stream *stream)
{
	struct attempt *attempt = attempt_of(stream);

	meta_free(&attempt->initial);
	meta_free(&attempt->trailing);
	stream_done(stream);
	client_call_unref(attempt->call);
	free(attempt);
}

static struct attempt *attempt_new(struct rpc_client_call *call)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));

	ensure(attempt);
	stream_init(&attempt->stream);
	attempt->stream.free = attempt_free;
	attempt->call = client_call_ref(call);
	attempt->on_over = attempt_over;
	attempt->grpc_status = -1;
	return attempt;
}

/* The attempt has a reference of the call: the circle is opened when the call ends. */
static void attempt_drop(struct rpc_client_call *call)
{
	struct attempt *attempt;

	pthread_mutex_lock(&call->send_lock);
	attempt = TAKE_PTR(call->attempt);
	pthread_mutex_unlock(&call->send_lock);
	if (attempt)
		stream_unref(&attempt->stream);
}

/* ------------------------------------------------------------------ place: channel->lock held */

static void pending_add(struct rpc_client_call *call)
{
	struct rpc_channel *channel = call->channel;

	call->place = PLACE_PENDING;
	call->pending_next = NULL;
	*channel->pending_last = call;
	channel->pending_last = &call->pending_next;
}

static void pending_remove(struct rpc_client_call *call)
{
	struct rpc_channel *channel = call->channel;
	struct rpc_client_call **at = &channel->pending;

	while (*at != call)
		at = &(*at)->pending_next;
	*at = call->pending_next;
	if (!*at)
		channel->pending_last = at;
}

/* True: the call has a session, and session_op is due when the lock is given up. False: it waits,
 * or `failed` says that it must end. */
static bool place(struct rpc_client_call *call, bool *failed)
{
	struct rpc_channel *channel = call->channel;
	enum conn_class class = call->method->kind == RPC_UNARY ? CONN_UNARY : CONN_STREAMS;
	struct client_session *session;

	*failed = false;
	if (atomic_load(&call->aborted) != OK || channel->closing) {
		*failed = true;
		return false;
	}
	session = channel_pick(channel, class);
	if (session) {
		call->place = PLACE_SENT;
		stream_attach(&call->attempt->stream, &session->session);
		return true;
	}
	if (channel_may_wait(channel, class) || call->wait_for_ready)
		pending_add(call);
	else
		*failed = true;
	return false;
}

/* ------------------------------------------------------------------ the end */

static void end_told(struct rpc_client_call *call)
{
	struct rpc_channel *channel = call->channel;

	pthread_mutex_lock(&channel->lock);
	if (call->previous)
		call->previous->next = call->next;
	else
		channel->calls = call->next;
	if (call->next)
		call->next->previous = call->previous;
	channel->n_calls--;
	if (channel->closing)
		pthread_cond_broadcast(&channel->changed);
	pthread_mutex_unlock(&channel->lock);
	attempt_drop(call);
	client_call_unref(call);
}

enum status client_call_take_answer(struct rpc_client_call *call, struct arena *arena,
				    ProtobufCMessage **ret, struct error *reterr)
{
	struct stream *stream = &call->attempt->stream;
	uint8_t *plain = NULL;
	const uint8_t *data;
	enum status s;
	size_t len;

	s = stream_next_message(stream, &data, &len, &plain, reterr);
	if (s == OK && (!data || stream->taken_at != stream->taken.len))
		s = error_set(reterr, UNIMPLEMENTED, "protocol_error",
			      "the answer is not exactly one message");
	if (s == OK)
		s = message_unpack(call->method->resp, data, len, arena, ret, reterr);
	free(plain);
	return s;
}

static void tell_reply(struct rpc_client_call *call)
{
	struct arena *arena = NULL;
	ProtobufCMessage *resp = NULL;

	if (call->status == OK) {
		arena = rpc_arena_take(2 * call->channel->options.message_bytes_max + 1024 * 1024);
		call->status = client_call_take_answer(call, arena, &resp, &call->err);
	}
	client_report_end(call);
	call->reply(call->ctx, call->status, call->status == OK ? resp : NULL,
		    call->status == OK ? NULL : &call->err);
	rpc_arena_give(arena);
	end_told(call);
}

static void tell_waiter(struct rpc_client_call *call)
{
	struct call_waiter *waiter = call->waiter;

	pthread_mutex_lock(&waiter->lock);
	waiter->done = true;
	pthread_cond_signal(&waiter->wake);
	pthread_mutex_unlock(&waiter->lock);
}

/* On a callback thread, with no lock. */
static void tell_end(struct rpc_client_call *call)
{
	if (call->waiter) {
		tell_waiter(call);
	} else if (call->reply) {
		tell_reply(call);
	} else {
		client_report_end(call);
		call->hooks.on_end(call, call->status, call->status == OK ? NULL : &call->err,
				   call->ctx);
		end_told(call);
	}
}

static void tell_end_posted(void *arg)
{
	tell_end(arg);
}

static void drop_timer(struct rpc_client_call *call)
{
	if (call->deadline && net_timer_cancel(call->deadline))
		atomic_fetch_sub(&call->refs, 1); /* the list's is left */
	call->deadline = NULL;
}

/* channel->lock held. The call ended without a connection: it has no thread that would tell. */
static void end_here(struct rpc_client_call *call)
{
	const struct rpc_channel *channel = call->channel;
	enum status aborted = (enum status)atomic_load(&call->aborted);

	call->place = PLACE_ENDED;
	drop_timer(call);
	if (aborted != OK)
		call->status = error_set(&call->err, aborted, wire_default_reason(aborted), "%s",
					 aborted == CANCELLED ? "the call was cancelled"
							      : "the deadline passed");
	else if (channel->closing)
		call->status =
			error_set(&call->err, CANCELLED, "call_cancelled", "the channel is closed");
	else
		call->status = error_set(&call->err, UNAVAILABLE, "service_unavailable", "%s",
					 channel->why.message[0] ? channel->why.message
								 : channel->options.target);
	net_post(tell_end_posted, call);
}

/* ------------------------------------------------------------------ again? */

static void retry_fired(void *arg);

/* Whether the request is still here from its first byte on. */
static bool has_whole_request(struct stream *stream)
{
	bool whole;

	pthread_mutex_lock(&stream->out_lock);
	whole = stream->out_kept || stream->put_bytes == stream->out.len - stream->out_sent;
	pthread_mutex_unlock(&stream->out_lock);
	return whole;
}

static bool may_repeat(const struct rpc_client_call *call, struct attempt *attempt)
{
	return !call->told && !attempt->answered && has_whole_request(&attempt->stream);
}

/* channel->lock held. Milliseconds to wait before the next attempt; below 0: there is none. */
static int64_t retry_after_ms(struct rpc_client_call *call, struct attempt *attempt)
{
	struct rpc_channel *channel = call->channel;
	int64_t wait_ms = RETRY_INITIAL_MS << call->attempts;

	if (attempt->status == OK) {
		channel->retry_tokens += RETRY_TOKENS_EACH;
		if (channel->retry_tokens > RETRY_TOKENS_MAX)
			channel->retry_tokens = RETRY_TOKENS_MAX;
		return -1;
	}
	if (atomic_load(&call->aborted) != OK || channel->closing || !may_repeat(call, attempt))
		return -1;
	if (attempt->refused && call->refusals < REFUSALS_MAX)
		return call->refusals++ ? 1 + (int64_t)random_below(10) : 0;
	if (attempt->status != UNAVAILABLE || !call->method->idempotent ||
	    call->attempts >= channel->options.retries_max || channel->retry_tokens < 1)
		return -1;
	channel->retry_tokens -= 1;
	call->attempts++;
	wait_ms = wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS;
	return 1 + (int64_t)random_below((uint64_t)wait_ms);
}

/* The request goes over to a new attempt, which nobody has seen yet. */
static void new_attempt(struct rpc_client_call *call)
{
	struct attempt *old = call->attempt, *made = attempt_new(call);

	pthread_mutex_lock(&call->send_lock);
	pthread_mutex_lock(&old->stream.out_lock);
	atomic_fetch_sub(&old->stream.session->unsent, old->stream.out.len - old->stream.out_sent);
	made->stream.out = old->stream.out;
	made->stream.put_bytes = old->stream.put_bytes;
	made->stream.eager = old->stream.eager;
	made->stream.out_end = old->stream.out_end;
	made->stream.out_kept = old->stream.out_kept;
	made->stream.out_wanted = old->stream.out_wanted;
	buf_init(&old->stream.out, SIZE_MAX);
	old->stream.out_sent = 0;
	pthread_mutex_unlock(&old->stream.out_lock);
	call->attempt = made;
	pthread_mutex_unlock(&call->send_lock);
	stream_unref(&old->stream);
}

static void go(struct rpc_client_call *call)
{
	struct rpc_channel *channel = call->channel;
	struct attempt *attempt;
	bool sent, failed;

	pthread_mutex_lock(&channel->lock);
	sent = place(call, &failed);
	if (failed)
		end_here(call);
	attempt = call->attempt;
	if (sent)
		stream_ref(&attempt->stream);
	pthread_mutex_unlock(&channel->lock);
	if (!sent)
		return;
	session_op(&attempt->stream, false);
	stream_unref(&attempt->stream);
}

/* On the thread of the events: again, or the end. */
static void attempt_over(struct attempt *attempt)
{
	struct rpc_client_call *call = attempt->call;
	struct rpc_channel *channel = call->channel;
	int64_t wait_ms;

	pthread_mutex_lock(&channel->lock);
	((struct client_session *)attempt->stream.session)->in_flight--;
	wait_ms = retry_after_ms(call, attempt);
	if (wait_ms < 0) {
		call->place = PLACE_ENDED;
		drop_timer(call);
	} else {
		new_attempt(call);
		call->place = PLACE_BACKOFF;
		if (wait_ms > 0)
			call->retry = net_timer_start(clock_mono_us() + wait_ms * US_PER_MS,
						      retry_fired, client_call_ref(call));
	}
	pthread_mutex_unlock(&channel->lock);
	if (wait_ms < 0) {
		call->status = attempt->status;
		call->err = attempt->err;
		tell_end(call);
		return;
	}
	client_report_retry(call);
	if (wait_ms == 0)
		go(call);
}

static void retry_fired(void *arg)
{
	struct rpc_client_call *call = arg;
	bool mine;

	pthread_mutex_lock(&call->channel->lock);
	call->retry = NULL;
	mine = call->place == PLACE_BACKOFF;
	pthread_mutex_unlock(&call->channel->lock);
	if (mine)
		go(call);
	client_call_unref(call);
}

void client_calls_go_on(struct rpc_channel *channel)
{
	struct rpc_client_call *list, *call;

	pthread_mutex_lock(&channel->lock);
	list = channel->pending;
	channel->pending = NULL;
	channel->pending_last = &channel->pending;
	for (call = list; call; call = call->pending_next) {
		call->place = PLACE_BACKOFF; /* nobody's but ours */
		client_call_ref(call);
	}
	pthread_mutex_unlock(&channel->lock);
	while ((call = list) != NULL) {
		list = call->pending_next;
		go(call);
		client_call_unref(call);
	}
}

/* ------------------------------------------------------------------ abort and deadline */

void client_call_abort(struct rpc_client_call *call, enum status status)
{
	struct rpc_channel *channel = call->channel;
	struct attempt *attempt = NULL;

	pthread_mutex_lock(&channel->lock);
	if (atomic_load(&call->aborted) == OK && call->place != PLACE_ENDED) {
		atomic_store(&call->aborted, (int)status);
		if (call->place == PLACE_SENT) {
			attempt = call->attempt;
			stream_ref(&attempt->stream);
		} else if (call->place == PLACE_PENDING) {
			pending_remove(call);
			end_here(call);
		} else if (call->retry && net_timer_cancel(call->retry)) {
			call->retry = NULL;
			atomic_fetch_sub(&call->refs, 1);
			end_here(call);
		} /* else it is on its way through go(), which looks */
	}
	pthread_mutex_unlock(&channel->lock);
	if (!attempt)
		return;
	session_op(&attempt->stream, false);
	stream_unref(&attempt->stream);
}

static void deadline_fired(void *arg)
{
	struct rpc_client_call *call = arg;

	pthread_mutex_lock(&call->channel->lock);
	call->deadline = NULL;
	pthread_mutex_unlock(&call->channel->lock);
	client_call_abort(call, DEADLINE_EXCEEDED);
	client_call_unref(call);
}

/* ------------------------------------------------------------------ start */

static void add_header(struct meta *headers, const char *key, const char *value)
{
	if (value[0])
		meta_add(headers, key, strlen(key), value, strlen(value));
}

static void add_context(struct rpc_client_call *call, const struct rpc_context *parent)
{
	char made[64];

	if (!parent || parent->request_id[0] == '\0') {
		wire_make_request_id(made);
		add_header(&call->headers, "x-request-id", made);
	}
	if (!parent)
		return;
	memcpy(call->user, parent->subject.user_id, sizeof(call->user));
	add_header(&call->headers, "x-request-id", parent->request_id);
	add_header(&call->headers, "traceparent", parent->traceparent);
	add_header(&call->headers, "x-user-id", parent->subject.user_id);
	add_header(&call->headers, "x-session-id", parent->subject.session_id);
	add_header(&call->headers, "x-api-key-id", parent->subject.api_key_id);
	add_header(&call->headers, "x-on-disconnect", parent->subject.on_disconnect);
	add_header(&call->headers, "x-roles", parent->subject.admin ? "admin" : "");
	add_header(&call->headers, "idempotency-key", parent->idempotency_key);
	add_header(&call->headers, "x-client-address", parent->client_address);
	add_header(&call->headers, "x-client-user-agent", parent->user_agent);
}

static void set_deadline(struct rpc_client_call *call, const struct rpc_call_options *options)
{
	uint32_t timeout_ms = options->timeout_ms ? options->timeout_ms : call->method->timeout_ms;
	int64_t own = timeout_ms ? call->start_us + timeout_ms * US_PER_MS : 0;
	int64_t parents = options->parent ? options->parent->deadline_us : 0;

	call->deadline_us = own && parents ? (own < parents ? own : parents) : own + parents;
}

struct rpc_client_call *client_call_new(struct rpc_channel *channel,
					const struct rpc_method *method,
					const struct rpc_call_options *options)
{
	static const struct rpc_call_options none;
	struct rpc_client_call *call = calloc(1, sizeof(*call));

	ensure(call);
	options = options ? options : &none;
	atomic_init(&call->refs, 1);
	pthread_mutex_init(&call->send_lock, NULL);
	call->channel = channel_ref(channel);
	call->method = method;
	call->start_us = clock_mono_us();
	call->wait_for_ready = options->wait_for_ready;
	set_deadline(call, options);
	add_context(call, options->parent);
	for (size_t i = 0; i < options->n_metadata; i++) {
		const struct rpc_metadata *pair = &options->metadata[i];

		/* Metadata that gRPC forbids is a mistake of the program, not of its input. */
		ensure(meta_add_user(&call->headers, pair->key, pair->value, pair->len,
				     METADATA_MAX_BYTES));
	}
	call->attempt = attempt_new(call);
	return call;
}

void client_call_start(struct rpc_client_call *call)
{
	struct rpc_channel *channel = call->channel;

	client_report_start(call);
	pthread_mutex_lock(&channel->lock);
	call->place = PLACE_BACKOFF;
	call->next = channel->calls;
	if (call->next)
		call->next->previous = call;
	channel->calls = call;
	channel->n_calls++;
	if (call->deadline_us)
		call->deadline =
			net_timer_start(call->deadline_us, deadline_fired, client_call_ref(call));
	pthread_mutex_unlock(&channel->lock);
	go(call);
}

void client_call_end_blocking(struct rpc_client_call *call)
{
	client_report_end(call);
	end_told(call);
}
