/* One try of a call on one connection. */
#include "runtime/rpc/client.h"

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "runtime/base/ensure.h"
#include <stdio.h>
#include <string.h>

#define ERROR_DOMAIN "limitless"

/* ------------------------------------------------------------------ how it ends (lock) */

void attempt_end(struct attempt *attempt, enum status status, const char *reason,
		 const char *format, ...)
{
	char message[sizeof(attempt->err.message)];
	va_list args;

	if (attempt->over)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	attempt->over = true;
	attempt->status = error_set(&attempt->err, status, reason, "%s", message);
	session_tell(&attempt->stream, EVENT_END);
}

/* reason, field and the rest of an ErrorInfo of ours. */
static void read_error_info(const Google__Protobuf__Any *any, struct arena *arena,
			    struct error *err)
{
	ProtobufCMessage *message;
	const Google__Rpc__ErrorInfo *info;

	if (!strstr(any->type_url, "google.rpc.ErrorInfo") ||
	    message_unpack(&google__rpc__error_info__descriptor, any->value.data, any->value.len,
			   arena, &message, NULL) != OK)
		return;
	info = (const Google__Rpc__ErrorInfo *)message;
	if (strcmp(info->domain, ERROR_DOMAIN) != 0)
		return;
	wire_reason_down(info->reason, err->reason, sizeof(err->reason));
	for (size_t i = 0; i < info->n_metadata; i++)
		if (strcmp(info->metadata[i]->key, "field") == 0)
			snprintf(err->field, sizeof(err->field), "%s", info->metadata[i]->value);
}

static void read_details(struct attempt *attempt)
{
	struct arena *arena;
	ProtobufCMessage *message;
	struct meta_pair pair;
	const uint8_t *data;
	size_t len;

	if (!meta_find(&attempt->trailing, "grpc-status-details-bin", &pair))
		return;
	arena = rpc_arena_take(256 * 1024);
	data = meta_decode(&pair, arena, &len);
	if (data && message_unpack(&google__rpc__status__descriptor, data, len, arena, &message,
				   NULL) == OK) {
		const Google__Rpc__Status *status = (const Google__Rpc__Status *)message;

		for (size_t i = 0; i < status->n_details; i++)
			read_error_info(status->details[i], arena, &attempt->err);
	}
	rpc_arena_give(arena);
}

void attempt_end_by_trailers(struct attempt *attempt)
{
	char text[sizeof(attempt->err.message)] = "";
	struct meta_pair pair;

	if (attempt->over)
		return;
	if (attempt->grpc_status < 0) {
		attempt_end(attempt,
			    attempt->http_status == 200 || attempt->http_status <= 0
				    ? UNKNOWN
				    : wire_status_of_http(attempt->http_status),
			    "protocol_error", "the answer has no grpc-status (HTTP %d)",
			    attempt->http_status);
		return;
	}
	if (attempt->grpc_status == OK && !stream_scan_whole(&attempt->stream)) {
		attempt_end(attempt, INTERNAL, "protocol_error", "the last message is cut");
		return;
	}
	if (attempt->grpc_status == OK) {
		attempt->over = true;
		attempt->status = OK;
		session_tell(&attempt->stream, EVENT_END);
		return;
	}
	if (meta_find(&attempt->trailing, "grpc-message", &pair))
		wire_decode_message(pair.value, pair.value_len, text, sizeof(text));
	attempt_end(attempt, (enum status)attempt->grpc_status,
		    wire_default_reason((enum status)attempt->grpc_status), "%s", text);
	read_details(attempt);
}

void attempt_on_stream_close(struct stream *stream, uint32_t error_code)
{
	struct attempt *attempt = attempt_of(stream);
	enum status s;

	if (attempt->over)
		return;
	if (error_code == STREAM_LOST) {
		attempt_end(attempt, UNAVAILABLE, "service_unavailable", "the connection was lost");
		return;
	}
	s = wire_status_of_reset(error_code);
	attempt->refused = error_code == NGHTTP2_REFUSED_STREAM;
	attempt_end(attempt, s,
		    error_code == NGHTTP2_ENHANCE_YOUR_CALM ? "reader_slow"
							    : wire_default_reason(s),
		    "the server reset the stream: %s", nghttp2_http2_strerror(error_code));
}

/* ------------------------------------------------------------------ readers that take too long */

const char *attempt_user_of(const struct stream *stream)
{
	return attempt_of((struct stream *)stream)->call->user;
}

bool attempt_may_end(const struct stream *stream)
{
	const struct attempt *attempt = attempt_of((struct stream *)stream);

	return !attempt->over && attempt->call->method->kind != RPC_UNARY;
}

void attempt_end_slow(struct stream *stream)
{
	struct attempt *attempt = attempt_of(stream);

	atomic_store(&attempt->slow, true);
	stream_uncount(stream, SIZE_MAX);
	attempt_end(attempt, RESOURCE_EXHAUSTED, "reader_slow",
		    "the stream was not read, and others needed the room");
	session_drop(stream, NGHTTP2_CANCEL);
}

/* ------------------------------------------------------------------ what the call wants (lock) */

static void refuse(struct attempt *attempt)
{
	attempt->refused = true;
	attempt_end(attempt, UNAVAILABLE, "service_unavailable",
		    "the connection takes no more calls");
}

static void submit(struct attempt *attempt)
{
	struct client_session *session = (struct client_session *)attempt->stream.session;
	int32_t id;

	attempt->submitted = true;
	if (session->session.closed ||
	    !nghttp2_session_check_request_allowed(session->session.h2)) {
		refuse(attempt);
		return;
	}
	id = request_submit(session, attempt);
	if (id < 0)
		refuse(attempt); /* the connection has used up its stream ids */
	else
		session_add(&session->session, &attempt->stream, id);
}

void attempt_on_op(struct stream *stream)
{
	struct attempt *attempt = attempt_of(stream);
	enum status aborted = (enum status)atomic_load(&attempt->call->aborted);

	if (attempt->over) { /* what came before the end may wait for a hook that stopped */
		if (atomic_exchange(&stream->resume_wanted, false) || aborted != OK)
			session_tell(stream, EVENT_RESUME);
		return;
	}
	if (aborted != OK) {
		attempt_end(attempt, aborted, wire_default_reason(aborted), "%s",
			    aborted == CANCELLED ? "the call was cancelled"
						 : "the deadline passed");
		session_drop(stream, NGHTTP2_CANCEL);
	} else if (!attempt->submitted) {
		submit(attempt);
	} else if (stream->id != 0) {
		stream_on_op(stream);
	}
}

/* ------------------------------------------------------------------ events, told by session_run */

/* False: no more now. */
static bool tell_message(struct attempt *attempt, struct arena *arena)
{
	struct rpc_client_call *call = attempt->call;
	struct stream *stream = &attempt->stream;
	ProtobufCMessage *message;
	struct error err;
	const uint8_t *data;
	uint8_t *plain;
	enum status s;
	size_t len;

	s = stream_next_message(stream, &data, &len, &plain, &err);
	if (s == OK && !data)
		return false;
	if (s == OK)
		s = message_unpack(call->method->resp, data, len, arena, &message, &err);
	if (s == OK && call->hooks.on_message)
		stream->stopped = !call->hooks.on_message(call, message, call->ctx);
	arena_reset(arena);
	free(plain);
	call->told = true;
	if (s == OK)
		return !stream->stopped;
	session_lock(stream->session);
	attempt_end(attempt, s, err.reason, "%s", err.message);
	session_drop(stream, NGHTTP2_CANCEL);
	session_unlock(stream->session);
	return false;
}

static bool gave_up(const struct attempt *attempt)
{
	return atomic_load(&attempt->call->aborted) != OK;
}

static void tell_messages(struct attempt *attempt)
{
	struct stream *stream = &attempt->stream;
	struct arena *arena;

	if (stream->stopped || stream->taken.len == 0 || gave_up(attempt))
		return;
	arena = rpc_arena_take(2 * stream->session->message_bytes_max + 1024 * 1024);
	while (!gave_up(attempt) && tell_message(attempt, arena))
		continue;
	rpc_arena_give(arena);
	stream_messages_told(stream);
}

void attempt_on_events(struct stream *stream, unsigned events)
{
	struct attempt *attempt = attempt_of(stream);
	struct rpc_client_call *call = attempt->call;

	if (attempt->told_end)
		return;
	if ((events & EVENT_HEADERS) && !call->told && call->hooks.on_headers) {
		call->told = true;
		call->hooks.on_headers(call, call->ctx);
	}
	if (events & EVENT_RESUME)
		stream->stopped = false;
	if (atomic_load(&attempt->slow)) {
		stream_forget_taken(stream);
		stream->stopped = false;
	}
	attempt->end_due |= (events & EVENT_END) != 0;
	/* Messages that came are told before the end, also before a failure; an aborted call
	 * wants none. */
	if (!call->waiter && !call->reply)
		tell_messages(attempt);
	if ((events & EVENT_WRITABLE) && call->hooks.on_writable && !gave_up(attempt))
		call->hooks.on_writable(call, call->ctx);
	if (!attempt->end_due || (stream->stopped && !gave_up(attempt)))
		return;
	attempt->told_end = true;
	attempt->on_over(attempt);
}
