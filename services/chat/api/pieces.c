#include "chat/api/pieces.h"

#include "chat/api/mark.h"
#include "limitless/reasons.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

#include <string.h>

#define PIECE_BYTES_MAX (256u << 10)
#define WAITING_BYTES_MAX (64u << 20) /* of one answer: escapes may make it several times as long */
#define BEGUN ": accepted\n\n"        /* so that the headers go out */

struct pieces {
	const struct api_dialect *dialect;
	struct api_writer *writer;
	char generation[UUID_SIZE];
	bool stream;
	bool sent;      /* the first piece is gone */
	struct buf out; /* that waits; not empty: the watch is blocked, or being sent to */
	bool ends;      /* after what waits, so: */
	enum status status;
	struct error err;
};

static struct pieces *pieces_of(const struct watch *watch)
{
	return watch->form_ctx;
}

/* ---------------------------------------------------------------- out */

static enum status send_piece(struct watch *watch, size_t len)
{
	struct pieces *pieces = pieces_of(watch);
	Google__Api__HttpBody body = GOOGLE__API__HTTP_BODY__INIT;

	if (!pieces->sent)
		body.content_type = pieces->stream ? "text/event-stream" : "application/json";
	body.data.data = pieces->out.data;
	body.data.len = len;
	return rpc_stream_send(watch->call, &body.base);
}

static bool flush(struct watch *watch)
{
	struct pieces *pieces = pieces_of(watch);

	while (pieces->out.len > 0) {
		size_t len = pieces->out.len < PIECE_BYTES_MAX ? pieces->out.len : PIECE_BYTES_MAX;
		enum status s = send_piece(watch, len);

		if (s == RESOURCE_EXHAUSTED) {
			watch->blocked = true;
			watch->blocked_us = clock_mono_us();
			return false;
		}
		if (s != OK) {
			watch_finish(watch, CANCELLED, NULL);
			return false;
		}
		pieces->sent = true;
		buf_consume(&pieces->out, len);
	}
	if (pieces->ends) {
		watch_finish(watch, pieces->status, &pieces->err);
		return false;
	}
	return true;
}

/* ---------------------------------------------------------------- failures */

/* Plain before the first piece, and in the dialect's words after it. */
static void fail(struct watch *watch, const struct error *err)
{
	struct pieces *pieces = pieces_of(watch);

	pieces->ends = true;
	pieces->status = err->code;
	pieces->err = *err;
	if (pieces->stream && pieces->writer &&
	    pieces->dialect->write_failure(pieces->writer, err, &pieces->out))
		pieces->status = OK;
}

static enum status code_of(const char *name)
{
	for (int code = CANCELLED; code <= UNAUTHENTICATED; code++) {
		if (strcmp(status_name((enum status)code), name) == 0)
			return (enum status)code;
	}
	return UNKNOWN;
}

/* Another replica's event has the error in the words for users. */
static void error_of(const Chat__V1__GenerationError *from, struct error *ret)
{
	char reason[sizeof ret->reason];
	size_t i = 0;

	for (; from->reason[i] && i < sizeof reason - 1; i++)
		reason[i] = (char)(from->reason[i] >= 'A' && from->reason[i] <= 'Z'
					   ? from->reason[i] - 'A' + 'a'
					   : from->reason[i]);
	reason[i] = '\0';
	ret->code = error_set(ret, code_of(from->code), reason, "%s", from->detail);
}

static void fail_restarted(struct watch *watch)
{
	struct error err;

	err.code = error_set(&err, UNAVAILABLE, "answer_restarted",
			     "the answer begins anew, so this stream of it ends: send the request "
			     "again to get it");
	fail(watch, &err);
}

/* ---------------------------------------------------------------- events in */

static void take(struct watch *watch, const Chat__V1__GenerationEvent *event)
{
	struct pieces *pieces = pieces_of(watch);
	bool first = event->event_case == CHAT__V1__GENERATION_EVENT__EVENT_ACCEPTED;
	struct error err;

	if (event->event_case == CHAT__V1__GENERATION_EVENT__EVENT_ERROR) {
		error_of(event->error, &err);
		fail(watch, &err);
		return;
	}
	if (!pieces->dialect->write(pieces->writer, event, &pieces->out)) {
		fail_restarted(watch);
		return;
	}
	if (pieces->out.overflow) {
		err.code = error_set(&err, RESOURCE_EXHAUSTED, "call_too_large",
				     "the answer has more than %u bytes", WAITING_BYTES_MAX);
		fail(watch, &err);
		return;
	}
	if (first && pieces->stream && pieces->out.len == 0)
		buf_adds(&pieces->out, BEGUN);
}

static bool send(struct watch *watch, const Chat__V1__GenerationEvent *event)
{
	bool goes_on;

	if (!flush(watch))
		return false;
	take(watch, event);
	watch_ref(watch);
	goes_on = flush(watch) || !watch->finished;
	watch_unref(watch);
	return goes_on;
}

static void over(struct watch *watch, enum status status, bool alone)
{
	struct pieces *pieces = pieces_of(watch);
	const struct event_log *log = watch->log;
	bool failed = log && log->ended && log->facts.state != CHAT__V1__GENERATION__STATE__DONE;

	if (*pieces->generation && status == OK && !pieces->ends)
		mark_whole(watch->engine, pieces->generation);
	else if (*pieces->generation && !failed)
		mark_lost(watch->engine, pieces->generation, alone);
	pieces->dialect->writer_free(pieces->writer);
	buf_done(&pieces->out);
	free(pieces);
	watch->form = NULL;
}

const struct api_dialect *pieces_dialect(const struct watch *watch)
{
	return pieces_of(watch)->dialect;
}

void pieces_attach(struct watch *watch, const struct api_dialect *dialect)
{
	static const struct watch_form form = {.send = send, .flush = flush, .over = over};
	struct pieces *pieces = calloc(1, sizeof *pieces);

	ensure(pieces);
	pieces->dialect = dialect;
	buf_init(&pieces->out, WAITING_BYTES_MAX);
	watch->form = &form;
	watch->form_ctx = pieces;
}

void pieces_begin(struct watch *watch, const struct api_request *request, const char *generation,
		  int64_t create_us)
{
	struct pieces *pieces = pieces_of(watch);
	const struct api_head head = {
		.generation = generation, .model = request->model, .create_us = create_us};

	pieces->dialect->writer_free(pieces->writer);
	pieces->stream = request->stream;
	pieces->writer = pieces->dialect->writer_new(request, &head);
	snprintf(pieces->generation, UUID_SIZE, "%s", generation);
}
