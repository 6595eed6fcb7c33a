/* Holds, settles and voids, run together. While other workers are at the database, a worker leaves
 * its command in a queue. The next free worker runs all that wait as one statement in one
 * transaction. So many commands share one lock of a busy account and one write to the disk. A lone
 * command waits for nobody. */
#ifndef CREDITS_COMMAND_H
#define CREDITS_COMMAND_H

#include "credits.h"

struct credits_command {
	/* Parameters as SQL text, none NULL; they live until credits_run has returned. */
	const char *kind; /* hold, settle, void */
	const char *id;
	const char *subject; /* user of a hold, else the hold */
	const char *amount;
	const char *expire_time;
	const char *reference; /* price version of a settle */
	const char *model;
	const char *budgets;        /* uuid[] */
	const char *overage, *loss; /* ids */
	const char *plans;          /* text[] */

	/* Answer. */
	char refused[48]; /* reason; "": it is not */
	int64_t available_microcredits;
	int64_t charged_microcredits;
	int64_t expire_us; /* since 1970 */

	struct credits_wait *wait; /* of command.c */
	struct credits_command *next;
};

/* Runs a command and fills in its answer. Blocks; for workers. Errors: those of the statement
 * credits_run_commands. */
_must_check_ enum status credits_run(struct rpc_call *call, struct credits_command *command);

#endif
