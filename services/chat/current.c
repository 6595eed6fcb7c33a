/* The process's state, and the catalogue, which SIGHUP replaces while handlers read it. */
#include "chat/chat.h"

#include <pthread.h>

struct chat chat;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards current */
static struct catalogue *current;

struct catalogue *chat_catalogue(void)
{
	struct catalogue *catalogue;

	pthread_mutex_lock(&lock);
	catalogue = catalogue_ref(current);
	pthread_mutex_unlock(&lock);
	return catalogue;
}

void chat_catalogue_set(struct catalogue *catalogue)
{
	struct catalogue *old;

	pthread_mutex_lock(&lock);
	old = current;
	current = catalogue;
	pthread_mutex_unlock(&lock);
	catalogue_unref(old);
}

enum status chat_model(const struct catalogue *catalogue, const char *id, const char *fallback,
		       const struct model **ret, struct error *reterr)
{
	if (!*id)
		id = fallback;
	*ret = *id ? catalogue_find(catalogue, id) : catalogue_default(catalogue);
	if (!*ret && catalogue->n_models == 0)
		return error_field(reterr, INVALID_ARGUMENT, "model_unknown", "model",
				   "no model is offered: no provider is configured, or its server "
				   "has not answered yet");
	if (!*ret)
		return error_field(reterr, INVALID_ARGUMENT, "model_unknown", "model",
				   "there is no model '%.100s' here", id);
	return OK;
}
