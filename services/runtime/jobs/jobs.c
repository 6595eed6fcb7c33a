#include "runtime/jobs/jobs.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/uuid.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"
#include "sql/runtime.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define LOOK_MS_MAX 5000 /* a job that another replica let go is noticed within this time */
#define FAILED_INTERVAL_MS_MAX 60000
#define TAKE_MS 5000

METRIC_FAMILY(success_time) = {
	.name = "job_success_time_seconds",
	.help = "When the job last ended well here, seconds since 1970.",
	.labels = "job",
	.kind = METRIC_GAUGE,
};
METRIC_FAMILY(runs_total) = {
	.name = "job_runs_total",
	.help = "Runs by result.",
	.labels = "job,result",
	.kind = METRIC_COUNTER,
};

struct jobs {
	struct db_pool *pool;
	struct job *jobs; /* a copy */
	size_t n;
	pthread_t thread;
	pthread_mutex_t lock; /* of the condition */
	pthread_cond_t changed;
	atomic_bool stopping;
	bool registered;
};

static enum status register_all(struct jobs *jobs, struct db *db, struct error *reterr)
{
	enum status s = OK;

	for (size_t i = 0; s == OK && i < jobs->n; i++)
		s = db_exec(db, &sql_job_register, (const char *const[]){jobs->jobs[i].name}, NULL,
			    reterr);
	jobs->registered = s == OK;
	return s;
}

static struct metric *runs_of(const struct job *job, bool good)
{
	return metric_get(&runs_total, (const char *const[]){job->name, good ? "ok" : "failed"});
}

static void report(const struct job *job, enum status s, const struct error *err, int64_t us)
{
	metric_add(runs_of(job, s == OK), 1);
	if (s == OK) {
		metric_set(metric_get(&success_time, (const char *const[]){job->name}),
			   clock_wall_us() / US_PER_S);
		log_debug("job", LOG_S("job", job->name), LOG_I("dur_us", us));
		return;
	}
	log_warn("job_failed", LOG_S("job", job->name), LOG_S("code", status_name(s)),
		 LOG_S("message", err->message));
}

/* Runs the job if it is due and no other replica has it. */
static enum status try_job(const struct job *job, struct db *db, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);
	struct error failure;
	char lease[UUID_SIZE];
	int64_t n, interval_ms = job->interval_ms, began_us = clock_mono_us();
	enum status s, result;

	uuid_v4(lease);
	s = db_exec(db, &sql_job_claim,
		    (const char *const[]){job->name, lease, db_param_i64(arena, job->lease_ms)}, &n,
		    reterr);
	if (s != OK || n == 0)
		return s;
	result = job->run(db, job->ctx, &failure);
	report(job, result, &failure, clock_mono_us() - began_us);
	if (result != OK && interval_ms > FAILED_INTERVAL_MS_MAX)
		interval_ms = FAILED_INTERVAL_MS_MAX;
	return db_exec(db, &sql_job_end,
		       (const char *const[]){job->name, lease, db_param_i64(arena, interval_ms),
					     result == OK ? NULL : failure.message},
		       NULL, reterr);
}

/* *ret_ms: until the next job of ours is due, at most LOOK_MS_MAX. */
static enum status look(struct jobs *jobs, struct db *db, int64_t *ret_ms, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char **names = arena_array(arena, jobs->n, sizeof *names);
	enum status s;

	ensure(names);
	for (size_t i = 0; i < jobs->n; i++)
		names[i] = jobs->jobs[i].name;
	s = db_query(db, &sql_job_next,
		     (const char *const[]){db_param_array(arena, names, jobs->n)}, &rows, reterr);
	if (s != OK)
		return s;
	for (int i = 0; i < PQntuples(rows); i++) {
		if (db_i64(rows, i, "due_ms") < *ret_ms)
			*ret_ms = db_i64(rows, i, "due_ms");
	}
	return OK;
}

static enum status work(struct jobs *jobs, struct db *db, int64_t *ret_ms, struct error *reterr)
{
	enum status s = jobs->registered ? OK : register_all(jobs, db, reterr);

	for (size_t i = 0; s == OK && i < jobs->n && !jobs->stopping; i++)
		s = try_job(&jobs->jobs[i], db, reterr);
	return s == OK ? look(jobs, db, ret_ms, reterr) : s;
}

/* False: stop. */
static bool sleep_for(struct jobs *jobs, int64_t ms)
{
	int64_t end_us = clock_mono_us() + ms * US_PER_MS;
	struct timespec end = {end_us / US_PER_S, end_us % US_PER_S * 1000};

	pthread_mutex_lock(&jobs->lock);
	while (!jobs->stopping && pthread_cond_timedwait(&jobs->changed, &jobs->lock, &end) == 0)
		;
	pthread_mutex_unlock(&jobs->lock);
	return !jobs->stopping;
}

static void *run(void *ctx)
{
	struct jobs *jobs = ctx;
	int64_t ms = 0;

	while (sleep_for(jobs, ms)) {
		struct error err;
		struct db *db;
		enum status s = db_pool_take(jobs->pool, TAKE_MS, &db, &err);

		ms = LOOK_MS_MAX;
		if (s == OK) {
			s = work(jobs, db, &ms, &err);
			db_pool_give(jobs->pool, db);
		}
		if (s != OK) {
			ms = US_PER_S / US_PER_MS;
			log_warn("jobs_wait", LOG_S("code", status_name(s)),
				 LOG_S("message", err.message));
		}
	}
	return NULL;
}

struct jobs *jobs_start(struct db_pool *pool, const struct job *list, size_t n)
{
	struct jobs *jobs = calloc(1, sizeof *jobs);
	pthread_condattr_t monotonic;

	ensure(jobs);
	jobs->pool = pool;
	jobs->n = n;
	jobs->jobs = calloc(n, sizeof *jobs->jobs);
	ensure(jobs->jobs);
	memcpy(jobs->jobs, list, n * sizeof *list);
	for (size_t i = 0; i < n; i++) { /* known with 0 before the first run */
		runs_of(&list[i], true);
		runs_of(&list[i], false);
	}
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&jobs->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	ensure(pthread_create(&jobs->thread, NULL, run, jobs) == 0);
	return jobs;
}

void jobs_stop(struct jobs *jobs)
{
	if (!jobs)
		return;
	pthread_mutex_lock(&jobs->lock);
	jobs->stopping = true;
	pthread_cond_broadcast(&jobs->changed);
	pthread_mutex_unlock(&jobs->lock);
	pthread_join(jobs->thread, NULL);
	pthread_cond_destroy(&jobs->changed);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs->jobs);
	free(jobs);
}
