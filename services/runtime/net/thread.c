/* A thread's belongings: buffers for bulk reads and writes, and whether it is one of nng's. And
 * work handed to nng's threads. */
#include "runtime/net/thread.h"

#include "runtime/base/ensure.h"
#include "runtime/net/net.h"
#include <pthread.h>
#include <stdlib.h>

static _Thread_local bool on_callback_thread;

void net_callback_begin(void)
{
	on_callback_thread = true;
}

void net_callback_end(void)
{
	on_callback_thread = false;
}

bool net_on_callback_thread(void)
{
	return on_callback_thread;
}

static pthread_key_t thread_key;
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;

static void thread_free(void *arg)
{
	struct net_thread *thread = arg;

	nng_aio_free(thread->aio);
	free(thread->in);
	free(thread->out);
	free(thread);
}

static void thread_key_init(void)
{
	ensure(pthread_key_create(&thread_key, thread_free) == 0);
}

struct net_thread *net_thread_get(void)
{
	static _Thread_local struct net_thread *thread;

	if (thread)
		return thread;
	pthread_once(&thread_once, thread_key_init);
	thread = calloc(1, sizeof(*thread));
	ensure(thread);
	thread->in = malloc(NET_BULK_BYTES);
	thread->out = malloc(NET_BULK_BYTES);
	ensure(thread->in && thread->out && nng_aio_alloc(&thread->aio, NULL, NULL) == 0);
	pthread_setspecific(thread_key, thread);
	return thread;
}

/* Posted work is an aio that is finished at once: nng runs its callback on a task thread. They are
 * kept for reuse. */
struct post {
	nng_aio *aio;
	void (*fn)(void *ctx);
	void *ctx;
	struct post *next;
};

static struct {
	pthread_mutex_t lock;
	struct post *spare;
} posts = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void post_cb(void *arg)
{
	struct post *post = arg;

	net_callback_begin();
	post->fn(post->ctx);
	net_callback_end();
	pthread_mutex_lock(&posts.lock);
	post->next = posts.spare;
	posts.spare = post;
	pthread_mutex_unlock(&posts.lock);
}

void net_post(void (*fn)(void *ctx), void *ctx)
{
	struct post *post;

	pthread_mutex_lock(&posts.lock);
	post = posts.spare;
	if (post)
		posts.spare = post->next;
	pthread_mutex_unlock(&posts.lock);
	if (!post) {
		post = calloc(1, sizeof(*post));
		ensure(post && nng_aio_alloc(&post->aio, post_cb, post) == 0);
	}
	post->fn = fn;
	post->ctx = ctx;
	ensure(nng_aio_begin(post->aio));
	nng_aio_finish(post->aio, 0);
}
