/* Threads that do database work for one other thread, each with its own connections. Work that
 * nobody caused comes first. Work of users waits in one lane a user, and the lanes take turns: a
 * user who asks for much waits for it alone. */
#ifndef CHAT_WORK_CREW_H
#define CHAT_WORK_CREW_H

#include "runtime/db/db.h"

struct crew;

/* Connections of one thread of the crew. */
struct crew_member {
	struct db *app;
	struct db *worker;
};

/* One piece of work; the first member of what it needs. It belongs to the crew from crew_give to
 * done. */
struct work {
	struct work *next;
	struct crew *crew;
	/* Of the user who caused it, in memory that lives as long. NULL: nobody did. */
	const char *user_id;
	void (*run)(struct crew_member *member, struct work *work); /* on a thread of the crew */
	void (*done)(struct work *work); /* on the thread that gave it; frees it */
	enum status status;              /* of run */
	struct error err;
};

struct crew_options {
	int32_t threads;
	struct db_options app, worker; /* connections of each thread */
	/* Runs fn(arg) on the thread that gives work. */
	void (*post)(void *ctx, void (*fn)(void *arg), void *arg);
	/* After each done, on that thread. NULL allowed. */
	void (*rest)(void *ctx);
	void *ctx;
};

struct crew *crew_start(const struct crew_options *options);
void crew_give(struct crew *crew, struct work *work);
/* After the done of all work. */
void crew_stop(struct crew *crew);

#endif
