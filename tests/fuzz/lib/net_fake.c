#include "tests/fuzz/lib/net_fake.h"

#include "runtime/base/ensure.h"
#include <string.h>

struct net_conn {
	struct net_hooks hooks;
	void *ctx;
	int refs;
	bool locked, started, closed, close_flushed, over;
};

struct net_timer {
	void (*fn)(void *ctx);
	void *ctx;
	int round; /* of net_fake_fire, when it was started */
	struct net_timer *next;
};

static int alive;

/* ------------------------------------------------------------------ posts and timers */

static struct net_timer *posts, **posts_tail = &posts, *timers;
static int fire_round;

static struct net_timer *job_new(void (*fn)(void *ctx), void *ctx)
{
	struct net_timer *job = calloc(1, sizeof(*job));

	ensure(job);
	job->fn = fn;
	job->ctx = ctx;
	return job;
}

void net_post(void (*fn)(void *ctx), void *ctx)
{
	*posts_tail = job_new(fn, ctx);
	posts_tail = &(*posts_tail)->next;
}

void net_fake_run(void)
{
	struct net_timer *job;

	while ((job = posts) != NULL) {
		posts = job->next;
		if (!posts)
			posts_tail = &posts;
		job->fn(job->ctx);
		free(job);
	}
}

struct net_timer *net_timer_start(int64_t when_us, void (*fn)(void *ctx), void *ctx)
{
	struct net_timer *timer = job_new(fn, ctx);

	timer->round = fire_round;
	timer->next = timers;
	timers = timer;
	return timer;
}

bool net_timer_cancel(struct net_timer *timer)
{
	struct net_timer **at = &timers;

	while (*at && *at != timer)
		at = &(*at)->next;
	if (!*at)
		return false;
	*at = timer->next;
	free(timer);
	return true;
}

/* Not those that are started meanwhile: they could go on for ever. */
void net_fake_fire(void)
{
	fire_round++;
	for (;;) {
		struct net_timer **at = &timers, *timer;

		while (*at && (*at)->round == fire_round)
			at = &(*at)->next;
		timer = *at;
		if (!timer)
			return;
		*at = timer->next;
		timer->fn(timer->ctx);
		free(timer);
		net_fake_run();
	}
}

bool net_callbacks_wait(void)
{
	return false;
}

bool net_on_callback_thread(void)
{
	return true;
}

/* ------------------------------------------------------------------ connections */

static struct net_conn *conn_new(void)
{
	struct net_conn *conn = calloc(1, sizeof(*conn));

	ensure(conn);
	conn->refs = 1;
	alive++;
	return conn;
}

struct net_conn *net_ref(struct net_conn *conn)
{
	conn->refs++;
	return conn;
}

void net_unref(struct net_conn *conn)
{
	if (--conn->refs > 0)
		return;
	ensure(!conn->locked && (conn->over || !conn->started));
	if (conn->started)
		conn->hooks.on_free(conn->ctx);
	free(conn);
	alive--;
}

static void start(struct net_conn *conn, const struct net_hooks *hooks, void *ctx)
{
	conn->hooks = *hooks;
	conn->ctx = ctx;
	conn->started = true;
	net_ref(conn); /* while it is open */
}

static void flush(struct net_conn *conn)
{
	static uint8_t out[65536];

	if (!conn->started || conn->over)
		return;
	while (!conn->closed && conn->hooks.on_output(conn, out, sizeof(out), conn->ctx) > 0)
		continue;
	conn->closed |= conn->close_flushed;
}

void net_lock(struct net_conn *conn)
{
	ensure(!conn->locked);
	conn->locked = true;
}

void net_unlock_quietly(struct net_conn *conn)
{
	ensure(conn->locked);
	conn->locked = false;
}

void net_unlock(struct net_conn *conn)
{
	flush(conn);
	net_unlock_quietly(conn);
}

void net_start(struct net_conn *conn, const struct net_hooks *hooks, void *ctx)
{
	net_lock(conn);
	start(conn, hooks, ctx);
	net_unlock(conn);
}

void net_close(struct net_conn *conn, bool flush_first)
{
	if (flush_first)
		conn->close_flushed = true;
	else
		conn->closed = true;
}

/* The last steps of every callback, as in net. */
static void callback_finish(struct net_conn *conn)
{
	net_unlock_quietly(conn);
	conn->hooks.on_unlocked(conn, conn->ctx);
	net_lock(conn);
	flush(conn);
	if (conn->closed && !conn->over) {
		conn->over = true;
		conn->hooks.on_close(conn, conn->ctx);
		net_unlock_quietly(conn);
		conn->hooks.on_unlocked(conn, conn->ctx);
		net_unref(conn); /* open no more */
		return;
	}
	net_unlock_quietly(conn);
}

static void receive(struct net_conn *conn, const uint8_t *data, size_t len)
{
	/* Each piece is memory of its own, so that a look past its end is seen. */
	uint8_t *piece = malloc(len);

	ensure(piece);
	memcpy(piece, data, len);
	net_lock(conn);
	if (!conn->hooks.on_receive(conn, piece, len, conn->ctx))
		conn->close_flushed = true;
	free(piece);
	callback_finish(conn);
	net_fake_run();
}

void net_fake_receive(struct net_conn *conn, const uint8_t *data, size_t len, size_t step)
{
	while (len > 0 && !conn->closed && !conn->close_flushed) {
		size_t n = len < step ? len : step;

		receive(conn, data, n);
		data += n;
		len -= n;
	}
}

void net_fake_end(struct net_conn *conn)
{
	if (conn->started && !conn->over) {
		net_lock(conn);
		conn->closed = true;
		callback_finish(conn);
	}
	net_fake_run();
	net_unref(conn);
	net_fake_run();
}

int net_fake_alive(void)
{
	return alive;
}

/* ------------------------------------------------------------------ both ends */

static net_accept_fn *accept_fn;
static void *accept_ctx;

#define DIALS_MAX 16 /* a client has at most 8 connections to an address */

static struct {
	net_dialed_fn *done;
	void *ctx;
} dials[DIALS_MAX]; /* not answered yet, the oldest first */
static size_t n_dials;

enum status net_listen(const struct net_listen_options *options, net_accept_fn *accept, void *ctx,
		       struct net_listener **ret, struct error *reterr)
{
	accept_fn = accept;
	accept_ctx = ctx;
	*ret = NULL;
	return OK;
}

struct net_conn *net_fake_accept(void)
{
	struct net_conn *conn = conn_new();
	struct net_hooks hooks;
	void *ctx;

	net_lock(conn);
	ctx = accept_fn(conn, &hooks, accept_ctx);
	ensure(ctx);
	start(conn, &hooks, ctx);
	net_unlock(conn);
	return conn;
}

void net_dial(const struct net_dial_options *options, net_dialed_fn *done, void *ctx)
{
	ensure(n_dials < DIALS_MAX);
	dials[n_dials].done = done;
	dials[n_dials++].ctx = ctx;
}

struct net_conn *net_fake_answer_dial(void)
{
	net_dialed_fn *done = dials[0].done;
	void *ctx = dials[0].ctx;
	struct net_conn *conn;

	if (n_dials == 0)
		return NULL;
	memmove(dials, dials + 1, --n_dials * sizeof(dials[0]));
	conn = conn_new();
	done(net_ref(conn), NULL, ctx);
	net_fake_run();
	return conn;
}

/* ------------------------------------------------------------------ of no matter here */

uint16_t net_listener_port(const struct net_listener *listener)
{
	return 0;
}

void net_listener_stop(struct net_listener *listener)
{
}

void net_listener_free(struct net_listener *listener)
{
}

void net_set_idle_timeout(struct net_conn *conn, int32_t idle_ms)
{
}

void net_set_deadline(struct net_conn *conn, int64_t deadline_us)
{
}

void net_set_send_timeout(struct net_conn *conn, int32_t send_ms)
{
}

void net_pause(struct net_conn *conn, bool paused)
{
}

const char *net_peer_address(const struct net_conn *conn)
{
	return "";
}

int64_t net_peer_uid(const struct net_conn *conn)
{
	return -1;
}

bool net_peer_verified(const struct net_conn *conn)
{
	return false;
}
