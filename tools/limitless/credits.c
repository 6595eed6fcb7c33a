/* `limitless credits`: checks the ledger's invariants, and makes its sums anew from the transfers.
 * It reads the database directly, all schemas in one snapshot. */
#include "tools/limitless/commands.h"
#include "tools/limitless/place.h"

#include "runtime/base/ensure.h"

#include <getopt.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#define FIRST_VIOLATIONS "10"

struct arguments {
	const char *dir; /* NULL: dsn is given */
	const char *dsn;
	bool write;
};

static void pq_clearp(PGresult **result)
{
	PQclear(*result);
}

static void pq_finishp(PGconn **conn)
{
	PQfinish(*conn);
}

/* Invariants between the ledger and another service. `needs` is a table of that service; without
 * this table the invariant does not apply. A row in the other service's outbox is on its way, so it
 * counts for nothing yet. */
static const struct invariant {
	const char *name, *needs, *sql;
} others[] = {
	{"I5", "payments.outbox",
	 "SELECT format('payment %s of %s (%s): booked %s times, %s', p.id, "
	 "p.credits_microcredits, CASE WHEN p.paid_time IS NULL THEN 'not paid' ELSE 'paid' END, "
	 "count(t.id), coalesce(sum(t.amount_microcredits), 0))"
	 " FROM payments.payment p LEFT JOIN credits.transfer t ON t.kind = 'purchase' AND "
	 "t.reference = p.id::text"
	 " WHERE NOT EXISTS (SELECT FROM payments.outbox o WHERE o.key = p.id::text AND "
	 "o.done_time IS NULL)"
	 " GROUP BY p.id HAVING CASE WHEN p.paid_time IS NULL THEN count(t.id) > 0"
	 " ELSE count(t.id) <> 1 OR sum(t.amount_microcredits) <> p.credits_microcredits END"},
	{"I6", "chat.usage",
	 "SELECT format('generation %s: used %s, booked %s', reference, u.cost, t.booked)"
	 " FROM (SELECT generation_id::text AS reference, sum(cost_microcredits) AS cost FROM "
	 "chat.usage GROUP BY 1) u"
	 " FULL JOIN (SELECT reference, sum(amount_microcredits) AS booked FROM credits.transfer"
	 "  WHERE kind IN ('settle', 'charge', 'loss') AND model <> '' GROUP BY 1) t USING "
	 "(reference)"
	 " WHERE coalesce(u.cost, 0) <> coalesce(t.booked, 0)"
	 " AND NOT EXISTS (SELECT FROM chat.outbox o WHERE o.key = reference AND o.done_time IS "
	 "NULL)"},
};

static PGresult *run(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	fprintf(stderr, "limitless: %s", PQerrorMessage(conn));
	PQclear(result);
	return NULL;
}

/* 0 rows or more of one column; false: it could not be asked. */
static bool print_invariant(const char *name, const PGresult *rows, long n, bool *broken)
{
	if (n == 0) {
		printf("%s ok\n", name);
		return true;
	}
	*broken = true;
	printf("%s %ld violations\n", name, n);
	for (int i = 0; i < PQntuples(rows); i++)
		printf("   %s\n", PQgetvalue(rows, i, 0));
	return true;
}

static bool verify_ledger(PGconn *conn, bool *broken)
{
	_cleanup_(pq_clearp) PGresult *counts =
		run(conn, "SELECT invariant, violations FROM credits.verify()");

	for (int i = 0; counts && i < PQntuples(counts); i++) {
		_cleanup_(pq_clearp) PGresult *first = NULL;
		const char *name = PQgetvalue(counts, i, 0);
		long n = strtol(PQgetvalue(counts, i, 1), NULL, 10);
		char sql[160];

		snprintf(sql, sizeof sql,
			 "SELECT what FROM credits.violation WHERE invariant = '%s' ORDER BY what "
			 "LIMIT %s",
			 name, FIRST_VIOLATIONS);
		if (n > 0)
			first = run(conn, sql);
		if (n > 0 && !first)
			return false;
		print_invariant(name, first, n, broken);
	}
	return counts;
}

static bool verify_other(PGconn *conn, const struct invariant *invariant, bool *broken)
{
	_cleanup_(pq_clearp) PGresult *there = NULL, *count = NULL, *first = NULL;
	_cleanup_(freep) char *sql = NULL, *count_sql = NULL;

	ensure(asprintf(&sql,
			"SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = "
			"c.relnamespace"
			" WHERE n.nspname || '.' || c.relname = '%s' AND "
			"has_schema_privilege(n.oid, 'USAGE')"
			" AND has_table_privilege(c.oid, 'SELECT'))",
			invariant->needs) > 0);
	there = run(conn, sql);
	if (!there)
		return false;
	if (PQgetvalue(there, 0, 0)[0] != 't') {
		printf("%s not checked: no %s to read\n", invariant->name, invariant->needs);
		return true;
	}
	ensure(asprintf(&count_sql, "SELECT count(*) FROM (%s) v", invariant->sql) > 0);
	count = run(conn, count_sql);
	free(sql);
	ensure(asprintf(&sql, "%s LIMIT %s", invariant->sql, FIRST_VIOLATIONS) > 0);
	first = run(conn, sql);
	if (!count || !first)
		return false;
	return print_invariant(invariant->name, first, strtol(PQgetvalue(count, 0, 0), NULL, 10),
			       broken);
}

static int verify(PGconn *conn, const struct arguments *args)
{
	_cleanup_(pq_clearp) PGresult *begun =
		run(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path "
			  "= credits, lc");
	bool broken = false;

	if (!begun || !verify_ledger(conn, &broken))
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!verify_other(conn, &others[i], &broken))
			return 1;
	return broken;
}

/* Prints sums that differ from those of the transfers. --write corrects them. */
static int rebuild(PGconn *conn, const struct arguments *args)
{
	_cleanup_(pq_clearp) PGresult *begun = NULL, *rows = NULL, *written = NULL;

	begun = run(conn, args->write ? "BEGIN; SET LOCAL search_path = credits, lc;"
					" LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"
				      : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
					" SET LOCAL search_path = credits, lc");
	if (!begun)
		return 1;
	rows = run(conn, "SELECT what FROM violation WHERE invariant = 'I2' ORDER BY what");
	if (!rows)
		return 1;
	for (int i = 0; i < PQntuples(rows); i++)
		printf("%s\n", PQgetvalue(rows, i, 0));
	if (args->write) {
		written = run(conn, "SELECT rebuild(); COMMIT");
		if (!written)
			return 1;
	}
	printf("%d differences%s\n", PQntuples(rows), args->write ? ", written" : "");
	return PQntuples(rows) > 0 && !args->write;
}

static enum status find_dsn(const struct arguments *args, char out[CLUSTER_DSN_SIZE],
			    struct error *reterr)
{
	struct cluster cluster = {0};
	struct place place;
	enum status s;

	s = place_find(args->dir, false, &place, reterr);
	if (s == OK)
		s = place_look(&place, &cluster, reterr);
	if (s == OK)
		cluster_dsn(&cluster, CLUSTER_DATABASE, CLUSTER_SUPERUSER, out);
	return s;
}

static bool parse(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{"dsn", required_argument, NULL, 'n'},
						{"write", no_argument, NULL, 'w'},
						{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'd')
			ret->dir = optarg;
		else if (option == 'n')
			ret->dsn = optarg;
		else if (option == 'w')
			ret->write = true;
		else
			return false;
	}
	if (!ret->dir && !ret->dsn)
		ret->dir = "var";
	return optind == argc && !(ret->dir && ret->dsn);
}

int credits_main(int argc, char **argv)
{
	int (*command)(PGconn *, const struct arguments *) = NULL;
	_cleanup_(pq_finishp) PGconn *conn = NULL;
	struct arguments args = {0};
	char dsn[CLUSTER_DSN_SIZE];
	struct error err;

	if (argc > 1 && strcmp(argv[1], "verify") == 0)
		command = verify;
	else if (argc > 1 && strcmp(argv[1], "rebuild") == 0)
		command = rebuild;
	if (!command || !parse(argc - 1, argv + 1, &args) || (args.write && command == verify)) {
		fprintf(stderr, "usage: limitless credits verify [--dir var | --dsn 'host=… "
				"user=credits_owner …']\n"
				"       limitless credits rebuild [--dir var | --dsn …] [--write]\n"
				"Exit code 1: an invariant is broken, or sums differ and were not "
				"written.\n");
		return 1;
	}
	if (args.dir && find_dsn(&args, dsn, &err) != OK) {
		fprintf(stderr, "limitless: %s\n", err.message);
		return 1;
	}
	conn = PQconnectdb(args.dsn ? args.dsn : dsn);
	if (PQstatus(conn) != CONNECTION_OK) {
		fprintf(stderr, "limitless: %s", PQerrorMessage(conn));
		return 1;
	}
	return command(conn, &args);
}
