/* Every kind of damage is found, and named by its invariant. */
#include "credits_test.h"

/* Damage done by hand, past triggers, and undone by the rollback. Runs after a hold, a settle and
 * an open hold of user $1. */
static const struct damage {
	const char *invariant, *sql;
} damages[] = {
	{"I1", "UPDATE account SET credits_posted = credits_posted + 1 WHERE id = '%s'"},
	{"I1", "UPDATE account SET debits_pending = debits_pending - 1 WHERE id = '%s'"},
	{"I2", "UPDATE account SET debits_posted = debits_posted + 1, credits_posted = "
	       "credits_posted + 1 WHERE id = '%s'"},
	{"I2", "UPDATE account SET chain_seq = chain_seq + 1 WHERE id = '%s'"},
	{"I2", "UPDATE day_total SET transfers = transfers + 1 WHERE account_id = '%s'"},
	{"I2", "DELETE FROM day_total WHERE account_id = '%s'"},
	{"I2", "UPDATE budget SET debits_posted = debits_posted + 1 WHERE account_id = '%s'"},
	{"I2", "DELETE FROM account WHERE id = '%s'"},
	{"I3", "ALTER TABLE account DROP CONSTRAINT insufficient_credits; UPDATE account SET "
	       "debits_pending = credits_posted + 1"
	       " WHERE id = '%s'"},
	{"I3", "UPDATE account SET limit_microcredits = 1 WHERE id = '%s'"},
	{"I4", "DELETE FROM open_hold WHERE account_id = '%s'"},
	{"I4", "INSERT INTO open_hold SELECT id, account_id, lc.now() FROM transfer WHERE kind = "
	       "'hold' AND account_id = '%s'"
	       " ON CONFLICT DO NOTHING"},
	{"I4", "UPDATE transfer SET hold_id = NULL WHERE kind = 'settle' AND account_id = '%s'"},
	{"I4", "UPDATE transfer SET amount_microcredits = 31000000 WHERE kind = 'settle' AND "
	       "account_id = '%s'"},
	{"I4", "DROP INDEX transfer_hold_once; UPDATE transfer SET kind = 'void', hold_id = "
	       "(SELECT hold_id FROM transfer"
	       " WHERE kind = 'settle' AND account_id = t.account_id) FROM (SELECT '%s'::uuid AS "
	       "account_id) t"
	       " WHERE transfer.account_id = t.account_id AND kind = 'gift'"},
	{"I7",
	 "UPDATE open_hold SET expire_time = lc.now() - interval '61 s' WHERE account_id = '%s'"},
	{"I8", "ALTER TABLE transfer DROP CONSTRAINT amount_range; UPDATE transfer SET "
	       "amount_microcredits = -1"
	       " WHERE kind = 'settle' AND account_id = '%s'"},
	{"I8", "UPDATE transfer SET debit_id = gen_random_uuid() WHERE kind = 'settle' AND "
	       "account_id = '%s'"},
	{"I8", "ALTER TABLE account DROP CONSTRAINT account_sums; UPDATE account SET "
	       "gift_microcredits = -1 WHERE id = '%s'"},
	{"I9",
	 "UPDATE transfer SET reference = 'other' WHERE kind = 'settle' AND account_id = '%s'"},
	{"I9", "UPDATE transfer SET create_time = create_time - interval '1 us' WHERE kind = "
	       "'gift' AND account_id = '%s'"},
	{"I9", "UPDATE transfer SET seq = 10 WHERE kind = 'settle' AND account_id = '%s'"},
	{"I9", "UPDATE transfer SET balance_after = 0 WHERE kind = 'settle' AND account_id = '%s'"},
	{"I9",
	 "UPDATE transfer SET price_version = 'cheap' WHERE kind = 'settle' AND account_id = '%s'"},
	{"I9", "DELETE FROM transfer WHERE kind = 'settle' AND account_id = '%s'"},
	{"I9", "UPDATE account SET chain_hash = '' WHERE id = '%s'"},
};

static void every_damage_is_found(void **state)
{
	struct ledger *l = *state;
	struct arena *arena = l->call->arena;

	assert_int_equal(ledger_set_budget(l, l->user, GIFT, TOTAL), OK);
	l->budget = l->user;
	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	assert_int_equal(ledger_settle(l, "1", 12 * CREDIT, NULL), OK);
	assert_int_equal(ledger_hold(l, "2", 3 * CREDIT), OK);
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		char *damage = arena_strdup(arena, damages[i].sql), *user = strstr(damage, "%s");
		const char *found;

		assert_non_null(user);
		*user = '\0';
		found = pg_value(arena_printf(
			arena,
			"SET search_path = credits, lc; BEGIN; SET LOCAL session_replication_role "
			"= replica;"
			" %s%s%s; SELECT string_agg(DISTINCT invariant, ' ') FROM violation",
			damage, l->user, user + 2));
		if (!strstr(found, damages[i].invariant))
			fail_msg("%s: found '%s'", damages[i].sql, found);
		pg_exec("ROLLBACK");
	}
}

static void sums_are_made_anew(void **state)
{
	struct ledger *l = *state;
	int64_t before;

	assert_int_equal(ledger_hold(l, "1", 30 * CREDIT), OK);
	assert_int_equal(ledger_settle(l, "1", 12 * CREDIT, NULL), OK);
	before = ledger_available(l);
	pg_exec("SET search_path = credits, lc; UPDATE account SET credits_posted = credits_posted "
		"+ 7;"
		" DELETE FROM day_total; SELECT rebuild()");
	assert_int_equal(ledger_available(l), before);
}

int verify_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_damage_is_found),
		TEST(sums_are_made_anew),
	};

	return cmocka_run_group_tests(tests, ledger_group_set_up, NULL);
}
