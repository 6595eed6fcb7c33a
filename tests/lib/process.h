/* A service's own program beside the test, which may kill it or run two of it. It serves on
 * ipc:// in a folder of /tmp, takes every peer for any service, and dies with the test.
 *
 *   struct process credits = {.service = "credits", .more = "workers: 4\n"};
 *   process_start(&credits);
 *   channel = process_channel(&credits);
 *
 * As in tests/lib/pg.h, a failure ends the test program with a clear line. */
#ifndef TESTS_LIB_PROCESS_H
#define TESTS_LIB_PROCESS_H

#include "runtime/rpc/rpc.h"

#include <sys/types.h>

struct process {
	const char *service;                /* its program is bin/<service> of this build */
	const char *more;                   /* YAML, after what every service needs; NULL: none */
	const struct process *const *peers; /* it is told where these listen, and that the other
					     * services listen nowhere; NULL-terminated; NULL: none */
	const char *const *environment;     /* "NAME=value", NULL-terminated; NULL: no more */

	char directory[64]; /* made by the first start; "": not yet */
	pid_t pid;          /* 0: it does not run */
};

/* Starts it and waits until it is ready. A second start has the same socket. Needs pg_start and
 * pg_migrate. */
void process_start(struct process *process);
/* True when it has ended; its exit is collected then. */
bool process_ended(struct process *process);
/* Ends it by SIGKILL. */
void process_kill(struct process *process);
/* Ends it by SIGKILL and removes its folder. */
void process_free(struct process *process);

/* The folder of the build that this program belongs to; $B if it is set. */
const char *process_build(void);

/* A channel that connects again within 100 ms and repeats no call. The caller closes it. */
struct rpc_channel *process_channel(const struct process *process);

#endif
