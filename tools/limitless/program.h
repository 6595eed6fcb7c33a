/* One child process of the supervisor. Its output goes to a file, and it is started again when it
 * dies. */
#ifndef TOOLS_LIMITLESS_PROGRAM_H
#define TOOLS_LIMITLESS_PROGRAM_H

#include "tools/limitless/tool.h"
#include "tools/limitless/user.h"

#include <stdbool.h>
#include <stdint.h>

struct program {
	const char *name;
	const struct user *user;    /* that it runs as */
	char path[TOOL_PATH_MAX];   /* of the binary */
	char config[TOOL_PATH_MAX]; /* its --config */
	char log[TOOL_PATH_MAX];
	char probe[160];    /* url of its admin port (see probe.h) */
	const char *look;   /* path that answers 200 when it is ready */
	pid_t pid;          /* 0: not running */
	int64_t start_us;   /* clock_mono_us of the last start */
	int64_t restart_us; /* when it is started again, if it is not running */
	int failures;       /* in a row */
	off_t log_start;    /* size of the log at the last start */
};

/* Starts it. It dies with this process, however this process ends. */
void program_start(struct program *program);

/* Plans the restart of a program that has ended (waitpid), later after each failure in a row. */
void program_ended(struct program *program, int status);

/* The last line of its log since the last start, for a person; "" when there is none. */
void program_last_line(const struct program *program, char out[256]);

/* Empties a log that has grown too large. Its lines go to <log>.1. */
void program_rotate_log(const char *log);

#endif
