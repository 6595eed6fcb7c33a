#include "payments/stripe.h"
#include "tests/lib/call.h"
#include "tests/lib/pg.h"

#include "payments/payments_test.h"

#include <stdio.h>
#include <string.h>

#define PACKAGE(id, more) \
	"  - {id: " id ", name: N, credits: 2.5, currency: EUR, price_minor_units: 500" more "}\n"

static struct payments payments;

struct payments *payments_test_state(void)
{
	return &payments;
}

struct rpc_call *payments_test_call(struct db *db, const char *user_id)
{
	struct rpc_call *call = test_call_new(db, user_id, NULL);

	call->state = &payments;
	return call;
}

void payments_test_configure(const char *secret_key)
{
	static struct payments_conf conf;
	static struct arena *arena;
	struct error err;

	arena_free(arena);
	arena = arena_new(4096, 1 << 20);
	conf = (struct payments_conf){
		.public_url = "http://127.0.0.1:8080",
		.secret_key = secret_key,
		.webhook_secrets = "whsec_old, whsec_new",
		.api_url = "http://127.0.0.1:1",
		.api_version = "2024-06-20",
		.api_timeout_ms = 5000,
		.api_calls_max = 4,
		.webhook_tolerance_ms = 300000,
		.checkout_lifetime_ms = 3600000,
	};
	assert_int_equal(payments_configure(&payments, &conf, arena, &err), OK);
}

static enum status read_text(const char *yaml, struct arena *arena, const struct packages **ret,
			     struct error *err)
{
	char path[] = "/tmp/packages-test.XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	enum status s;

	fputs(yaml, file);
	fclose(file);
	s = packages_read(path, arena, ret, err);
	unlink(path);
	return s;
}

static void packages_are_listed_in_their_order(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	_cleanup_(test_call_freep) struct rpc_call *call = payments_test_call(NULL, NULL);
	Payments__V1__ListPackagesRequest req = PAYMENTS__V1__LIST_PACKAGES_REQUEST__INIT;
	Payments__V1__ListPackagesResponse resp = PAYMENTS__V1__LIST_PACKAGES_RESPONSE__INIT;
	const struct packages *packages;
	struct error err;

	assert_int_equal(read_text("packages:\n" PACKAGE("b", "")
					   PACKAGE("a", ", highlighted: true"),
				   arena, &packages, &err),
			 OK);
	payments.packages = packages;
	payments_test_configure("sk_test_1");
	assert_int_equal(payments_v1_list_packages(call, &req, &resp), OK);
	assert_int_equal(resp.n_packages, 2);
	assert_string_equal(resp.packages[0]->id, "b");
	assert_string_equal(resp.packages[1]->id, "a");
	assert_true(resp.packages[1]->highlighted);
	assert_int_equal(resp.packages[0]->credits_microcredits, 2500000);
	assert_string_equal(resp.packages[0]->price->currency, "EUR");
	assert_int_equal(resp.packages[0]->price->minor_units, 500);
	assert_true(resp.purchasable);
	assert_true(resp.test_mode);
	payments_test_configure("sk_live_1");
	assert_int_equal(payments_v1_list_packages(call, &req, &resp), OK);
	assert_false(resp.test_mode);
	payments_test_configure("");
	assert_int_equal(payments_v1_list_packages(call, &req, &resp), OK);
	assert_false(resp.purchasable);
}

static void a_bad_catalogue_says_what_is_wrong(void **state)
{
	static const struct {
		const char *yaml, *says;
	} cases[] = {
		{"packages:\n" PACKAGE("a", "") PACKAGE("a", ""), "'a' is there twice"},
		{"packages:\n" PACKAGE("a", ", colour: red"), ":2: colour: unknown key"},
		{"packages:\n  - {id: a, name: N, credits: -1, currency: EUR, price_minor_units: "
		 "5}\n",
		 "credits: '-1'"},
		{"packages:\n  - {id: a, name: N, credits: 1, currency: EUR, price_minor_units: "
		 "0}\n",
		 "price_minor_units: '0'"},
		{"packages:\n  - {id: a, name: N, credits: 1, currency: euro, price_minor_units: "
		 "5}\n",
		 "currency 'euro'"},
		{"packages:\n  - {name: N, credits: 1, currency: EUR, price_minor_units: 5}\n",
		 "id: is missing"},
		{"sale: []\n", "sale: unknown key"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
		const struct packages *packages;
		struct error err;

		assert_int_equal(read_text(cases[i].yaml, arena, &packages, &err),
				 INVALID_ARGUMENT);
		if (!strstr(err.message, cases[i].says))
			fail_msg("'%s' does not say '%s'", err.message, cases[i].says);
	}
}

static void the_catalogue_that_ships_is_good(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	const struct packages *packages;
	struct error err;

	assert_int_equal(packages_read("deploy/config/packages.yaml", arena, &packages, &err), OK);
	assert_true(packages->n >= 3);
}

static void a_key_without_a_webhook_secret_ends_the_start(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	struct payments_conf conf = {.secret_key = "sk_test_1", .webhook_secrets = ""};
	struct payments unwatched = {0};
	struct error err;

	assert_int_equal(payments_configure(&unwatched, &conf, arena, &err), INVALID_ARGUMENT);
	assert_non_null(strstr(err.message, "stripe.webhook_secrets"));
}

static struct arena *catalogue;

static int group_set_up(void **state)
{
	const struct packages *packages;
	struct error err;

	pg_start();
	pg_migrate("payments");
	stripe_start(&payments.stripe);
	catalogue = arena_new(4096, 1 << 20);
	if (packages_read("deploy/config/packages.yaml", catalogue, &packages, &err) != OK)
		return 1;
	payments.packages = packages;
	return 0;
}

static int group_tear_down(void **state)
{
	stripe_stop(&payments.stripe);
	arena_free(catalogue);
	return 0;
}

#define DB_TEST(name) cmocka_unit_test_setup_teardown(name, learn_set_up, learn_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_payment_is_credited_once),
		DB_TEST(a_refund_may_come_before_its_payment),
		DB_TEST(parts_of_a_refund_add_up),
		DB_TEST(a_dispute_that_is_won_gives_back),
		DB_TEST(what_is_not_ours_has_no_effect),
		DB_TEST(a_wrong_amount_is_not_credited),
		DB_TEST(every_order_ends_the_same),
		DB_TEST(an_invoice_asks_for_what_no_other_asks),
		DB_TEST(an_overdue_invoice_suspends_until_it_is_paid),
		DB_TEST(a_check_out_is_refused_with_its_reason),
		DB_TEST(stripe_away_is_said),
		DB_TEST(an_event_is_stored_with_its_effect),
		DB_TEST(a_bad_event_leaves_nothing),
		DB_TEST(what_nobody_reads_cannot_be_wrong),
		DB_TEST(an_odd_event_is_stored_with_its_reason),
		DB_TEST(a_long_id_is_stored_by_its_hash),
		DB_TEST(an_administrator_sees_what_was_odd),
		DB_TEST(a_user_sees_their_own_payments),
		DB_TEST(plan_facts_may_come_in_any_order),
		DB_TEST(a_plan_that_ended_stays_ended),
		DB_TEST(a_grant_is_told_once),
		DB_TEST(other_invoices_grant_nothing),
		DB_TEST(a_plan_rests_while_it_is_unpaid),
		DB_TEST(a_user_sees_their_own_subscriptions),
		DB_TEST(a_plan_is_bought_once),
		cmocka_unit_test(a_bad_plan_says_what_is_wrong),
		cmocka_unit_test(packages_are_listed_in_their_order),
		cmocka_unit_test(a_bad_catalogue_says_what_is_wrong),
		cmocka_unit_test(the_catalogue_that_ships_is_good),
		cmocka_unit_test(a_key_without_a_webhook_secret_ends_the_start),
		cmocka_unit_test(signatures_of_stripe_are_accepted),
		cmocka_unit_test(a_signature_has_its_time),
		cmocka_unit_test(forged_signatures_are_refused),
		cmocka_unit_test(every_bent_bit_is_noticed),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
