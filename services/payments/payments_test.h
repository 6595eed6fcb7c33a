/* Tests of payments, one program; each is listed in payments_test.c. */
#ifndef PAYMENTS_PAYMENTS_TEST_H
#define PAYMENTS_PAYMENTS_TEST_H

#include "payments/payments.h"
#include "runtime/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Configuration with this key of Stripe's API, two webhook secrets (whsec_old, whsec_new) and an
 * API where nobody listens. */
void payments_test_configure(const char *secret_key);
/* The state that it made; there is one in the program. */
struct payments *payments_test_state(void);
/* A call with that state. Freed by test_call_free. */
struct rpc_call *payments_test_call(struct db *db, const char *user_id);

void signatures_of_stripe_are_accepted(void **state);
void a_signature_has_its_time(void **state);
void forged_signatures_are_refused(void **state);
void every_bent_bit_is_noticed(void **state);

/* A connection whose work is undone after each test. */
int learn_set_up(void **state);
int learn_tear_down(void **state);
struct db *learn_db(void);
/* Column n of a query's row. Every query is a statement of its own name. */
int64_t learn_value_of(const struct sql *sql);
#define LEARN_TEXT_(text) #text
#define LEARN_NAME(line) "test_" LEARN_TEXT_(line)
#define learn_value(query)                                                                  \
	({                                                                                  \
		static const struct sql learn_value_sql = {LEARN_NAME(__LINE__), query, 0}; \
		learn_value_of(&learn_value_sql);                                           \
	})

void a_payment_is_credited_once(void **state);
void a_refund_may_come_before_its_payment(void **state);
void parts_of_a_refund_add_up(void **state);
void a_dispute_that_is_won_gives_back(void **state);
void what_is_not_ours_has_no_effect(void **state);
void a_wrong_amount_is_not_credited(void **state);
void every_order_ends_the_same(void **state);
void an_invoice_asks_for_what_no_other_asks(void **state);
void an_overdue_invoice_suspends_until_it_is_paid(void **state);

void a_check_out_is_refused_with_its_reason(void **state);
void stripe_away_is_said(void **state);
void an_event_is_stored_with_its_effect(void **state);
void a_bad_event_leaves_nothing(void **state);
void what_nobody_reads_cannot_be_wrong(void **state);
void an_odd_event_is_stored_with_its_reason(void **state);
void a_long_id_is_stored_by_its_hash(void **state);
void an_administrator_sees_what_was_odd(void **state);
void a_user_sees_their_own_payments(void **state);

void plan_facts_may_come_in_any_order(void **state);
void a_plan_that_ended_stays_ended(void **state);
void a_grant_is_told_once(void **state);
void other_invoices_grant_nothing(void **state);
void a_plan_rests_while_it_is_unpaid(void **state);
void a_bad_plan_says_what_is_wrong(void **state);
void a_user_sees_their_own_subscriptions(void **state);
void a_plan_is_bought_once(void **state);

#endif
