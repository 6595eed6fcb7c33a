#include "tests/lib/h2_raw.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include <arpa/inet.h>
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MS 10000
#define SEND_MS 5000 /* a peer that does not read for so long has cut us in its way */

int h2_connect(uint16_t port, int recv_bytes)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ensure(fd >= 0);
	if (recv_bytes > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &recv_bytes, sizeof(recv_bytes));
	ensure(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

static bool send_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		struct pollfd ready = {.fd = fd, .events = POLLOUT};
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && poll(&ready, 1, SEND_MS) <= 0)
			return false;
		if (n < 0 && (ready.revents & (POLLERR | POLLHUP)))
			return false;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return true;
}

void h2_hello(int fd)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

	ensure(send_all(fd, (const uint8_t *)preface, sizeof(preface) - 1));
	ensure(h2_frame(fd, H2_SETTINGS, 0, 0, NULL, 0));
}

bool h2_frame(int fd, enum h2_type type, uint8_t flags, uint32_t stream, const void *payload,
	      size_t len)
{
	uint8_t frame[9 + 16384];

	ensure(len <= 16384);
	frame[0] = (uint8_t)(len >> 16);
	frame[1] = (uint8_t)(len >> 8);
	frame[2] = (uint8_t)len;
	frame[3] = (uint8_t)type;
	frame[4] = flags;
	frame[5] = (uint8_t)(stream >> 24);
	frame[6] = (uint8_t)(stream >> 16);
	frame[7] = (uint8_t)(stream >> 8);
	frame[8] = (uint8_t)stream;
	if (len > 0)
		memcpy(frame + 9, payload, len);
	return send_all(fd, frame, 9 + len);
}

size_t h2_field(uint8_t *out, const char *name, const char *value)
{
	size_t n = strlen(name), v = strlen(value);

	ensure(n < 127 && v < 127);
	out[0] = 0; /* literal, not for the table */
	out[1] = (uint8_t)n;
	memcpy(out + 2, name, n);
	out[2 + n] = (uint8_t)v;
	memcpy(out + 3 + n, value, v);
	return 3 + n + v;
}

bool h2_request(int fd, uint32_t stream, const char *path, const char *text)
{
	uint8_t block[512], data[256] = {0};
	size_t n = 0, len = text ? strlen(text) : 0;

	n += h2_field(block + n, ":method", "POST");
	n += h2_field(block + n, ":scheme", "http");
	n += h2_field(block + n, ":path", path);
	n += h2_field(block + n, ":authority", "localhost");
	n += h2_field(block + n, "content-type", "application/grpc");
	n += h2_field(block + n, "te", "trailers");
	if (!h2_frame(fd, H2_HEADERS, H2_END_HEADERS, stream, block, n))
		return false;
	if (!text)
		return true;
	ensure(len < 100);
	data[4] = (uint8_t)(len + 2);
	data[5] = 0x0a; /* field 1, length-delimited */
	data[6] = (uint8_t)len;
	memcpy(data + 7, text, len);
	return h2_frame(fd, H2_DATA, H2_END_STREAM, stream, data, 7 + len);
}

static bool recv_all(int fd, uint8_t *data, size_t len)
{
	while (len > 0) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		ssize_t n = poll(&ready, 1, ANSWER_MS) > 0 ? recv(fd, data, len, 0) : -1;

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static void take_field(struct h2_answer *answer, const nghttp2_nv *nv)
{
	const char *name = (const char *)nv->name, *value = (const char *)nv->value;

	if (strcmp(name, ":status") == 0)
		answer->http_status = (int)strtol(value, NULL, 10);
	if (strcmp(name, "grpc-status") == 0)
		answer->grpc_status = (int)strtol(value, NULL, 10);
	if (strcmp(name, "grpc-accept-encoding") == 0)
		snprintf(answer->encodings, sizeof(answer->encodings), "%s", value);
}

static void take_block(nghttp2_hd_inflater *inflater, const uint8_t *block, size_t len,
		       struct h2_answer *answer)
{
	int flags = 0;

	while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
		nghttp2_nv nv;
		ssize_t used = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, block, len, 1);

		if (used < 0)
			return; /* it refers to a block that an earlier call read */
		block += used;
		len -= (size_t)used;
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			take_field(answer, &nv);
	}
	nghttp2_hd_inflate_end_headers(inflater);
}

/* Reads one frame. False: the stream has ended. */
static bool take_frame(int fd, uint32_t stream, nghttp2_hd_inflater *inflater, bool *ended,
		       struct h2_answer *answer)
{
	uint8_t head[9], payload[16384];
	uint32_t id;
	size_t len;

	if (!recv_all(fd, head, sizeof(head)))
		return false;
	len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
	id = (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
	ensure(len <= sizeof(payload));
	if (!recv_all(fd, payload, len))
		return false;
	if (head[3] == H2_HEADERS) {
		ensure(head[4] & H2_END_HEADERS);
		take_block(inflater, payload, len, answer);
	}
	if (id != stream)
		return true;
	if (head[3] == H2_DATA)
		answer->data_bytes += len;
	if (head[3] == H2_RST_STREAM)
		answer->reset = payload[3] != 0;
	*ended = head[3] == H2_RST_STREAM || (head[3] <= H2_HEADERS && (head[4] & H2_END_STREAM));
	return !*ended;
}

bool h2_read_answer(int fd, uint32_t stream, struct h2_answer *ret)
{
	nghttp2_hd_inflater *inflater;
	bool ended = false;

	*ret = (struct h2_answer){.http_status = -1, .grpc_status = -1};
	ensure(nghttp2_hd_inflate_new(&inflater) == 0);
	while (take_frame(fd, stream, inflater, &ended, ret))
		continue;
	nghttp2_hd_inflate_del(inflater);
	return ended;
}

bool h2_drain(int fd)
{
	uint8_t data[65536];
	ssize_t n;

	do {
		n = recv(fd, data, sizeof(data), MSG_DONTWAIT);
	} while (n > 0);
	return n < 0 && errno == EAGAIN;
}

bool h2_ended(int fd, int timeout_ms)
{
	int64_t until = clock_mono_us() + timeout_ms * US_PER_MS;
	uint8_t data[65536];

	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int64_t left_ms = (until - clock_mono_us()) / US_PER_MS;

		if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) < 0)
			return false;
		if (ready.revents && recv(fd, data, sizeof(data), MSG_DONTWAIT) <= 0)
			return true;
	}
}
