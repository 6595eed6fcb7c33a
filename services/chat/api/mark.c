#include "chat/api/mark.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#define EACH_MS 500    /* that whole answers wait for company */
#define WHOLE_MAX 1000 /* of one statement; more do not wait */
#define ARENA_BYTES (WHOLE_MAX * 128 + 4096)

/* Calls whose answers are whole, until they are stored. */
struct marks {
	char ids[WHOLE_MAX][UUID_SIZE];
	size_t n;
	int64_t due_us; /* clock_mono_us */
};

struct mark_work {
	struct work work;
	struct marks *marks; /* whole ones, or */
	char id[UUID_SIZE];  /* a lost one */
	bool alone;
};

static void run_whole(struct crew_member *member, struct work *work)
{
	const struct marks *marks = ((struct mark_work *)work)->marks;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, ARENA_BYTES);
	const char *ids[WHOLE_MAX];

	for (size_t i = 0; i < marks->n; i++)
		ids[i] = marks->ids[i];
	const char *const params[] = {db_param_array(arena, ids, marks->n)};
	work->status = db_exec(member->worker, &sql_api_call_whole, params, NULL, &work->err);
}

static void run_lost(struct crew_member *member, struct work *work)
{
	const struct mark_work *mark = (const struct mark_work *)work;
	const char *const params[] = {mark->id, mark->alone ? "true" : "false"};

	work->status = db_exec(member->worker, &sql_api_call_lost, params, NULL, &work->err);
}

/* A mark that is not stored costs a repeat its old answer, or the other way round. */
static void mark_done(struct work *work)
{
	struct mark_work *mark = (struct mark_work *)work;

	if (work->status != OK)
		log_warn("call_not_marked", LOG_S("reason", work->err.reason),
			 LOG_S("message", work->err.message));
	free(mark->marks);
	free(mark);
}

static struct mark_work *mark_new(void (*run)(struct crew_member *member, struct work *work))
{
	struct mark_work *mark = calloc(1, sizeof *mark);

	ensure(mark);
	mark->work.run = run;
	mark->work.done = mark_done;
	return mark;
}

static void store(struct engine *engine)
{
	struct mark_work *mark = mark_new(run_whole);

	mark->marks = TAKE_PTR(engine->marks);
	engine_submit(engine, &mark->work);
}

void mark_whole(struct engine *engine, const char *generation)
{
	struct marks *marks = engine->marks;

	if (!marks) {
		marks = engine->marks = calloc(1, sizeof *marks);
		ensure(marks);
		marks->due_us = clock_mono_us() + EACH_MS * US_PER_MS;
	}
	snprintf(marks->ids[marks->n++], UUID_SIZE, "%s", generation);
	if (marks->n == WHOLE_MAX)
		store(engine);
}

void mark_lost(struct engine *engine, const char *generation, bool alone)
{
	struct mark_work *mark = mark_new(run_lost);

	snprintf(mark->id, UUID_SIZE, "%s", generation);
	mark->alone = alone;
	engine_submit(engine, &mark->work);
}

void mark_tick(struct engine *engine, int64_t now_us)
{
	if (engine->marks && now_us >= engine->marks->due_us)
		store(engine);
}

void mark_free(struct engine *engine)
{
	free(TAKE_PTR(engine->marks));
}
