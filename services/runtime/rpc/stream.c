/* The store of a stream: messages on their way in and out. */
#include "runtime/rpc/session.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include <string.h>

#define BYTES_KEPT 1024          /* of a buffer that ran empty */
#define WINDOW_GIVEN (32 * 1024) /* consumed bytes that are worth a lock */
#define QUEUE_FAIR (4 * 1024)    /* of one stream, also when the connection's limit is reached */
#define FREE_SHARE 16            /* a stream may hold this part of what the connection has free */
#define ARENA_CHUNK_BYTES 4000   /* with malloc's head one page */
#define ARENAS_SPARE_MAX 64

/* ------------------------------------------------------------------ begin and end */

void stream_init(struct stream *stream)
{
	atomic_init(&stream->refs, 1);
	atomic_init(&stream->moved_us, clock_mono_us());
	pthread_mutex_init(&stream->out_lock, NULL);
	/* Windows, queue_max and the connection's limits bound them. */
	buf_init(&stream->in, SIZE_MAX);
	buf_init(&stream->taken, SIZE_MAX);
	buf_init(&stream->out, SIZE_MAX);
}

void stream_attach(struct stream *stream, struct session *session)
{
	pthread_mutex_lock(&stream->out_lock);
	stream->session = session_ref(session);
	atomic_fetch_add(&session->unsent, stream->out.len);
	pthread_mutex_unlock(&stream->out_lock);
}

void stream_done(struct stream *stream)
{
	if (stream->session) {
		stream_uncount(stream, SIZE_MAX);
		atomic_fetch_sub(&stream->session->unsent, stream->out.len - stream->out_sent);
		session_unref(stream->session);
	}
	buf_done(&stream->in);
	buf_done(&stream->taken);
	buf_done(&stream->out);
	pthread_mutex_destroy(&stream->out_lock);
}

/* ------------------------------------------------------------------ out */

/* A stream may hold its queue, and less on a connection with many that are not read: n of them
 * get 1 / (n + FREE_SHARE) of the connection's limit each, and a stream that is read always has
 * room. */
static bool has_room(struct stream *stream, size_t waiting, size_t size, size_t queue_max)
{
	size_t unsent, free_bytes;

	if (waiting == 0)
		return true;
	if (waiting + size > queue_max)
		return false;
	/* Looked at once for each QUEUE_FAIR, and not below it. */
	if ((waiting + size) / QUEUE_FAIR == waiting / QUEUE_FAIR || !stream->session)
		return true;
	unsent = atomic_load_explicit(&stream->session->unsent, memory_order_relaxed);
	free_bytes =
		unsent < stream->session->unsent_max ? stream->session->unsent_max - unsent : 0;
	return waiting + size <= free_bytes / FREE_SHARE;
}

enum status stream_put(struct stream *stream, const ProtobufCMessage *message, size_t queue_max,
		       struct error *reterr)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	size_t size = WIRE_PREFIX_BYTES + len, waiting;
	uint8_t *p;

	pthread_mutex_lock(&stream->out_lock);
	waiting = stream->out.len - stream->out_sent;
	if (!has_room(stream, waiting, size, queue_max)) {
		stream->out_wanted = true;
		pthread_mutex_unlock(&stream->out_lock);
		return error_set(reterr, RESOURCE_EXHAUSTED, "overloaded",
				 "%zu bytes wait for a slow reader", waiting);
	}
	p = buf_reserve(&stream->out, size);
	wire_put_prefix(p, (uint32_t)len);
	ensure(protobuf_c_message_pack(message, p + WIRE_PREFIX_BYTES) == len);
	buf_commit(&stream->out, size);
	stream->put_bytes += size;
	if (stream->session)
		atomic_fetch_add(&stream->session->unsent, size);
	pthread_mutex_unlock(&stream->out_lock);
	return OK;
}

size_t stream_unsent(struct stream *stream)
{
	size_t n;

	pthread_mutex_lock(&stream->out_lock);
	n = stream->out.len - stream->out_sent;
	pthread_mutex_unlock(&stream->out_lock);
	return n;
}

void stream_discard(struct stream *stream)
{
	pthread_mutex_lock(&stream->out_lock);
	atomic_fetch_sub(&stream->session->unsent, stream->out.len - stream->out_sent);
	buf_done(&stream->out);
	stream->out_sent = 0;
	pthread_mutex_unlock(&stream->out_lock);
}

static ssize_t provide(nghttp2_session *h2, int32_t id, uint8_t *data, size_t max, uint32_t *flags,
		       nghttp2_data_source *source, void *ctx)
{
	struct stream *stream = source->ptr;
	bool end, writable;
	size_t n;

	pthread_mutex_lock(&stream->out_lock);
	n = stream->out.len - stream->out_sent;
	if (n > max)
		n = max;
	if (n > 0)
		memcpy(data, stream->out.data + stream->out_sent, n);
	stream->out_sent += n;
	end = stream->out_end && stream->out_sent == stream->out.len;
	if (stream->out_sent >= stream->out.len / 2 && !stream->out_kept) {
		buf_consume(&stream->out, stream->out_sent);
		buf_trim(&stream->out, BYTES_KEPT);
		stream->out_sent = 0;
	}
	writable = stream->out_wanted && stream->out_sent == 0;
	if (writable)
		stream->out_wanted = false;
	pthread_mutex_unlock(&stream->out_lock);

	atomic_fetch_sub(&stream->session->unsent, n);
	if (n > 0) {
		stream->session->idle_frames = 0;
		atomic_store_explicit(&stream->moved_us, clock_mono_us(), memory_order_relaxed);
	}
	if (writable)
		session_tell(stream, EVENT_WRITABLE);
	if (end) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		stream->session->side->on_output_end(stream, flags);
	} else if (n == 0) {
		stream->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	return (ssize_t)n;
}

nghttp2_data_provider stream_provider(struct stream *stream)
{
	return (nghttp2_data_provider){.source.ptr = stream, .read_callback = provide};
}

void stream_on_op(struct stream *stream)
{
	size_t consumed = atomic_exchange(&stream->consumed, 0);

	if (consumed > 0)
		nghttp2_session_consume_stream(stream->session->h2, stream->id, consumed);
	if (atomic_exchange(&stream->resume_wanted, false))
		session_tell(stream, EVENT_RESUME | EVENT_DATA);
	if (stream->deferred) {
		stream->deferred = false;
		/* Fails on a stream that has ended meanwhile: harmless. */
		nghttp2_session_resume_data(stream->session->h2, stream->id);
	}
}

/* ------------------------------------------------------------------ in */

void stream_uncount(struct stream *stream, size_t n)
{
	size_t unread = atomic_load(&stream->unread), less;

	do
		less = n < unread ? n : unread;
	while (!atomic_compare_exchange_weak(&stream->unread, &unread, unread - less));
	atomic_fetch_sub(&stream->session->unread, less);
}

static size_t length_of(const uint8_t *prefix)
{
	return (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 8 |
	       prefix[4];
}

bool stream_has_message(const struct stream *stream)
{
	size_t left = stream->taken.len - stream->taken_at;

	return left >= WIRE_PREFIX_BYTES &&
	       left - WIRE_PREFIX_BYTES >= length_of(stream->taken.data + stream->taken_at);
}

enum status stream_next_message(struct stream *stream, const uint8_t **ret_data, size_t *ret_len,
				uint8_t **ret_plain, struct error *reterr)
{
	const uint8_t *p;
	enum status s;
	size_t len;

	*ret_data = NULL;
	*ret_plain = NULL;
	if (!stream_has_message(stream))
		return OK;
	p = stream->taken.data + stream->taken_at;
	len = length_of(p);
	stream->taken_at += WIRE_PREFIX_BYTES + len;
	*ret_data = p + WIRE_PREFIX_BYTES;
	*ret_len = len;
	if (p[0] == 0)
		return OK;
	s = message_gunzip(*ret_data, len, stream->session->message_bytes_max, ret_plain, ret_len,
			   reterr);
	*ret_data = *ret_plain;
	return s;
}

void stream_messages_told(struct stream *stream)
{
	size_t n = stream->taken_at;
	size_t upto = stream->stopped ? n : stream->taken.len; /* the start of a message too: it may
								  be larger than the window */
	size_t give = upto > stream->taken_given ? upto - stream->taken_given : 0;

	stream->taken_given += give;
	if (n > 0) {
		buf_consume(&stream->taken, n);
		buf_trim(&stream->taken, BYTES_KEPT);
		stream->taken_at = 0;
		stream->taken_given -= n;
		stream_uncount(stream, n);
		atomic_store_explicit(&stream->moved_us, clock_mono_us(), memory_order_relaxed);
	}
	if (give > 0 && atomic_fetch_add(&stream->consumed, give) + give >= WINDOW_GIVEN)
		session_op(stream, true);
}

void stream_forget_taken(struct stream *stream)
{
	stream_uncount(stream, stream->taken.len);
	buf_done(&stream->taken);
	stream->taken_at = 0;
	stream->taken_given = 0;
}

/* ------------------------------------------------------------------ arenas */

static struct {
	pthread_mutex_t lock;
	struct arena *spare[ARENAS_SPARE_MAX];
	size_t n;
} arenas = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct arena *rpc_arena_take(size_t max_bytes)
{
	struct arena *arena = NULL;

	pthread_mutex_lock(&arenas.lock);
	if (arenas.n > 0)
		arena = arenas.spare[--arenas.n];
	pthread_mutex_unlock(&arenas.lock);
	if (!arena)
		return arena_new(ARENA_CHUNK_BYTES, max_bytes);
	arena->max_bytes = max_bytes;
	return arena;
}

void rpc_arena_give(struct arena *arena)
{
	bool kept;

	if (!arena)
		return;
	arena_reset(arena);
	pthread_mutex_lock(&arenas.lock);
	kept = arenas.n < ARENAS_SPARE_MAX;
	if (kept)
		arenas.spare[arenas.n++] = arena;
	pthread_mutex_unlock(&arenas.lock);
	if (!kept)
		arena_free(arena);
}
