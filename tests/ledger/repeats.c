/* Every change of the ledger as networks deliver it: several copies, to two replicas, in any
 * order, with some answers unheard. There are as many effects as ids, and the same id with another
 * body is refused. In TAP.
 *
 *   repeats [SECONDS [SEED]]       begins no round after so many seconds (default 10); the seed is
 *                                  printed */
#include "tests/ledger/effect.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "tests/lib/pg.h"
#include "tests/lib/process.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CREDIT 1000000LL
#define USERS 8
#define EFFECTS 10 /* of a user */
#define COPIES 40  /* at once of those of a user */

/* The effects of each user, and the balance that they leave. Settles, voids and the reversal need
 * another effect first: a copy that comes too early is refused and comes again. */
static const struct {
	enum effect_kind kind;
	int64_t amount;
	int of; /* index of the hold or chargeback */
} plan[EFFECTS] = {
	{EFFECT_PURCHASE, 50 * CREDIT, 0},
	{EFFECT_HOLD, 30 * CREDIT, 0},
	{EFFECT_SETTLE, 12 * CREDIT, 1},
	{EFFECT_HOLD, 20 * CREDIT, 0},
	{EFFECT_VOID, 0, 3},
	{EFFECT_ADJUSTMENT, 5 * CREDIT, 0},
	{EFFECT_ADJUSTMENT, -3 * CREDIT, 0},
	{EFFECT_REFUND, 10 * CREDIT, 0},
	{EFFECT_CHARGEBACK, 4 * CREDIT, 0},
	{EFFECT_REVERSAL, 0, 8},
};
#define POSTED ((100 + 50 - 12 + 5 - 3 - 10) * CREDIT)

static struct rpc_channel *channels[2];
static int failures;
static long sent;
static atomic_long unheard; /* answers */

static void on_reply(void *ctx, enum status status, _unused_ const ProtobufCMessage *resp,
		     _unused_ const struct error *err)
{
	atomic_int *open = ctx;

	if (status == DEADLINE_EXCEEDED)
		unheard++;
	--*open;
}

static void begin(struct effect *effects, const char *user)
{
	for (int i = 0; i < EFFECTS; i++) {
		struct effect *e = &effects[i];

		*e = (struct effect){.kind = plan[i].kind, .amount_microcredits = plan[i].amount};
		uuid_v7(e->id);
		snprintf(e->user, UUID_SIZE, "%s", user);
		snprintf(e->hold, UUID_SIZE, "%s", effects[plan[i].of].id);
	}
}

/* Copies of all of them at once, in any order; of some, nobody waits for the answer. */
static void scatter(struct effect *effects)
{
	atomic_int open = COPIES;

	for (int i = 0; i < COPIES; i++) {
		const struct effect *e = &effects[random() % EFFECTS];
		bool patient = random() % 4 != 0;

		effect_send(channels[random() % 2], e, patient ? 0 : 1 + random() % 4, on_reply,
			    &open);
		sent++;
		if (random() % 8 == 0)
			usleep((useconds_t)(random() % 2000));
	}
	while (open > 0)
		usleep(100);
}

static void expect(const struct effect *e, const char *expected)
{
	struct error err;
	enum status s = effect_insist(channels[random() % 2], e, &err);
	const char *got = s == OK ? "" : err.reason;

	sent++;
	if (strcmp(got, expected) == 0)
		return;
	printf("# %s %s: expected '%s', got '%s'\n", effect_name(e->kind), e->id, expected, got);
	failures++;
}

/* The same id with another body. */
static void bend(const struct effect *effects, int i)
{
	struct effect bent = effects[i];

	bent.amount_microcredits += CREDIT;
	if (bent.kind == EFFECT_VOID)
		snprintf(bent.hold, UUID_SIZE, "%s", effects[1].id);
	else if (bent.kind == EFFECT_REVERSAL)
		snprintf(bent.hold, UUID_SIZE, "%s", effects[7].id);
	expect(&bent, "transfer_id_reused");
}

static void check(const char *user)
{
	char sql[512], expected[64];
	const char *got;

	snprintf(sql, sizeof sql,
		 "SELECT a.credits_posted - a.debits_posted || ' ' || a.debits_pending || ' ' || "
		 "(SELECT count(*) FROM credits.transfer t WHERE t.account_id = a.id) "
		 "FROM credits.account a WHERE a.id = '%s'",
		 user);
	/* One more transfer: the gift. */
	snprintf(expected, sizeof expected, "%lld 0 %d", POSTED, EFFECTS + 1);
	got = pg_value(sql);
	if (strcmp(got, expected) == 0)
		return;
	printf("# posted, held and transfers are %s, not %s\n", got, expected);
	failures++;
}

static void run_round(void)
{
	static struct effect effects[USERS][EFFECTS];

	for (int u = 0; u < USERS; u++) {
		char user[UUID_SIZE];

		uuid_v7(user);
		begin(effects[u], user);
		scatter(effects[u]);
		/* Copies that came too early come again, in their order and backwards. */
		for (int i = 0; i < EFFECTS; i++)
			expect(&effects[u][i], "");
		for (int i = EFFECTS - 1; i >= 0; i--) {
			bend(effects[u], i);
			expect(&effects[u][i], "");
		}
		scatter(effects[u]);
		check(user);
	}
}

int main(int argc, char **argv)
{
	long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : 10, rounds = 0;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : random_below(1000000000);
	struct process replicas[2] = {{.service = "credits"}, {.service = "credits"}};
	int64_t end_us;
	const char *broken;

	printf("# seed %" PRIu64 "\n", seed);
	srandom((unsigned)seed);
	pg_start();
	pg_migrate("credits");
	for (int i = 0; i < 2; i++) {
		process_start(&replicas[i]);
		channels[i] = process_channel(&replicas[i]);
	}
	end_us = clock_mono_us() + seconds * US_PER_S;
	do {
		run_round();
		rounds++;
	} while (failures == 0 && clock_mono_us() < end_us);
	broken = pg_value("SET search_path = credits, lc;"
			  "SELECT string_agg(invariant || ' ' || what, E'\\n# ') FROM violation");
	printf("%sok 1 - %ld rounds of %d ids: %ld copies, %ld of them without an answer, as many "
	       "effects as ids\n",
	       failures ? "not " : "", rounds, USERS * EFFECTS, sent, unheard);
	printf("%sok 2 - the invariants hold\n1..2\n", broken[0] ? "not " : "");
	if (broken[0])
		printf("# %s\n", broken);
	for (int i = 0; i < 2; i++) {
		rpc_channel_close(channels[i]);
		process_free(&replicas[i]);
	}
	pg_stop();
	return failures > 0 || broken[0];
}
