#include "tools/limitless/probe.h"

#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int connect_to(const char *url, int wait_ms)
{
	const struct timeval wait = {wait_ms / 1000, (wait_ms % 1000) * 1000};
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	struct sockaddr_in address;
	bool ipc = strncmp(url, "ipc://", 6) == 0;
	const struct sockaddr *to = ipc ? (struct sockaddr *)&path : (struct sockaddr *)&address;
	int port = 0, fd;

	if (ipc)
		snprintf(path.sun_path, sizeof path.sun_path, "%s", url + 6);
	else if (sscanf(url, "tcp://127.0.0.1:%d", &port) != 1)
		return -1;
	address = loopback(port);
	fd = socket(ipc ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	if (connect(fd, to, ipc ? sizeof path : sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

bool probe_ok(const char *url, const char *path, int wait_ms)
{
	_cleanup_(closep) int fd = connect_to(url, wait_ms);
	char line[16] = "";

	if (fd < 0)
		return false;
	if (dprintf(fd, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path) <
	    0)
		return false;
	return recv(fd, line, sizeof line - 1, MSG_WAITALL) > 12 &&
	       strncmp(line, "HTTP/1.1 200", 12) == 0;
}

bool probe_port_taken(int port)
{
	_cleanup_(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_in address = loopback(port);
	int yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	return bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
	       listen(fd, 1) != 0;
}
