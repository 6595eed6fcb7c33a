#include "http.h"
#include "load.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 65536
#define LINE_BYTES 65536
#define STILL_SECONDS 60 /* without any event */
#define SETTLE_US 500000
#define SAMPLES_MAX 8000000

struct reader {
	int fd;
	char *request;
	char *line; /* the beginning of a line */
	size_t line_len, line_room;
	struct http http;
	bool is_text, begun, done, closed;
	uint32_t pieces, lost;
};

static struct reader *readers;
static size_t readers_n, begun, ended, refused;
static uint32_t *delays; /* µs, of pieces that came while all streams were open */
static size_t delays_n, counted;
static bool measuring;
static int polled;
static uint16_t port;

static void open_reader(struct reader *reader)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = reader};
	size_t len = strlen(reader->request);

	reader->fd = dial(port);
	if (reader->fd < 0 || send(reader->fd, reader->request, len, 0) != (ssize_t)len)
		give_up("connect");
	epoll_ctl(polled, EPOLL_CTL_ADD, reader->fd, &event);
}

static void close_reader(struct reader *reader)
{
	if (reader->closed)
		return;
	reader->closed = true;
	if (!reader->begun) {
		begun++;
		refused++;
		if (refused <= 3)
			fprintf(stderr, "refused: %d %.*s\n", reader->http.status,
				(int)reader->line_len, reader->line);
	}
	ended++;
	close(reader->fd);
	free(reader->line);
	reader->line = NULL;
}

static uint32_t number(const char *text, int digits)
{
	uint32_t n = 0;

	for (int i = 0; i < digits; i++)
		n = n * 10 + (uint32_t)(text[i] - '0');
	return n;
}

static void take_pieces(struct reader *reader, const char *line, size_t len)
{
	const char *end = line + len;
	uint32_t now = (uint32_t)(now_us() % PIECE_TIMES);

	while ((line = memchr(line, '~', (size_t)(end - line))) && end - line >= PIECE_BYTES) {
		uint32_t n = number(line + 1, 6), at = number(line + 7, 9);

		reader->lost += n - reader->pieces;
		reader->pieces = n + 1;
		counted++;
		if (measuring && delays_n < SAMPLES_MAX)
			delays[delays_n++] = (now + PIECE_TIMES - at) % PIECE_TIMES;
		if (!reader->begun) {
			reader->begun = true;
			begun++;
		}
		line += PIECE_BYTES;
	}
}

/* Lines of a stream of ours; one of a provider has no `event:`. */
static void take_line(struct reader *reader, const char *line, size_t len)
{
	if (len > 7 && memcmp(line, "event: ", 7) == 0) {
		reader->is_text = memcmp(line + 7, "delta", 5 < len - 7 ? 5 : len - 7) == 0;
		reader->done |= len >= 11 && memcmp(line + 7, "done", 4) == 0;
	} else if (len >= 12 && memcmp(line, "data: [DONE]", 12) == 0) {
		reader->done = true;
	} else if (reader->is_text && len > 6) {
		take_pieces(reader, line, len);
	}
}

static void keep(struct reader *reader, const char *bytes, size_t len)
{
	if (reader->line_len + len > LINE_BYTES)
		give_up("a line is too long");
	if (reader->line_len + len > reader->line_room) {
		reader->line_room = reader->line_len + len + 256;
		reader->line = realloc(reader->line, reader->line_room);
		if (!reader->line)
			give_up("memory");
	}
	memcpy(reader->line + reader->line_len, bytes, len);
	reader->line_len += len;
}

/* Lines of the body. */
static void take_body(void *of, const char *bytes, size_t len)
{
	struct reader *reader = of;
	const char *end = bytes + len, *newline;

	while ((newline = memchr(bytes, '\n', (size_t)(end - bytes)))) {
		size_t n = (size_t)(newline - bytes);

		if (reader->line_len) {
			keep(reader, bytes, n);
			take_line(reader, reader->line, reader->line_len);
			reader->line_len = 0;
		} else {
			take_line(reader, bytes, n);
		}
		bytes = newline + 1;
	}
	keep(reader, bytes, (size_t)(end - bytes));
}

static void look(int timeout_ms)
{
	static char bytes[READ_BYTES];
	struct epoll_event events[256];
	int n = epoll_wait(polled, events, 256, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct reader *reader = events[i].data.ptr;
		ssize_t got = recv(reader->fd, bytes, sizeof bytes, 0);

		bool over = got == 0 || (got < 0 && errno != EAGAIN);

		if (got > 0)
			over = http_take(&reader->http, bytes, (size_t)got, take_body, reader);
		if (over || reader->done)
			close_reader(reader);
	}
}

/* Without a body (-) it follows an answer that runs. */
static void make_request(struct reader *reader, const char *path, const char *token,
			 const char *body)
{
	bool follows = strcmp(body, "-") == 0;
	int n;

	n = asprintf(&reader->request,
		     "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\n"
		     "Accept: text/event-stream\r\n",
		     follows ? "GET" : "POST", path, port, token);
	if (n >= 0 && follows)
		n = asprintf(&reader->request, "%s\r\n", reader->request);
	else if (n >= 0)
		n = asprintf(&reader->request,
			     "%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			     reader->request, strlen(body), body);
	if (n < 0)
		give_up("memory");
}

static void read_lines(void)
{
	char line[4096], path[512], token[2048], body[1024];

	while (fgets(line, sizeof line, stdin)) {
		struct reader *reader;

		if (sscanf(line, "%511s %2047s %1023[^\n]", path, token, body) != 3)
			give_up("a line has no path, token and body");
		readers = realloc(readers, (readers_n + 1) * sizeof *readers);
		reader = &readers[readers_n++];
		*reader = (struct reader){.is_text = strstr(path, "/v1/chat/completions") != NULL};
		make_request(reader, path, token, body);
	}
}

static void report(double open_seconds, double end_seconds)
{
	size_t lost = 0, cut = 0;

	for (size_t i = 0; i < readers_n; i++) {
		lost += readers[i].lost;
		cut += readers[i].begun && !readers[i].done;
	}
	printf("{\"streams\":%zu,\"refused\":%zu,\"events\":%zu,\"measured\":%zu,\"lost\":%zu,"
	       "\"cut\":%zu,\"open_seconds\":%.1f,\"end_seconds\":%.1f,",
	       readers_n, refused, counted, delays_n, lost, cut, open_seconds, end_seconds);
	printf("\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n", part_ms(delays, delays_n, 0.5),
	       part_ms(delays, delays_n, 0.99), part_ms(delays, delays_n, 1));
}

static void until(int64_t deadline)
{
	while (now_us() < deadline && ended < readers_n)
		look(10);
}

/* Events that are late are awaited as long as others come. */
static void until_all(const size_t *have)
{
	int64_t moved = now_us();
	size_t seen = counted + *have;

	while (*have < readers_n && now_us() - moved < STILL_SECONDS * 1000000LL) {
		look(10);
		if (counted + *have != seen)
			moved = now_us();
		seen = counted + *have;
	}
}

static void open_all(size_t at_once)
{
	for (size_t i = 0; i < readers_n; i++) {
		int64_t from = now_us();

		open_reader(&readers[i]);
		while (i + 1 - begun >= at_once && now_us() - from < STILL_SECONDS * 1000000LL)
			look(10);
	}
	until_all(&begun);
}

static void say(const char *what)
{
	printf("%s\n", what);
	fflush(stdout);
}

int read_run(int argc, char **argv)
{
	pid_t source = (pid_t)strtol(argv[3], NULL, 10);
	int64_t from = now_us();
	double opened;

	port = (uint16_t)strtol(argv[2], NULL, 10);
	read_lines();
	delays = malloc(SAMPLES_MAX * sizeof *delays);
	polled = epoll_create1(EPOLL_CLOEXEC);
	if (!delays)
		give_up("memory");
	open_all(argc > 5 ? strtoul(argv[5], NULL, 10) : 16);
	opened = (double)(now_us() - from) / 1e6;
	kill(source, SIGUSR2);
	until(now_us() + SETTLE_US);
	say("open");
	from = now_us();
	measuring = true;
	until(from + (int64_t)(strtod(argv[4], NULL) * 1e6));
	measuring = false;
	say("measured");
	kill(source, SIGUSR1);
	from = now_us();
	until_all(&ended);
	report(opened, (double)(now_us() - from) / 1e6);
	return 0;
}
