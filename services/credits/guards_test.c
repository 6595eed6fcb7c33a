/* Attempts of commands on another user's money. The statements of this file run with the rights of
 * the service, as if its SQL were an attacker's. */
#include "credits_test.h"

#include "runtime/base/text.h"

#include <stdlib.h>

#define SQL_MAX 3000
#define ANSWER_SIZE 200

/* Ada has 100, 50 in plan "pro", a budget of 60, a hold of 30 and a settled hold. Mallory has 100
 * and a hold of 10. Words in the SQL of this file stand for the ids. */
static struct {
	const char *word;
	char id[UUID_SIZE];
} names[] = {
	{"$ada", ""},  {"$pro", ""}, {"$key", ""}, {"$hold", ""}, {"$used", ""}, {"$settle", ""},
	{"$gift", ""}, {"$mal", ""}, {"$own", ""}, {"$new", ""},  {"$rev", ""},
};

static char *id_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].word, word) == 0)
			return names[i].id;
	abort();
}

/* The text with ids in place of words. */
static const char *with_ids(const char *text)
{
	static char out[SQL_MAX];
	size_t n = 0;

	while (*text) {
		size_t i = 0, len = 0;

		for (; i < ARRAY_SIZE(names); i++) {
			len = strlen(names[i].word);
			if (strncmp(text, names[i].word, len) == 0)
				break;
		}
		assert_true(n + UUID_SIZE < sizeof out);
		if (i < ARRAY_SIZE(names)) {
			n += (size_t)snprintf(out + n, sizeof out - n, "%s", names[i].id);
			text += len;
		} else {
			out[n++] = *text++;
		}
	}
	out[n] = '\0';
	return out;
}

#define COMMAND(kind, id, subject, amount, budgets, overage, plans)                        \
	"ROW(1, " kind ", '" id "', '" subject "', " amount                                \
	", lc.now() + interval '1 h', 'r', 'm', '{" budgets "}', '" overage "', '" overage \
	"', '{" plans "}')::command"
#define RUN(command)                                                               \
	"SELECT concat_ws(' ', coalesce(refused, 'ok'), available, charged) FROM " \
	"run_commands(ARRAY[" command "], NULL)"
#define DO(kind, id, subject, amount) RUN(COMMAND(kind, id, subject, amount, "", "$new", ""))

static void begin(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		uuid_v7(names[i].id);
	credits_plan_account(id_of("$ada"), "pro", id_of("$pro"));
	snprintf(id_of("$rev"), UUID_SIZE, "%s", pg_value("SELECT credits.platform('revenue')"));
	pg_exec(with_ids(
		"SET search_path = credits, lc;"
		"SELECT open_account('$ada', '$gift', 100, NULL), open_account('$mal', "
		"gen_random_uuid(), 100, NULL);"
		"SELECT set_window(gen_random_uuid(), '$ada', '$key', 'api_key', 'k', 60, 'total', "
		"100000);"
		"SELECT grant_plan(gen_random_uuid(), '$ada', '$pro', 'pro', 's', 50, lc.now() + "
		"interval '1 d', 'r', gen_random_uuid());"));
	pg_exec(with_ids("SET search_path = credits, lc;" RUN(
		COMMAND("'hold'", "$hold", "$ada", "30", "$key", "$new",
			"")) ";" DO("'hold'", "$used", "$ada",
				    "5") ";" DO("'settle'", "$settle", "$used",
						"5") ";" DO("'hold'", "$own", "$mal", "10")));
}

/* The first value of what the statement answers, the number of rows it changed, or its SQLSTATE. */
static void answer(PGconn *conn, const char *sql, char out[ANSWER_SIZE])
{
	PGresult *result = PQexec(conn, with_ids(sql));

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		snprintf(out, ANSWER_SIZE, "%s",
			 PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "nothing");
	else if (PQresultStatus(result) == PGRES_COMMAND_OK)
		snprintf(out, ANSWER_SIZE, "%s rows", PQcmdTuples(result));
	else
		snprintf(out, ANSWER_SIZE, "%s", PQresultErrorField(result, PG_DIAG_SQLSTATE));
	PQclear(result);
}

/* Everything that is Ada's. */
static const char state_of_ada[] =
	"SELECT md5(string_agg(x, ' ' ORDER BY x)) FROM ("
	"SELECT a::text FROM account a WHERE '$ada' IN (id, owner_id) UNION ALL "
	"SELECT b::text FROM budget b WHERE account_id = '$ada' UNION ALL "
	"SELECT t::text FROM transfer t WHERE account_id IN ('$ada', '$pro') UNION ALL "
	"SELECT h.id::text FROM open_hold h WHERE h.id = '$hold' UNION ALL "
	"SELECT d::text FROM day_total d WHERE account_id IN ('$ada', '$pro')) s (x)";

static const struct {
	const char *what, *sql, *got;
} attempts[] = {
	{"a plan of another does not pay",
	 RUN(COMMAND("'hold'", "$new", "$mal", "45", "", "$new", "pro")), "ok 45 0"},
	{"a budget of another is not counted in",
	 RUN(COMMAND("'hold'", "$new", "$mal", "80", "$key", "$new", "")), "ok 10 0"},
	{"a hold's id is another's hold", DO("'hold'", "$hold", "$mal", "30"),
	 "transfer_id_reused 90 0"},
	{"a hold's id is another's hold, and the plan's name is right",
	 RUN(COMMAND("'hold'", "$hold", "$mal", "30", "$key", "$new", "pro")),
	 "transfer_id_reused 90 0"},
	{"a hold's id is another's gift", DO("'hold'", "$gift", "$mal", "30"),
	 "transfer_id_reused 90 0"},
	{"a hold's id is another's settle", DO("'hold'", "$settle", "$mal", "5"),
	 "transfer_id_reused 90 0"},
	{"a settle's id is another's settle", DO("'settle'", "$settle", "$own", "5"),
	 "transfer_id_reused 90 0"},
	{"a void's id is another's hold", DO("'void'", "$hold", "$own", "0"),
	 "transfer_id_reused 90 0"},
	{"an overage or a loss is another's transfer",
	 RUN(COMMAND("'settle'", "$new", "$own", "500", "", "$gift", "")), "23505"},
	{"an overage and a loss have one id",
	 RUN(COMMAND("'settle'", "$new", "$own", "500", "", "$mal", "")), "23505"},
	{"a repeat does not count another's transfer as its overage",
	 RUN(COMMAND("'settle'", "$settle", "$used", "5", "", "$gift", "")), "ok 65 5"},
	{"a gift is no hold", DO("'settle'", "$new", "$gift", "5"), "hold_unknown 0"},
	{"the platform holds nothing", DO("'hold'", "$new", "$rev", "5"), "account_unknown 0"},
	{"the platform gets no account", "SELECT open_account('$rev', '$new', 100, NULL)", "22023"},
	{"a kind that is none", DO("'purchase'", "$new", "$own", "5"), "23514"},
	{"a kind of the ledger alone", DO("'charge'", "$new", "$own", "5"), "23514"},
	{"no kind", DO("NULL", "$new", "$own", "5"), "23502"},
	{"a hold below zero", DO("'hold'", "$new", "$mal", "-5"), "23514"},
	{"a settle below zero", DO("'settle'", "$new", "$own", "-5"), "23514"},
	{"a settle of nothing known", DO("'settle'", "$new", "$own", "NULL"), "23502"},
	{"more than there can be", DO("'settle'", "$new", "$own", "1000000000000001"), "23514"},
	/* Beside run_commands, row level security is the guard. */
	{"transfers of another are not read",
	 "SELECT count(*) FROM transfer WHERE account_id = '$ada'", "0"},
	{"sums of another are not written",
	 "UPDATE account SET credits_posted = 999 WHERE id = '$ada'", "0 rows"},
	{"a budget of another is not raised",
	 "UPDATE budget SET limit_microcredits = 999 WHERE account_id = '$ada'", "0 rows"},
	{"a transfer is not put into another's chain",
	 "SELECT store(ARRAY[jsonb_populate_record(x, '{\"id\": \"$new\", \"account_id\": "
	 "\"$ada\"}')], '{}', false) FROM transfer x LIMIT 1",
	 "42501"},
	/* open_hold has none: it says where to look for the lock, and the transfer whose hold it is. */
	{"an open hold that is forged is not settled",
	 "UPDATE open_hold SET account_id = '$mal' WHERE id = '$hold';" DO("'settle'", "$new",
									   "$hold", "30"),
	 "hold_unknown 0"},
	{"an open hold that is forged is not voided",
	 "UPDATE open_hold SET account_id = '$mal' WHERE id = '$hold';" DO("'void'", "$new",
									   "$hold", "0"),
	 "hold_unknown 0"},
	{"a hold that ended does not end again",
	 "INSERT INTO open_hold VALUES ('$used', '$ada', lc.now());" DO("'settle'", "$new", "$used",
									"5"),
	 "23505"},
	{"a transfer is not taken back", "DELETE FROM transfer WHERE account_id = '$mal'", "42501"},
};

/* Each attempt is undone, so that the next begins with the same balances. */
static void another_users_money_stays(_unused_ void **state)
{
	PGconn *conn = PQconnectdb(pg_dsn("limitless_admin"));
	char before[ANSWER_SIZE], got[ANSWER_SIZE], after[ANSWER_SIZE];
	int failures = 0;

	begin();
	answer(conn, "SET search_path = credits, lc", got);
	answer(conn, state_of_ada, before);
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		uuid_v7(id_of("$new"));
		answer(conn,
		       "BEGIN; SET LOCAL ROLE credits_app; SELECT set_config('lc.user', '$mal', "
		       "true)",
		       after);
		answer(conn, attempts[i].sql, got);
		if (strcmp(got, attempts[i].got) != 0) {
			print_error("%s: %s, not %s\n", attempts[i].what, got, attempts[i].got);
			failures++;
		}
		if (PQtransactionStatus(conn) == PQTRANS_INTRANS) {
			answer(conn, "RESET ROLE", after);
			answer(conn, state_of_ada, after);
			if (strcmp(before, after) != 0) {
				print_error("%s: it changes what is Ada's\n", attempts[i].what);
				failures++;
			}
		}
		answer(conn, "ROLLBACK", after);
	}
	PQfinish(conn);
	assert_int_equal(failures, 0);
}

static void a_service_names_the_platform_as_user(void **state)
{
	struct ledger *l = *state;

	snprintf(l->user, sizeof l->user, "%s", pg_value("SELECT credits.platform('revenue')"));
	assert_fails(l, ledger_hold(l, "1", CREDIT), "field_invalid");
	assert_string_equal(pg_value("SELECT count(*) FROM credits.account WHERE id = "
				     "credits.platform('revenue')"),
			    "0");
}

int guards_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_users_money_stays),
		TEST(a_service_names_the_platform_as_user),
	};

	return cmocka_run_group_tests(tests, ledger_group_set_up, NULL);
}
