/* Prompts of projects: their order, and what models read of them. */
#include "project_test.h"

#include <stdlib.h>

/* Texts of the prompts in their order, each behind a blank; - before one that is switched off. */
static char *texts_of(struct stage *stage, const char *project)
{
	Chat__V1__ListProjectPromptsRequest req = CHAT__V1__LIST_PROJECT_PROMPTS_REQUEST__INIT;
	Chat__V1__ListProjectPromptsResponse *resp;
	char *list = (char *)"";

	req.project = (char *)project;
	stage_ok(stage, chat_v1_list_project_prompts, &req, &resp);
	for (size_t i = 0; i < resp->n_prompts; i++) {
		assert_int_equal(resp->prompts[i]->position, i + 1);
		list = arena_printf(stage->arena, "%s %s%s", list,
				    resp->prompts[i]->enabled ? "" : "-", resp->prompts[i]->text);
	}
	return list;
}

static void change(struct stage *stage, const char *prompt, const char *field, int32_t position)
{
	Chat__V1__UpdateProjectPromptRequest req = CHAT__V1__UPDATE_PROJECT_PROMPT_REQUEST__INIT;
	Google__Protobuf__FieldMask mask = mask_of(&field);
	Chat__V1__ProjectPrompt *resp;

	req.prompt = (char *)prompt;
	req.position = position;
	req.update_mask = &mask;
	stage_ok(stage, chat_v1_update_project_prompt, &req, &resp);
}

static void erase(struct stage *stage, const char *prompt)
{
	Chat__V1__DeleteProjectPromptRequest req = CHAT__V1__DELETE_PROJECT_PROMPT_REQUEST__INIT;
	Google__Protobuf__Empty *empty;

	req.prompt = (char *)prompt;
	stage_ok(stage, chat_v1_delete_project_prompt, &req, &empty);
}

static void prompts_keep_their_order(void **state)
{
	struct stage *stage = *state;
	char *project = new_project(stage, "order", "");
	char *a = new_prompt(stage, project, "a"), *b = new_prompt(stage, project, "b");
	char *c = new_prompt(stage, project, "c"), *d = new_prompt(stage, project, "d");

	assert_string_equal(texts_of(stage, project), " a b c d");
	change(stage, a, "position", 3);
	assert_string_equal(texts_of(stage, project), " b c a d");
	change(stage, d, "position", 1);
	assert_string_equal(texts_of(stage, project), " d b c a");
	change(stage, b, "position", 10000);
	assert_string_equal(texts_of(stage, project), " d c a b");
	change(stage, c, "position", 2);
	change(stage, c, "enabled", 0);
	assert_string_equal(texts_of(stage, project), " d -c a b");
	erase(stage, d);
	assert_string_equal(texts_of(stage, project), " -c a b");
	new_prompt(stage, project, "e");
	assert_string_equal(texts_of(stage, project), " -c a b e");
}

/* Random moves and deletions against a plain list. */
static void any_moves_keep_the_order(void **state)
{
	struct stage *stage = *state;
	char *project = new_project(stage, "random", ""), *ids[12];
	unsigned seed = (unsigned)clock_wall_us();
	char texts[12];
	size_t n = 0;

	print_message("seed %u\n", seed);
	for (int step = 0; step < 120; step++) {
		char *expected = (char *)"";
		unsigned what = (unsigned)rand_r(&seed) % 8;
		size_t at = n ? (size_t)rand_r(&seed) % n : 0;

		if (n == 0 || (what == 0 && n < ARRAY_SIZE(ids))) {
			texts[n] = (char)('a' + step % 26);
			ids[n] = new_prompt(stage, project, (char[]){texts[n], '\0'});
			n++;
		} else if (what == 1) {
			erase(stage, ids[at]);
			n--;
			memmove(ids + at, ids + at + 1, (n - at) * sizeof *ids);
			memmove(texts + at, texts + at + 1, n - at);
		} else {
			size_t to = (size_t)rand_r(&seed) % n;
			char *id = ids[at], text = texts[at];

			change(stage, id, "position", (int32_t)to + 1);
			memmove(ids + at, ids + at + 1, (n - 1 - at) * sizeof *ids);
			memmove(texts + at, texts + at + 1, n - 1 - at);
			memmove(ids + to + 1, ids + to, (n - 1 - to) * sizeof *ids);
			memmove(texts + to + 1, texts + to, n - 1 - to);
			ids[to] = id;
			texts[to] = text;
		}
		for (size_t i = 0; i < n; i++)
			expected = arena_printf(stage->arena, "%s %c", expected, texts[i]);
		assert_string_equal(texts_of(stage, project), expected);
	}
}

static void others_find_no_prompt(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListProjectPromptsRequest list = CHAT__V1__LIST_PROJECT_PROMPTS_REQUEST__INIT;
	Chat__V1__CreateProjectPromptRequest create = CHAT__V1__CREATE_PROJECT_PROMPT_REQUEST__INIT;
	Chat__V1__UpdateProjectPromptRequest update = CHAT__V1__UPDATE_PROJECT_PROMPT_REQUEST__INIT;
	Chat__V1__DeleteProjectPromptRequest delete = CHAT__V1__DELETE_PROJECT_PROMPT_REQUEST__INIT;
	const char *field = "enabled";
	Google__Protobuf__FieldMask mask = mask_of(&field);
	char *project = new_project(stage, "mine", "");
	char *mine = new_prompt(stage, project, "secret");
	const char *const projects[] = {project, NOBODY}, *const prompts[] = {mine, NOBODY};
	Chat__V1__ListProjectPromptsResponse *resp;
	Google__Protobuf__Empty *empty;
	Chat__V1__ProjectPrompt *prompt;

	stage->as = stage->other;
	create.text = (char *)"x";
	update.update_mask = &mask;
	for (size_t i = 0; i < 2; i++) {
		list.project = create.project = (char *)projects[i];
		update.prompt = delete.prompt = (char *)prompts[i];
		stage_fails(stage, chat_v1_list_project_prompts, &list, &resp, NOT_FOUND,
			    "not_found");
		stage_fails(stage, chat_v1_create_project_prompt, &create, &prompt, NOT_FOUND,
			    "not_found");
		stage_fails(stage, chat_v1_update_project_prompt, &update, &prompt, NOT_FOUND,
			    "not_found");
		stage_fails(stage, chat_v1_delete_project_prompt, &delete, &empty, NOT_FOUND,
			    "not_found");
	}
	stage->as = stage->user;
	assert_string_equal(texts_of(stage, project), " secret");
}

static void a_project_has_so_much_text(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateProjectPromptRequest create = CHAT__V1__CREATE_PROJECT_PROMPT_REQUEST__INIT;
	Chat__V1__UpdateProjectRequest update = CHAT__V1__UPDATE_PROJECT_REQUEST__INIT;
	const char *field = "instructions";
	Google__Protobuf__FieldMask mask = mask_of(&field);
	char *project = new_project(stage, "full", "short"), *text = malloc(32769);
	Chat__V1__ProjectPrompt *prompt;
	Chat__V1__Project *changed;

	ensure(text);
	memset(text, 'x', 32768);
	text[32768] = '\0';
	create.project = update.project = project;
	create.text = update.instructions = text;
	for (int i = 0; i < 7; i++)
		stage_ok(stage, chat_v1_create_project_prompt, &create, &prompt);
	stage_fails(stage, chat_v1_create_project_prompt, &create, &prompt, RESOURCE_EXHAUSTED,
		    "project_text_full");
	update.update_mask = &mask;
	stage_ok(stage, chat_v1_update_project, &update, &changed); /* exactly full */
	create.text = (char *)"x";
	stage_fails(stage, chat_v1_create_project_prompt, &create, &prompt, RESOURCE_EXHAUSTED,
		    "project_text_full");
	free(text);
	project = new_project(stage, "many", "");
	for (int i = 0; i < 50; i++)
		new_prompt(stage, project, "x");
	create.project = project;
	stage_fails(stage, chat_v1_create_project_prompt, &create, &prompt, RESOURCE_EXHAUSTED,
		    "prompts_full");
}

static char *chat_in(struct stage *stage, const char *project, const char *model)
{
	Chat__V1__CreateChatRequest req = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	Chat__V1__Chat *chat;

	req.project = (char *)project;
	req.model = (char *)model;
	stage_ok(stage, chat_v1_create_chat, &req, &chat);
	return chat->id;
}

/* The instructions, then the enabled prompts in their order, as one text of the system. */
static void models_read_the_project(void **state)
{
	struct stage *stage = *state;
	char *project = new_project(stage, "read", "Speak as an owl."), *off, *last;
	char *chat = chat_in(stage, project, PLAIN);

	new_prompt(stage, project, "One.");
	off = new_prompt(stage, project, "Not this.");
	last = new_prompt(stage, project, "Two.");
	change(stage, off, "enabled", 0);
	change(stage, last, "position", 1);
	reader_free(stage_answer(stage, chat, "who reads-a-project"));
	assert_int_equal(
		stage_system_requests("reads-a-project", "Speak as an owl.\\n\\nTwo.\\n\\nOne."),
		1);
	reader_free(stage_answer(stage, stage_new_chat(stage, PLAIN), "who reads-no-project"));
	assert_int_equal(stage_system_requests("reads-no-project", "Speak"), 0);
	stage_expect_balance(stage, GIFT - 4 * CREDIT);
}

/* What is held and charged counts the project's texts, and they take their room of the window. */
static void the_count_has_the_project(void **state)
{
	struct stage *stage = *state;
	char *project = new_project(stage, "count", ""), *chat = chat_in(stage, project, NARROW);
	_cleanup_(reader_freep) struct reader *before = stage_answer(stage, chat, "hello there");
	char text[1201];

	for (size_t i = 0; i < 300; i++)
		memcpy(text + 4 * i, "owl ", 5);
	new_prompt(stage, project, text);
	{
		_cleanup_(reader_freep) struct reader *after =
			stage_answer(stage, chat_in(stage, project, NARROW), "hello there");

		assert_true(after->prompt_tokens >= before->prompt_tokens + 250);
	}
	/* Two more do not fit beside any message, and nothing is charged. */
	new_prompt(stage, project, text);
	new_prompt(stage, project, text);
	{
		_cleanup_(reader_freep) struct reader *reader =
			reader_generate(stage, chat_in(stage, project, NARROW), "hello there");

		reader_expect_refused(reader, INVALID_ARGUMENT, "context_too_long");
	}
}

/* The hold names the project, whose budget refuses it. */
static void a_projects_budget_counts(void **state)
{
	struct stage *stage = *state;
	Credits__V1__SetBudgetRequest req = CREDITS__V1__SET_BUDGET_REQUEST__INIT;
	char *project = new_project(stage, "poor", ""), *chat = chat_in(stage, project, PLAIN);
	Credits__V1__Budget *budget;

	req.budget = project;
	req.kind = CREDITS__V1__BUDGET__KIND__PROJECT;
	req.period = CREDITS__V1__BUDGET__PERIOD__MONTH;
	Google__Protobuf__Int64Value limit = GOOGLE__PROTOBUF__INT64_VALUE__INIT;
	limit.value = 3 * CREDIT;
	req.limit_microcredits = &limit;
	if (credits_v1_set_budget_call(stage_credits(), stage_options(stage), &req, stage->arena,
				       &budget, &stage->err) != OK)
		fail_msg("budget: %s", stage->err.message);
	reader_free(stage_answer(stage, chat, "within the budget"));
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, chat, "beyond the budget");

	reader_wait_end(reader);
	assert_string_equal(reader->err.reason, "budget_exhausted");
	reader_free(stage_answer(stage, stage_new_chat(stage, PLAIN), "outside"));
	stage_expect_balance(stage, GIFT - 4 * CREDIT);
}

int project_prompt_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(prompts_keep_their_order), TEST(any_moves_keep_the_order),
		TEST(others_find_no_prompt),    TEST(a_project_has_so_much_text),
		TEST(models_read_the_project),  TEST(the_count_has_the_project),
		TEST(a_projects_budget_counts),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
