#include "gateway/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
/* after the ones that it needs */
#include <cmocka.h>

static const char *const others[] = {"inner", "friend.example:8443", "[2001:db8::1]", NULL};

static enum status check(const char *public_origin, const char *host)
{
	struct arena *arena = arena_new(1024, 65536);
	struct hosts *hosts = hosts_new(arena, public_origin, others);
	struct httpd_header header = {"host", host};
	struct httpd_request req = {.headers = &header, .n_headers = host != NULL};
	struct error err = {0};
	enum status s = hosts_check(hosts, &req, &err);

	if (s != OK) {
		assert_string_equal(err.reason, "host_unknown");
		assert_non_null(strstr(err.message, "public_url"));
		assert_non_null(strstr(err.message, "hosts"));
	}
	arena_free(arena);
	return s;
}

static void names_must_be_ours(void **state)
{
	static const struct {
		const char *origin, *host;
		bool good;
	} cases[] = {
		{"https://chat.example", "chat.example", true},
		{"https://chat.example", "CHAT.Example", true},
		{"https://chat.example", "chat.example:443", true},
		{"https://chat.example", "chat.example:80", false},
		{"https://chat.example", "chat.example:8080", false},
		{"https://chat.example", "evil.example", false},
		{"https://chat.example", "chat.example.evil.example", false},
		{"https://chat.example", "evilchat.example", false},
		{"https://chat.example", "chat.exampl", false},
		{"https://chat.example", "localhost", false},
		{"https://chat.example", "", false},
		{"https://chat.example", ":443", false},
		{"https://chat.example:8443", "chat.example:8443", true},
		{"https://chat.example:8443", "chat.example", false},
		{"http://chat.example", "chat.example", true},
		{"http://chat.example", "chat.example:80", true},
		/* in development */
		{"http://127.0.0.1:8080", "127.0.0.1:8080", true},
		{"http://127.0.0.1:8080", "localhost:8080", true},
		{"http://localhost:8080", "[::1]:8080", true},
		{"http://[::1]:8080", "localhost:8080", true},
		{"http://127.0.0.1:8080", "localhost:8081", false},
		{"http://127.0.0.1:8080", "localhost", false},
		{"http://127.0.0.1:8080", "rebound.evil.example:8080", false},
		{"http://127.0.0.1:8080", "127.0.0.1.evil.example:8080", false},
		{"http://127.0.0.1:8080", "localhost.evil.example:8080", false},
		/* the list */
		{"https://chat.example", "inner", true},
		{"https://chat.example", "inner:1234", true},
		{"https://chat.example", "friend.example:8443", true},
		{"https://chat.example", "friend.example", false},
		/* addresses */
		{"https://chat.example", "192.0.2.7", true},
		{"https://chat.example", "192.0.2.7:8080", true},
		{"https://chat.example", "[2001:db8::2]:8080", true},
		{"https://chat.example", "192.0.2", false},
		{"https://chat.example", "192.0.2.7.example", false},
		{"https://chat.example", "[evil.example]", false},
		{"https://chat.example", "[", false},
		{"https://chat.example", "[]", false},
		{"https://chat.example", "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20",
		 false},
		{"https://chat.example", NULL, true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if ((check(cases[i].origin, cases[i].host) == OK) != cases[i].good)
			fail_msg("%s at %s", cases[i].host, cases[i].origin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_must_be_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
