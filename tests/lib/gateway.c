#include "tests/lib/gateway.h"

#include "limitless/services.h"
#include "runtime/base/clock.h"
#include "runtime/log/log.h"

#include <unistd.h>

#define TEST_SECONDS_MAX 180

struct gateway_test test;

void gateway_test_start(void)
{
	struct error err;

	if (gateway_start(&test.conf, &test.gateway, &err) != OK)
		fail_msg("%s", err.message);
}

/* One fake stands for all services. */
static void set_backends(void)
{
	const char *backends = "";

	for (size_t i = 0; i < SERVICES_N; i++)
		backends = arena_printf(test.arena, "%s%s%s=%s", backends, *backends ? "," : "",
					services[i].name, fake.url);
	setenv("LIMITLESS_GATEWAY_BACKENDS", backends, 1);
}

int gateway_test_set_up_only(_unused_ void **state)
{
	static const char *const listen[] = {"tcp://127.0.0.1:0", NULL};
	static const char *const origins[] = {"https://app.example", NULL};
	static const char *const hosts[] = {"chat.example", NULL};
	struct error err;

	fake.calls = 0;
	test.arena = arena_new(65536, 1 << 20);
	setenv("LIMITLESS_GATEWAY_EDGE", "auth.v1", 1);
	set_backends();
	assert_int_equal(conf_load(NULL, "GATEWAY", gateway_keys, gateway_keys_n, test.arena,
				   &test.conf, &err),
			 OK);
	test.conf.listen = listen;
	test.conf.cors_origins = origins;
	test.conf.hosts = hosts;
	test.conf.backoff_initial_ms = 20;
	test.conf.feed_stale_ms = 60000; /* the fake feed speaks only when a test wants it to */
	test.conf.feed_lost_ms = 120000;
	test.conf.drain_ms = 5000;
	test.bearer = arena_printf(test.arena, "Authorization: Bearer %s\r\n",
				   fake_token(FAKE_USER, FAKE_SESSION, false, 900));
	buf_init(&test.in, CLIENT_BYTES_MAX);
	return 0;
}

int gateway_test_set_up(void **state)
{
	gateway_test_set_up_only(state);
	gateway_test_start();
	return 0;
}

int gateway_test_tear_down(_unused_ void **state)
{
	gateway_stop(TAKE_PTR(test.gateway));
	buf_done(&test.in);
	arena_free(test.arena);
	return 0;
}

int send_request(const char *line, const char *headers, const char *body)
{
	int fd = client_connect(httpd_port(test.gateway->httpd, 0));

	client_say(
		fd,
		arena_printf(test.arena,
			     "%s HTTP/1.1\r\nHost: chat.example\r\nContent-Length: %zu\r\n%s\r\n%s",
			     line, strlen(body), headers, body));
	return fd;
}

int ask(const char *line, const char *headers, const char *body)
{
	int fd = send_request(line, arena_printf(test.arena, "Connection: close\r\n%s", headers),
			      body);

	buf_clear(&test.in);
	client_read_until(fd, &test.in, NULL);
	close(fd);
	return client_status(&test.in);
}

bool says(const char *part)
{
	return strstr(buf_text(&test.in), part) != NULL;
}

void expect(int at, const char *line, const char *headers, const char *body, int status,
	    const char *const *parts)
{
	if (ask(line, headers, body) != status)
		fail_msg("line %d: wanted %d: %s", at, status, buf_text(&test.in));
	for (; *parts; parts++)
		if (!says(*parts))
			fail_msg("line %d: no '%s' in: %s", at, *parts, buf_text(&test.in));
}

const char *with(const char *headers)
{
	return arena_printf(test.arena, "%s%s", test.bearer, headers);
}

void wait_for(atomic_int *value, int wanted)
{
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;

	while (atomic_load(value) < wanted && clock_mono_us() < until_us)
		usleep(1000);
	assert_int_equal(atomic_load(value), wanted);
}

void gateway_test_begin(void)
{
	alarm(TEST_SECONDS_MAX);
	log_init("gateway", LOG_LEVEL_WARN);
	fake_start();
}

int gateway_test_end(_unused_ void **state)
{
	fake_stop();
	return 0;
}
