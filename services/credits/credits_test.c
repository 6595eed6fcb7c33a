/* The ledger on a real PostgreSQL. A test has a user of its own and ends with the invariants. */
#include "credits_test.h"

int main(void)
{
	int failures = ids_tests() + hold_tests() + billing_tests() + verify_tests() +
		       others_tests() + guards_tests() + voucher_tests() + budget_tests() +
		       plan_tests() + batch_tests() + known_failures_tests();

	pg_stop();
	return failures > 0;
}
