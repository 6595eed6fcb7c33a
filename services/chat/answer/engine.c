#include "chat/answer/engine.h"

#include "runtime/http/http.h"

void engine_post(struct engine *engine, void (*fn)(void *ctx), void *ctx)
{
	http_post(engine->http, fn, ctx);
}

void engine_busy(struct engine *engine)
{
	engine->n_busy++;
}

void engine_rest(struct engine *engine)
{
	if (--engine->n_busy == 0 && engine->on_idle)
		engine->on_idle(engine);
}

void engine_submit(struct engine *engine, struct work *work)
{
	engine_busy(engine);
	crew_give(engine->crew, work);
}

enum status engine_refuse(struct error *reterr)
{
	return error_set(reterr, UNAVAILABLE, "service_unavailable", "the service restarts");
}
