/* Every template takes the prompt of a branch, whatever became of its answers. */
#include "../chat_test.h"
#include "chat/message/turns.h"
#include "runtime/base/text.h"

#define MESSAGES_MAX 40
#define BRANCHES 20000

static uint64_t seed;

static size_t draw(size_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (size_t)(seed >> 33) % below;
}

/* A branch as the tree has it: questions with answers that came, broke off, wrote nothing or never
 * were, texts that repeat, instructions anywhere; the last message is the user's. */
static size_t random_branch(struct prompt_message *messages)
{
	static const char *const texts[] = {"a", "b", "again", "two\n\nparts", "", " \n"};
	static const char *const roles[] = {"user", "user", "assistant", "assistant", "system"};
	size_t n = draw(MESSAGES_MAX);

	for (size_t i = 0; i < n; i++)
		messages[i] = (struct prompt_message){.role = roles[draw(ARRAY_SIZE(roles))],
						      .text = texts[draw(ARRAY_SIZE(texts))]};
	messages[n] = (struct prompt_message){.role = "user", .text = texts[draw(4)]};
	return n + 1;
}

/* Each line of text is one of these, and all of a kept one are there. */
static bool has(const struct prompt_message *turns, size_t n, const char *role, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(turns[i].role, role) == 0 && strstr(turns[i].text, text))
			return true;
	}
	return false;
}

static void check(const struct prompt_message *messages, size_t n,
		  const struct prompt_message *turns, size_t n_turns)
{
	bool asked = false;
	size_t start = 0, len, last_len = strlen(messages[n - 1].text);

	assert_true(n_turns > 0 && n_turns <= n);
	if (strcmp(turns[0].role, "system") == 0)
		start = 1;
	for (size_t i = start; i < n_turns; i++)
		assert_string_equal(turns[i].role, (i - start) % 2 ? "assistant" : "user");
	for (size_t i = 0; i < n_turns; i++)
		assert_true(turns[i].text[strspn(turns[i].text, " \n")]);
	/* It ends in the message that is asked. */
	assert_string_equal(turns[n_turns - 1].role, "user");
	len = strlen(turns[n_turns - 1].text);
	assert_true(len >= last_len);
	assert_string_equal(turns[n_turns - 1].text + len - last_len, messages[n - 1].text);
	/* Whole messages: all from the first question on are there. */
	for (size_t i = 0; i < n; i++) {
		bool blank = !messages[i].text[strspn(messages[i].text, " \n")];

		asked |= strcmp(messages[i].role, "user") == 0 && !blank;
		if (!blank && (asked || strcmp(messages[i].role, "system") == 0))
			assert_true(has(turns, n_turns, messages[i].role, messages[i].text));
	}
}

static void turns_alternate(void **state)
{
	struct prompt_message messages[MESSAGES_MAX + 1], turns[MESSAGES_MAX + 2];
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);

	seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) : random_below(1ULL << 32);
	print_message("SEED=%llu\n", (unsigned long long)seed);
	for (int i = 0; i < BRANCHES; i++) {
		size_t n = random_branch(messages);

		check(messages, n, turns, turns_make(arena, messages, n, turns));
		arena_reset(arena);
	}
}

static void expect(const struct prompt_message *messages, size_t n, const char *expected)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	struct prompt_message turns[8];
	const char *all = "";
	size_t n_turns = turns_make(arena, messages, n, turns);

	for (size_t i = 0; i < n_turns; i++)
		all = arena_printf(arena, "%s%s:%s;", all, turns[i].role, turns[i].text);
	assert_string_equal(all, expected);
}

static void questions_without_an_answer_are_joined(void **state)
{
	const struct prompt_message failed[] = {{.role = "user", .text = "a"},
						{.role = "user", .text = "b"}};
	const struct prompt_message repeated[] = {{.role = "user", .text = "a"},
						  {.role = "user", .text = "a"},
						  {.role = "user", .text = "a"}};
	const struct prompt_message between[] = {{.role = "user", .text = "a"},
						 {.role = "assistant", .text = " \n"},
						 {.role = "user", .text = "b"},
						 {.role = "assistant", .text = "c"},
						 {.role = "user", .text = "d"}};
	const struct prompt_message cut[] = {{.role = "assistant", .text = "a"},
					     {.role = "user", .text = "b"}};
	const struct prompt_message system[] = {{.role = "user", .text = "a"},
						{.role = "system", .text = "s"},
						{.role = "user", .text = "b"}};

	expect(failed, 2, "user:a\n\nb;");
	expect(repeated, 3, "user:a;");
	expect(between, 5, "user:a\n\nb;assistant:c;user:d;");
	expect(cut, 2, "user:b;");
	expect(system, 3, "system:s;user:a\n\nb;");
}

/* Blocks of reasoning go back verbatim, before the text of the answer that they belong to. */
static void reasoning_goes_back(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	const struct prompt_message messages[] = {
		{.role = "user", .text = "a"},
		{.role = "assistant",
		 .text = "b",
		 .items = "{\"type\":\"reasoning\",\"api\":\"anthropic\",\"data\":{\"s\":"
			  "\"\\u00e9\"}}\n"
			  "{\"type\":\"logprobs\",\"content\":[]}\n"},
		{.role = "user", .text = "c"},
	};
	struct prompt_message turns[4];

	assert_int_equal(turns_make(arena, messages, 3, turns), 3);
	assert_int_equal(turns[0].n_parts, 0);
	assert_int_equal(turns[1].n_parts, 2);
	assert_int_equal(turns[1].parts[0].kind, PROMPT_REASONING);
	assert_string_equal(turns[1].parts[0].api, "anthropic");
	assert_string_equal(turns[1].parts[0].data, "{\"s\":\"\\u00e9\"}");
	assert_int_equal(turns[1].parts[1].kind, PROMPT_TEXT);
	assert_string_equal(turns[1].parts[1].text, "b");
	assert_int_equal(turns[2].n_parts, 0);
}

int turns_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turns_alternate),
		cmocka_unit_test(reasoning_goes_back),
		cmocka_unit_test(questions_without_an_answer_are_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
