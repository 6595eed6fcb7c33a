#include "payments/payments.h"
#include "tests/lib/call.h"
#include "tests/lib/pg.h"

#include "payments/payments_test.h"

#include <stdio.h>
#include <string.h>

#define PACKAGE(id, more) \
	"  - {id: " id ", name: N, credits: 2.5, currency: EUR, price_minor_units: 500" more "}\n"

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
	_cleanup_(test_call_freep) struct rpc_call *call = test_call_new(NULL, NULL, NULL);
	Payments__V1__ListPackagesRequest req = PAYMENTS__V1__LIST_PACKAGES_REQUEST__INIT;
	Payments__V1__ListPackagesResponse resp = PAYMENTS__V1__LIST_PACKAGES_RESPONSE__INIT;
	const struct packages *packages;
	struct error err;

	assert_int_equal(read_text("packages:\n" PACKAGE("b", "")
					   PACKAGE("a", ", highlighted: true"),
				   arena, &packages, &err),
			 OK);
	packages_publish(packages);
	assert_int_equal(payments_v1_list_packages(call, &req, &resp), OK);
	assert_int_equal(resp.n_packages, 2);
	assert_string_equal(resp.packages[0]->id, "b");
	assert_string_equal(resp.packages[1]->id, "a");
	assert_true(resp.packages[1]->highlighted);
	assert_int_equal(resp.packages[0]->credits_microcredits, 2500000);
	assert_string_equal(resp.packages[0]->price->currency, "EUR");
	assert_int_equal(resp.packages[0]->price->minor_units, 500);
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

static void the_schema_applies(void **state)
{
	pg_start();
	pg_migrate("payments");
	assert_string_equal(pg_value("SELECT relrowsecurity FROM pg_class WHERE oid = "
				     "'payments.payment'::regclass"),
			    "t");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_are_listed_in_their_order),
		cmocka_unit_test(a_bad_catalogue_says_what_is_wrong),
		cmocka_unit_test(the_catalogue_that_ships_is_good),
		cmocka_unit_test(the_schema_applies),
		cmocka_unit_test(signatures_of_stripe_are_accepted),
		cmocka_unit_test(a_signature_has_its_time),
		cmocka_unit_test(forged_signatures_are_refused),
		cmocka_unit_test(every_bent_bit_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
