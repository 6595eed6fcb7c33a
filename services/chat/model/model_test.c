/* Prices, counted tokens, and what a catalogue may say. */
#include "../chat_test.h"
#include "chat/model/catalogue.h"
#include "chat/model/tokens.h"
#include "chat/provider/provider.h"
#include "tools/limitless/tool.h"

static void a_price_is_rounded_up_once(void **state)
{
	const struct price none = {0},
			   price = {.per_message = 7, .input_per_1k = 1, .output_per_1k = 3};
	const struct price most = {PRICE_MAX, PRICE_MAX, PRICE_MAX};
	const struct price negative = {.input_per_1k = -1}, huge = {.per_message = PRICE_MAX + 1};

	assert_int_equal(price_cost(&none, 1000, 1000), 0);
	assert_int_equal(price_cost(&price, 0, 0), 7);
	assert_int_equal(price_cost(&price, 1, 0), 8);
	assert_int_equal(price_cost(&price, 400, 200), 8); /* 0.4 + 0.6 */
	assert_int_equal(price_cost(&price, 401, 200), 9);
	assert_true(price_cost(&most, PRICE_TOKENS_MAX, PRICE_TOKENS_MAX) > PRICE_MAX);
	assert_false(price_valid(&negative));
	assert_false(price_valid(&huge));
	assert_true(price_valid(&most));
}

static void a_version_names_the_terms(void **state)
{
	const struct price one = {1, 2, 3}, same = {1, 2, 3}, other = {1, 2, 4};
	char a[PRICE_VERSION_SIZE], b[PRICE_VERSION_SIZE];

	price_version("m", &one, a);
	price_version("m", &same, b);
	assert_string_equal(a, b);
	price_version("m", &other, b);
	assert_string_not_equal(a, b);
	price_version("n", &one, b);
	assert_string_not_equal(a, b);
}

static void tokens_are_counted(void **state)
{
	assert_int_equal(tokens_count("", 0), 0);
	assert_int_equal(tokens_count("abcd", 4), 1);
	assert_int_equal(tokens_count("abcde", 5), 2);
	assert_int_equal(tokens_count("\xE4\xBD\xA0\xE5\xA5\xBD", 6), 2);
	assert_int_equal(tokens_count("\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2", 8), 2);
}

static enum status load(const char *text, struct catalogue **ret, struct error *err)
{
	static struct provider_key key = {.secret = "s"};
	static const struct provider_set providers = {
		.providers = {{.name = "demo", .demo = true, .keys = &key, .n_keys = 1}}, .n = 1};
	char path[200];

	snprintf(path, sizeof path, "%s/catalogue.yaml", process_directory());
	assert_int_equal(tool_write_file(path, text, 0600, err), OK);
	return catalogue_load(path, arena_new(4096, 1 << 20), &providers, ret, err);
}

#define MODEL(id, more) \
	"  - {id: " id  \
	", name: N, provider: P, window: 4096, max_output: 1024, modalities: [text]" more "}\n"

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
		{"models:\n" MODEL("a", ", price: {}"), "mark it `free: true`"},
		{"models:\n" MODEL("a", ", free: true, price: {per_message: 2}"), "has a price"},
		{"models:\n" MODEL("a", ", price: {per_message: 2}")
			 MODEL("a", ", price: {per_message: 2}"),
		 "there twice"},
		{"models:\n" MODEL("a", ", price: {per_message: 2}, upstream: {acme: x}"),
		 "unknown key"},
		{"models:\n  - {id: a, name: N, provider: P, window: 4096, max_output: 3000, "
		 "modalities: [text], price: {per_message: 2}}\n",
		 "half of the window"},
		{"models:\n  - {id: a, name: N, provider: P, window: 4096, max_output: 1000, "
		 "modalities: [smell], price: {per_message: 2}}\n",
		 "'smell' is not known"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct catalogue *catalogue = NULL;
		struct error err = {0};

		assert_int_equal(load(cases[i].text, &catalogue, &err), INVALID_ARGUMENT);
		if (!strstr(err.message, "catalogue.yaml") || !strstr(err.message, cases[i].words))
			fail_msg("no '%s' in: %s", cases[i].words, err.message);
	}
}

static void the_shipped_catalogue_is_good(void **state)
{
	static struct provider_key key = {.secret = "s"};
	static const struct provider_set router = {
		.providers = {{.name = "openrouter", .keys = &key, .n_keys = 1}}, .n = 1};
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue = NULL;
	const struct model *model;
	struct error err;

	assert_int_equal(catalogue_load("deploy/config/models.yaml", arena_new(4096, 1 << 20),
					&router, &catalogue, &err),
			 OK);
	assert_int_equal(catalogue->n_models, 11);
	model = catalogue_find(catalogue, "claude-3.5-sonnet");
	assert_non_null(model);
	assert_int_equal(model->price.per_message, 20 * CREDIT);
	assert_string_equal(model->routes[0].upstream, "anthropic/claude-3.5-sonnet");
	assert_false(model->demo);
	assert_string_equal(catalogue_default(catalogue)->id, "gemini-2.0-flash");
	assert_null(catalogue_find(catalogue, "gpt-9"));
}

int model_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_price_is_rounded_up_once),
		cmocka_unit_test(a_version_names_the_terms),
		cmocka_unit_test(tokens_are_counted),
		cmocka_unit_test(a_bad_catalogue_is_one_clear_line),
		cmocka_unit_test(the_shipped_catalogue_is_good),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
