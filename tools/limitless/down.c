#include "tools/limitless/commands.h"
#include "tools/limitless/place.h"

#include "runtime/base/clock.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#define WAIT_MS 80000 /* longer than the supervisor takes at most */
#define POLL_MS 20

static const char *parse_dir(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{NULL, 0, NULL, 0}};
	const char *dir = "var";
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'd')
			return NULL;
		dir = optarg;
	}
	return optind == argc ? dir : NULL;
}

int down_main(int argc, char **argv)
{
	int64_t deadline = clock_mono_us() + WAIT_MS * US_PER_MS;
	const char *dir = parse_dir(argc, argv);
	struct place place;
	struct error err;
	pid_t pid;

	if (!dir) {
		fprintf(stderr, "usage: limitless down [--dir var]\n");
		return 1;
	}
	if (place_find(dir, false, &place, &err) != OK) {
		fprintf(stderr, "limitless: %s\n", err.message);
		return 1;
	}
	pid = place_supervisor(&place);
	if (pid == 0) {
		printf("nothing runs in %s\n", place.dir);
		return 0;
	}
	if (kill(pid, SIGTERM) != 0) {
		fprintf(stderr, "limitless: process %d: %m\n", pid);
		return 1;
	}
	while (place_supervisor(&place) == pid) {
		if (clock_mono_us() >= deadline) {
			fprintf(stderr, "limitless: process %d does not end\n", pid);
			return 1;
		}
		tool_pause_ms(POLL_MS);
	}
	return 0;
}
