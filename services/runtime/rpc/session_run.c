/* Whose turn it is on a session: what threads want of it, and the telling of events. */
#include "runtime/rpc/session.h"

#include "runtime/base/clock.h"

#define LATER_US 30    /* a write this short ago: the next one may wait for company */
#define FLUSH_EVERY 32 /* streams told, or operations held, before the output gets its turn */
#define HELD_MAX 4     /* sessions that a thread keeps back operations of */

static _Thread_local struct session *running_here; /* whose session_run is on this thread */

/* ------------------------------------------------------------------ what other threads want */

void session_ops_run(struct session *session)
{
	struct stream *taken = atomic_exchange(&session->ops, NULL), *list = NULL;

	while (taken) { /* the newest is on top */
		struct stream *next = taken->op_next;

		taken->op_next = list;
		list = taken;
		taken = next;
	}
	while (list) {
		struct stream *stream = list;

		list = stream->op_next;
		atomic_exchange(&stream->op_waits, false);
		session->side->on_op(stream);
		stream_unref(stream);
	}
}

static void run_posted(void *arg);

void session_run_post(struct session *session)
{
	if (!session->events || session->running || session->posted)
		return;
	session->posted = true;
	net_post(run_posted, session_ref(session));
}

void session_lock(struct session *session)
{
	net_lock(session->net);
}

void session_unlock(struct session *session)
{
	session_run_post(session);
	net_unlock(session->net);
}

static void kick(struct session *session)
{
	session_lock(session);
	session_ops_run(session);
	session_unlock(session);
}

static void kick_posted(void *arg)
{
	struct session *session = arg;

	atomic_store(&session->later, false);
	kick(session);
	session_unref(session);
}

static void post_kick(struct session *session)
{
	if (!atomic_exchange(&session->later, true))
		net_post(kick_posted, session_ref(session));
}

/* True: it is for the caller to kick the session. */
static bool push(struct session *session, struct stream *stream)
{
	struct stream *top;

	if (atomic_exchange(&stream->op_waits, true))
		return false;
	stream_ref(stream);
	top = atomic_load(&session->ops);
	do {
		stream->op_next = top;
	} while (!atomic_compare_exchange_weak(&session->ops, &top, stream));
	/* The thread that found it empty takes all of it; session_run looks after each round. */
	return !top && running_here != session;
}

/* What session_op_hold keeps back on this thread. */
static _Thread_local struct {
	struct session *sessions[HELD_MAX];
	size_t n;
	int ops; /* since the last release */
} held;

void session_release(void)
{
	held.ops = 0;
	while (held.n > 0) {
		struct session *session = held.sessions[--held.n];

		kick(session);
		session_unref(session);
	}
}

void session_op_hold(struct stream *stream)
{
	struct session *session = stream->session;

	if (push(session, stream)) {
		if (held.n == HELD_MAX)
			session_release();
		held.sessions[held.n++] = session_ref(session);
	}
	if (++held.ops >= FLUSH_EVERY)
		session_release();
}

void session_op(struct stream *stream, bool later)
{
	struct session *session = stream->session;

	if (!push(session, stream))
		return;
	if (net_callbacks_wait() ||
	    (later && clock_mono_us() - atomic_load(&session->flushed_us) < LATER_US))
		post_kick(session);
	else
		kick(session);
}

void session_op_post(struct stream *stream)
{
	if (push(stream->session, stream))
		post_kick(stream->session);
}

/* ------------------------------------------------------------------ telling events */

void session_tell(struct stream *stream, unsigned events)
{
	struct session *session = stream->session;

	stream->events |= events;
	if (stream->event_waits)
		return;
	stream->event_waits = true;
	stream->event_next = NULL;
	*session->events_tail = stream_ref(stream);
	session->events_tail = &stream->event_next;
}

static void take_input(struct stream *stream)
{
	if (stream->in.len == 0)
		return;
	if (stream->taken.len == 0) {
		struct buf empty = stream->taken;

		stream->taken = stream->in;
		stream->in = empty;
		return;
	}
	buf_add(&stream->taken, stream->in.data, stream->in.len);
	buf_clear(&stream->in);
}

static struct stream *take_events(struct session *session)
{
	struct stream *first = session->events;

	for (struct stream *stream = first; stream; stream = stream->event_next) {
		stream->told = stream->events;
		stream->events = 0;
		stream->event_waits = false;
		stream->told_next = stream->event_next;
		take_input(stream);
	}
	session->events = NULL;
	session->events_tail = &session->events;
	return first;
}

void session_run(struct session *session, bool flush)
{
	struct session *outer = running_here;
	struct stream *list;
	int told = 0;

	net_lock(session->net);
	if (session->running) {
		net_unlock_quietly(session->net);
		return;
	}
	session->running = true;
	running_here = session;
	for (;;) {
		session_ops_run(session);
		list = take_events(session);
		if (!list)
			break;
		net_unlock_quietly(session->net);
		while (list) {
			struct stream *stream = list;

			list = stream->told_next;
			session->side->on_events(stream, stream->told);
			stream_unref(stream);
			if (++told % FLUSH_EVERY == 0) {
				net_lock(session->net);
				session_ops_run(session);
				net_unlock(session->net);
			}
		}
		net_lock(session->net);
	}
	session->running = false;
	running_here = outer;
	if (flush)
		net_unlock(session->net);
	else
		net_unlock_quietly(session->net);
}

static void run_posted(void *arg)
{
	struct session *session = arg;

	net_lock(session->net);
	session->posted = false;
	net_unlock_quietly(session->net);
	session_run(session, true);
	session_unref(session);
}
