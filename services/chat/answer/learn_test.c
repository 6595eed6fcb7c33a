/* The factor of a tokenizer is learned from what its providers report. The models `learnt` and the
 * like have families of their own. */
#include "../chat_test.h"
#include "chat/answer/learn.h"

#include <math.h>
#include <time.h>

#define WORDS 300    /* of a question: enough to be learned from */
#define PROMPTS 4000 /* of a provider, after as many */

/* A question of many words; ret_tokens: of its prompt, by our count. */
static char *question(struct stage *stage, const char *fault, int64_t *ret_tokens)
{
	_cleanup_(tokens_freep) struct tokens *tokens = NULL;
	char *text = arena_printf(stage->arena, "[[fault:%s]]", fault);
	struct error err;

	for (int i = 0; i < WORDS; i++)
		text = arena_printf(stage->arena, "%s word", text);
	assert_int_equal(tokens_new("build/tokens/tables.bin", &tokens, &err), OK);
	*ret_tokens = tokens_count(tokens, text, strlen(text)) + TOKENS_PER_MESSAGE;
	return text;
}

/* An answer in a chat of its own for which the provider reports `percent` of our count. */
static void answer(struct stage *stage, const char *model, int percent)
{
	int64_t tokens;
	char *text = question(stage, "usage value=9999", &tokens);

	text = strchr(text, ']') + 2;
	text = arena_printf(stage->arena, "[[fault:usage value=%04d]]%s",
			    (int)(tokens * percent / 100), text);
	reader_free(stage_answer(stage, stage_new_chat(stage, model), text));
}

static double factor(const char *family)
{
	char sql[200];

	snprintf(sql, sizeof sql,
		 "SELECT coalesce((SELECT factor FROM chat.token_factor WHERE family = '%s'), 0)",
		 family);
	return strtod(pg_value(sql), NULL);
}

/* What is charged for the prompt when the provider names no usage. */
static int64_t counted(struct stage *stage, const char *model, int64_t *ret_tokens)
{
	char *text = question(stage, "no_usage", ret_tokens);
	struct reader *reader = stage_answer(stage, stage_new_chat(stage, model), text);
	int64_t n = reader->prompt_tokens;

	reader_free(reader);
	return n;
}

static void it_converges_and_stays(void **state)
{
	struct stage *stage = *state;
	int64_t tokens, n = counted(stage, "learnt", &tokens);

	assert_int_equal(n, tokens);
	for (int i = 0; i < 5; i++)
		answer(stage, "learnt", 140);
	eventually(factor("learnt") > 1.39 && factor("learnt") < 1.41);
	eventually((n = counted(stage, "learnt", &tokens)) > tokens);
	assert_in_range(n, tokens * 139 / 100, tokens * 141 / 100 + 1);
	process_stop(stage->replica);
	process_start(stage->replica);
	eventually((n = counted(stage, "learnt", &tokens)) > tokens);
	assert_in_range(n, tokens * 139 / 100, tokens * 141 / 100 + 1);
	/* It follows when the provider changes. */
	for (int i = 0; i < 60; i++)
		answer(stage, "learnt", 120);
	eventually(factor("learnt") < 1.3);
}

static void it_has_bounds(void **state)
{
	answer(*state, "learnt-high", 800);
	answer(*state, "learnt-low", 3);
	eventually(factor("learnt-high") == 3 && factor("learnt-low") == 0.5);
}

static void another_replica_knows_it(void **state)
{
	struct stage *stage = *state;
	int64_t tokens;

	answer(stage, "learnt-shared", 200);
	eventually(factor("learnt-shared") > 1.9);
	stage->replica = CHAT_B;
	eventually(counted(stage, "learnt-shared", &tokens) > tokens * 19 / 10);
}

/* How a provider's tokens differ from ours: a mean and its spread, a second kind of text, and a
 * mean of later. */
struct reports {
	char family[FAMILY_SIZE];
	double mean, spread;
	double other_mean; /* of one prompt in 7 */
	double later_mean;
};

static double gaussian(uint64_t *random)
{
	double sum = 0;

	for (int i = 0; i < 12; i++) {
		*random = *random * 6364136223846793005u + 1442695040888963407u;
		sum += (double)(*random >> 40) / (double)(1 << 24);
	}
	return sum - 6;
}

/* Prompts of one provider in batches; the bounds of the last half are counted that were too low. */
static int above_bound(struct db *db, struct tokens *tokens, const struct reports *provider,
		       uint64_t *random)
{
	struct tokens_batch batches[FAMILIES_MAX];
	struct error err;
	int above = 0;

	for (int i = 0; i < 2 * PROMPTS; i++) {
		int64_t counted = 256 + (int64_t)(fabs(gaussian(random)) * 4000);
		double mean = i < PROMPTS / 2 ? provider->mean : provider->later_mean;
		int64_t reported;

		if (provider->other_mean > 0 && (*random >> 32) % 7 == 0)
			mean = provider->other_mean;
		reported = (int64_t)((double)counted * mean *
				     exp(provider->spread * gaussian(random)));
		above += i >= PROMPTS && reported > tokens_bound(tokens, provider->family, counted);
		tokens_learn(tokens, provider->family, counted, reported);
		if ((*random >> 33) % 20 == 0) {
			size_t n = tokens_take(tokens, batches);

			assert_int_equal(learn_store(db, batches, n, &err), OK);
			assert_int_equal(learn_load(db, tokens, &err), OK);
		}
	}
	return above;
}

static void the_margin_holds_99_of_100_prompts(_unused_ void **state)
{
	static const struct reports providers[] = {
		{"narrow", 1.1, 0.01, 0, 1.1},       {"usual", 1.25, 0.05, 0, 1.25},
		{"wide", 1.4, 0.15, 0, 1.4},         {"few", 0.8, 0.05, 0, 0.8},
		{"languages", 1.7, 0.04, 1.15, 1.7}, {"changed", 1.1, 0.05, 0, 1.6},
		{"changed-back", 1.6, 0.05, 0, 1.1},
	};
	_cleanup_(tokens_freep) struct tokens *tokens = NULL;
	struct db *db = pg_db("chat_worker", sql_chat_all);
	uint64_t seed = (uint64_t)time(NULL), random = seed;
	struct error err;
	int all = 0;

	print_message("seed %llu\n", (unsigned long long)seed);
	assert_int_equal(tokens_new("build/tokens/tables.bin", &tokens, &err), OK);
	for (size_t i = 0; i < ARRAY_SIZE(providers); i++) {
		int above = above_bound(db, tokens, &providers[i], &random);

		print_message("%s: %d of %d prompts are above their bound\n", providers[i].family,
			      above, PROMPTS);
		all += above;
		if (above > PROMPTS / 50) /* of one: chance, and the time that the margin needs */
			fail_msg("%s: %d of %d prompts are above their bound", providers[i].family,
				 above, PROMPTS);
	}
	assert_true(all <= (int)ARRAY_SIZE(providers) * PROMPTS / 80);
	db_free(db);
}

static void operators_see_what_is_known(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListTokenFactorsRequest req = CHAT__V1__LIST_TOKEN_FACTORS_REQUEST__INIT;
	Chat__V1__ListTokenFactorsResponse *resp;
	Chat__V1__TokenFactor *first;

	stage_fails(stage, chat_v1_list_token_factors, &req, &resp, PERMISSION_DENIED,
		    "role_required");
	pg_exec("INSERT INTO chat.token_factor (family, factor, margin, prompts, update_time) "
		"VALUES ('seen', 1.25, 1.125, 1000000, '2026-01-02T03:04:05Z')");
	stage->admin = true;
	stage_ok(stage, chat_v1_list_token_factors, &req, &resp);
	assert_true(resp->n_factors >= 1);
	first = resp->factors[0];
	assert_string_equal(first->family, "seen");
	assert_true(first->factor == 1.25 && first->margin == 1.125);
	assert_int_equal(first->prompts, 1000000);
	assert_int_equal(first->update_time->seconds, 1767323045);
}

int learn_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_converges_and_stays),      TEST(it_has_bounds),
		TEST(another_replica_knows_it),    TEST(the_margin_holds_99_of_100_prompts),
		TEST(operators_see_what_is_known),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
