/* Balance and usage with many transfers stored against few: a user's own reads must not notice
 * what others did. */
#include "tests/bench/ledger/ledger.h"

#include "credits/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "tests/lib/pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READS_MAX 100000
#define ACCOUNTS_MAX 10000
#define FEW 10000
#define DAYS 60
#define ROUND 200  /* reads in a turn */
#define WARM_UP 20 /* before each turn, not counted */
#define MODELS 5

/* Filling a table without indexes takes a fraction of the time. */
static void drop_indexes(void)
{
	pg_exec("SET search_path = credits, lc; SET maintenance_work_mem = '512MB';"
		"CREATE TEMP TABLE IF NOT EXISTS kept (indexdef text); DELETE FROM kept;"
		"INSERT INTO kept SELECT indexdef FROM pg_indexes WHERE schemaname = 'credits'"
		" AND tablename = 'transfer' AND indexname <> 'transfer_id_reused';"
		"ALTER TABLE transfer DROP CONSTRAINT transfer_id_reused;"
		"DROP INDEX transfer_hold_once, already_reversed, transfer_list");
}

static void make_indexes(void)
{
	pg_exec("DO $$ DECLARE d text; BEGIN"
		" FOR d IN SELECT indexdef FROM kept LOOP EXECUTE d; END LOOP; END $$;"
		"ALTER TABLE transfer ADD CONSTRAINT transfer_id_reused PRIMARY KEY (id)");
}

/* Settles and the sums that they make, without the chain, which no read looks at. Each account has
 * the same number, spread over two months and some models. */
static void fill(long from, long to, long accounts)
{
	char sql[2048];

	snprintf(sql, sizeof sql,
		 "SET search_path = credits, lc;"
		 "INSERT INTO transfer (id, kind, account_id, debit_id, credit_id, "
		 "amount_microcredits, balance_after, seq, request_hash, hash, model, create_time)"
		 " SELECT gen_random_uuid(), 'settle', u, u, platform('revenue'), 1000, 1, "
		 "i / %ld + 1, '\\x00', '\\x00', 'model-' || i / %ld %% %d,"
		 " lc.now() - interval '1 day' * (i / %ld %% %d)"
		 " FROM (SELECT i, " BENCH_USER_SQL " AS u FROM (SELECT i, (i %% %ld)::bigint + 1 "
		 "AS n FROM generate_series(%ld::bigint, %ld::bigint) AS i) x) y",
		 accounts, accounts, MODELS, accounts, DAYS, accounts, from, to - 1);
	pg_exec(sql);
}

static void sum_up(long accounts)
{
	char sql[512];

	snprintf(sql, sizeof sql,
		 "SET search_path = credits, lc; INSERT INTO account (id, credits_posted, "
		 "create_time, update_time) SELECT " BENCH_USER_SQL
		 ", 1000000, lc.now(), lc.now() FROM generate_series(1, %ld) AS n"
		 " ON CONFLICT DO NOTHING",
		 accounts);
	pg_exec(sql);
	pg_exec("SET search_path = credits, lc; DELETE FROM day_total; INSERT INTO day_total"
		" (account_id, day, kind, model, transfers, change_microcredits)"
		" SELECT account_id, day, kind, model, transfers, change_microcredits"
		" FROM day_total_rebuilt");
	pg_exec("VACUUM ANALYZE");
	pg_exec("CHECKPOINT");
}

static enum status read_once(struct rpc_channel *channel, const char *what, const char *user,
			     struct arena *arena, struct error *reterr)
{
	struct rpc_context context = {0};
	const struct rpc_call_options options = {.parent = &context};
	Credits__V1__GetBalanceRequest balance = CREDITS__V1__GET_BALANCE_REQUEST__INIT;
	Credits__V1__GetUsageRequest usage = CREDITS__V1__GET_USAGE_REQUEST__INIT;
	Credits__V1__Balance *balance_resp;
	Credits__V1__Usage *usage_resp;

	snprintf(context.subject.user_id, UUID_SIZE, "%s", user);
	if (strcmp(what, "balance") == 0)
		return credits_v1_get_balance_call(channel, &options, &balance, arena,
						   &balance_resp, reterr);
	return credits_v1_get_usage_call(channel, &options, &usage, arena, &usage_resp, reterr);
}

/* A service, and the times of one caller's reads, µs. */
struct side {
	struct process process;
	struct rpc_channel *channel;
	long accounts;
	double times[READS_MAX];
};

/* Returns what the read of account n took, us. */
static double timed(struct side *side, const char *what, long n)
{
	struct arena *arena = arena_new(65536, 1 << 20);
	int64_t began_us = clock_mono_us();
	struct error err;
	char user[UUID_SIZE];
	double took_us;

	bench_user(n, user);
	if (read_once(side->channel, what, user, arena, &err) != OK) {
		fprintf(stderr, "%s: %s\n", what, err.message);
		exit(1);
	}
	took_us = (double)(clock_mono_us() - began_us);
	arena_free(arena);
	return took_us;
}

/* As after some time of use: the same connection has read every account before. */
static void touch(struct side *side, const char *what)
{
	for (long n = 1; n <= side->accounts; n++)
		timed(side, what, n);
}

static void measure(struct side *side, const char *what, long from, long to)
{
	for (long i = from - WARM_UP; i < to; i++) {
		double took_us =
			timed(side, what, (long)random_below((uint64_t)side->accounts) + 1);

		if (i >= from)
			side->times[i] = took_us;
	}
}

static void side_start(struct side *side, long accounts)
{
	side->process.service = "credits";
	side->accounts = accounts;
	process_start(&side->process);
	side->channel = process_channel(&side->process);
}

static void side_stop(struct side *side)
{
	rpc_channel_close(side->channel);
	process_free(&side->process);
}

/* Keeps the database as it is under another name, with what belongs to a role in a database. */
static void copy_database(void)
{
	pg_exec("CREATE DATABASE few TEMPLATE limitless");
	pg_exec("ALTER ROLE credits_app IN DATABASE few SET search_path = credits, lc");
}

void bench_reads(void)
{
	static const char *const whats[] = {"balance", "usage"};
	static char dsn[512];
	static const char *const environment[] = {dsn, NULL};
	static struct side few = {.process.environment = environment}, many;
	long transfers = bench_number("TRANSFERS", 10000000), reads = bench_number("READS", 20000);
	long accounts = transfers / 1000 < ACCOUNTS_MAX ? transfers / 1000 : ACCOUNTS_MAX;
	/* The same number for each account, so that what is read has the same size. */
	long few_accounts = FEW * accounts / transfers;
	char name[64];

	ensure(few_accounts > 0 && reads > 0 && reads <= READS_MAX);
	fill(0, FEW, few_accounts);
	sum_up(few_accounts);
	copy_database();
	pg_exec("SET session_replication_role = replica; DELETE FROM credits.transfer;"
		"SET session_replication_role = DEFAULT");
	drop_indexes();
	fill(0, transfers, accounts);
	make_indexes();
	sum_up(accounts);

	snprintf(dsn, sizeof dsn, "LIMITLESS_CREDITS_DATABASE_DSN=%s dbname=few",
		 pg_dsn("credits_app"));
	side_start(&few, few_accounts);
	side_start(&many, accounts);
	for (size_t i = 0; i < ARRAY_SIZE(whats); i++) {
		touch(&few, whats[i]);
		touch(&many, whats[i]);
		/* In turns, so that a busy machine is busy for both. */
		for (long n = 0; n < reads; n += ROUND) {
			long end = n + ROUND < reads ? n + ROUND : reads;

			measure(&few, whats[i], n, end);
			measure(&many, whats[i], n, end);
		}
		snprintf(name, sizeof name, "ledger.read.%s.p50", whats[i]);
		bench_print(name, bench_median(many.times, (size_t)reads),
			    bench_median(few.times, (size_t)reads), "us");
	}
	side_stop(&few);
	side_stop(&many);
}
