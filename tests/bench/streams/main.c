#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

void give_up(const char *what)
{
	perror(what);
	exit(1);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc >= 4 && strcmp(argv[1], "source") == 0)
		return source_run(argc, argv);
	if (argc >= 6 && strcmp(argv[1], "read") == 0)
		return read_run(argc, argv);
	fprintf(stderr, "load source PORT RATE | load read PORT SOURCE SECONDS AT_ONCE\n");
	return 2;
}
