#include "tests/lib/groups.h"

#include "runtime/base/ensure.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BESIDE_MAX 16

struct runner {
	pid_t pid; /* 0: none */
	int log;   /* what its group has printed so far */
};

/* Shared by all processes. */
struct shared {
	atomic_size_t next; /* group of the list */
	atomic_int failures;
};

static struct runner runners[BESIDE_MAX];
static struct shared *shared;
static int output; /* the program's */
static int lock;   /* a process that dies gives it back */

static void set_lock(short type)
{
	struct flock whole = {.l_type = type, .l_whence = SEEK_SET};

	ensure(fcntl(lock, F_SETLKW, &whole) == 0);
}

/* Moves a group's lines to the program's output. */
static void publish(int log)
{
	char bytes[65536];
	ssize_t n;

	set_lock(F_WRLCK);
	lseek(log, 0, SEEK_SET);
	while ((n = read(log, bytes, sizeof bytes)) > 0)
		ensure(write(output, bytes, (size_t)n) == n);
	ensure(ftruncate(log, 0) == 0);
	lseek(log, 0, SEEK_SET);
	set_lock(F_UNLCK);
}

/* only: that group; NULL: all that need no process of their own, until the list is empty. */
static void run_groups(const struct group *groups, size_t n, const struct group *only, int log)
{
	size_t i;

	if (only) {
		atomic_fetch_add(&shared->failures, only->run());
		return;
	}
	while ((i = atomic_fetch_add(&shared->next, 1)) < n) {
		if (groups[i].alone)
			continue;
		atomic_fetch_add(&shared->failures, groups[i].run());
		fflush(stdout);
		publish(log);
	}
}

static void start(struct runner *runner, const struct group *groups, size_t n,
		  const struct group *only, int (*end)(void))
{
	fflush(stdout);
	runner->pid = fork();
	ensure(runner->pid >= 0);
	if (runner->pid > 0)
		return;
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ensure(dup2(runner->log, STDOUT_FILENO) >= 0 && dup2(runner->log, STDERR_FILENO) >= 0);
	setvbuf(stdout, NULL, _IOLBF, 0); /* a process that dies has printed all */
	run_groups(groups, n, only, runner->log);
	atomic_fetch_add(&shared->failures, end());
	exit(0); /* leaks make another status of it */
}

static void stop_all(int signal_number)
{
	for (int i = 0; i < BESIDE_MAX; i++) {
		if (runners[i].pid > 0)
			kill(runners[i].pid, signal_number);
	}
}

/* Waits until a runner has ended, and has its last lines printed. */
static struct runner *reap(void)
{
	struct runner *runner = runners;
	int status;
	pid_t pid = wait(&status);

	ensure(pid > 0);
	while (runner->pid != pid)
		runner++;
	publish(runner->log);
	runner->pid = 0;
	if (status != 0) {
		dprintf(output, "# a process of groups ended badly: status %d\n", status);
		atomic_fetch_add(&shared->failures, 1);
	}
	return runner;
}

static struct runner *free_runner(int beside)
{
	for (int i = 0; i < beside; i++) {
		if (!runners[i].pid)
			return &runners[i];
	}
	return reap();
}

static void set_up(int beside)
{
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	lock = memfd_create("lock", MFD_CLOEXEC);
	ensure(shared != MAP_FAILED && output >= 0 && lock >= 0);
	for (int i = 0; i < beside; i++) {
		runners[i].log = memfd_create("log", MFD_CLOEXEC);
		ensure(runners[i].log >= 0);
	}
	signal(SIGTERM, stop_all);
}

static int run_here(const struct group *groups, size_t n, int (*end)(void))
{
	int failures = 0;

	for (size_t i = 0; i < n; i++)
		failures += groups[i].run();
	return failures + end();
}

int groups_run(const struct group *groups, size_t n, int beside, int (*end)(void))
{
	const char *given = getenv("GROUPS_BESIDE");
	bool left;

	if (given && beside > 1)
		beside = (int)strtol(given, NULL, 10);
	if (beside <= 1)
		return run_here(groups, n, end);
	if (beside > BESIDE_MAX)
		beside = BESIDE_MAX;
	set_up(beside);
	for (size_t i = 0; i < n; i++) {
		if (groups[i].alone)
			start(free_runner(beside), groups, n, &groups[i], end);
	}
	for (int i = 0; i < beside && atomic_load(&shared->next) < n; i++)
		start(free_runner(beside), groups, n, NULL, end);
	do {
		left = false;
		for (int i = 0; i < beside; i++)
			left |= runners[i].pid > 0;
		if (left)
			reap();
	} while (left);
	return atomic_load(&shared->failures);
}
