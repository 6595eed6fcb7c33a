/* SIGKILL at every step: each flow runs again and again, for N = 1, 2, … until it comes to its end.
 * Its N-th write or send is the last thing that the service, or a process of PostgreSQL, does.
 * After each kill the process starts again, and the caller asks again by the same id, as an outbox
 * would. Then the money must be where it belongs. In TAP, one line for each flow.
 *
 *   kill [SECONDS [SEED]]       begins no flow after so many seconds; default: runs all. The seed
 *                               decides their order; it is printed. */
#include "credits/v1/rpc.h"
#include "tests/ledger/effect.h"
#include "tests/ledger/killer.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "tests/lib/pg.h"
#include "tests/lib/process.h"
#include "tools/limitless/tool.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CREDIT 1000000LL
#define GIFT (100 * CREDIT) /* the default of the configuration */
#define POINTS_MAX 1000     /* of one flow: more means that it never ends */
#define ENDS 3              /* in a row: a service that connected early has fewer writes, once */
#define ALIVE_US (30 * US_PER_S)
#define BEFORE_MAX 2
#define ARMED_MAX 6
#define STEPS_MAX (BEFORE_MAX + ARMED_MAX)

/* Effects that are asked for in peace, then effects that are asked for one after the other while
 * the killer is armed. All of it leaves this posted
 * balance, with that of the user's plan, and this much held. */
static const struct flow {
	const char *name;
	struct step {
		enum effect_kind kind;
		int64_t amount;
	} before[BEFORE_MAX], armed[ARMED_MAX];
	int n_before, n_armed;
	int64_t posted, held;
} flows[] = {
	{"first sight and hold", {{0}}, {{EFFECT_HOLD, 30 * CREDIT}}, 0, 1, GIFT, 30 * CREDIT},
	{"hold",
	 {{EFFECT_PURCHASE, CREDIT}},
	 {{EFFECT_HOLD, 30 * CREDIT}},
	 1,
	 1,
	 GIFT + CREDIT,
	 30 * CREDIT},
	{"settle",
	 {{EFFECT_HOLD, 30 * CREDIT}},
	 {{EFFECT_SETTLE, 12 * CREDIT}},
	 1,
	 1,
	 GIFT - 12 * CREDIT,
	 0},
	{"settle beyond the hold",
	 {{EFFECT_HOLD, 30 * CREDIT}},
	 {{EFFECT_SETTLE, 140 * CREDIT}},
	 1,
	 1,
	 0,
	 0},
	{"void", {{EFFECT_HOLD, 30 * CREDIT}}, {{EFFECT_VOID, 0}}, 1, 1, GIFT, 0},
	{"purchase",
	 {{EFFECT_PURCHASE, CREDIT}},
	 {{EFFECT_PURCHASE, 50 * CREDIT}},
	 1,
	 1,
	 GIFT + 51 * CREDIT,
	 0},
	{"refund",
	 {{EFFECT_PURCHASE, 50 * CREDIT}},
	 {{EFFECT_REFUND, 20 * CREDIT}},
	 1,
	 1,
	 GIFT + 30 * CREDIT,
	 0},
	{"dispute that is won",
	 {{EFFECT_PURCHASE, 50 * CREDIT}},
	 {{EFFECT_CHARGEBACK, 50 * CREDIT}, {EFFECT_REVERSAL, 0}},
	 1,
	 2,
	 GIFT + 50 * CREDIT,
	 0},
	{"adjustment",
	 {{EFFECT_PURCHASE, CREDIT}},
	 {{EFFECT_ADJUSTMENT, -7 * CREDIT}},
	 1,
	 1,
	 GIFT - 6 * CREDIT,
	 0},
	{"voucher",
	 {{EFFECT_PURCHASE, CREDIT}},
	 {{EFFECT_VOUCHER, 7 * CREDIT}},
	 1,
	 1,
	 GIFT + 8 * CREDIT,
	 0},
	{"first sight and voucher",
	 {{0}},
	 {{EFFECT_VOUCHER, 7 * CREDIT}},
	 0,
	 1,
	 GIFT + 7 * CREDIT,
	 0},
	/* The balance alone could not pay for these holds. */
	{"a plan pays",
	 {{EFFECT_PURCHASE, CREDIT}},
	 {{EFFECT_GRANT, 150 * CREDIT},
	  {EFFECT_PLAN_HOLD, 130 * CREDIT},
	  {EFFECT_SETTLE, 12 * CREDIT},
	  {EFFECT_PLAN_HOLD, 120 * CREDIT},
	  {EFFECT_VOID, 0}},
	 1,
	 5,
	 GIFT + 139 * CREDIT,
	 0},
	{"a day of one user",
	 {{0}},
	 {{EFFECT_PURCHASE, 50 * CREDIT},
	  {EFFECT_HOLD, 30 * CREDIT},
	  {EFFECT_SETTLE, 12 * CREDIT},
	  {EFFECT_HOLD, 9 * CREDIT},
	  {EFFECT_VOID, 0},
	  {EFFECT_ADJUSTMENT, 5 * CREDIT}},
	 0,
	 6,
	 GIFT + 43 * CREDIT,
	 0},
};

enum victim {
	SERVICE,
	FRESH_SERVICE, /* that has just started: it connects first */
	DATABASE,
	VICTIMS,
};
static const char *const victim_names[VICTIMS] = {"the service", "the fresh service", "PostgreSQL"};

/* As in production, so that calls of fsync are points too. After a crash PostgreSQL synchronises
 * all its files; one call for the file system is faster. */
static const char *const settings[] = {
	"fsync=on",
	"autovacuum=off",
	"max_connections=100",
	"shared_buffers=32MB",
	"log_min_messages=warning",
	"recovery_init_sync_method=syncfs",
	NULL,
};

static char scratch[64];
static struct killer *killers[VICTIMS]; /* both kinds of service have the same */
static struct process credits = {.service = "credits", .more = "workers: 2\n"};
static struct rpc_channel *channel;
static int killed_n, failures;

/* ---------------------------------------------------------------- the killer */

/* A killer's file, and what a process must have in its environment to be killed by it. */
static struct killer *killer_new(const char *name, char environment[128])
{
	void *map;
	int fd;

	snprintf(environment, 128, "KILL_FILE=%s/%s", scratch, name);
	fd = open(environment + strlen("KILL_FILE="), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ensure(fd >= 0 && ftruncate(fd, sizeof(struct killer)) == 0 && fchmod(fd, 0666) == 0);
	map = mmap(NULL, sizeof(struct killer), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ensure(map != MAP_FAILED);
	close(fd);
	return map;
}

/* The server runs as another user, who can read neither the build nor root's files. */
static void copy_library(char preload[128])
{
	char command[PATH_MAX + 256];
	const char *build = getenv("B");

	snprintf(preload, 128, "LD_PRELOAD=%s/killer.so", scratch);
	snprintf(command, sizeof command,
		 "cp '%s/test/tests/ledger/killer.so' '%s' && chmod 755 '%s' '%s/killer.so'",
		 build ? build : "build", scratch, scratch, scratch);
	ensure(system(command) == 0);
}

static void start_all(void)
{
	static char preload[128], of_service[128], of_database[128], parent[64];
	static const char *const environment[] = {preload, of_service, NULL};
	static const char *const of_killer[] = {"LD_PRELOAD", "KILL_FILE", "KILL_SPARES_CHILD_OF",
						NULL};

	snprintf(scratch, sizeof scratch, "/tmp/limitless-kill-XXXXXX");
	ensure(mkdtemp(scratch));
	copy_library(preload);
	killers[SERVICE] = killers[FRESH_SERVICE] = killer_new("service", of_service);
	killers[DATABASE] = killer_new("database", of_database);
	snprintf(parent, sizeof parent, "KILL_SPARES_CHILD_OF=%d", getpid());
	putenv(preload);
	putenv(of_database);
	putenv(parent);
	pg_let_in(of_killer);
	pg_start_with(settings, true);
	unsetenv("LD_PRELOAD");
	unsetenv("KILL_FILE");
	unsetenv("KILL_SPARES_CHILD_OF");
	pg_migrate("credits");
	credits.environment = environment;
	process_start(&credits);
	channel = process_channel(&credits);
}

/* ---------------------------------------------------------------- one point of one flow */

/* The voucher that an effect redeems, as if an administrator had made it. */
static void make_voucher(const struct effect *e)
{
	char code[EFFECT_CODE_SIZE], sql[600];

	effect_code(e, code);
	snprintf(sql, sizeof sql,
		 "SET search_path = credits, lc;"
		 "INSERT INTO voucher_batch (id, amount_microcredits, codes, prefix, note, "
		 "actor_id, "
		 "create_time) VALUES ('%s', %" PRId64 ", 1, '', '', '%s', lc.now());"
		 "INSERT INTO voucher (code_hash, batch_id) VALUES (sha256('%s'), '%s')",
		 e->id, e->amount_microcredits, e->user, code, e->id);
	pg_exec(sql);
}

static void make_effects(const struct step *steps, int n, const char *name, struct effect *out)
{
	static const struct uuid *const name_spaces[EFFECT_KINDS] = {
		&CREDITS_V1_ID_HOLD,       &CREDITS_V1_ID_SETTLE,   &CREDITS_V1_ID_VOID,
		&CREDITS_V1_ID_PURCHASE,   &CREDITS_V1_ID_REFUND,   &CREDITS_V1_ID_DISPUTE,
		&CREDITS_V1_ID_ADJUSTMENT, &CREDITS_V1_ID_REVERSAL, &CREDITS_V1_ID_VOUCHER,
		&CREDITS_V1_ID_GRANT,      &CREDITS_V1_ID_HOLD,
	};

	for (int i = 0; i < n; i++) {
		char text[120];
		struct effect *e = &out[i];

		snprintf(text, sizeof text, "%s:%d", name, i);
		e->kind = steps[i].kind;
		e->amount_microcredits = steps[i].amount;
		snprintf(e->user, UUID_SIZE, "%.36s", name);
		uuid_v5(name_spaces[e->kind], text, e->id);
		if (e->kind == EFFECT_SETTLE || e->kind == EFFECT_VOID ||
		    e->kind == EFFECT_REVERSAL)
			snprintf(e->hold, UUID_SIZE, "%s", out[i - 1].id);
		if (e->kind == EFFECT_VOUCHER)
			make_voucher(e);
	}
}

static void insist(const struct effect *effect)
{
	struct error err;

	if (effect_insist(channel, effect, &err) == OK)
		return;
	printf("# %s: %s %s\n", effect_name(effect->kind), err.reason, err.message);
	failures++;
}

static void revive_service(void)
{
	int64_t end_us = clock_mono_us() + ALIVE_US;

	while (!process_ended(&credits)) { /* it is dying */
		ensure(clock_mono_us() < end_us);
		usleep(1000);
	}
	process_start(&credits);
}

/* PostgreSQL's own server ends all its processes when one has died, then takes connections again.
 * probe: a connection from before. */
static void await_database(PGconn *probe)
{
	int64_t end_us = clock_mono_us() + ALIVE_US;
	bool cut = false;

	do {
		ensure(clock_mono_us() < end_us);
		if (!cut) {
			PQclear(PQexec(probe, "SELECT 1"));
			cut = PQstatus(probe) != CONNECTION_OK;
		} else {
			PQreset(probe);
		}
		usleep(1000);
	} while (!cut || PQstatus(probe) != CONNECTION_OK);
}

/* Disarms. True: a process was killed, and it runs again. */
static bool revive(enum victim victim, PGconn *probe)
{
	if (atomic_exchange(&killers[victim]->left, 0) > 0)
		return false;
	if (victim == DATABASE)
		await_database(probe);
	else
		revive_service();
	return true;
}

static void check(const struct flow *flow, const char *user)
{
	char sql[512], expected[64];
	const char *got;

	snprintf(sql, sizeof sql,
		 "SET search_path = credits, lc;"
		 "SELECT sum(credits_posted - debits_posted) || ' ' || sum(debits_pending) "
		 "FROM account WHERE '%s' IN (id, owner_id)",
		 user);
	snprintf(expected, sizeof expected, "%" PRId64 " %" PRId64, flow->posted, flow->held);
	got = pg_value(sql);
	if (strcmp(got, expected) != 0) {
		printf("# posted and held are %s, not %s\n", got, expected);
		failures++;
	}
	snprintf(sql, sizeof sql,
		 "SELECT string_agg(invariant || ' ' || what, E'\\n# ') FROM violation");
	got = pg_value(sql);
	if (got[0]) {
		printf("# %s\n", got);
		failures++;
	}
}

/* True: a process was killed. False: the flow came to its end before. */
static bool run_point(const struct flow *flow, enum victim victim, bool after, int n)
{
	struct step steps[STEPS_MAX];
	struct effect effects[STEPS_MAX];
	int n_all = flow->n_before + flow->n_armed;
	char user[UUID_SIZE];
	PGconn *probe = PQconnectdb(pg_dsn("limitless_admin"));
	struct error err;
	bool killed;

	uuid_v7(user);
	memcpy(steps, flow->before, sizeof flow->before);
	memcpy(steps + flow->n_before, flow->armed, sizeof flow->armed);
	make_effects(steps, n_all, user, effects);
	for (int i = 0; i < flow->n_before; i++)
		insist(&effects[i]);
	if (victim == FRESH_SERVICE) {
		process_kill(&credits);
		process_start(&credits);
	}

	killers[victim]->after = after;
	killers[victim]->left = n;
	for (int i = flow->n_before; i < n_all && killers[victim]->left > 0; i++)
		while (!effect_is_final(effect_call(channel, &effects[i], &err)) &&
		       killers[victim]->left > 0)
			usleep(1000); /* it has just started and is not connected yet */
	killed = revive(victim, probe);
	PQfinish(probe);
	for (int i = 0; i < n_all; i++)
		insist(&effects[i]); /* answered effects too, as if the answer was lost */
	check(flow, user);
	return killed;
}

static void run_flow(const struct flow *flow, enum victim victim, bool after, int test)
{
	int n = 1, ended = 0, before = failures;

	while (n < POINTS_MAX && failures == before && ended < ENDS) {
		bool killed = run_point(flow, victim, after, n);

		n += killed;
		ended = killed ? 0 : ended + 1;
	}
	if (failures > before)
		printf("# at write %d\n", n);
	if (n == 1 && failures == before)
		printf("# nobody was killed: the killer is not in that process\n");
	if (n == 1 || n == POINTS_MAX)
		failures++;
	killed_n += n - 1;
	printf("%sok %d - %s: %s killed %s each of its %d writes\n",
	       failures > before ? "not " : "", test, flow->name, victim_names[victim],
	       after ? "after" : "before", n - 1);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : INT_MAX;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : random_below(1000000000);
	int64_t end_us;
	int n = ARRAY_SIZE(flows) * VICTIMS * 2, order[ARRAY_SIZE(flows) * VICTIMS * 2], test = 0;

	for (int i = 0; i < n; i++)
		order[i] = i;
	srandom((unsigned)seed);
	for (int i = n - 1; i > 0; i--) {
		int other = (int)(random() % (i + 1)), kept = order[i];

		order[i] = order[other];
		order[other] = kept;
	}
	start_all();
	end_us = clock_mono_us() + seconds * US_PER_S;
	while (test < n && clock_mono_us() < end_us) {
		int at = order[test++];

		run_flow(&flows[at / (VICTIMS * 2)], at / 2 % VICTIMS, at % 2, test);
	}
	printf("1..%d\n# seed %" PRIu64 ": %d kill points\n", test, seed, killed_n);
	rpc_channel_close(channel);
	process_free(&credits);
	pg_stop();
	tool_remove(scratch);
	return failures > 0;
}
