/* A whole answer for a thread that may wait. */
#include "runtime/base/ensure.h"
#include "runtime/http/internal.h"

#include <string.h>

struct waiter {
	pthread_mutex_t lock; /* guards done */
	pthread_cond_t ended;
	bool done;
	enum status status;
	struct error err;
	struct arena *arena; /* the waiting thread lends it */
	struct buf body;
	struct http_answer *answer;
};

static void on_head(struct http_transfer *transfer, int32_t status, void *ctx)
{
	struct waiter *waiter = ctx;
	const char *type = http_header(transfer, "content-type");

	waiter->answer->status = status;
	waiter->answer->content_type = type ? arena_strdup(waiter->arena, type) : "";
}

static bool on_data(struct http_transfer *transfer, const void *data, size_t len, void *ctx)
{
	struct waiter *waiter = ctx;

	return buf_add(&waiter->body, data, len);
}

static void on_end(struct http_transfer *transfer, enum status status, const struct error *err,
		   void *ctx)
{
	struct waiter *waiter = ctx;

	pthread_mutex_lock(&waiter->lock);
	waiter->status = status;
	if (status != OK)
		waiter->err = *err;
	waiter->done = true;
	pthread_cond_signal(&waiter->ended);
	pthread_mutex_unlock(&waiter->lock);
}

enum status http_call(struct http_client *client, const struct http_request *request,
		      struct arena *arena, struct http_answer *ret, struct error *reterr)
{
	static const struct http_hooks hooks = {on_head, on_data, on_end};
	struct http_answer answer = {.content_type = ""};
	struct waiter waiter = {.arena = arena, .answer = &answer};

	ensure(!http_on_engine(client));
	pthread_mutex_init(&waiter.lock, NULL);
	pthread_cond_init(&waiter.ended, NULL);
	buf_init(&waiter.body, SIZE_MAX / 2); /* the transfer's own limit is lower */
	http_start(client, request, &hooks, &waiter);
	pthread_mutex_lock(&waiter.lock);
	while (!waiter.done)
		pthread_cond_wait(&waiter.ended, &waiter.lock);
	pthread_mutex_unlock(&waiter.lock);
	if (waiter.status == OK) {
		answer.body_len = waiter.body.len;
		answer.body = arena_memdup(arena, buf_text(&waiter.body), waiter.body.len + 1);
		if (!answer.body)
			waiter.status =
				error_set(&waiter.err, RESOURCE_EXHAUSTED, "call_too_large",
					  "the answer of %zu bytes does not fit", waiter.body.len);
		else
			*ret = answer;
	}
	if (waiter.status != OK && reterr)
		*reterr = waiter.err;
	buf_done(&waiter.body);
	pthread_cond_destroy(&waiter.ended);
	pthread_mutex_destroy(&waiter.lock);
	return waiter.status;
}
