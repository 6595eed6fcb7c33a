/* Shared by the test files of auth: a configuration, a database, calls. */
#ifndef AUTH_AUTH_TEST_H
#define AUTH_AUTH_TEST_H

#include "auth/auth.h"
#include "edge/v1/rpc.h"
#include "tests/lib/call.h"
#include "tests/lib/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TEST_PASSWORD "correct horse battery"

/* The state of the program's calls, and its configuration. A test that changes one puts it back. */
extern struct auth test_auth;
extern struct auth_conf test_conf;
/* As main() makes them of the configuration. */
struct keyring_options test_keyring_options(void);

/* Runs each case in a transaction that is undone. *state: a call on its connection. */
int test_begin(void **state);
int test_end(void **state);
#define TEST(f) cmocka_unit_test_setup_teardown(f, test_begin, test_end)

/* A call of nobody with the state. Freed by test_call_free. */
struct rpc_call *test_auth_call(struct db *db);
/* A call of this user and session; NULL: nobody. In test_end's care. */
struct rpc_call *test_call(struct rpc_call *old, const char *user_id, const char *session_id);

/* Signs up or logs in, tokens in the body; must succeed. The answer lives in the call's arena. */
Auth__V1__Session *test_sign_up(struct rpc_call *call, const char *email);
Auth__V1__Session *test_log_in(struct rpc_call *call, const char *email);
/* Presents a refresh token in the body. */
enum status test_refresh(struct rpc_call *call, const char *token, Auth__V1__Session *resp);

/* The claims of the token, checked by the published keys; it must verify. */
struct token_claims test_claims(struct rpc_call *call, const char *access_token);

/* The single value of a query in the call's own transaction. */
const char *test_value(struct rpc_call *call, const char *text);

int account_tests(void);
int session_tests(void);
int refresh_tests(void);
int password_tests(void);
int keyring_tests(void);
int feed_tests(void);
int flood_tests(void);
int api_key_tests(void);

#endif
