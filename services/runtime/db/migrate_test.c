/* The tables of the runtime's modules, in each schema: made anew, and found as older releases left
 * them. */
#include "limitless/services.h"
#include "runtime/db/db.h"
#include "tests/lib/pg.h"
#include "tools/limitless/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

static int group_set_up(void **state)
{
	pg_start();
	return 0;
}

static int group_tear_down(void **state)
{
	pg_stop();
	return 0;
}

/* Releases before the runtime had migrations: the service's own alone. */
static void migrate_as_before(const char *service)
{
	char directory[64], role[32];
	int32_t version;
	struct error err;

	snprintf(directory, sizeof directory, "services/%s/migrations", service);
	snprintf(role, sizeof role, "%s_owner", service);
	if (db_migrate(pg_dsn(role), service, directory, NULL, &version, &err) != OK)
		fail_msg("%s", err.message);
}

/* A role's rights on a table: "SIUD" of select, insert, update, delete. */
static const char *rights(const char *role, const char *table)
{
	char sql[512];

	snprintf(sql, sizeof sql,
		 "SELECT string_agg(left(p, 1), '' ORDER BY n) FROM unnest(ARRAY['SELECT', "
		 "'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) WITH ORDINALITY AS r (p, n) "
		 "WHERE has_table_privilege('%s', '%s', p)",
		 role, table);
	return pg_value(sql);
}

static void rights_are_as_before_or_of_both_roles(void **state)
{
	static const struct {
		const char *role, *table, *rights;
	} cases[] = {
		{"images_app", "images.job", "SIU"}, {"images_app", "images.outbox", "SIUD"},
		{"chat_worker", "chat.job", "SIU"},  {"chat_worker", "chat.outbox", "SIUD"},
		{"chat_app", "chat.job", ""},        {"chat_app", "chat.outbox", ""},
		{"images_app", "chat.outbox", ""},   {"auth_app", "images.job", ""},
	};

	pg_migrate("images");
	pg_migrate("chat");
	pg_migrate("auth");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(rights(cases[i].role, cases[i].table), cases[i].rights);
}

static void a_database_of_before_is_taken_over_with_its_rows(void **state)
{
	static const char look[] =
		"SELECT string_agg(format('%s/%s/%s/%s', seq, key, attempts, done_time), ' ' "
		"ORDER BY seq) FROM payments.outbox";
	static const char indexes[] =
		"SELECT string_agg(indexdef, ' ' ORDER BY indexname) FROM pg_indexes "
		"WHERE schemaname = 'payments' AND tablename IN ('job', 'outbox')";
	char before[256], old_indexes[2048];

	migrate_as_before("payments");
	assert_string_equal(pg_value("SELECT count(*) FROM payments.runtime_migration"), "0");
	pg_exec("INSERT INTO payments.outbox (id, key, method, request) SELECT gen_random_uuid(), "
		"'k' || i, '/a/b', 'x' FROM generate_series(1, 3) AS i;"
		"UPDATE payments.outbox SET attempts = 7, done_time = '2026-01-01' WHERE seq = 2;"
		"INSERT INTO payments.job (name, error) VALUES ('sweep', 'not today')");
	snprintf(before, sizeof before, "%s", pg_value(look));
	snprintf(old_indexes, sizeof old_indexes, "%s", pg_value(indexes));
	for (int i = 0; i < 2; i++) { /* a second time changes nothing */
		pg_migrate("payments");
		assert_string_equal(pg_value(look), before);
		assert_string_equal(pg_value(indexes), old_indexes);
		assert_string_equal(pg_value("SELECT error FROM payments.job"), "not today");
		assert_string_equal(pg_value("SELECT string_agg(module || version, ' ' ORDER BY "
					     "module) FROM payments.runtime_migration"),
				    "jobs1 outbox1");
		assert_string_equal(rights("payments_app", "payments.job"), "SIU");
		assert_string_equal(rights("payments_app", "payments.outbox"), "SIUD");
	}
	pg_exec("INSERT INTO payments.outbox (id, key, method, request) VALUES "
		"(gen_random_uuid(), 'k', '/a/b', 'x')");
	assert_string_equal(pg_value("SELECT max(seq) FROM payments.outbox"), "4");
}

/* Old and new tables are the same ones: columns, types, defaults. */
static void every_schema_has_the_same_tables(void **state)
{
	char columns[16];

	for (size_t i = 0; i < SERVICES_N; i++)
		pg_migrate(services[i].name);
	assert_string_equal(
		pg_value("SELECT count(*) FROM (SELECT DISTINCT table_name, column_name, "
			 "data_type, is_nullable, column_default, is_identity FROM "
			 "information_schema.columns WHERE table_name IN ('job', 'outbox')) AS c"),
		"15");
	snprintf(columns, sizeof columns, "%d", 15 * SERVICES_N);
	assert_string_equal(pg_value("SELECT count(*) FROM information_schema.columns "
				     "WHERE table_name IN ('job', 'outbox')"),
			    columns);
}

static void a_table_that_is_another_one_is_refused(void **state)
{
	static const char *const others[] = {"(name text, title text)",
					     "(name text PRIMARY KEY, run_time timestamptz, lease "
					     "text, success_time timestamptz, error text)"};
	struct error err;
	int version;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		char sql[512];

		snprintf(sql, sizeof sql,
			 "SET client_min_messages = warning; DROP SCHEMA IF EXISTS auth CASCADE; "
			 "CREATE SCHEMA auth AUTHORIZATION "
			 "auth_owner; SET ROLE auth_owner; CREATE TABLE auth.job %s; RESET ROLE",
			 others[i]);
		pg_exec(sql);
		assert_int_equal(db_migrate(pg_dsn("auth_owner"), "auth", NULL, "services/runtime",
					    &version, &err),
				 FAILED_PRECONDITION);
		if (!strstr(err.message, "jobs: 0001_job.sql: ERROR: "))
			fail_msg("%s", err.message);
	}
}

/* A new service copies no tables, and may have none of its own. */
static void a_schema_without_migrations_gets_them(void **state)
{
	struct error err;
	int version;

	pg_exec("CREATE ROLE sixth_owner LOGIN; CREATE ROLE sixth_app LOGIN;"
		"GRANT CONNECT ON DATABASE limitless TO sixth_owner;"
		"CREATE SCHEMA sixth AUTHORIZATION sixth_owner");
	if (schema_migrate(pg_dsn("sixth_owner"), ".", "sixth", &version, &err) != OK)
		fail_msg("%s", err.message);
	assert_int_equal(version, 0);
	assert_string_equal(rights("sixth_app", "sixth.job"), "SIU");
	assert_string_equal(rights("sixth_app", "sixth.outbox"), "SIUD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_database_of_before_is_taken_over_with_its_rows),
		cmocka_unit_test(rights_are_as_before_or_of_both_roles),
		cmocka_unit_test(every_schema_has_the_same_tables),
		cmocka_unit_test(a_schema_without_migrations_gets_them),
		cmocka_unit_test(a_table_that_is_another_one_is_refused),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
