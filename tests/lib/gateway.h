/* The whole gateway on real sockets, for tests: fake services behind it, a plain client in front.
 * One gateway at a time, in `test`. */
#ifndef TESTS_LIB_GATEWAY_H
#define TESTS_LIB_GATEWAY_H

#include "gateway/gateway.h"
#include "runtime/httpd/test_client.h"
#include "tests/lib/fake_services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define BALANCE "/api/v1/credits/balance"
#define GENERATE "/api/v1/chats/" FAKE_CHAT ":generate"
#define EVENTS "/api/v1/generations/" FAKE_CHAT "/events"
#define JSON "Content-Type: application/json\r\n"

struct gateway_test {
	struct gateway *gateway;
	struct gateway_conf conf;
	struct arena *arena;
	const char *bearer; /* header line of a good token */
	struct buf in;      /* the last answer */
};

extern struct gateway_test test;

/* Starts test.gateway with test.conf. */
void gateway_test_start(void);

/* Set-up and tear-down for cmocka. The set-up without a start leaves conf to the test. */
int gateway_test_set_up(void **state);
int gateway_test_set_up_only(void **state);
int gateway_test_tear_down(void **state);

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, gateway_test_set_up, gateway_test_tear_down)
#define TEST_STARTS(name) \
	cmocka_unit_test_setup_teardown(name, gateway_test_set_up_only, gateway_test_tear_down)

/* Runs the tests with the fake services behind them. */
#define gateway_test_run(tests) \
	(gateway_test_begin(), cmocka_run_group_tests(tests, NULL, gateway_test_end))
void gateway_test_begin(void);
int gateway_test_end(void **state);

/* Sends a request ("GET /path") on a new connection, which the caller closes. */
int send_request(const char *line, const char *headers, const char *body);

/* Asks, and reads the whole answer into test.in. Returns its status. */
int ask(const char *line, const char *headers, const char *body);

/* Whether the last answer has this part. */
bool says(const char *part);

/* Asks. The answer must have the status and all the parts. */
#define EXPECT(line, headers, body, status, ...) \
	expect(__LINE__, line, headers, body, status, (const char *const[]){__VA_ARGS__, NULL})
void expect(int at, const char *line, const char *headers, const char *body, int status,
	    const char *const *parts);

/* The headers together with a good token. */
const char *with(const char *headers);

/* Waits until the number is reached. */
void wait_for(atomic_int *value, int wanted);

#endif
