/* A balance for exactly one hold, and two replicas that are asked for two hundred at once: one is
 * made, the others are refused. In TAP, one line for all rounds.
 *
 *   double_spend [ROUNDS]       default: 100 */
#include "tests/ledger/effect.h"

#include "runtime/base/ensure.h"
#include "tests/lib/pg.h"
#include "tests/lib/process.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOLDS 200
#define CALL_MS 120000   /* longer than anything takes on a machine under load */
#define GIFT 100000000LL /* the default of the configuration */

struct round {
	atomic_int made, refused, others, open;
};

static void on_reply(void *ctx, enum status status, _unused_ const ProtobufCMessage *resp,
		     const struct error *err)
{
	struct round *round = ctx;

	if (status == OK)
		round->made++;
	else if (strcmp(err->reason, "insufficient_credits") == 0)
		round->refused++;
	else if (round->others++ == 0)
		fprintf(stderr, "# %s: %s\n", err->reason, err->message);
	round->open--;
}

static bool run_round(struct rpc_channel *const channels[2], long n)
{
	struct round round = {.open = HOLDS};
	struct effect effect = {.kind = EFFECT_HOLD, .amount_microcredits = GIFT};

	uuid_v7(effect.user);
	for (int i = 0; i < HOLDS; i++) {
		uuid_v7(effect.id);
		effect_send(channels[i % 2], &effect, CALL_MS, on_reply, &round);
	}
	while (round.open > 0)
		usleep(1000);
	if (round.made == 1 && round.refused == HOLDS - 1)
		return true;
	printf("# round %ld: %d made, %d refused, %d neither\n", n, round.made, round.refused,
	       round.others);
	return false;
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 100, good = 0;
	struct process replicas[2] = {{.service = "credits"}, {.service = "credits"}};
	struct rpc_channel *channels[2];
	const char *broken;

	pg_start();
	pg_migrate("credits");
	for (int i = 0; i < 2; i++) {
		process_start(&replicas[i]);
		channels[i] = process_channel(&replicas[i]);
	}
	for (long n = 0; n < rounds; n++)
		good += run_round(channels, n);
	broken = pg_value("SET search_path = credits, lc;"
			  "SELECT string_agg(invariant || ' ' || what, E'\\n') FROM violation");
	printf("%sok 1 - %ld of %ld rounds: 1 of %d holds made, %d refused, by 2 replicas\n",
	       good == rounds ? "" : "not ", good, rounds, HOLDS, HOLDS - 1);
	printf("%sok 2 - the invariants hold\n1..2\n", broken[0] ? "not " : "");
	if (broken[0])
		printf("# %s\n", broken);
	for (int i = 0; i < 2; i++) {
		rpc_channel_close(channels[i]);
		process_free(&replicas[i]);
	}
	pg_stop();
	return good != rounds || broken[0];
}
