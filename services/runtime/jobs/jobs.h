/* Periodic work. At each tick one replica does it, the one that claims the job's row (SKIP LOCKED).
 * Every job is idempotent. docs/modules/jobs.md */
#ifndef RUNTIME_JOBS_JOBS_H
#define RUNTIME_JOBS_JOBS_H

#include "runtime/db/db.h"

struct job {
	const char *name;    /* unique in the service; label of its metrics */
	int32_t interval_ms; /* from the end of one run to the next */
	int32_t lease_ms;    /* after it another replica takes over; longer than a run lasts */
	enum status (*run)(struct db *db, void *ctx,
			   struct error *reterr); /* outside a transaction */
	void *ctx;
};

/* One thread for all of a service's jobs; copies them. The table is in each schema
 * (migrations/). */
struct jobs;
struct jobs *jobs_start(struct db_pool *pool, const struct job *jobs, size_t n);
void jobs_stop(struct jobs *jobs);

#endif
