#include "chat/answer/places.h"

#include "runtime/base/ensure.h"

#include <inttypes.h>
#include <string.h>

#define REQUESTS_PER_PLACE 4 /* at once of one user; a repeat comes beside its original */

/* A user who has something here. */
struct tenant {
	struct tenant *next; /* in its bucket */
	char user_id[UUID_SIZE];
	int64_t requests[PLACES_OF_N]; /* that are being looked up or stored */
	int64_t running;               /* generations */
	int64_t bytes;                 /* of bodies and vectors */
};

static struct tenant **find(struct engine *engine, const char *user_id)
{
	struct tenant **at = &engine->tenants[bucket_of(user_id)];

	while (*at && strcmp((*at)->user_id, user_id) != 0)
		at = &(*at)->next;
	return at;
}

static struct tenant *get(struct engine *engine, const char *user_id)
{
	struct tenant **at = find(engine, user_id), *tenant = *at;

	if (tenant)
		return tenant;
	tenant = *at = calloc(1, sizeof *tenant);
	ensure(tenant);
	snprintf(tenant->user_id, UUID_SIZE, "%s", user_id);
	return tenant;
}

static void put(struct engine *engine, const char *user_id)
{
	struct tenant **at = find(engine, user_id), *tenant = *at;

	if (tenant->running > 0 || tenant->bytes > 0)
		return;
	for (size_t i = 0; i < PLACES_OF_N; i++) {
		if (tenant->requests[i] > 0)
			return;
	}
	*at = tenant->next;
	free(tenant);
}

static int64_t places_of(const struct engine *engine, enum places_of of)
{
	return of == PLACES_OF_CALLS ? engine->conf->calls_per_user
				     : engine->conf->generations_per_user;
}

enum status places_refuse(const struct engine *engine, enum places_of of, struct error *reterr)
{
	return error_set(reterr, RESOURCE_EXHAUSTED, "generations_full",
			 "%" PRId64 " answers are being written for you, as many as may be at "
			 "once: wait until one ends, or stop one",
			 places_of(engine, of));
}

enum status places_begin(struct engine *engine, enum places_of of, const char *user_id,
			 struct error *reterr)
{
	struct tenant *tenant = get(engine, user_id);

	if (tenant->requests[of] >= REQUESTS_PER_PLACE * places_of(engine, of)) {
		put(engine, user_id);
		return places_refuse(engine, of, reterr);
	}
	tenant->requests[of]++;
	return OK;
}

void places_end(struct engine *engine, enum places_of of, const char *user_id)
{
	get(engine, user_id)->requests[of]--;
	put(engine, user_id);
}

/* The generations of one user are counted in the database, for all replicas. */
enum status places_take(struct engine *engine, const char *user_id, struct error *reterr)
{
	const struct chat_conf *conf = engine->conf;
	int64_t reserved = conf->generations_max * conf->generations_reserved / 100;
	int64_t left = conf->generations_max - engine->n_generations - engine->n_starting;
	const struct tenant *tenant = get(engine, user_id);

	if (left <= (tenant->running > 0 ? reserved : 0))
		return error_set(reterr, RESOURCE_EXHAUSTED, "overloaded",
				 "too many answers are being written at the moment: "
				 "try again in a few seconds");
	return OK;
}

void places_run(struct engine *engine, const char *user_id)
{
	get(engine, user_id)->running++;
}

void places_rest(struct engine *engine, const char *user_id)
{
	get(engine, user_id)->running--;
	put(engine, user_id);
}

enum status places_weigh(struct engine *engine, const char *user_id, int64_t bytes,
			 struct error *reterr)
{
	const struct chat_conf *conf = engine->conf;
	struct tenant *tenant = get(engine, user_id);
	enum status s = OK;

	if (tenant->bytes + bytes > conf->call_memory_per_user)
		s = error_set(reterr, RESOURCE_EXHAUSTED, "bodies_full",
			      "your requests hold %" PRId64 " bytes of memory, of %" PRId64
			      " at once: wait until one ends",
			      tenant->bytes, conf->call_memory_per_user);
	else if (engine->bytes + bytes > conf->call_memory_max)
		s = error_set(reterr, RESOURCE_EXHAUSTED, "overloaded",
			      "requests of all programs hold as much memory as they may: try again "
			      "in a few seconds");
	if (s == OK) {
		tenant->bytes += bytes;
		engine->bytes += bytes;
	}
	put(engine, user_id);
	return s;
}

void places_give(struct engine *engine, const char *user_id, int64_t bytes)
{
	if (bytes == 0)
		return;
	get(engine, user_id)->bytes -= bytes;
	engine->bytes -= bytes;
	put(engine, user_id);
}
