#include "load.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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

int dial(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		give_up("socket");
	if (connect(fd, (const void *)&address, sizeof address) != 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

double part_ms(uint32_t *times_us, size_t n, double part)
{
	size_t at = (size_t)((double)n * part);

	if (n == 0)
		return 0;
	qsort(times_us, n, sizeof *times_us, by_size);
	return times_us[at < n ? at : n - 1] / 1000.0;
}

int main(int argc, char **argv)
{
	struct rlimit files;

	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (argc >= 4 && strcmp(argv[1], "source") == 0)
		return source_run(argc, argv);
	if (argc >= 6 && strcmp(argv[1], "read") == 0)
		return read_run(argc, argv);
	if (argc >= 3 && strcmp(argv[1], "ask") == 0)
		return ask_run(argc, argv);
	fprintf(stderr, "load source PORT RATE | read PORT SOURCE SECONDS AT_ONCE | ask PORT …\n");
	return 2;
}
