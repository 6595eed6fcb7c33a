/* A plain blocking client for the tests of httpd: it sends any bytes and reads answers. */
#ifndef RUNTIME_HTTPD_TEST_CLIENT_H
#define RUNTIME_HTTPD_TEST_CLIENT_H

#include "runtime/base/buf.h"
#include "runtime/base/ensure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define CLIENT_TIMEOUT_S 5 /* more than any test needs */
#define CLIENT_BYTES_MAX (64 * 1024 * 1024)

static inline int client_connect(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval timeout = {.tv_sec = CLIENT_TIMEOUT_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ensure(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	ensure(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	return fd;
}

/* The peer may have closed already: that is for the reader to find out. */
static inline void client_send(int fd, const void *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		data = (const char *)data + n;
		len -= (size_t)n;
	}
}

static inline void client_say(int fd, const char *text)
{
	client_send(fd, text, strlen(text));
}

/* Reads until the text contains wanted, or the peer closes (false), or nothing comes for too long
 * (false). */
static inline bool client_read_until(int fd, struct buf *in, const char *wanted)
{
	while (!wanted || !memmem(buf_text(in), in->len, wanted, strlen(wanted))) {
		uint8_t *to = buf_reserve(in, 65536);
		ssize_t n;

		ensure(to);
		n = recv(fd, to, 65536, 0);
		if (n <= 0)
			return false;
		buf_commit(in, (size_t)n);
	}
	return true;
}

/* True when the peer has closed; false when it still waits for us. */
static inline bool client_closed(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) == 0;
}

static inline int client_status(const struct buf *in)
{
	int status = 0;

	return sscanf(buf_text(in), "HTTP/1.1 %d ", &status) == 1 ? status : 0;
}

static inline size_t client_count(const struct buf *in, const char *word)
{
	size_t n = 0;

	for (const char *p = buf_text(in); (p = strstr(p, word)); p++)
		n++;
	return n;
}

#endif
