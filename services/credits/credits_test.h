/* Shared by the tests of the ledger: short calls of the handlers on a real PostgreSQL. */
#ifndef CREDITS_CREDITS_TEST_H
#define CREDITS_CREDITS_TEST_H

#include "credits.h"
#include "tests/lib/call.h"
#include "tests/lib/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

#define CREDIT 1000000LL /* micro-credits */
#define GIFT (100 * CREDIT)
#define LIMIT (200 * CREDIT) /* of pay-as-you-go */
#define BUDGETS 3
#define TOTAL CREDITS__V1__BUDGET__PERIOD__TOTAL
#define MONTH CREDITS__V1__BUDGET__PERIOD__MONTH

/* The test that runs: its user, connection and call. */
struct ledger {
	struct credits *credits; /* of the program; a test that changes it puts it back */
	struct db *db;
	struct rpc_call *call;
	char user[UUID_SIZE];
	const char *model;  /* of the holds to come */
	const char *budget; /* named by the holds to come; NULL: none */
};

int ledger_group_set_up(void **state);
int ledger_set_up(void **state);
/* A call on this connection, with the program's state. Freed by test_call_free. */
struct rpc_call *ledger_call(struct db *db, const char *user_id, const char *caller);
/* Fails the test when an invariant is broken. */
int ledger_tear_down(void **state);

void ledger_verify(void);

#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_set_up, ledger_tear_down)

/* One group of tests a file; each returns the number of failures. */
int ids_tests(void);
int hold_tests(void);
int billing_tests(void);
int verify_tests(void);
int others_tests(void);
int guards_tests(void);
int voucher_tests(void);
int budget_tests(void);
int plan_tests(void);
int batch_tests(void);
int known_failures_tests(void);

/* Short calls of the handlers; each returns the handler's status. name: the id is derived from it;
 * unique in the test. */
enum status ledger_hold(struct ledger *l, const char *name, int64_t amount);
enum status ledger_settle(struct ledger *l, const char *name, int64_t amount, int64_t *ret_charged);
enum status ledger_void(struct ledger *l, const char *name);
enum status ledger_book(struct ledger *l, const char *name, Credits__V1__Transaction__Kind kind,
			int64_t amount);
/* A budget of an API key; limit below 0: none. */
enum status ledger_set_budget(struct ledger *l, const char *id, int64_t limit,
			      Credits__V1__Budget__Period period);
void ledger_balance(struct ledger *l, Credits__V1__Balance *ret);
int64_t ledger_available(struct ledger *l);
void ledger_sweep(struct ledger *l);

/* uuidv5 of "user:name" in a namespace. */
const char *ledger_id(struct ledger *l, const struct uuid *name_space, const char *name);

#define assert_fails(l, expression, reason_)                         \
	do {                                                         \
		assert_int_not_equal(expression, OK);                \
		assert_string_equal((l)->call->err.reason, reason_); \
	} while (0)

#endif
