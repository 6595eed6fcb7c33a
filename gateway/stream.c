/* Server streams as server-sent events. No header goes out before the first message, so a call that
 * is refused at once has a plain answer. A reader that does not take its events stops the stream at
 * its source. */
#include "gateway/stream.h"
#include "runtime/base/ensure.h"
#include "runtime/json/json.h"

#include <pthread.h>
#include <string.h>

#define EVENT_BYTES_MAX (64 * 1024 * 1024)
#define GATHER_BYTES (16 * 1024) /* of events that came together and go out in one write */

struct streams {
	pthread_mutex_t mutex;
	struct stream *first;
};

/* ------------------------------------------------------------------ the list of open streams */

struct streams *streams_new(void)
{
	struct streams *streams = calloc(1, sizeof *streams);

	ensure(streams);
	pthread_mutex_init(&streams->mutex, NULL);
	return streams;
}

void streams_free(struct streams *streams)
{
	if (!streams)
		return;
	ensure(!streams->first);
	pthread_mutex_destroy(&streams->mutex);
	free(streams);
}

static void stream_unref(struct stream *stream)
{
	if (atomic_fetch_sub(&stream->refs, 1) != 1)
		return;
	httpd_lock_unref(stream->lock);
	buf_done(&stream->pending);
	free(stream);
}

static void list_add(struct stream *stream)
{
	struct streams *streams = stream->gateway->streams;

	pthread_mutex_lock(&streams->mutex);
	stream->next = streams->first;
	if (stream->next)
		stream->next->previous = stream;
	streams->first = stream;
	pthread_mutex_unlock(&streams->mutex);
	report_stream(1);
}

static void list_remove(struct stream *stream)
{
	struct streams *streams = stream->gateway->streams;

	pthread_mutex_lock(&streams->mutex);
	if (stream->previous)
		stream->previous->next = stream->next;
	else
		streams->first = stream->next;
	if (stream->next)
		stream->next->previous = stream->previous;
	pthread_mutex_unlock(&streams->mutex);
	report_stream(-1);
}

/* Cancels the calls of a session's streams, or of all that come back. The list is released first and streams are
 * locked then, for handlers add to the list with their stream's lock held. */
static void cancel_streams(struct streams *streams, const char *session_id)
{
	struct stream **found = NULL;
	size_t n = 0, room = 0;

	pthread_mutex_lock(&streams->mutex);
	for (struct stream *stream = streams->first; stream; stream = stream->next) {
		if (session_id ? strcmp(stream->session_id, session_id) != 0 : stream->raw)
			continue;
		if (n == room) {
			room = room ? 2 * room : 16;
			found = reallocarray(found, room, sizeof(struct stream *));
			ensure(found);
		}
		atomic_fetch_add(&stream->refs, 1);
		found[n++] = stream;
	}
	pthread_mutex_unlock(&streams->mutex);
	for (size_t i = 0; i < n; i++) {
		bool taken = httpd_lock_take(found[i]->lock);

		found[i]->revoked |= session_id != NULL;
		found[i]->leaving |= session_id == NULL;
		if (found[i]->call)
			rpc_client_cancel(found[i]->call);
		httpd_lock_release(found[i]->lock, taken);
		stream_unref(found[i]);
	}
	free(found);
}

void streams_end_session(const char *session_id, void *ctx)
{
	struct gateway *gateway = ctx;

	cancel_streams(gateway->streams, session_id);
}

void streams_end_all(struct streams *streams)
{
	cancel_streams(streams, NULL);
}

/* ------------------------------------------------------------------ events */

/* Sends the head of the answer: of events, or of a body that is too long to be collected. */
static void begin(struct stream *stream)
{
	struct request *request = TAKE_PTR(stream->request);
	bool events = !stream->content_type;
	struct reply_headers headers;

	reply_headers_init(&headers, request);
	if (events)
		reply_header(&headers, "x-accel-buffering",
			     "no"); /* nginx in front must not collect events */
	report_answer(request, 200);
	httpd_stream_begin(
		stream->http,
		&(struct httpd_answer){
			.status = 200,
			.content_type = events ? "text/event-stream" : stream->content_type,
			.headers = headers.list,
			.n_headers = headers.n,
			.heartbeat_ms = events ? (int32_t)stream->gateway->conf->heartbeat_ms : 0,
		});
}

/* The active case of the oneof named `event`, or -1. */
static int32_t event_case(const struct json_message_rule *rule, const ProtobufCMessage *message)
{
	for (unsigned i = 0; i < rule->descriptor->n_fields; i++)
		if (rule->fields[i].flags & JSON_EVENT &&
		    json_get_message(rule, message, (int32_t)i))
			return (int32_t)i;
	return -1;
}

/* JSON is one line, so it is one data line. */
static void write_event(struct stream *stream, const ProtobufCMessage *message)
{
	const struct json_message_rule *rule = stream->route->resp;
	struct buf *out = &stream->pending;

	if (rule->cursor_field >= 0 && *json_get_text(rule, message, rule->cursor_field))
		buf_addf(out, "id: %s\n", json_get_text(rule, message, rule->cursor_field));
	if (rule->has_event) {
		int32_t i = event_case(rule, message);

		if (i < 0)
			return; /* an event of a newer service, which this gateway cannot name */
		buf_addf(out, "event: %s\n", rule->fields[i].json_name);
		message = json_get_message(rule, message, i);
		rule = rule->fields[i].message;
	}
	buf_adds(out, "data: ");
	json_write(rule, message, JSON_PROTO3, out);
	buf_adds(out, "\n\n");
}

static void write_error(struct stream *stream, const struct error *err)
{
	struct buf *out = &stream->pending;

	buf_adds(out, stream->dialect == ROUTE_DIALECT_OPENAI ? "data: " : "event: error\ndata: ");
	reply_problem_text(stream->route, stream->dialect, err, stream->request_id, out);
	buf_adds(out, "\n\n");
}

/* Gives httpd the pending bytes. False: it is full. */
static bool push(struct stream *stream)
{
	enum status s = OK;

	if (stream->request)
		begin(stream);

	if (stream->pending.len)
		s = httpd_stream_send(stream->http, stream->pending.data, stream->pending.len);
	if (s == RESOURCE_EXHAUSTED) {
		stream->paused = true;
		return false;
	}
	if (s == CANCELLED && stream->call)
		rpc_client_cancel(stream->call); /* HEAD is answered at the first event */
	buf_done(
		&stream->pending); /* also for a reader that left; between events a stream holds nothing */
	return true;
}

/* Ends a stream that has begun. */
static void finish(struct stream *stream)
{
	httpd_stream_end(stream->http, !stream->leaving && !stream->cut);
	list_remove(stream);
}

/* ------------------------------------------------------------------ hooks of the HTTP side, under
 * the lock */

static void on_close(_unused_ struct httpd_request *http, void *ctx)
{
	struct stream *stream = ctx;

	if (stream->call) {
		rpc_client_cancel(stream->call);
	} else {
		finish(stream);
		stream_unref(stream);
	}
}

static void on_writable(_unused_ struct httpd_request *http, void *ctx)
{
	struct stream *stream = ctx;

	if (!stream->paused)
		return;
	stream->paused = false;
	if (!push(stream))
		return;
	if (!stream->ended) {
		rpc_client_resume(stream->call);
	} else {
		finish(stream);
		stream_unref(stream);
	}
}

static const struct httpd_hooks http_hooks = {on_close, on_writable};

/* ------------------------------------------------------------------ hooks of the call */

/* Messages that came together go out together. */
static bool push_or_gather(struct stream *stream)
{
	if (stream->pending.len < GATHER_BYTES && rpc_client_more(stream->call))
		return true;
	return push(stream);
}

/* A piece of a body came. The first one decides: an event stream begins and goes out as it comes,
 * another type is collected, as long as it is short. False: the source is to wait. */
static bool take_piece(struct stream *stream, const Google__Api__HttpBody *piece)
{
	if (stream->request && !stream->content_type && stream_body_is_events(piece))
		begin(stream);
	if (stream->request && stream_body_collect(stream, piece))
		return true;
	if (stream->request)
		begin(stream);
	buf_add(&stream->pending, piece->data.data, piece->data.len);
	return push_or_gather(stream);
}

static bool on_message(_unused_ struct rpc_client_call *call, const ProtobufCMessage *message,
		       void *ctx)
{
	struct stream *stream = ctx;
	bool taken = httpd_lock_take(stream->lock);
	bool room;

	if (stream->raw) {
		room = take_piece(stream, (const Google__Api__HttpBody *)message);
	} else {
		write_event(stream, message);
		room = push_or_gather(stream);
	}
	httpd_lock_release(stream->lock, taken);
	return room;
}

/* The call ended before a stream began: sends a plain answer. */
static void answer_plainly(struct stream *stream, enum status status, const struct error *err)
{
	struct request *request = stream->request;
	struct reply_headers headers;

	if (status != OK) {
		reply_problem(request, err);
	} else if (stream->raw) {
		stream_body_answer(stream);
	} else {
		reply_headers_init(&headers, request);
		reply_send(request, &(struct httpd_answer){
					    .status = 204,
					    .headers = headers.list,
					    .n_headers = headers.n,
				    });
	}
	list_remove(stream);
}

static void on_end(_unused_ struct rpc_client_call *call, enum status status,
		   const struct error *err, void *ctx)
{
	static const struct error revoked = {UNAUTHENTICATED, "session_revoked", "",
					     "the session was ended"};
	static const struct error leaving = {UNAVAILABLE, "service_unavailable", "",
					     "this gateway is about to stop"};
	struct stream *stream = ctx;
	bool taken = httpd_lock_take(stream->lock);
	bool over = true;

	stream->call = NULL;
	stream->ended = true;
	if (status != OK && (stream->revoked || stream->leaving)) {
		err = stream->revoked ? &revoked : &leaving;
	}
	if (stream->request && !stream->raw && stream->pending.len)
		begin(stream); /* its events wait for this end */
	/* A body that is neither whole nor events cannot say so. */
	stream->cut = (status == RESOURCE_EXHAUSTED && strcmp(err->reason, "reader_slow") == 0) ||
		      (status != OK && !stream->request && stream->content_type);
	if (stream->request) {
		answer_plainly(stream, status, err);
	} else {
		if (status != OK && !stream->leaving && !stream->cut)
			write_error(stream, err);
		over = !stream->paused && push(stream);
		if (over)
			finish(stream);
	}
	httpd_lock_release(stream->lock, taken);
	if (over)
		stream_unref(stream);
}

static const struct rpc_client_hooks call_hooks = {.on_message = on_message, .on_end = on_end};

void stream_start(struct request *request, const ProtobufCMessage *message)
{
	struct gateway *gateway = request->gateway;
	const struct rpc_call_options options = {.parent = &request->context};
	struct stream *stream = calloc(1, sizeof *stream);
	struct httpd_lock *lock = httpd_lock_of(request->http);
	bool taken;

	ensure(stream);
	atomic_init(&stream->refs, 1);
	stream->gateway = gateway;
	stream->route = request->route;
	stream->dialect = request_dialect(request);
	stream->raw = request->route->resp->form == JSON_FORM_HTTP_BODY;
	stream->http = request->http;
	stream->request = request;
	stream->lock = lock;
	memcpy(stream->session_id, request->context.subject.session_id, UUID_SIZE);
	memcpy(stream->request_id, request->context.request_id, sizeof stream->request_id);
	buf_init(&stream->pending, EVENT_BYTES_MAX);
	list_add(stream);
	taken = httpd_lock_take(lock);
	stream->leaving = gateway->draining;
	/* The hooks of both sides wait at the lock until both are known. */
	stream->call =
		rpc_stream_open(backends_of_route(gateway->backends, request->route),
				request->route->method, &options, message, &call_hooks, stream);
	if (!httpd_hooks_set(request->http, &http_hooks, stream) || stream->leaving)
		rpc_client_cancel(stream->call);
	httpd_lock_release(lock, taken);
}
