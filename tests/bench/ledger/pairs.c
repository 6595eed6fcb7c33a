/* Pairs of hold and settle a second: each caller holds and, when that is answered, settles, then
 * begins anew; pgbench's transaction reads and writes three rows and adds one, with a balance that
 * every transaction of a branch changes. */
#include "tests/bench/ledger/ledger.h"

#include "credits/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "tests/lib/pg.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AMOUNT 1000000
#define CALLERS_MAX 4096
#define REPEAT_MAX 31

struct run {
	struct rpc_channel *channel;
	long accounts;
	int64_t end_us;
	atomic_long pairs, failures;
	atomic_int callers; /* that still call */
};

struct caller {
	struct run *run;
	uint64_t random;
	char name[48];
	long n;
	bool settles;
};

static void next(struct caller *caller);

static void on_reply(void *ctx, enum status status, _unused_ const ProtobufCMessage *resp,
		     const struct error *err)
{
	struct caller *caller = ctx;
	struct run *run = caller->run;

	if (status != OK) {
		if (run->failures++ == 0)
			fprintf(stderr, "%s: %s\n", err->reason, err->message);
	} else if (caller->settles) {
		run->pairs++;
	}
	caller->settles = !caller->settles && status == OK;
	next(caller);
}

static void hold(struct caller *caller, char *id)
{
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Credits__V1__HoldRequest req = CREDITS__V1__HOLD_REQUEST__INIT;
	char user[UUID_SIZE];

	caller->random = caller->random * 6364136223846793005ULL + 1442695040888963407ULL;
	bench_user((long)((caller->random >> 33) % (uint64_t)caller->run->accounts) + 1, user);
	expire.seconds = clock_wall_us() / US_PER_S + 90;
	req.hold_id = id;
	req.user_id = user;
	req.amount_microcredits = AMOUNT;
	req.expire_time = &expire;
	req.reference = caller->name;
	req.model = "gpt-4o";
	credits_v1_hold_async(caller->run->channel, &(struct rpc_call_options){0}, &req, on_reply,
			      caller);
}

static void settle(struct caller *caller, char *hold_id)
{
	Credits__V1__SettleRequest req = CREDITS__V1__SETTLE_REQUEST__INIT;
	char id[UUID_SIZE];

	uuid_v5(&CREDITS_V1_ID_SETTLE, caller->name, id);
	req.settle_id = id;
	req.hold_id = hold_id;
	req.amount_microcredits = AMOUNT / 2;
	req.price_version = "gpt-4o:1";
	credits_v1_settle_async(caller->run->channel, &(struct rpc_call_options){0}, &req, on_reply,
				caller);
}

static void next(struct caller *caller)
{
	struct run *run = caller->run;
	char id[UUID_SIZE];

	if (!caller->settles && clock_mono_us() >= run->end_us) {
		run->callers--;
		return;
	}
	if (!caller->settles)
		uuid_v7(caller->name);
	uuid_v5(&CREDITS_V1_ID_HOLD, caller->name, id);
	if (caller->settles)
		settle(caller, id);
	else
		hold(caller, id);
}

static double run_pairs(struct rpc_channel *channel, long accounts, long callers_n, long seconds)
{
	static struct caller callers[CALLERS_MAX];
	struct run run = {.channel = channel, .accounts = accounts};
	int64_t began_us = clock_mono_us();

	ensure(callers_n > 0 && callers_n <= CALLERS_MAX);
	run.end_us = began_us + seconds * US_PER_S;
	run.callers = (int)callers_n;
	for (long i = 0; i < callers_n; i++) {
		callers[i] = (struct caller){.run = &run, .random = random_below(UINT64_MAX)};
		next(&callers[i]);
	}
	while (run.callers > 0)
		usleep(1000);
	if (run.failures > 0) {
		fprintf(stderr, "%ld calls failed\n", run.failures);
		exit(1);
	}
	return (double)run.pairs * 1e6 / (double)(clock_mono_us() - began_us);
}

/* Runs pgbench; returns the transactions per second that it printed. */
static double run_pgbench(const char *dsn, const char *arguments)
{
	char command[1024], line[256];
	double tps = 0;
	FILE *out;

	snprintf(command, sizeof command, "pgbench %s '%s' 2>/dev/null", arguments, dsn);
	out = popen(command, "re");
	ensure(out);
	while (fgets(line, sizeof line, out))
		if (strncmp(line, "tps = ", 6) == 0)
			tps = strtod(line + 6, NULL);
	if (pclose(out) != 0) {
		fprintf(stderr, "%s failed\n", command);
		exit(1);
	}
	return tps;
}

static void fill(long accounts)
{
	char sql[512];

	snprintf(sql, sizeof sql,
		 "SET search_path = credits, lc; SELECT count(open_account(" BENCH_USER_SQL
		 ", gen_random_uuid(), 1000000000000000, NULL)) FROM generate_series(1, %ld) AS n",
		 accounts);
	pg_exec(sql);
	pg_exec("VACUUM ANALYZE");
}

void bench_pairs(void)
{
	struct process credits = {.service = "credits"};
	long seconds = bench_number("SECONDS_EACH", 10), callers = bench_number("CALLERS", 256),
	     accounts = bench_number("ACCOUNTS", 10000), repeat = bench_number("REPEAT", 3);
	double many[REPEAT_MAX], hot[REPEAT_MAX], peer[REPEAT_MAX];
	char dsn[512], init[64], peer_run[96];
	struct rpc_channel *channel;

	ensure(repeat > 0 && repeat <= REPEAT_MAX);
	fill(accounts);
	pg_exec("CREATE DATABASE bench");
	snprintf(dsn, sizeof dsn, "%s dbname=bench", pg_dsn("limitless_admin"));
	snprintf(init, sizeof init, "-i -q -s %ld", bench_number("SCALE", 50));
	snprintf(peer_run, sizeof peer_run, "-M prepared -j 2 -c %ld -T %ld",
		 bench_number("CLIENTS", 32), seconds);
	run_pgbench(dsn, init);
	process_start(&credits);
	channel = process_channel(&credits);
	run_pairs(channel, accounts, callers, 1);
	for (long i = 0; i < repeat; i++) {
		peer[i] = run_pgbench(dsn, peer_run);
		many[i] = run_pairs(channel, accounts, callers, seconds);
		hot[i] = run_pairs(channel, 1, callers, seconds);
	}
	rpc_channel_close(channel);
	process_free(&credits);
	bench_print("ledger.pairs.many", bench_median(many, (size_t)repeat),
		    bench_median(peer, (size_t)repeat), "pairs/s");
	bench_print("ledger.pairs.hot", bench_median(hot, (size_t)repeat),
		    bench_median(peer, (size_t)repeat), "pairs/s");
}
