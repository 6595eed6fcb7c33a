#include "tools/limitless/program.h"

#include "tools/limitless/environment.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define RESTART_FIRST_US (100 * US_PER_MS)
#define RESTART_MAX_US (10 * US_PER_S)
#define RAN_WELL_US (10 * US_PER_S) /* after this long a death counts as the first */
#define LOG_BYTES_MAX (64L * 1024 * 1024)

static int open_log(const struct program *program)
{
	return open(program->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Becomes the program. In a session of its own, for Ctrl-C in the terminal must reach the
 * supervisor alone, which ends the others in their order. */
static void run_child(const struct program *program, pid_t parent, int log)
{
	int nothing = open("/dev/null", O_RDONLY);
	char path[TOOL_PATH_MAX], config[TOOL_PATH_MAX];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	user_become(program->user);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* which a change of user forgets */
	if (getppid() != parent || dup2(nothing, STDIN_FILENO) < 0 ||
	    dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(126);
	environment_reduce(program->name, NULL);
	user_path(program->user, program->path, path);
	user_path(program->user, program->config, config);
	execl(path, program->name, "--config", config, (char *)NULL);
	dprintf(STDERR_FILENO, "%s: cannot be executed: %m\n", path);
	_exit(127);
}

void program_start(struct program *program)
{
	pid_t parent = getpid();
	int log = open_log(program);
	struct stat info = {0};

	ensure(program->pid == 0);
	fstat(log, &info);
	program->log_start = info.st_size;
	program->start_us = clock_mono_us();
	program->restart_us = 0;
	program->pid = fork();
	if (program->pid == 0)
		run_child(program, parent, log);
	close(log);
	if (program->pid < 0) { /* for want of memory or processes: it counts as ended */
		fprintf(stderr, "limitless: %s cannot be started: %m\n", program->name);
		program_ended(program, W_EXITCODE(126, 0));
	}
}

void program_ended(struct program *program, int status)
{
	int64_t now = clock_mono_us(), wait = RESTART_FIRST_US;

	program->failures = now - program->start_us >= RAN_WELL_US ? 1 : program->failures + 1;
	for (int i = 1; i < program->failures && wait < RESTART_MAX_US; i++)
		wait *= 2;
	if (wait > RESTART_MAX_US)
		wait = RESTART_MAX_US;
	program->pid = 0;
	program->restart_us = now + wait;
	fprintf(stderr, "limitless: %s ended (%s %d) and starts again in %.1f s: see %s\n",
		program->name, WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		(double)wait / US_PER_S, program->log);
}

void program_last_line(const struct program *program, char out[256])
{
	FILE *file = fopen(program->log, "re");
	char line[256];

	out[0] = '\0';
	if (!file)
		return;
	fseeko(file, program->log_start, SEEK_SET);
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			memcpy(out, line, sizeof line);
	}
	fclose(file);
}

/* Writers append, so an emptied file goes on from its start. Lines that are written during the copy
 * may be lost. */
void program_rotate_log(const char *log)
{
	char old[TOOL_PATH_MAX];
	struct stat info;
	int from, to;

	if (stat(log, &info) != 0 || info.st_size < LOG_BYTES_MAX)
		return;
	tool_path(old, "%s.1", log);
	from = open(log, O_RDWR | O_CLOEXEC);
	to = open(old, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (from >= 0 && to >= 0) {
		while (copy_file_range(from, NULL, to, NULL, LOG_BYTES_MAX, 0) > 0)
			;
		if (ftruncate(from, 0) != 0)
			fprintf(stderr, "limitless: %s cannot be cut: %m\n", log);
	}
	close(from);
	close(to);
}
