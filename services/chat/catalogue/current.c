#include "chat/catalogue/current.h"

void current_init(struct current *current)
{
	pthread_mutex_init(&current->lock, NULL);
}

void current_done(struct current *current)
{
	catalogue_unref(current->catalogue);
	pthread_mutex_destroy(&current->lock);
}

struct catalogue *current_catalogue(struct current *current)
{
	struct catalogue *catalogue;

	pthread_mutex_lock(&current->lock);
	catalogue = catalogue_ref(current->catalogue);
	pthread_mutex_unlock(&current->lock);
	return catalogue;
}

void current_set(struct current *current, struct catalogue *catalogue)
{
	struct catalogue *old;

	pthread_mutex_lock(&current->lock);
	old = current->catalogue;
	current->catalogue = catalogue;
	pthread_mutex_unlock(&current->lock);
	catalogue_unref(old);
}

enum status chat_model(const struct catalogue *catalogue, const char *id, const char *fallback,
		       const struct model **ret, struct error *reterr)
{
	if (!*id)
		id = fallback;
	*ret = *id ? catalogue_find(catalogue, id) : catalogue_default(catalogue);
	if (!*ret && !catalogue_default(catalogue))
		return error_field(reterr, INVALID_ARGUMENT, "model_unknown", "model",
				   "no model is offered: no provider is configured, or its server "
				   "has not answered yet");
	if (!*ret)
		return error_field(reterr, INVALID_ARGUMENT, "model_unknown", "model",
				   "there is no model '%.100s' here", id);
	return OK;
}
