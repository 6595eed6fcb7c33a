#include "chat/answer/fallback.h"

#include "chat/answer/prompt.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"

METRIC_FAMILY(fallbacks_total) = {
	.name = "chat_fallbacks_total",
	.help = "Answers that another model took over, because no provider of the first answered.",
	.labels = "model,fallback",
	.kind = METRIC_COUNTER,
};

static const struct model *next_fitting(struct generation *generation)
{
	const char *const *ids = generation->asked ? generation->asked->fallback : NULL;

	while (ids && ids[generation->n_fallbacks]) {
		const char *id = ids[generation->n_fallbacks++];
		const struct model *model = catalogue_find(generation->catalogue, id);

		if (model && prompt_fits(generation, model))
			return model;
	}
	return NULL;
}

bool fallback_take(struct generation *generation)
{
	struct facts *facts = &generation->log->facts;
	const struct model *model;

	if (generation->written)
		return false;
	model = next_fitting(generation);
	if (!model)
		return false;
	metric_add(metric_get(&fallbacks_total,
			      (const char *const[]){generation->asked->id, model->id}),
		   1);
	log_info("fallback", LOG_S("generation", facts->id), LOG_S("request_id", facts->request_id),
		 LOG_S("model", generation->asked->id), LOG_S("fallback", model->id));
	if (generation->prompt.max_output_tokens > model->max_output_tokens)
		generation->prompt.max_output_tokens = model->max_output_tokens;
	generation->model = model;
	snprintf(facts->asked_model, sizeof facts->asked_model, "%s", generation->asked->id);
	snprintf(facts->model, sizeof facts->model, "%s", model->id);
	generation->try.n = 0;
	generation->try.avoid = (struct provider_avoid){0};
	return true;
}
