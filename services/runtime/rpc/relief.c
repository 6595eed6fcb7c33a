/* Room on a connection that carries many users: streams that nobody reads are ended, those of the
 * user with most of what waits first. Each reader comes back with its cursor. The connection stays,
 * for the others have done nothing. Everything here is under the connection's lock. */
#include "runtime/rpc/session.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include <stdlib.h>
#include <string.h>

#define STALLED_US US_PER_S        /* a reader that took nothing for so long, though it could */
#define AGAIN_US (100 * US_PER_MS) /* until the next look, after one that found too little */
#define LOG_EVERY_US US_PER_S      /* of one connection */

/* The backlog of one stream, and of its user in all. */
struct backlog {
	struct stream *stream;
	const char *user;
	size_t bytes, users_bytes;
	bool stalled;
};

/* One kind of what waits. */
struct measure {
	const char *event;
	size_t (*of)(struct stream *stream);
	bool (*waits_for_reader)(const struct stream *stream); /* … and for nobody else */
	_Atomic size_t *total;
	size_t max;
};

static int by_user(const void *a, const void *b)
{
	const struct backlog *x = a, *y = b;

	return strcmp(x->user, y->user);
}

/* The user with most first, and of one user the largest first. */
static int by_size(const void *a, const void *b)
{
	const struct backlog *x = a, *y = b;

	if (x->users_bytes != y->users_bytes)
		return x->users_bytes < y->users_bytes ? 1 : -1;
	if (strcmp(x->user, y->user) != 0)
		return strcmp(x->user, y->user);
	return (y->bytes > x->bytes) - (y->bytes < x->bytes);
}

static size_t collect(struct session *session, const struct measure *measure, bool any,
		      struct backlog *list)
{
	int64_t stalled_since = clock_mono_us() - STALLED_US;
	size_t n = 0;

	for (struct stream *stream = session->streams; stream; stream = stream->next) {
		size_t bytes = measure->of(stream);

		if (bytes == 0 || !session->side->may_end(stream))
			continue;
		list[n++] = (struct backlog){
			.stream = stream_ref(stream),
			.user = session->side->user_of(stream),
			.bytes = bytes,
			.stalled = any || (measure->waits_for_reader(stream) &&
					   atomic_load(&stream->moved_us) <= stalled_since)};
	}
	return n;
}

/* In the order in which they go. Returns the average of a user: a user with less has done
 * nothing. */
static size_t sort(struct backlog *list, size_t n)
{
	size_t all = 0, users = 0;

	qsort(list, n, sizeof(list[0]), by_user);
	for (size_t first = 0, i; first < n; first = i) {
		size_t sum = 0;

		for (i = first; i < n && strcmp(list[i].user, list[first].user) == 0; i++)
			sum += list[i].bytes;
		for (i = first; i < n && strcmp(list[i].user, list[first].user) == 0; i++)
			list[i].users_bytes = sum;
		all += sum;
		users++;
	}
	qsort(list, n, sizeof(list[0]), by_size);
	return users > 0 ? all / users : 0;
}

static void tell(struct session *session, const struct measure *measure, const char *user)
{
	int64_t now = clock_mono_us();

	if (session->relief_streams == 0 || now - session->relief_said_us < LOG_EVERY_US)
		return;
	log_warn(measure->event, LOG_S("user_id", user[0] ? user : NULL),
		 LOG_I("streams", session->relief_streams),
		 LOG_I("bytes_waiting", (int64_t)atomic_load(measure->total)));
	session->relief_said_us = now;
	session->relief_streams = 0;
}

static void end_some(struct session *session, const struct measure *measure, bool any)
{
	size_t enough = measure->max / 4 * 3, n, average;
	struct backlog *list = calloc((size_t)session->n_streams + 1, sizeof(list[0]));

	ensure(list);
	n = collect(session, measure, any, list);
	average = sort(list, n);
	for (size_t i = 0; i < n && atomic_load(measure->total) > enough; i++) {
		if (!list[i].stalled || list[i].users_bytes < average)
			continue;
		session->side->end_slow(list[i].stream);
		session->relief_streams++;
	}
	if (n > 0)
		tell(session, measure, list[0].user);
	if (atomic_load(measure->total) > enough)
		session->relief_due_us[any] = clock_mono_us() + AGAIN_US;
	for (size_t i = 0; i < n; i++)
		stream_unref(list[i].stream);
	free(list);
}

static void relieve(struct session *session, const struct measure *measure)
{
	bool any = atomic_load(measure->total) > WAITING_PATIENCE * measure->max;

	if (session->relieving || clock_mono_us() < session->relief_due_us[any])
		return;
	session->relieving = true;
	end_some(session, measure, any);
	session->relieving = false;
}

static bool has_no_window(const struct stream *stream)
{
	return nghttp2_session_get_stream_remote_window_size(stream->session->h2, stream->id) <= 0;
}

void relief_unsent(struct session *session)
{
	const struct measure measure = {"rpc_slow_readers_ended", stream_unsent, has_no_window,
					&session->unsent, session->unsent_max};

	relieve(session, &measure);
}

static size_t unread(struct stream *stream)
{
	return atomic_load(&stream->unread);
}

static bool is_stopped(const struct stream *stream)
{
	return atomic_load(&stream->stopped);
}

void relief_unread(struct session *session)
{
	const struct measure measure = {"rpc_slow_takers_ended", unread, is_stopped,
					&session->unread, session->unread_max};

	relieve(session, &measure);
}
