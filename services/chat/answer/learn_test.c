/* The factor of a tokenizer is learned from what its providers report. The models `learnt` and the
 * like have families of their own. */
#include "../chat_test.h"
#include "chat/catalogue/tokens.h"

#define WORDS 300 /* of a question: enough to be learned from */

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

int learn_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_converges_and_stays),
		TEST(it_has_bounds),
		TEST(another_replica_knows_it),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
