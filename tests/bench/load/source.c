#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS_MAX 65536
#define IN_BYTES 16384
#define OUT_BYTES 1024
#define SLOT_US 1000
#define BEHIND_MAX 1000 /* of slots: a source without CPU sends less, and says so by its count */
#define OPENING 20      /* while streams are being opened, they have one piece of so many */

struct stream {
	int fd;
	char *in; /* a request, until it is whole */
	size_t in_len;
	char *out; /* what the socket did not take */
	size_t out_len;
	bool live;
	uint32_t sent;
	size_t slot, place;
};

/* The streams that have their pieces in the same millisecond. */
struct slot {
	struct stream **streams;
	size_t n, room;
};

static struct stream *streams[FDS_MAX];
static struct slot *slots;
static size_t slots_n;
static int polled;
static volatile sig_atomic_t ending, going;

static void take_signal(int signal)
{
	if (signal == SIGUSR1)
		ending = 1;
	else
		going = 1;
}

static void slot_add(struct stream *stream, size_t at)
{
	struct slot *slot = &slots[at];

	if (slot->n == slot->room) {
		slot->room = slot->room * 2 + 16;
		slot->streams = realloc(slot->streams, slot->room * sizeof *slot->streams);
		if (!slot->streams)
			give_up("memory");
	}
	stream->slot = at;
	stream->place = slot->n;
	stream->live = true;
	slot->streams[slot->n++] = stream;
}

static void slot_remove(struct stream *stream)
{
	struct slot *slot = &slots[stream->slot];

	if (!stream->live)
		return;
	stream->live = false;
	slot->streams[stream->place] = slot->streams[--slot->n];
	slot->streams[stream->place]->place = stream->place;
}

static void stream_close(struct stream *stream)
{
	slot_remove(stream);
	streams[stream->fd] = NULL;
	close(stream->fd);
	free(stream->in);
	free(stream->out);
	free(stream);
}

static void listen_for(struct stream *stream, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = stream->fd};

	epoll_ctl(polled, EPOLL_CTL_MOD, stream->fd, &event);
}

/* False: the peer is gone. Nothing is left out: what does not fit waits. */
static bool send_all(struct stream *stream, const char *bytes, size_t len)
{
	ssize_t n = stream->out_len ? 0 : send(stream->fd, bytes, len, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN)
		return false;
	n = n < 0 ? 0 : n;
	if ((size_t)n == len)
		return true;
	stream->out = realloc(stream->out, stream->out_len + len);
	if (!stream->out)
		give_up("memory");
	memcpy(stream->out + stream->out_len, bytes + n, len - (size_t)n);
	stream->out_len += len - (size_t)n;
	listen_for(stream, EPOLLIN | EPOLLOUT);
	return true;
}

static bool flush(struct stream *stream)
{
	ssize_t n = send(stream->fd, stream->out, stream->out_len, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN;
	stream->out_len -= (size_t)n;
	memmove(stream->out, stream->out + n, stream->out_len);
	if (stream->out_len == 0)
		listen_for(stream, EPOLLIN);
	return true;
}

static bool send_chunk(struct stream *stream, const char *text)
{
	char out[OUT_BYTES];
	int n = snprintf(out, sizeof out, "%zx\r\n%s\r\n", strlen(text), text);

	return send_all(stream, out, (size_t)n);
}

static bool send_piece(struct stream *stream)
{
	char text[OUT_BYTES];

	snprintf(text, sizeof text,
		 "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,"
		 "\"model\":\"load\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
		 "\"~%06u%09u\"},\"finish_reason\":null}]}\n\n",
		 stream->sent % 1000000, (unsigned)(now_us() % PIECE_TIMES));
	stream->sent++;
	return send_chunk(stream, text);
}

static bool send_end(struct stream *stream)
{
	char text[OUT_BYTES];

	snprintf(text, sizeof text,
		 "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,"
		 "\"model\":\"load\",\"choices\":[{\"index\":0,\"delta\":{},"
		 "\"finish_reason\":\"stop\"}]}\n\n"
		 "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,"
		 "\"model\":\"load\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,"
		 "\"completion_tokens\":%u,\"total_tokens\":%u}}\n\ndata: [DONE]\n\n",
		 stream->sent, stream->sent + 10);
	slot_remove(stream);
	return send_chunk(stream, text) && send_all(stream, "0\r\n\r\n", 5);
}

static bool answer(struct stream *stream)
{
	static const char models[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				     "Content-Length: 41\r\n\r\n"
				     "{\"data\":[{\"id\":\"load\",\"object\":\"model\"}]}";
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n";

	if (strncmp(stream->in, "GET", 3) == 0)
		return send_all(stream, models, sizeof models - 1);
	stream->sent = 0;
	slot_add(stream, (size_t)(now_us() / SLOT_US) % slots_n);
	return send_all(stream, head, sizeof head - 1) && send_piece(stream);
}

/* A request at a time; false: the peer is gone. */
static bool take(struct stream *stream)
{
	ssize_t n;
	char *end, *length;

	if (!stream->in)
		stream->in = malloc(IN_BYTES);
	if (!stream->in)
		give_up("memory");
	n = recv(stream->fd, stream->in + stream->in_len, IN_BYTES - 1 - stream->in_len, 0);
	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	stream->in_len += (size_t)n;
	stream->in[stream->in_len] = '\0';
	end = strstr(stream->in, "\r\n\r\n");
	if (!end)
		return stream->in_len < IN_BYTES - 1;
	length = strcasestr(stream->in, "\r\ncontent-length:");
	if (length && length < end &&
	    stream->in_len < (size_t)(end + 4 - stream->in) + strtoul(length + 17, NULL, 10))
		return stream->in_len < IN_BYTES - 1;
	if (!answer(stream))
		return false;
	free(stream->in);
	stream->in = NULL;
	stream->in_len = 0;
	return true;
}

static void greet(int listening)
{
	int fd, on = 1;

	while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		streams[fd] = calloc(1, sizeof **streams);
		if (fd >= FDS_MAX || !streams[fd])
			give_up("connections");
		streams[fd]->fd = fd;
		epoll_ctl(polled, EPOLL_CTL_ADD, fd, &event);
	}
}

static int serve(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (const void *)&address, sizeof address) != 0 || listen(fd, 4096) != 0)
		give_up("listen");
	epoll_ctl(polled, EPOLL_CTL_ADD, fd, &event);
	return fd;
}

/* From the last stream to the first: one that is gone leaves its place to the last. */
static void send_slot(struct slot *slot, bool (*what)(struct stream *stream))
{
	for (size_t i = slot->n; i-- > 0;) {
		struct stream *stream = slot->streams[i];

		if (!what(stream))
			stream_close(stream);
	}
}

static void look(int listening, int timeout_ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(polled, events, 256, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct stream *stream = streams[events[i].data.fd];

		if (events[i].data.fd == listening)
			greet(listening);
		else if (stream && ((events[i].events & EPOLLOUT && !flush(stream)) ||
				    (events[i].events & ~(uint32_t)EPOLLOUT && !take(stream))))
			stream_close(stream);
	}
}

int source_run(int argc, char **argv)
{
	int64_t rate = argc > 3 ? strtol(argv[3], NULL, 10) : 20, at;
	int listening;

	signal(SIGUSR1, take_signal);
	signal(SIGUSR2, take_signal);
	slots_n = (size_t)(1000000 / rate / SLOT_US);
	slots = calloc(slots_n, sizeof *slots);
	polled = epoll_create1(EPOLL_CLOEXEC);
	listening = serve((uint16_t)strtol(argv[2], NULL, 10));
	printf("ready\n");
	fflush(stdout);
	for (at = now_us() / SLOT_US;;) {
		int64_t now;

		look(listening, 1);
		now = now_us() / SLOT_US;
		at = at < now - BEHIND_MAX ? now - BEHIND_MAX : at;
		for (; at < now; at++) {
			if (going || at / (int64_t)slots_n % OPENING == 0)
				send_slot(&slots[(size_t)at % slots_n], send_piece);
		}
		if (!ending)
			continue;
		for (size_t i = 0; i < slots_n; i++)
			send_slot(&slots[i], send_end);
		ending = going = 0;
	}
}
