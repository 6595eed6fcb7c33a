#include "chat/answer/beat.h"

#include "runtime/metrics/metrics.h"

#include <string.h>

#define BEAT_KEPT_MS 86400000

METRIC_FAMILY(queue_depth) = {
	.name = "chat_queue_depth",
	.help = "Generations of all replicas that are not over, and those that were given up.",
	.labels = "state",
	.kind = METRIC_GAUGE,
};
METRIC_FAMILY(queue_age) = {
	.name = "chat_queue_oldest_seconds",
	.help = "Age of the oldest generation that waits.",
	.kind = METRIC_GAUGE,
};

static void show(const PGresult *rows)
{
	static const char *const states[] = {"QUEUED", "RUNNING", "WAITING", "DEAD"};
	int64_t oldest_ms = 0;

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		int64_t depth = 0;

		for (int row = 0; row < PQntuples(rows); row++) {
			if (strcmp(db_peek(rows, row, "state"), states[i]) != 0)
				continue;
			depth = db_i64(rows, row, "depth");
			if (i != 1 && db_i64(rows, row, "age_ms") > oldest_ms)
				oldest_ms = db_i64(rows, row, "age_ms");
		}
		metric_set(metric_get(&queue_depth, &states[i]), depth);
	}
	metric_set(metric_get(&queue_age, NULL), oldest_ms / 1000);
}

enum status beat_run(struct crew_member *member, const struct engine *engine, int64_t running,
		     struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 4096);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {engine->boot_id, engine->options.endpoint,
				      db_param_i64(arena, running),
				      db_param_i64(arena, BEAT_KEPT_MS)};
	enum status s = db_exec(member->worker, &sql_queue_beat, params, NULL, reterr);

	if (s == OK)
		s = db_query(member->worker, &sql_queue_depth, NULL, &rows, reterr);
	if (s == OK)
		show(rows);
	return s;
}
