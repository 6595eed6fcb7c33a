/* The operator's list prices, and what they make of an answer's usage. */
#include "../chat_test.h"
#include "chat/catalogue/list_price.h"
#include "runtime/base/text.h"
#include "tools/limitless/tool.h"

#include <signal.h>

#define BODY                                                                                     \
	"data: {\"choices\":[{\"delta\":{\"content\":\"a b\"},\"finish_reason\":\"stop\"}]}\n\n" \
	"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":4,"         \
	"\"prompt_tokens_details\":{\"cached_tokens\":8}}}\n\ndata: [DONE]\n\n"

static enum status load(struct arena *arena, const char *text, double credits,
			const struct list_prices **ret, struct error *err)
{
	char path[200];

	snprintf(path, sizeof path, "%s/other.csv", process_directory());
	assert_int_equal(tool_write_file(path, text, 0600, err), OK);
	return list_prices_load(path, credits, arena, ret, err);
}

static void a_table_is_read_whole_or_not(void **state)
{
	static const struct {
		const char *table, *words; /* NULL: it is good */
	} rows[] = {
		{"", NULL},
		{"model,dimension,from_prompt_tokens,price,currency\na,INPUT,0,3,USD\n", NULL},
		{"# a remark\n\n a , OUTPUT , 0 , 15 , USD \r\n", NULL},
		{"nobody-offers-it,INPUT,0,3,USD\n", NULL},
		{"a,INPUT,0,3,USD\nb,INPUT,0,3,EUR\n", ":2: column 5 (currency)"},
		{"a,INPUT,0,3,USD\nb,INPUT,0,1,USD\na,INPUT,0,4,USD\n",
		 "model a has a price twice"},
		{"a,TOKENS,0,3,USD\n", ":1: column 2 (dimension)"},
		{"a,INPUT,-1,3,USD\n", "column 3"},
		{"a,INPUT,0.5,3,USD\n", "column 3"},
		{"a,INPUT,0,3 USD,USD\n", "column 4"},
		{"a,INPUT,0,999999999,USD\n", "column 4 (price): is more than"},
		{"a,INPUT,0,3\n", "column 5 (currency): is missing"},
		{"a,INPUT,0,3,USD,x\n", "nothing may follow it"},
		{",INPUT,0,3,USD\n", "column 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 1 << 20);
		const struct list_prices *list = NULL;
		struct error err = {0};
		enum status s = load(arena, rows[i].table, 1e6, &list, &err);

		if (s != (rows[i].words ? INVALID_ARGUMENT : OK) ||
		    (rows[i].words && !strstr(err.message, rows[i].words)))
			fail_msg("row %zu: %d %s", i, (int)s, err.message);
	}
}

static void a_list_price_is_a_price(void **state)
{
	static const char table[] =
		"b,OUTPUT,0,2,USD\n"
		"a,INPUT,1000,6,USD\na,INPUT,0,3,USD\na,CACHED_INPUT,0,0.3,USD\n"
		"a,OUTPUT,0,15,USD\na,TOOL_CALL,0,0.01,USD\n";
	static const struct {
		const char *model;
		struct usage usage;
		int64_t cost;
	} rows[] = {
		{"a", {.input = 1000, .output = 10}, 300000 + 15000},
		{"a", {.input = 1001, .output = 10}, 600600 + 15000},
		{"a", {.input = 10, .cached_input = 990}, 3000 + 29700},
		{"a", {.input = 10, .reasoning = 2, .tool_calls = 3}, 3000 + 3000 + 3000000},
		{"b", {.input = 1000, .output = 1}, 200},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 1 << 20);
	const struct list_prices *list = NULL;
	struct error err;

	(void)state;
	assert_int_equal(load(arena, table, 100, &list, &err), OK);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(price_cost(list_price_find(list, rows[i].model), &rows[i].usage),
				 rows[i].cost);
	assert_null(list_price_find(list, "c"));
	assert_null(list_price_find(NULL, "a"));
}

/* The list cost of the usage of an answer: "-": none is known. */
static const char *list_cost(struct stage *stage, const char *model)
{
	char *chat = stage_new_chat(stage, model);
	const char *data = base64url_encode(stage->arena, BODY, strlen(BODY));
	_cleanup_(reader_freep) struct reader *reader = reader_generate(
		stage, chat, arena_printf(stage->arena, "[[fault:body data=%s]]", data));
	char sql[200];

	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	snprintf(sql, sizeof sql,
		 "SELECT coalesce(list_cost_microcredits::text, '-') FROM chat.usage "
		 "WHERE generation_id = '%s'",
		 reader->generation);
	return arena_strdup(stage->arena, pg_value(sql));
}

static bool costs(struct stage *stage, const char *model, const char *cost)
{
	return strcmp(list_cost(stage, model), cost) == 0;
}

static void an_answer_has_its_list_cost(void **state)
{
	struct stage *stage = *state;

	stage->replica = CHAT_B;
	assert_string_equal(list_cost(stage, FREE), "-");
	process_write_list("free,INPUT,0,0.5,USD\nfree,CACHED_INPUT,0,0.05,USD\n"
			   "free,OUTPUT,0,2,USD\n");
	process_kill(CHAT_B, SIGHUP);
	/* 12 tokens for 50 micro-credits, 8 for 5, 4 for 200 */
	eventually(costs(stage, FREE, "1440"));
	assert_string_equal(list_cost(stage, PLAIN), "-");
	/* A table with a mistake leaves the old one in force. */
	process_write_list("free,INPUT,0,much,USD\n");
	process_kill(CHAT_B, SIGHUP);
	eventually(process_said(CHAT_B, "list.csv:1: column 4 (price)"));
	assert_string_equal(list_cost(stage, FREE), "1440");
	process_write_list("plain,MESSAGE,0,0.01,USD\n");
	process_kill(CHAT_B, SIGHUP);
	eventually(costs(stage, FREE, "-"));
	assert_string_equal(list_cost(stage, PLAIN), "1000000");
}

/* The price of a model as programs read it: components, and the short form where it says all. */
static void a_list_of_models_has_components(void **state)
{
	static const struct {
		const char *model;
		struct {
			Chat__V1__Price__Dimension dimension;
			Chat__V1__PriceComponent__Unit unit;
			int64_t amount;
		} components[3];
		size_t n;
	} rows[] = {
		{PLAIN,
		 {{CHAT__V1__PRICE__DIMENSION__MESSAGE, CHAT__V1__PRICE_COMPONENT__UNIT__MESSAGE,
		   2 * CREDIT}},
		 1},
		{METERED,
		 {{CHAT__V1__PRICE__DIMENSION__MESSAGE, CHAT__V1__PRICE_COMPONENT__UNIT__MESSAGE,
		   CREDIT},
		  {CHAT__V1__PRICE__DIMENSION__INPUT,
		   CHAT__V1__PRICE_COMPONENT__UNIT__MILLION_TOKENS, 1000 * CREDIT},
		  {CHAT__V1__PRICE__DIMENSION__OUTPUT,
		   CHAT__V1__PRICE_COMPONENT__UNIT__MILLION_TOKENS, 5000 * CREDIT}},
		 3},
		{FREE, {{0}}, 0},
	};
	struct stage *stage = *state;
	Chat__V1__ListModelsRequest req = CHAT__V1__LIST_MODELS_REQUEST__INIT;
	Chat__V1__ListModelsResponse *resp;
	size_t found = 0;

	stage_ok(stage, chat_v1_list_models, &req, &resp);
	for (size_t i = 0; i < resp->n_models; i++) {
		const Chat__V1__Price *price = resp->models[i]->price;

		for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
			if (strcmp(resp->models[i]->id, rows[r].model) != 0)
				continue;
			found++;
			assert_int_equal(price->n_components, rows[r].n);
			for (size_t c = 0; c < rows[r].n; c++) {
				const Chat__V1__PriceComponent *component = price->components[c];

				assert_int_equal(component->dimension,
						 rows[r].components[c].dimension);
				assert_int_equal(component->unit, rows[r].components[c].unit);
				assert_int_equal(component->amount_microcredits,
						 rows[r].components[c].amount);
				assert_int_equal(component->from_prompt_tokens, 0);
			}
		}
	}
	assert_int_equal(found, ARRAY_SIZE(rows));
}

int list_price_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_table_is_read_whole_or_not),
		TEST(a_list_price_is_a_price),
		TEST(an_answer_has_its_list_cost),
		TEST(a_list_of_models_has_components),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
