#include "chat/answer/wait.h"

#include "chat/events/events.h"
#include "chat/words/state.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"

#include <jansson.h>

#define ROUNDS_MAX 4 /* waits between rounds */
#define JITTER 10    /* a tenth, both ways */
#define SNOOZE_MIN_MS 1000

static int64_t wait_ms(const struct chat_conf *conf, int32_t round)
{
	const int64_t waits[ROUNDS_MAX] = {conf->wait_first_ms, conf->wait_second_ms,
					   conf->wait_third_ms, conf->wait_fourth_ms};
	int64_t ms = waits[round];

	return ms - ms / JITTER + (int64_t)random_below((uint64_t)(2 * ms / JITTER + 1));
}

static bool may_snooze(const struct generation *generation)
{
	const struct chat_conf *conf = generation->engine->conf;

	return clock_wall_us() - generation->log->facts.create_us <
	       conf->queue_lifetime_ms * US_PER_MS;
}

void wait_or_fail(struct generation *generation, const struct error *err, int64_t snooze_ms)
{
	const struct chat_conf *conf = generation->engine->conf;
	struct outcome *outcome = &generation->outcome;

	if (!generation->background || generation->written) {
		generation_end(generation, CHAT__V1__GENERATION__STATE__FAILED, 0, err);
		return;
	}
	outcome->rounds = generation->rounds;
	if (snooze_ms > 0 && may_snooze(generation)) {
		outcome->wait_ms = snooze_ms < SNOOZE_MIN_MS ? SNOOZE_MIN_MS : snooze_ms;
		if (outcome->wait_ms > conf->wait_fourth_ms)
			outcome->wait_ms = conf->wait_fourth_ms;
	} else if (generation->rounds < ROUNDS_MAX) {
		outcome->wait_ms = wait_ms(conf, outcome->rounds++);
	} else {
		generation_end(generation, CHAT__V1__GENERATION__STATE__DEAD, 0, err);
		return;
	}
	generation_end(generation, CHAT__V1__GENERATION__STATE__WAITING, 0, err);
}

/* A failure as operators see it. NULL: there is none. */
static const char *failure(const struct generation *generation, struct arena *arena)
{
	const struct error *err = &generation->outcome.err;
	const struct provider_route *route = generation->try.pick.route;
	_cleanup_(freep) char *text = NULL;
	json_t *root;

	if (err->code == OK)
		return NULL;
	root = json_pack("{s:s, s:s, s:s, s:i}", "reason", err->reason, "message", err->message,
			 "provider", route ? route->provider->name : "", "attempt",
			 generation->log->facts.attempt);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text ? arena_strdup(arena, text) : "{}";
}

enum status wait_store(struct db *db, const struct generation *generation, struct arena *arena,
		       bool *ret_lost, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const struct outcome *outcome = &generation->outcome;
	const char *const params[] = {
		generation->log->facts.id,
		db_param_i64(arena, generation->lease_token),
		db_param_i64(arena, outcome->wait_ms),
		db_param_i64(arena, outcome->rounds),
		failure(generation, arena),
	};
	enum status s = db_query(db, &sql_generation_wait, params, &rows, reterr);

	if (s == OK)
		*ret_lost = PQntuples(rows) == 0;
	return s;
}

enum status wait_end(struct db *db, const struct generation *generation, struct arena *arena,
		     struct error *reterr)
{
	const char *const params[] = {generation->log->facts.id, failure(generation, arena)};

	return db_exec(db, &sql_generation_end_background, params, NULL, reterr);
}

enum status wait_tell(struct db *db, const struct generation *generation, struct arena *arena,
		      struct error *reterr)
{
	const struct facts *facts = &generation->log->facts;
	const char *payload =
		arena_printf(arena, "{\"chat\":\"%s\",\"generation\":\"%s\",\"state\":\"%s\"}",
			     facts->chat_id, facts->id, state_word(generation->outcome.state));

	return events_add(db, NULL, facts->user_id, "generation.ended", payload, NULL, reterr);
}
