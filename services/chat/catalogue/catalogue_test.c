/* Prices, counted tokens, catalogues and lists of models. */
#include "../chat_test.h"
#include "chat/catalogue/catalogue.h"
#include "chat/catalogue/offers.h"
#include "chat/catalogue/tokens.h"
#include "tools/limitless/tool.h"

static int64_t learned(struct tokens *tokens, const char *family, int64_t reported, int n)
{
	struct tokens_batch batches[FAMILIES_MAX];

	for (int i = 0; i < n; i++)
		tokens_learn(tokens, family, 1000, reported);
	for (size_t i = 0, count = tokens_take(tokens, batches); i < count; i++) {
		if (strcmp(batches[i].name, family) == 0)
			return batches[i].n * 1000000 + batches[i].over * 1000 +
			       (int64_t)(batches[i].ratios / (double)batches[i].n * 100 + 0.5);
	}
	return 0;
}

static void tokens_are_counted(void **state)
{
	_cleanup_(tokens_freep) struct tokens *tokens = NULL;
	struct error err;

	assert_int_equal(tokens_new("build/tokens/tables.bin", &tokens, &err), OK);
	assert_int_equal(tokens_count(tokens, "", 0), 0);
	assert_int_equal(tokens_count(tokens, "hello world", 11), 2);
	assert_int_equal(tokens_count(tokens, "\xE4\xBD\xA0\xE5\xA5\xBD", 6), 1);
	assert_int_equal(tokens_count_of(tokens, "cl100k", "\xE4\xBD\xA0\xE5\xA5\xBD", 6), 2);
	assert_int_equal(tokens_new("/nowhere", &tokens, &err), INVALID_ARGUMENT);
}

static void a_family_has_its_factor(void **state)
{
	_cleanup_(tokens_freep) struct tokens *tokens = NULL;
	struct tokens_batch batches[FAMILIES_MAX];
	struct error err;
	char name[16];

	assert_int_equal(tokens_new("build/tokens/tables.bin", &tokens, &err), OK);
	assert_int_equal(tokens_expected(tokens, "anthropic", 1000), 1000);
	assert_int_equal(learned(tokens, "anthropic", 1400, 3), 3003140);
	assert_int_equal(tokens_take(tokens, batches), 0);
	tokens_learn(tokens, "anthropic", 20, 90); /* too short to say anything */
	assert_int_equal(tokens_take(tokens, batches), 0);
	tokens_set(tokens, &(struct tokens_family){"anthropic", 1.4, 1.1, 3});
	assert_int_equal(tokens_expected(tokens, "anthropic", 1000), 1400);
	assert_int_equal(tokens_bound(tokens, "anthropic", 1000), 1540);
	assert_int_equal(tokens_room(tokens, "anthropic", 1540), 1000);
	assert_int_equal(tokens_expected(tokens, "google", 1000), 1000);
	assert_int_equal(learned(tokens, "anthropic", 1500, 5), 5000150);
	/* Bounds, whatever a provider says and the database has. */
	assert_int_equal(learned(tokens, "anthropic", 1, 1), 1000050);
	assert_int_equal(learned(tokens, "anthropic", INT64_MAX, 1), 1001300);
	tokens_set(tokens, &(struct tokens_family){"anthropic", 100, 0, 3});
	assert_int_equal(tokens_bound(tokens, "anthropic", 1000), 3000);
	for (int i = 0; i < 2 * FAMILIES_MAX; i++) {
		snprintf(name, sizeof name, "f%d", i);
		tokens_learn(tokens, name, 1000, 1000);
	}
	assert_int_equal(tokens_take(tokens, batches), FAMILIES_MAX - 2); /* two had nothing */
}

static void a_model_has_a_family(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);

	assert_string_equal(tokens_family_of(arena, "OpenAI", "gpt-4o-mini"), "o200k");
	assert_string_equal(tokens_family_of(arena, "OpenAI", "gpt-4.1"), "o200k");
	assert_string_equal(tokens_family_of(arena, "openai", "gpt-4-turbo"), "cl100k");
	assert_string_equal(tokens_family_of(arena, "OpenAI", "gpt-3.5-turbo"), "cl100k");
	assert_string_equal(tokens_family_of(arena, "Mistral AI", "x"), "mistral-ai");
	assert_string_equal(tokens_family_of(arena, "", "x"), "others");
	assert_true(tokens_family_valid("mistral-ai"));
	assert_false(tokens_family_valid(""));
	assert_false(tokens_family_valid("Mistral AI"));
}

static const char *const names[] = {"openrouter", "openai", "demo", NULL};

static enum status load(const char *text, struct catalogue **ret, struct error *err)
{
	static struct provider_key key;
	static const struct provider_set providers = {.providers = {{.name = "demo",
								     .demo = true,
								     .keys = &key,
								     .n_keys = 1,
								     .api = &provider_openai}},
						      .n = 1,
						      .names = names};
	char path[200];

	snprintf(path, sizeof path, "%s/catalogue.yaml", process_directory());
	assert_int_equal(tool_write_file(path, text, 0600, err), OK);
	return catalogue_load(path, arena_new(4096, 1 << 20), &providers, ret, err);
}

#define MODEL(id, more) \
	"  - {id: " id  \
	", name: N, provider: P, window: 4096, max_output: 1024, modalities: [text]" more "}\n"

#define EMBEDDING(id, more)                                                                        \
	"  - {id: " id ", kind: embedding, name: N, provider: P, window: 4096, modalities: [text]" \
	", price: {per_message: 2}" more "}\n"

static void expect_bad(const char *text, const char *words)
{
	struct catalogue *catalogue;
	struct error err;

	assert_int_equal(load(text, &catalogue, &err), INVALID_ARGUMENT);
	if (!strstr(err.message, "catalogue.yaml") || !strstr(err.message, words))
		fail_msg("no '%s' in: %s", words, err.message);
}

static void a_bad_embedding_is_one_clear_line(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"models:\n" MODEL("a", ", price: {per_message: 2}, kind: image"),
		 "kind is chat or embedding"},
		{"models:\n" MODEL("a", ", price: {per_message: 2}, dimensions: 8"),
		 "only `kind: embedding` has dimensions"},
		{"models:\n" MODEL("a", ", price: {per_message: 2}, kind: embedding"),
		 "an embedding has no max_output and no fallback"},
		{"models:\n" EMBEDDING("a", ""), "dimensions"},
		{"models:\n" EMBEDDING("a", ", dimensions: 65537"), "dimensions"},
		{"models:\n" EMBEDDING("a", ", dimensions: 8, fallback: [a]"), "no fallback"},
		{"models:\n" MODEL("a", ", price: {per_message: 2}, fallback: [b]")
			 EMBEDDING("b", ", dimensions: 8"),
		 "fallback 'b' is no other model"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_bad(cases[i].text, cases[i].words);
}

static void a_bad_catalogue_is_one_clear_line(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "models"},
		{"models: []\n", "must list 1 to"},
		{"model: []\n", "unknown key"},
		{"models:\n" MODEL("a", ""), "price is missing"},
		{"models:\n" MODEL("a", ", price: {per_message: -1}"), "per_message"},
		{"models:\n" MODEL("a", ", price: {input_per_1k: 1000001}"), "input_per_1k"},
		{"models:\n" MODEL("a", ", price: {output_per_1k: 0.0000001}"), "output_per_1k"},
		{"models:\n" MODEL("a", ", price: {per_message: two}"), "per_message"},
		{"models:\n" MODEL("a", ", price: {per_token: 2}"), "unknown key"},
		{"models:\n" MODEL("a", ", price: {per_message: 2}, parameters: {seed: false}"),
		 "unknown key"},
		{"models:\n" MODEL("a", ", price: {per_message: 2}, parameters: {max_tokens: 5}"),
		 "max_completion_tokens or false"},
		{"discovered: {window: 8192, max_output: 1, modalities: [text]}\nmodels:\n" MODEL(
			 "a", ", price: {per_message: 2}"),
		 "price is missing"},
		{"models:\n" MODEL("a", ", price: []"), "1 to 64 components"},
		{"models:\n" MODEL("a", ", price: [{dimension: TOKENS, credits: 1}]"),
		 "price: dimension 'TOKENS' is none of MESSAGE, INPUT, CACHED_INPUT"},
		{"models:\n" MODEL("a", ", price: [{dimension: INPUT}]"), "credits: is missing"},
		{"models:\n" MODEL("a", ", price: [{dimension: INPUT, credits: 1, to: 3}]"),
		 "to: unknown key"},
		{"models:\n" MODEL("a", ", price: [{dimension: INPUT, credits: 1}, "
					"{dimension: INPUT, credits: 2}]"),
		 "INPUT from 0 tokens is there twice"},
		{"models:\n" MODEL("a", ", price: [{dimension: IMAGE, credits: 1000001}]"),
		 "credits"},
		{"models:\n" MODEL("a", ", price: [{dimension: IMAGE, credits: 0}]"), "free: true"},
		{"models:\n" MODEL("a", ", price: {}"), "mark it `free: true`"},
		{"models:\n" MODEL("a", ", free: true, price: {per_message: 2}"), "has a price"},
		{"models:\n" MODEL("a", ", price: {per_message: 2}")
			 MODEL("a", ", price: {per_message: 2}"),
		 "there twice"},
		{"models:\n" MODEL("a", ", price: {per_message: 2}, upstream: {acme: x}"),
		 "acme: unknown key: upstream: the providers of chat.yaml are openrouter, openai, "
		 "demo"},
		{"models:\n" MODEL("a", ", price: {per_message: 2}, fallback: [b]"),
		 "fallback 'b' is no other model"},
		{"models:\n" MODEL("a", ", price: {per_message: 2}, fallback: [a]"),
		 "fallback 'a' is no other model"},
		{"models:\n  - {id: a, name: N, provider: P, window: 4096, max_output: 3000, "
		 "modalities: [text], price: {per_message: 2}}\n",
		 "half of the window"},
		{"models:\n  - {id: a, name: N, provider: P, window: 4096, max_output: 1000, "
		 "modalities: [smell], price: {per_message: 2}}\n",
		 "'smell' is not known"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_bad(cases[i].text, cases[i].words);
}

static void a_price_is_a_list_of_components(void **state)
{
	struct catalogue *catalogue = NULL;
	const struct price *price;
	struct error err;

	assert_int_equal(
		load("models:\n" MODEL(
			     "a", ", price: [{dimension: OUTPUT, credits: 15}, "
				  "{dimension: INPUT, from_prompt_tokens: 200000, credits: 6}, "
				  "{dimension: INPUT, credits: 3.5}]"),
		     &catalogue, &err),
		OK);
	price = &catalogue->models[0].price;
	assert_int_equal(price->n, 3);
	assert_int_equal(price_rate(price, PRICE_INPUT, 200000), 3500000);
	assert_int_equal(price_rate(price, PRICE_INPUT, 200001), 6000000);
	assert_int_equal(price_rate(price, PRICE_REASONING, 0), 15000000);
	catalogue_unref(catalogue);
}

static void no_chat_begins_with_an_embedding(void **state)
{
	struct catalogue *catalogue = NULL;
	struct error err;

	assert_int_equal(load("models:\n" EMBEDDING("v", ", dimensions: 8")
				      MODEL("a", ", price: {per_message: 2}"),
			      &catalogue, &err),
			 OK);
	assert_string_equal(catalogue_default(catalogue)->id, "a");
	assert_int_equal(catalogue_find(catalogue, "v")->dimensions, 8);
	assert_int_equal(catalogue_find(catalogue, "v")->max_output_tokens, 0);
	catalogue_unref(catalogue);
}

static void the_shipped_catalogue_is_good(void **state)
{
	static const char *const shipped[] = {"openrouter", "openai", "gemini",
					      "anthropic",  "demo",   NULL};
	static struct provider_key key;
	static const struct provider_set router = {
		.providers = {{.name = "openrouter", .keys = &key, .n_keys = 1}},
		.n = 1,
		.names = shipped};
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue = NULL;
	const struct model *model;
	struct error err;

	assert_int_equal(catalogue_load("deploy/config/models.yaml", arena_new(4096, 1 << 20),
					&router, &catalogue, &err),
			 OK);
	assert_int_equal(catalogue->n_models, 11);
	model = catalogue_find(catalogue, "claude-3.5-sonnet");
	assert_non_null(model);
	assert_int_equal(price_rate(&model->price, PRICE_MESSAGE, 0), 20 * CREDIT);
	assert_string_equal(model->routes[0].upstream, "anthropic/claude-3.5-sonnet");
	assert_false(model->demo);
	assert_string_equal(catalogue_default(catalogue)->id, "gemini-2.0-flash");
	assert_null(catalogue_find(catalogue, "gpt-9"));
}

/* ---------------------------------------------------------------- lists of servers */

static void lists_are_read_as_servers_send_them(void **state)
{
	static const struct {
		const char *body;
		int n; /* -1: it is no list */
		const char *first;
		int32_t window;
	} cases[] = {
		{"{\"object\":\"list\",\"data\":[{\"id\":\"llama3.2:latest\"},{\"id\":\"b\"}]}", 2,
		 "llama3.2:latest", 0},
		{"{\"object\":\"list\",\"data\":null}", 0, NULL, 0},
		{"{\"data\":[{\"id\":\"m\",\"max_model_len\":32768}]}", 1, "m", 32768},
		{"{\"data\":[{\"id\":\"m\",\"context_length\":-1}]}", 1, "m", 0},
		{"{\"models\":[{\"name\":\"n\",\"model\":\"m\"}]}", 1, "m", 0},
		{"[{\"id\":\"m\"}]", 1, "m", 0},
		{"{\"data\":[{\"id\":\"m\"},{\"id\":\"m\"},{\"id\":7},{},null,{\"id\":\"\"}]}", 1,
		 "m", 0},
		{"{\"data\":[{\"id\":\"a\\nb\"}]}", 0, NULL, 0},
		{"{\"error\":\"no\"}", -1, NULL, 0},
		{"<html>", -1, NULL, 0},
		{"", -1, NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct offers offers = {0};
		bool read = offers_read(cases[i].body, strlen(cases[i].body), &offers);

		if (read != (cases[i].n >= 0) || (read && (int)offers.n != cases[i].n))
			fail_msg("%s: %d, %zu", cases[i].body, read, offers.n);
		if (cases[i].first) {
			assert_string_equal(offers.offers[0].id, cases[i].first);
			assert_int_equal(offers.offers[0].window_tokens, cases[i].window);
		}
		offers_done(&offers);
	}
}

#define DISCOVERING                                                                           \
	"discovered: {provider: Here, window: 8192, max_output: 2048, modalities: [text],"    \
	" except: [embed], price: {per_message: 1}}\n"                                        \
	"models:\n" MODEL("a", ", price: {per_message: 2}, upstream: {openai: there}")        \
		MODEL("b", ", price: {per_message: 2}, upstream: {openai: elsewhere}") MODEL( \
			"taken", ", price: {per_message: 2}, upstream: {openrouter: t}")      \
			MODEL("both",                                                         \
			      ", price: {per_message: 2}, upstream: {openrouter: t, openai: no}")

static void what_is_there_is_offered(void **state)
{
	static struct provider_key key;
	static const struct provider_set providers = {
		.providers = {{.name = "openrouter", .keys = &key, .n_keys = 1},
			      {.name = "openai", .keys = &key, .n_keys = 1, .discover = true}},
		.n = 2,
		.names = names};
	static const char body[] =
		"{\"data\":[{\"id\":\"there\"},{\"id\":\"llama3.2:latest\",\"max_model_len\":2048},"
		"{\"id\":\"nomic-EMBED-text\"},{\"id\":\"taken\"},{\"id\":\"/models/"
		"gemma.gguf\"}]}";
	static const char *const expected[] = {
		"a", "taken", "both", "llama3.2:latest", "openai:taken", "/models/gemma.gguf"};
	struct offers offers[2] = {{.state = OFFERS_UNKNOWN}, {.state = OFFERS_UNKNOWN}};
	struct catalogue *base, *with;
	char path[200], version[PRICE_VERSION_SIZE];
	const struct model *model;
	struct error err = {0};

	snprintf(path, sizeof path, "%s/catalogue.yaml", process_directory());
	assert_int_equal(tool_write_file(path, DISCOVERING, 0600, &err), OK);
	if (catalogue_load(path, arena_new(4096, 1 << 20), &providers, &base, &err) != OK)
		fail_msg("%s", err.message);

	/* Until a provider answers, none of its models is offered. Without a list the file is
	 * believed. */
	with = catalogue_with(base, offers);
	assert_int_equal(with->n_models, 2);
	assert_null(catalogue_find(with, "a"));
	assert_int_equal(catalogue_find(with, "both")->n_routes, 1);
	/* Knowledge of a route outlives every change. */
	assert_ptr_equal(catalogue_find(with, "both")->routes[0].state,
			 catalogue_find(base, "both")->routes[0].state);
	catalogue_unref(with);
	offers[1].state = OFFERS_NO_LIST;
	with = catalogue_with(base, offers);
	assert_int_equal(with->n_models, 4);
	catalogue_unref(with);

	assert_true(offers_read(body, strlen(body), &offers[1]));
	with = catalogue_with(base, offers);
	catalogue_unref(base); /* it lives as long as the catalogue that was made of it */
	assert_int_equal(with->n_models, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(with->models[i].id, expected[i]);
	model = catalogue_find(with, "llama3.2:latest");
	assert_string_equal(model->name, "llama3.2");
	assert_string_equal(model->provider, "Here");
	assert_int_equal(model->window_tokens, 2048);
	assert_int_equal(model->max_output_tokens, 1024);
	assert_int_equal(price_rate(&model->price, PRICE_MESSAGE, 0), CREDIT);
	price_version(model->id, &model->price, version);
	assert_string_equal(model->price_version, version);
	assert_string_equal(model->routes[0].upstream, "llama3.2:latest");
	assert_string_equal(catalogue_find(with, "openai:taken")->routes[0].upstream, "taken");
	assert_string_equal(catalogue_find(with, "/models/gemma.gguf")->name, "gemma");
	catalogue_unref(with);
	offers_done(&offers[1]);
}

int catalogue_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_are_counted),
		cmocka_unit_test(a_family_has_its_factor),
		cmocka_unit_test(a_model_has_a_family),
		cmocka_unit_test(a_bad_catalogue_is_one_clear_line),
		cmocka_unit_test(a_bad_embedding_is_one_clear_line),
		cmocka_unit_test(a_price_is_a_list_of_components),
		cmocka_unit_test(no_chat_begins_with_an_embedding),
		cmocka_unit_test(the_shipped_catalogue_is_good),
		cmocka_unit_test(lists_are_read_as_servers_send_them),
		cmocka_unit_test(what_is_there_is_offered),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
