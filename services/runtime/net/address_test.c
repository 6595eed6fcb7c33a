#include "runtime/net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* after the ones that it needs */
#include <cmocka.h>

static void a_household_counts_as_one(void **state)
{
	static const struct {
		const char *address, *key;
	} cases[] = {
		{"192.0.2.7", "192.0.2.7"},
		{"::ffff:192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"2001:db8:1:2::", "2001:db8:1:2::"},
		{"2001:DB8:1:2:ffff::1", "2001:db8:1:2::"},
		{"2001:db8:1:3::1", "2001:db8:1:3::"},
		{"::1", "::"},
		{"not an address", "not an address"},
		{"", ""},
		{"0192f0c1-7b5a-7c3e-9d3e-111111111111-and-much-more-text",
		 "0192f0c1-7b5a-7c3e-9d3e-111111111111-and-much-m"},
	};
	char key[NET_ADDRESS_SIZE];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		net_address_key(cases[i].address, key);
		assert_string_equal(key, cases[i].key);
	}
}

static void ranges_have_their_addresses(void **state)
{
	static const struct {
		const char *range, *address;
		bool has;
	} cases[] = {
		{"127.0.0.0/8", "127.1.2.3", true},
		{"127.0.0.0/8", "::ffff:127.1.2.3", true},
		{"127.0.0.0/8", "128.0.0.1", false},
		{"127.0.0.0/8", "::1", false},
		{"10.1.2.3", "10.1.2.3", true},
		{"10.1.2.3", "10.1.2.4", false},
		{"10.1.2.0/23", "10.1.3.255", true},
		{"10.1.2.0/23", "10.1.4.0", false},
		{"0.0.0.0/0", "8.8.8.8", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "8.8.8.8", true},
		{"::1", "::1", true},
		{"fd00::/8", "fdff::1", true},
		{"fd00::/8", "fe00::1", false},
		{"fd00::/7", "fc00::1", true},
		{"::/0", "", false},
		{"::/0", "1.2.3", false},
	};
	static const char *const wrong[] = {"",          "x",        "1.2.3",      "1.2.3.4/33",
					    "::1/129",   "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/8x",
					    "localhost", "/8"};
	struct net_range range;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(net_range_parse(cases[i].range, &range));
		if (net_range_has(&range, cases[i].address) != cases[i].has)
			fail_msg("%s in %s", cases[i].address, cases[i].range);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (net_range_parse(wrong[i], &range))
			fail_msg("'%s' is a range", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_household_counts_as_one),
		cmocka_unit_test(ranges_have_their_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
