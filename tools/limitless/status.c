#include "tools/limitless/commands.h"
#include "tools/limitless/probe.h"
#include "tools/limitless/stack.h"

#include "runtime/base/ensure.h"

#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define PROBE_MS 1000
#define NOT_ALL_READY 3 /* exit code */

/* Reads one number of /proc/PID/status; -1 when it is not there. */
static long proc_number(int pid, const char *key)
{
	char path[64], line[256];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && value < 0 && fgets(line, sizeof line, file)) {
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtol(line + strlen(key), NULL, 10);
	}
	if (file)
		fclose(file);
	return value;
}

static bool has_name(int pid, const char *name)
{
	char path[64], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(comm, sizeof comm, file))
		comm[0] = '\0';
	fclose(file);
	comm[strcspn(comm, "\n")] = '\0';
	return strcmp(comm, name) == 0;
}

/* The child of the supervisor with this name; 0: none. */
static int child_of(pid_t supervisor, const char *name)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int pid, found = 0;

	if (!dir)
		return 0;
	while (!found && (entry = readdir(dir))) {
		pid = (int)strtol(entry->d_name, NULL, 10);
		if (pid > 0 && has_name(pid, name) && proc_number(pid, "PPid:") == supervisor)
			found = pid;
	}
	closedir(dir);
	return found;
}

static bool print_one(pid_t supervisor, const char *name, bool ready)
{
	int pid = child_of(supervisor, name);

	printf("%-10s %-8s %8d %8ld\n", name,
	       pid && ready ? "ready"
	       : pid        ? "starting"
			    : "down",
	       pid, pid ? proc_number(pid, "VmRSS:") : 0);
	return pid && ready;
}

static int print_all(const struct stack *stack, pid_t supervisor)
{
	bool all;

	printf("%-10s %-8s %8s %8s\n", "process", "state", "pid", "KiB");
	all = print_one(supervisor, "postgres", cluster_answers(&stack->cluster));
	for (size_t i = 0; i < stack->n_programs; i++) {
		const struct program *program = &stack->programs[i];

		if (!print_one(supervisor, program->name,
			       probe_ok(program->probe, program->look, PROBE_MS)))
			all = false;
	}
	return all ? 0 : NOT_ALL_READY;
}

int status_main(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{NULL, 0, NULL, 0}};
	struct stack *stack = calloc(1, sizeof *stack);
	const char *dir = "var";
	struct error err;
	enum status s;
	pid_t pid;
	int code = NOT_ALL_READY, option;

	ensure(stack);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'd') {
			fprintf(stderr, "usage: limitless status [--dir var]\n");
			free(stack);
			return 1;
		}
		dir = optarg;
	}
	s = place_find(dir, false, &stack->place, &err);
	pid = s == OK ? place_supervisor(&stack->place) : 0;
	if (s == OK && pid == 0)
		printf("nothing runs in %s\n", stack->place.dir);
	if (s == OK)
		s = place_look(&stack->place, &stack->cluster, &err);
	if (s == OK && pid)
		s = stack_load(stack, &err);
	if (s != OK)
		fprintf(stderr, "limitless: %s\n", err.message);
	else if (pid)
		code = print_all(stack, pid);
	free(stack);
	return code;
}
