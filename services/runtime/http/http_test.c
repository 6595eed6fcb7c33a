/* The client against a small scripted server on loopback. */
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/http/guard.h"
#include "runtime/http/internal.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define SLOTS 32

struct server {
	int fd;
	uint16_t port;
	pthread_t thread;
	pthread_t slots[SLOTS];
	_Atomic int connections;
};

struct fixture {
	struct server server;
	struct http_client *client;
	struct arena *arena;
	struct error err;
};

struct peer {
	struct server *server;
	int fd;
};

static void say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Reads one request: head and, by Content-Length, its body. False: the client is gone. */
static bool read_request(int fd, char *out, size_t size)
{
	size_t len = 0, need = 0;

	for (;;) {
		ssize_t n = recv(fd, out + len, size - 1 - len, 0);
		char *end, *length;

		if (n <= 0)
			return false;
		len += (size_t)n;
		out[len] = '\0';
		end = strstr(out, "\r\n\r\n");
		if (!end)
			continue;
		length = strstr(out, "Content-Length: ");
		need = (size_t)(end + 4 - out) + (length ? strtoul(length + 16, NULL, 10) : 0);
		if (len >= need)
			return true;
	}
}

static void wait_for_end(int fd)
{
	char bytes[32768];

	while (recv(fd, bytes, sizeof bytes, 0) > 0)
		;
}

static bool answer(int fd, char *request)
{
	char *body = strstr(request, "\r\n\r\n") + 4, text[9216];

	if (strncmp(request, "GET /ok ", 8) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Word:  yes \r\n"
			"Content-Length: 5\r\n\r\nhello");
		return true;
	}
	if (strncmp(request, "POST /echo ", 11) == 0) {
		snprintf(text, sizeof text, "HTTP/1.1 201 Created\r\nContent-Length: %zu\r\n\r\n%s",
			 strlen(body), body);
		say(fd, text);
		return true;
	}
	if (strncmp(request, "GET /head ", 10) == 0) {
		snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
			 strlen(request), request);
		say(fd, text);
		return true;
	}
	if (strncmp(request, "GET /early ", 11) == 0) {
		say(fd, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
			"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
		return true;
	}
	if (strncmp(request, "GET /redirect ", 14) == 0) {
		say(fd, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
		return true;
	}
	if (strncmp(request, "GET /cut ", 9) == 0)
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
	if (strncmp(request, "GET /bye ", 9) == 0)
		say(fd, "HTTP/1.1 200 OK\r\n\r\nuntil it closes");
	if (strncmp(request, "GET /stall ", 11) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin");
		wait_for_end(fd);
	}
	if (strncmp(request, "GET /drip ", 10) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\n\r\n");
		for (int i = 0; i < 10; i++) {
			usleep(150000); /* ten times: longer than the idle timeout */
			say(fd, ".");
		}
	}
	if (strncmp(request, "GET /packed ", 12) == 0) {
		/* "hello packed " 200 times, by gzip, whether it was asked for or not */
		static const char packed[] =
			"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\x28\x48"
			"\x4c\xce\x4e\x4d\x51\xc8\x18\xe5\x8c\x72\x46\x39\xa3\x9c\x51\xce\x28\x67"
			"\x94\x33\xca\x19\xe5\x8c\x72\x20\x1c\x00\xc9\x4a\xfa\xb6\x28\x0a\x00\x00";

		say(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 54\r\n\r\n");
		ensure(send(fd, packed, 54, MSG_NOSIGNAL) == 54);
		return true;
	}
	if (strncmp(request, "GET /silent ", 12) == 0)
		wait_for_end(fd);
	return false; /* and closes: also the answer to a path that is not there */
}

static _Atomic bool answer_seen;

/* Answers at once, and reads the rest of the question when the answer was seen. */
static bool is_hasty(int fd)
{
	static const char begin[] = "POST /hasty ";
	char seen[sizeof begin - 1];

	if (recv(fd, seen, sizeof seen, MSG_PEEK | MSG_WAITALL) != sizeof seen ||
	    memcmp(seen, begin, sizeof seen) != 0)
		return false;
	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	while (!answer_seen)
		usleep(1000);
	wait_for_end(fd);
	return true;
}

static void *serve_peer(void *arg)
{
	struct peer *peer = arg;
	char request[8192];

	while (!is_hasty(peer->fd) && read_request(peer->fd, request, sizeof request) &&
	       answer(peer->fd, request))
		;
	close(peer->fd);
	free(peer);
	return NULL;
}

static void *serve(void *arg)
{
	struct server *server = arg;

	for (;;) {
		int fd = accept(server->fd, NULL, NULL), slot;
		struct peer *peer;

		if (fd < 0)
			return NULL;
		slot = atomic_fetch_add(&server->connections, 1);
		ensure(slot < SLOTS);
		peer = malloc(sizeof *peer);
		*peer = (struct peer){server, fd};
		ensure(pthread_create(&server->slots[slot], NULL, serve_peer, peer) == 0);
	}
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;

	f->server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ensure(bind(f->server.fd, (struct sockaddr *)&at, sizeof at) == 0);
	ensure(listen(f->server.fd, 64) == 0);
	ensure(getsockname(f->server.fd, (struct sockaddr *)&at, &len) == 0);
	f->server.port = ntohs(at.sin_port);
	ensure(pthread_create(&f->server.thread, NULL, serve, &f->server) == 0);
	f->client = http_client_new(&(struct http_client_options){.user_agent = "test/1"});
	f->arena = arena_new(4096, 1 << 20);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	http_client_free(f->client);
	shutdown(f->server.fd, SHUT_RDWR);
	close(f->server.fd);
	pthread_join(f->server.thread, NULL);
	for (int i = 0; i < f->server.connections; i++)
		pthread_join(f->server.slots[i], NULL);
	arena_free(f->arena);
	free(f);
	return 0;
}

static const char *url(struct fixture *f, const char *path)
{
	return arena_printf(f->arena, "http://127.0.0.1:%u%s", f->server.port, path);
}

static enum status get(struct fixture *f, const char *path, struct http_answer *ret)
{
	struct http_request request = {.method = "GET",
				       .url = url(f, path),
				       .first_byte_timeout_ms = 1000,
				       .idle_timeout_ms = 1000};

	return http_call(f->client, &request, f->arena, ret, &f->err);
}

static void a_connection_is_used_again(void **state)
{
	struct fixture *f = *state;
	struct http_answer a = {0};

	for (int i = 0; i < 3; i++) {
		assert_int_equal(get(f, "/ok", &a), OK);
		assert_int_equal(a.status, 200);
		assert_string_equal((const char *)a.body, "hello");
		assert_string_equal(a.content_type, "text/plain");
	}
	assert_int_equal(f->server.connections, 1);
}

static void a_post_sends_its_body_or_none(void **state)
{
	struct fixture *f = *state;
	const char *const headers[] = {"Content-Type: application/json", NULL};
	struct http_request request = {.method = "POST",
				       .url = url(f, "/echo"),
				       .headers = headers,
				       .body = "{\"a\":1}",
				       .body_len = 7};
	struct http_answer a = {0};

	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), OK);
	assert_int_equal(a.status, 201);
	assert_string_equal((const char *)a.body, "{\"a\":1}");
	request.body = NULL;
	request.body_len = 0;
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), OK);
	assert_int_equal(a.body_len, 0);
}

struct seen {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct http_client *client;
	struct http_transfer *transfer;
	char order[16];
	bool refuse, ended;
	bool framed;      /* the end was said */
	int64_t hurry_ms; /* deadline from the first byte on; 0: none */
	enum status status;
};

static bool seen_data(struct http_transfer *transfer, const void *data, size_t len, void *ctx)
{
	struct seen *seen = ctx;

	if (seen->hurry_ms)
		http_deadline(transfer, seen->hurry_ms);
	else if (!seen->refuse)
		http_cancel(transfer);
	return !seen->refuse;
}

static void seen_end(struct http_transfer *transfer, enum status status, const struct error *err,
		     void *ctx)
{
	struct seen *seen = ctx;

	pthread_mutex_lock(&seen->lock);
	assert_false(seen->ended);
	seen->ended = true;
	seen->status = status;
	seen->framed = transfer && status == OK && http_framed(transfer);
	pthread_cond_signal(&seen->changed);
	pthread_mutex_unlock(&seen->lock);
}

static void wait_ended(struct seen *seen)
{
	pthread_mutex_lock(&seen->lock);
	while (!seen->ended)
		pthread_cond_wait(&seen->changed, &seen->lock);
	pthread_mutex_unlock(&seen->lock);
}

struct kept {
	struct seen seen;
	bool question; /* when the answer began */
};

static void note_question(struct http_transfer *transfer, _unused_ int32_t status, void *ctx)
{
	((struct kept *)ctx)->question = transfer->arena != NULL;
	answer_seen = true;
}

/* An answer may be long, and its question a whole conversation. The server that does not wait for
 * all of it shows why it goes only when it is sent: libcurl goes on with it. */
static void the_question_goes_when_the_answer_begins(void **state)
{
	static const struct http_hooks hooks = {.on_head = note_question, .on_end = seen_end};
	static const struct {
		const char *path;
		size_t bytes;
		bool kept;
	} cases[] = {{"/echo", 1000, false}, {"/hasty", 16 << 20, true}};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *body = malloc(cases[i].bytes);
		struct kept kept = {.seen = {.lock = PTHREAD_MUTEX_INITIALIZER,
					     .changed = PTHREAD_COND_INITIALIZER}};
		struct http_request request = {.method = "POST",
					       .url = url(f, cases[i].path),
					       .body = memset(body, 'x', cases[i].bytes),
					       .body_len = cases[i].bytes};

		answer_seen = false;
		http_start(f->client, &request, &hooks, &kept);
		wait_ended(&kept.seen);
		assert_int_equal(kept.seen.status, OK);
		assert_int_equal(kept.question, cases[i].kept);
	}
}

static void the_request_has_its_headers_and_nothing_of_the_environment(void **state)
{
	struct fixture *f = *state;
	const char *const headers[] = {"Authorization: Bearer k", NULL};
	const char *const split[] = {"A: b\r\nC: d", NULL};
	struct http_request request = {.method = "GET", .url = url(f, "/head"), .headers = headers};
	struct http_answer a = {0};

	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1/", 1), 0);
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), OK);
	unsetenv("http_proxy");
	assert_non_null(strstr((const char *)a.body, "\r\nAuthorization: Bearer k\r\n"));
	assert_non_null(strstr((const char *)a.body, "\r\nUser-Agent: test/1\r\n"));
	assert_null(strstr((const char *)a.body, "Expect:"));
	request.headers = split;
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), INVALID_ARGUMENT);
}

static void early_hints_are_skipped_and_redirects_not_followed(void **state)
{
	struct fixture *f = *state;
	struct http_answer a = {0};

	assert_int_equal(get(f, "/early", &a), OK);
	assert_int_equal(a.status, 404);
	assert_int_equal(get(f, "/redirect", &a), OK);
	assert_int_equal(a.status, 302);
}

static void a_slow_answer_is_not_cut(void **state)
{
	struct fixture *f = *state;
	struct http_answer a = {0};

	assert_int_equal(get(f, "/drip", &a), OK);
	assert_string_equal((const char *)a.body, "..........");
}

static void each_failure_has_its_status(void **state)
{
	struct fixture *f = *state;
	struct http_answer a = {0};
	struct http_request request = {.method = "GET", .url = "http://127.0.0.1:1/"};
	int64_t start_us = clock_mono_us();

	assert_int_equal(get(f, "/cut", &a), UNAVAILABLE);
	assert_string_equal(f->err.reason, "service_unavailable");
	assert_int_equal(get(f, "/gone", &a), UNAVAILABLE);
	assert_int_equal(get(f, "/stall", &a), DEADLINE_EXCEEDED);
	assert_string_equal(f->err.message, "the answer stopped coming");
	assert_int_equal(get(f, "/silent", &a), DEADLINE_EXCEEDED);
	assert_string_equal(f->err.message, "no answer came");
	assert_true(clock_mono_us() - start_us < 5 * US_PER_S);
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), UNAVAILABLE);
	request.url = "file:///etc/passwd";
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), INVALID_ARGUMENT);
	request.url = "http://[";
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), INVALID_ARGUMENT);
	request.url = url(f, "/ok");
	request.answer_bytes_max = 4;
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), RESOURCE_EXHAUSTED);
	request.url = url(f, "/silent");
	request.total_timeout_ms = 100;
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), DEADLINE_EXCEEDED);
}

static void the_limit_counts_unpacked_bytes(void **state)
{
	struct fixture *f = *state;
	struct http_request request = {.method = "GET", .url = url(f, "/packed")};
	struct http_answer a = {0};

	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), OK);
	assert_int_equal(a.body_len, 2600);
	assert_memory_equal(a.body, "hello packed hello", 18);
	request.answer_bytes_max = 1000;
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), RESOURCE_EXHAUSTED);
}

static void a_guarded_transfer_reaches_no_loopback_address(void **state)
{
	struct fixture *f = *state;
	struct http_answer a = {0};
	struct http_request request = {.method = "GET", .url = url(f, "/ok")};

	/* An open connection to the same place is there, and must not be taken. */
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), OK);
	request.guard_addresses = true;
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), PERMISSION_DENIED);
	assert_string_equal(f->err.reason, "address_refused");
	request.url = arena_printf(f->arena, "http://0x7f000001:%u/ok", f->server.port);
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), PERMISSION_DENIED);
	request.url = arena_printf(f->arena, "http://localhost:%u/ok", f->server.port);
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), PERMISSION_DENIED);
	request.proxy = "http://127.0.0.1:1";
	assert_int_equal(http_call(f->client, &request, f->arena, &a, &f->err), INVALID_ARGUMENT);
	assert_int_equal(f->server.connections, 1);
}

static void a_cancelled_transfer_ends_once(void **state)
{
	static const struct http_hooks hooks = {.on_data = seen_data, .on_end = seen_end};
	struct fixture *f = *state;
	const char *const paths[] = {"/silent", "/stall", "/stall"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER,
				    .changed = PTHREAD_COND_INITIALIZER,
				    .refuse = i == 1};
		struct http_request request = {.method = "GET", .url = url(f, paths[i])};
		struct http_transfer *transfer = http_start(f->client, &request, &hooks, &seen);

		if (i == 0)
			http_cancel(transfer);
		wait_ended(&seen);
		assert_int_equal(seen.status, CANCELLED);
	}
}

/* An end that nobody announced is told apart, too. */
static void a_deadline_goes_before_the_idle_timeout(void **state)
{
	static const struct http_hooks hooks = {.on_data = seen_data, .on_end = seen_end};
	static const struct {
		const char *path;
		enum status status;
		bool framed;
	} cases[] = {
		{"/stall", DEADLINE_EXCEEDED, false},
		{"/ok", OK, true},
		{"/bye", OK, false},
	};
	struct fixture *f = *state;
	int64_t start_us = clock_mono_us();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER,
				    .changed = PTHREAD_COND_INITIALIZER,
				    .hurry_ms = i == 0 ? 50 : 60000};
		struct http_request request = {.method = "GET", .url = url(f, cases[i].path)};

		http_start(f->client, &request, &hooks, &seen);
		wait_ended(&seen);
		assert_int_equal(seen.status, cases[i].status);
		assert_int_equal(seen.framed, cases[i].framed);
	}
	assert_true(clock_mono_us() - start_us < 30 * US_PER_S);
}

static void freeing_the_client_ends_all_transfers(void **state)
{
	static const struct http_hooks hooks = {.on_end = seen_end};
	struct fixture *f = *state;
	struct http_client *client = http_client_new(&(struct http_client_options){0});
	struct seen seen[4];

	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		struct http_request request = {.method = "GET", .url = url(f, "/silent")};

		seen[i] = (struct seen){.lock = PTHREAD_MUTEX_INITIALIZER,
					.changed = PTHREAD_COND_INITIALIZER};
		http_start(client, &request, &hooks, &seen[i]);
	}
	http_client_free(client);
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		assert_true(seen[i].ended);
		assert_int_equal(seen[i].status, CANCELLED);
	}
}

static void note(struct seen *seen, char event)
{
	size_t n = strlen(seen->order);

	assert_true(n + 1 < sizeof(seen->order));
	seen->order[n] = event;
	seen->order[n + 1] = '\0';
}

static void note_end(void *ctx)
{
	struct seen *seen = ctx;

	note(seen, 'e');
	seen_end(NULL, OK, NULL, seen);
}

static void note_timer(void *ctx)
{
	note(ctx, 't');
}

static void note_timers(void *ctx)
{
	struct seen *seen = ctx;

	note(seen, '2');
	http_timer(seen->client, 30, note_end, seen);
	http_timer(seen->client, 10, note_timer, seen);
}

static void note_post(void *ctx)
{
	struct seen *seen = ctx;

	note(seen, '1');
	http_post(seen->client, strlen(seen->order) < 4 ? note_post : note_timers, seen);
}

static void posts_and_timers_run_in_order(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER,
			    .changed = PTHREAD_COND_INITIALIZER,
			    .client = f->client};
	int64_t start_us = clock_mono_us(), took_us;

	http_post(f->client, note_post, &seen);
	wait_ended(&seen);
	took_us = clock_mono_us() - start_us;
	assert_string_equal(seen.order, "11112te");
	/* A post of a hook must not wait until the engine looks up by itself. */
	assert_true(took_us >= 30 * US_PER_MS && took_us < 20 * US_PER_S);
	assert_false(http_on_engine(f->client));
}

static void note_again(void *ctx)
{
	struct seen *seen = ctx;

	seen->order[strlen(seen->order)] = 'a';
	http_timer(seen->client, 3600000, note_again, seen);
}

static void freeing_the_client_runs_posts_and_timers_once(_unused_ void **state)
{
	struct seen seen = {.client = http_client_new(&(struct http_client_options){0})};

	http_post(seen.client, note_again, &seen);
	http_client_free(seen.client);
	assert_string_equal(seen.order, "aa");
}

static bool allows(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return guard_allows((struct sockaddr *)&in, sizeof in);
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return guard_allows((struct sockaddr *)&in6, sizeof in6);
}

static void only_global_unicast_addresses_are_allowed(_unused_ void **state)
{
	static const char *const bad[] = {
		"0.0.0.0",
		"10.1.2.3",
		"100.64.0.1",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.0.1",
		"169.254.169.254",
		"172.16.0.1",
		"172.31.255.255",
		"192.0.0.8",
		"192.0.2.1",
		"192.88.99.1",
		"192.168.1.1",
		"198.18.0.1",
		"198.19.255.255",
		"198.51.100.7",
		"203.0.113.9",
		"224.0.0.1",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::ffff:10.0.0.1",
		"::ffff:8.8.8.8",
		"64:ff9b::a00:1",
		"64:ff9b:1::1",
		"100::1",
		"2001::1",
		"2001:10::1",
		"2001:db8::1",
		"2002:a00:1::1",
		"3fff::1",
		"fc00::1",
		"fd12:3456::1",
		"fe80::1",
		"fec0::1",
		"ff02::1",
		"::127.0.0.1",
	};
	static const char *const good[] = {
		"1.1.1.1",         "8.8.8.8",
		"100.63.255.255",  "100.128.0.1",
		"172.15.0.1",      "172.32.0.1",
		"192.0.1.1",       "198.17.255.255",
		"198.20.0.1",      "223.255.255.255",
		"2606:4700::1111", "2a00:1450:4001::1",
		"2001:4860::",     "2400:cb00:2048:1::1",
	};
	struct sockaddr local = {.sa_family = AF_UNIX};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (allows(bad[i]))
			fail_msg("%s was allowed", bad[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		if (!allows(good[i]))
			fail_msg("%s was refused", good[i]);
	}
	assert_false(guard_allows(&local, sizeof local));
}

#define NET(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET(a_connection_is_used_again),
		NET(a_post_sends_its_body_or_none),
		NET(the_question_goes_when_the_answer_begins),
		NET(the_request_has_its_headers_and_nothing_of_the_environment),
		NET(early_hints_are_skipped_and_redirects_not_followed),
		NET(a_slow_answer_is_not_cut),
		NET(each_failure_has_its_status),
		NET(a_guarded_transfer_reaches_no_loopback_address),
		NET(the_limit_counts_unpacked_bytes),
		NET(a_cancelled_transfer_ends_once),
		NET(a_deadline_goes_before_the_idle_timeout),
		NET(freeing_the_client_ends_all_transfers),
		NET(posts_and_timers_run_in_order),
		cmocka_unit_test(freeing_the_client_runs_posts_and_timers_once),
		cmocka_unit_test(only_global_unicast_addresses_are_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
