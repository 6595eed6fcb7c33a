/* Lines: number of the caller, path, token, body; a caller's lines are its requests in turn. In a
 * body ######### becomes a number that no other request has.
 *   -r N      each caller goes N times through its lines (1)
 *   -s SECONDS  instead of that: until then, and the replies that are awaited
 *   -f MARK   a reply's first token has this
 *   -e MARK   a reply without this has no end
 *   -j        a reply is JSON, to its last brace
 *   -t KEY=TEXT  the strings under KEY in a reply make this text
 *   -h HEADER   a header line more */
#include "http.h"
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 65536
#define REPLY_SECONDS 60
#define NUMBER_PLACE "#########"

enum fault {
	FAULT_NONE,
	FAULT_CONNECT,
	FAULT_CUT,
	FAULT_STATUS,
	FAULT_END,
	FAULT_JSON,
	FAULT_TEXT,
	FAULT_LATE,
	FAULT_HTTP,
	FAULTS_N,
};
static const char *const fault_names[FAULTS_N] = {"none", "connect", "cut",  "status", "end",
						  "json", "text",    "late", "http"};

struct bytes {
	char *at;
	size_t len, room;
};

struct caller {
	int fd; /* -1: none */
	char **requests;
	size_t requests_n, at;
	struct http http;
	struct bytes reply; /* body of the reply that is awaited */
	int64_t sent, first;
	bool asks;
};

static struct {
	uint16_t port;
	size_t rounds;
	double seconds;
	const char *first, *end, *text;
	char key[64];
	char headers[2048];
	bool json;
} rule = {.rounds = 1};

static struct caller *callers;
static size_t callers_n, asking;
static struct bytes totals, firsts; /* of uint32_t, µs */
static size_t faults[FAULTS_N];
static char says[256];
static int polled;
static int64_t number, deadline;

static void add(struct bytes *to, const void *bytes, size_t len)
{
	if (to->len + len > to->room) {
		to->room = (to->len + len) * 2;
		to->at = realloc(to->at, to->room);
		if (!to->at)
			give_up("memory");
	}
	memcpy(to->at + to->len, bytes, len);
	to->len += len;
}

static bool has(const struct bytes *in, const char *what)
{
	return memmem(in->at, in->len, what, strlen(what)) != NULL;
}

/* An object, with all of its braces, and nothing after them. */
static bool is_whole_json(const struct bytes *reply)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < reply->len; i++) {
		char c = reply->at[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			depth++;
		else if (!quoted && (c == '}' || c == ']'))
			depth--;
		else if (!quoted && depth == 0 && c != '\n')
			return false;
	}
	return reply->len > 0 && depth == 0 && !quoted;
}

/* Texts of the bench have nothing that JSON escapes. */
static bool has_text(const struct bytes *reply)
{
	const char *at = reply->at, *end = reply->at + reply->len, *left = rule.text;
	size_t key = strlen(rule.key);

	while (at && (at = memmem(at, (size_t)(end - at), rule.key, key))) {
		const char *quote;
		size_t n;

		at += key;
		at += at < end && *at == ' ';
		if (at == end || *at != '"')
			continue;
		at++;
		quote = memchr(at, '"', (size_t)(end - at));
		n = quote ? (size_t)(quote - at) : 0;
		if (!quote || n > strlen(left) || memcmp(at, left, n) != 0)
			return false;
		left += n;
		at = quote;
	}
	return *left == '\0';
}

static enum fault look_through(const struct caller *caller)
{
	if (caller->http.part == HTTP_BROKEN)
		return FAULT_HTTP;
	if (caller->http.status != 200)
		return FAULT_STATUS;
	if (rule.end && !has(&caller->reply, rule.end))
		return FAULT_END;
	if (rule.json && !is_whole_json(&caller->reply))
		return FAULT_JSON;
	if (rule.text && !has_text(&caller->reply))
		return FAULT_TEXT;
	return FAULT_NONE;
}

static void hang_up(struct caller *caller)
{
	if (caller->fd >= 0)
		close(caller->fd);
	caller->fd = -1;
}

static void start(struct caller *caller);

/* The reply is there or will not be; the caller's next request follows. */
static void settle(struct caller *caller, enum fault fault)
{
	int64_t now = now_us();
	uint32_t total = (uint32_t)(now - caller->sent),
		 first = (uint32_t)(caller->first - caller->sent);

	faults[fault]++;
	if (fault == FAULT_NONE) {
		add(&totals, &total, sizeof total);
		if (caller->first)
			add(&firsts, &first, sizeof first);
	} else if (!says[0]) {
		snprintf(says, sizeof says, "%s %d %.*s", fault_names[fault], caller->http.status,
			 (int)(caller->reply.len < 160 ? caller->reply.len : 160),
			 caller->reply.at);
	}
	if (fault != FAULT_NONE || caller->http.closes)
		hang_up(caller);
	caller->at++;
	if (rule.seconds > 0 ? now < deadline : caller->at < caller->requests_n * rule.rounds) {
		start(caller);
	} else {
		hang_up(caller);
		caller->asks = false;
		asking--;
	}
}

static bool send_request(struct caller *caller)
{
	char *request = caller->requests[caller->at % caller->requests_n];
	char *place = strstr(request, NUMBER_PLACE), digits[16];
	size_t len = strlen(request);
	bool sent;

	snprintf(digits, sizeof digits, "%09lld", (long long)(number++ % 1000000000));
	if (place)
		memcpy(place, digits, 9);
	sent = send(caller->fd, request, len, 0) == (ssize_t)len;
	if (place)
		memcpy(place, NUMBER_PLACE, 9);
	return sent;
}

static void start(struct caller *caller)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = caller};

	caller->http = (struct http){0};
	caller->reply.len = 0;
	caller->first = 0;
	caller->sent = now_us();
	if (caller->fd < 0) {
		caller->fd = dial(rule.port);
		if (caller->fd >= 0)
			epoll_ctl(polled, EPOLL_CTL_ADD, caller->fd, &event);
	}
	/* One that cannot ask waits for the next look, so that a server that is gone is no recursion. */
	if (caller->fd >= 0 && !send_request(caller))
		hang_up(caller);
}

static void take_body(void *of, const char *bytes, size_t len)
{
	struct caller *caller = of;
	size_t mark = rule.first ? strlen(rule.first) : 0, before = caller->reply.len;
	size_t from = before < mark ? 0 : before - mark;

	add(&caller->reply, bytes, len);
	if (mark && !caller->first &&
	    memmem(caller->reply.at + from, caller->reply.len - from, rule.first, mark))
		caller->first = now_us();
}

static void take(struct caller *caller)
{
	static char bytes[READ_BYTES];
	ssize_t n = recv(caller->fd, bytes, sizeof bytes, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		settle(caller, FAULT_CUT);
	else if (http_take(&caller->http, bytes, (size_t)n, take_body, caller))
		settle(caller, look_through(caller));
}

static void look_for_lost(void)
{
	int64_t now = now_us();

	for (size_t i = 0; i < callers_n; i++) {
		struct caller *caller = &callers[i];

		if (caller->asks && caller->fd < 0)
			settle(caller, FAULT_CONNECT);
		else if (caller->asks && now - caller->sent > REPLY_SECONDS * 1000000LL)
			settle(caller, FAULT_LATE);
	}
}

static void read_options(int argc, char **argv)
{
	int option;

	rule.port = (uint16_t)strtol(argv[2], NULL, 10);
	optind = 3;
	while ((option = getopt(argc, argv, "r:s:f:e:jt:h:")) >= 0) {
		size_t used = strlen(rule.headers);

		if (option == 'r')
			rule.rounds = strtoul(optarg, NULL, 10);
		else if (option == 's')
			rule.seconds = strtod(optarg, NULL);
		else if (option == 'f')
			rule.first = optarg;
		else if (option == 'e')
			rule.end = optarg;
		else if (option == 'j')
			rule.json = true;
		else if (option == 'h')
			snprintf(rule.headers + used, sizeof rule.headers - used, "%s\r\n", optarg);
		else if (option == 't' && strchr(optarg, '='))
			rule.text = strchr(optarg, '=') + 1;
		else
			exit(2);
		if (option == 't')
			snprintf(rule.key, sizeof rule.key,
				 "\"%.*s\":", (int)(rule.text - 1 - optarg), optarg);
	}
}

static struct caller *caller_of(size_t n)
{
	while (callers_n <= n) {
		callers = realloc(callers, (callers_n + 1) * sizeof *callers);
		if (!callers)
			give_up("memory");
		callers[callers_n++] = (struct caller){.fd = -1};
	}
	return &callers[n];
}

static void read_lines(void)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		char *rest = line, *caller_n = strsep(&rest, " "), *path = strsep(&rest, " ");
		char *token = strsep(&rest, " "), *body = strsep(&rest, "\n");
		struct caller *caller;
		char *request;

		if (!body)
			give_up("a line has no caller, path, token and body");
		if (asprintf(
			    &request,
			    "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\n"
			    "Content-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
			    path, rule.port, token, rule.headers, strlen(body), body) < 0)
			give_up("memory");
		caller = caller_of(strtoul(caller_n, NULL, 10));
		caller->requests = realloc(caller->requests,
					   (caller->requests_n + 1) * sizeof *caller->requests);
		if (!caller->requests)
			give_up("memory");
		caller->requests[caller->requests_n++] = request;
	}
	free(line);
}

static void report(double seconds)
{
	size_t n = totals.len / sizeof(uint32_t), m = firsts.len / sizeof(uint32_t), bad = 0;
	uint32_t *total = (void *)totals.at, *first = (void *)firsts.at;
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	for (int i = FAULT_NONE + 1; i < FAULTS_N; i++)
		bad += faults[i];
	printf("{\"callers\":%zu,\"requests\":%zu,\"seconds\":%.3f,\"per_second\":%.1f,"
	       "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"first_p50_ms\":%.3f,\"first_p99_ms\":%.3f,"
	       "\"cpu_ms\":%.1f,\"failures\":%zu",
	       callers_n, n + bad, seconds, (double)n / seconds, part_ms(total, n, 0.5),
	       part_ms(total, n, 0.99), part_ms(first, m, 0.5), part_ms(first, m, 0.99),
	       (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
		       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3,
	       bad);
	for (int i = FAULT_NONE + 1; i < FAULTS_N; i++) {
		if (faults[i])
			printf(",\"%s\":%zu", fault_names[i], faults[i]);
	}
	printf("}\n");
	if (says[0])
		fprintf(stderr, "%s\n", says);
}

int ask_run(int argc, char **argv)
{
	int64_t from, looked;

	read_options(argc, argv);
	read_lines();
	polled = epoll_create1(EPOLL_CLOEXEC);
	from = looked = number = now_us();
	deadline = from + (int64_t)(rule.seconds * 1e6);
	for (size_t i = 0; i < callers_n; i++) {
		callers[i].asks = callers[i].requests_n > 0;
		asking += callers[i].asks;
		if (callers[i].asks)
			start(&callers[i]);
	}
	while (asking > 0) {
		struct epoll_event events[64];
		int n = epoll_wait(polled, events, 64, 100);

		for (int i = 0; i < n; i++)
			take(events[i].data.ptr);
		if (now_us() - looked > 100000) {
			looked = now_us();
			look_for_lost();
		}
	}
	report((double)(now_us() - from) / 1e6);
	return 0;
}
