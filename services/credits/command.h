/* Holds, settles and voids, run together. A worker that comes while others are at the database
 * leaves its command in a queue; who is free next takes all that waits and runs it as one statement
 * in one transaction. So a busy account is locked, and the disk synchronised, once for many
 * commands, and a lone command waits for nobody. */
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
