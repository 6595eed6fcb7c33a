#include "chat/answer/way.h"

#include "chat/key/take.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"

METRIC_FAMILY(refused_keys_total) = {
	.name = "chat_provider_keys_refused_total",
	.help = "Keys that a provider refused (401): they are off until somebody turns them on.",
	.labels = "provider",
	.kind = METRIC_COUNTER,
};

/* ---------------------------------------------------------------- a key is taken */

/* Takes a use of a key that all replicas share. */
struct take_work {
	struct work work;
	struct generation *generation; /* a reference, which keeps the keys */
	const struct way_hooks *hooks;
	struct provider_ask ask;
	struct provider_pick spare; /* when none of the ask has room; key NULL: there is none */
	struct key_taken taken;
};

static void run_take(struct crew_member *member, struct work *work)
{
	struct take_work *take = (struct take_work *)work;

	work->status = key_take(member->worker, &take->ask, &take->taken, &work->err);
}

static void use(struct take_work *take)
{
	struct generation *generation = take->generation;
	int64_t now_us = clock_mono_us();

	if (take->taken.pick) {
		take->taken.pick->key->used_us = now_us;
		generation->try.pick = *take->taken.pick;
		take->hooks->found(generation);
		return;
	}
	for (size_t i = 0; i < take->ask.n; i++) {
		struct provider_key *key = take->ask.picks[i].key;

		key->full_us = now_us + take->taken.wait_us[i];
		if (take->taken.wait_us[i] < 0)
			key->off = true;
	}
	way_find(generation, take->hooks);
}

static void take_done(struct work *work)
{
	struct take_work *take = (struct take_work *)work;
	struct generation *generation = take->generation;

	provider_unpick(&take->spare); /* way_find picks it again when nothing else is free */
	if (generation->stage != STAGE_TRY)
		; /* dropped meanwhile */
	else if (generation->cancel)
		generation_end_cancelled(generation);
	else if (work->status != OK)
		take->hooks->unknown(generation, &work->err);
	else
		use(take);
	generation_unref(generation);
	free(take);
}

void way_find(struct generation *generation, const struct way_hooks *hooks)
{
	const struct model *model = generation->model;
	struct provider_pick pick;
	struct provider_ask ask;
	struct take_work *take;
	int64_t wait_us;

	if (!provider_pick(model->routes, model->n_routes, clock_mono_us(), &generation->try.avoid,
			   &pick, &ask, &wait_us)) {
		hooks->none(generation, wait_us);
		return;
	}
	if (ask.n == 0) {
		generation->try.pick = pick;
		hooks->found(generation);
		return;
	}
	take = calloc(1, sizeof *take);
	ensure(take);
	take->work.run = run_take;
	take->work.done = take_done;
	take->work.user_id = generation->log->facts.user_id;
	take->generation = generation_ref(generation);
	take->hooks = hooks;
	take->ask = ask;
	take->spare = pick;
	engine_submit(generation->engine, &take->work);
}

/* ---------------------------------------------------------------- what the other replicas must know */

struct note_work {
	struct work work;
	struct generation *generation; /* a reference, which keeps what the pick names */
	struct provider_pick pick;
	struct provider_note note;
};

static void run_note(struct crew_member *member, struct work *work)
{
	const struct note_work *note = (const struct note_work *)work;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	const char *id = note->pick.key->id;
	const char *const key[] = {id};
	const char *const rest[] = {id, note->note.of_model ? note->pick.route->upstream : "",
				    db_param_i64(arena, note->note.rest_ms),
				    db_param_i64(arena, note->note.failures)};
	int64_t n = 0;

	if (note->note.rests)
		work->status =
			db_exec(member->worker, &sql_provider_key_rest, rest, NULL, &work->err);
	if (work->status == OK && note->note.refused)
		work->status =
			db_exec(member->worker, &sql_provider_key_refuse, key, &n, &work->err);
	if (n == 0)
		return;
	log_error("provider_key_refused", LOG_S("provider", note->pick.route->provider->name),
		  LOG_S("key", id),
		  LOG_S("message", "it is off until an administrator turns it on"));
}

static void note_done(struct work *work)
{
	struct note_work *note = (struct note_work *)work;

	if (note->note.refused) {
		note->pick.key->noting--;
		note->pick.key->noted_us = clock_mono_us();
	}
	if (work->status != OK) /* then it rests here alone */
		log_warn("provider_key_not_noted", LOG_S("reason", work->err.reason),
			 LOG_S("message", work->err.message));
	generation_unref(note->generation);
	free(note);
}

void way_report(struct generation *generation, const struct provider_fault *fault)
{
	struct provider_try *try = &generation->try;
	const char *const labels[] = {try->pick.route->provider->name};
	struct provider_key *key = try->pick.key;
	struct provider_note note;
	struct note_work *work;

	provider_report(generation->model->routes, &try->pick, clock_mono_us(), fault, &try->avoid,
			&note);
	if (note.refused)
		metric_add(metric_get(&refused_keys_total, labels), 1);
	if (!key->id[0] || !(note.rests || note.refused))
		return;
	work = calloc(1, sizeof *work);
	ensure(work);
	work->work.run = run_note;
	work->work.done = note_done;
	work->note = note;
	work->generation = generation_ref(generation);
	work->pick = try->pick;
	key->noting += note.refused;
	engine_submit(generation->engine, &work->work);
}
