/* Prices: what each usage costs, by tables that were computed by hand. */
#include "../chat_test.h"
#include "chat/catalogue/price.h"

/* Micro-credits for a million tokens: 3 credits in, 15 out, with the ratios of Anthropic's cache. */
static const struct price_component cached[] = {
	{PRICE_INPUT, 0, 3000000},          {PRICE_CACHED_INPUT, 0, 300000},
	{PRICE_CACHE_WRITE_5M, 0, 3750000}, {PRICE_CACHE_WRITE_1H, 0, 6000000},
	{PRICE_OUTPUT, 0, 15000000},
};
/* Gemini's: dearer above 200,000 tokens, thoughts cost as output. */
static const struct price_component tiered[] = {
	{PRICE_INPUT, 0, 1250000},       {PRICE_INPUT, 200000, 2500000},
	{PRICE_CACHED_INPUT, 0, 125000}, {PRICE_CACHED_INPUT, 200000, 250000},
	{PRICE_OUTPUT, 0, 10000000},     {PRICE_OUTPUT, 200000, 15000000},
};
static const struct price_component plain[] = {
	{PRICE_MESSAGE, 0, 7}, {PRICE_INPUT, 0, 1000}, {PRICE_OUTPUT, 0, 3000}};
static const struct price_component openai[] = {
	{PRICE_INPUT, 0, 2000000}, {PRICE_CACHED_INPUT, 0, 500000}, {PRICE_OUTPUT, 0, 8000000}};
static const struct price_component all[] = {
	{PRICE_MESSAGE, 0, 1000000},        {PRICE_INPUT, 0, 1000000},
	{PRICE_CACHED_INPUT, 0, 100000},    {PRICE_CACHE_WRITE_5M, 0, 1250000},
	{PRICE_CACHE_WRITE_1H, 0, 2000000}, {PRICE_OUTPUT, 0, 4000000},
	{PRICE_REASONING, 0, 5000000},      {PRICE_IMAGE_INPUT, 0, 1500000},
	{PRICE_IMAGE, 0, 40000000},         {PRICE_AUDIO_SECOND, 0, 6000},
	{PRICE_TOOL_CALL, 0, 10000},
};
/* Only the input has a tier, and a message costs more there. */
static const struct price_component mixed[] = {
	{PRICE_MESSAGE, 0, 5},       {PRICE_MESSAGE, 1000, 50},   {PRICE_INPUT, 0, 1000000},
	{PRICE_INPUT, 100, 2000000}, {PRICE_INPUT, 1000, 500000}, {PRICE_CACHED_INPUT, 100, 200000},
	{PRICE_OUTPUT, 0, 4000000},
};

#define P(name) name, ARRAY_SIZE(name)

static const struct {
	const struct price_component *components;
	size_t n;
	struct usage usage;
	int64_t cost;
} rows[] = {
	/* The short form; rounded up once. */
	{P(plain), {0}, 7},
	{P(plain), {.input = 1}, 8},
	{P(plain), {.input = 1000}, 8},
	{P(plain), {.input = 1001}, 9},
	{P(plain), {.input = 400, .output = 200}, 8},
	{P(plain), {.input = 401, .output = 200}, 9},
	{P(plain), {.output = 333}, 8},
	{P(plain), {.output = 334}, 9},
	{P(plain), {.cached_input = 1000}, 8},
	{P(plain), {.cache_write_5m = 1000}, 8},
	{P(plain), {.cache_write_1h = 1001}, 9},
	{P(plain), {.image_input = 2000}, 9},
	{P(plain), {.reasoning = 1000}, 10},
	{P(plain), {.output = 500, .reasoning = 500}, 10},
	{P(plain), {.images = 4, .audio_seconds = 9, .tool_calls = 3}, 7},
	{NULL, 0, {.input = 100000000, .output = 100000000}, 0},

	/* Anthropic: input_tokens, cache_read and cache_creation stand apart. */
	{P(cached), {.input = 1000}, 3000},
	{P(cached), {.cached_input = 1000}, 300},
	{P(cached), {.cache_write_5m = 1000}, 3750},
	{P(cached), {.cache_write_1h = 1000}, 6000},
	{P(cached), {.image_input = 1000}, 3000},
	{P(cached), {.output = 1000}, 15000},
	{P(cached), {.reasoning = 1000}, 15000},
	{P(cached), {.input = 50, .cached_input = 100000, .output = 500}, 37650},
	{P(cached), {.input = 21, .cache_write_5m = 188086, .output = 393}, 711281},
	{P(cached), {.input = 21, .cached_input = 188086, .output = 393}, 62384},
	{P(cached), {.input = 1, .cached_input = 1, .cache_write_5m = 1}, 8},
	{P(cached),
	 {.input = 2048,
	  .cached_input = 1800,
	  .cache_write_5m = 148,
	  .cache_write_1h = 100,
	  .output = 503},
	 15384},
	{P(cached), {.cached_input = 1}, 1},
	{P(cached), {.input = 1, .cached_input = 1, .output = 1}, 19},

	/* OpenAI: cached tokens were inside prompt_tokens, reasoning inside completion_tokens. */
	{P(openai), {.input = 2006 - 1920, .cached_input = 1920, .output = 300}, 3532},
	{P(openai), {.input = 2006, .output = 300}, 6412},
	{P(openai), {.input = 75, .output = 1186 - 1024, .reasoning = 1024}, 9638},
	{P(openai), {.input = 0, .cached_input = 1024, .output = 1}, 520},
	{P(openai), {.input = 1, .cached_input = 3, .output = 0}, 4},
	{P(openai), {.input = 500000, .cached_input = 500000, .output = 100000}, 2050000},
	/* The Responses API: input_tokens_details, output_tokens_details. */
	{P(openai),
	 {.input = 328 - 200, .cached_input = 200, .output = 52 - 32, .reasoning = 32},
	 772},
	{P(openai), {.input = 36, .output = 87}, 768},
	{P(openai), {.input = 36, .output = 0, .reasoning = 128, .tool_calls = 2}, 1096},

	/* Gemini: thoughts stand beside candidates; cached inside promptTokenCount. */
	{P(tiered), {.input = 199999}, 249999},
	{P(tiered), {.input = 200000}, 250000},
	{P(tiered), {.input = 200001}, 500003},
	{P(tiered), {.input = 1, .cached_input = 199998, .output = 10}, 25101},
	{P(tiered), {.input = 1, .cached_input = 199999, .output = 10}, 25102},
	{P(tiered), {.input = 1, .cached_input = 200000, .output = 10}, 50153},
	{P(tiered), {.cache_write_5m = 199999}, 249999},
	{P(tiered), {.cache_write_5m = 200000}, 250000},
	{P(tiered), {.cache_write_5m = 200001}, 500003},
	{P(tiered), {.input = 100000, .image_input = 99999}, 249999},
	{P(tiered), {.input = 100000, .image_input = 100000}, 250000},
	{P(tiered), {.input = 100000, .image_input = 100001}, 500003},
	{P(tiered), {.input = 200000, .output = 1000, .reasoning = 1000}, 270000},
	{P(tiered), {.input = 200001, .output = 1000, .reasoning = 1000}, 530003},
	{P(tiered), {.input = 100, .output = 250000}, 2500125},

	/* Every dimension with a price of its own. */
	{P(all), {0}, 1000000},
	{P(all), {.input = 1}, 1000001},
	{P(all), {.cached_input = 1000}, 1000100},
	{P(all), {.cache_write_5m = 1000}, 1001250},
	{P(all), {.cache_write_1h = 1000}, 1002000},
	{P(all), {.output = 1000}, 1004000},
	{P(all), {.reasoning = 1000}, 1005000},
	{P(all), {.image_input = 1000}, 1001500},
	{P(all), {.images = 1}, 41000000},
	{P(all), {.audio_seconds = 61}, 1366000},
	{P(all), {.tool_calls = 7}, 1070000},
	{P(all),
	 {.input = 100,
	  .cached_input = 100,
	  .cache_write_5m = 100,
	  .cache_write_1h = 100,
	  .image_input = 100,
	  .output = 100,
	  .reasoning = 100,
	  .images = 1,
	  .audio_seconds = 1,
	  .tool_calls = 1},
	 41017485},

	/* Tiers of single dimensions. */
	{P(mixed), {.input = 99}, 104},
	{P(mixed), {.input = 100}, 105},
	{P(mixed), {.input = 101}, 207},
	{P(mixed), {.input = 999}, 2003},
	{P(mixed), {.input = 1000}, 2005},
	{P(mixed), {.input = 1001}, 551},
	{P(mixed), {.cached_input = 100}, 105},
	{P(mixed), {.cached_input = 101}, 26},
	{P(mixed), {.cached_input = 1001}, 251},
	{P(mixed), {.input = 1001, .output = 1000}, 4551},
};

static void each_usage_costs_what_it_must(void **state)
{
	static_assert(ARRAY_SIZE(rows) >= 60, "the table has 60 rows at least");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct price price = {rows[i].components, rows[i].n};
		int64_t cost = price_cost(&price, &rows[i].usage);

		if (cost != rows[i].cost)
			fail_msg("row %zu costs %lld, not %lld", i, (long long)cost,
				 (long long)rows[i].cost);
	}
}

/* ---------------------------------------------------------------- against exact arithmetic */

static uint64_t seed;

static int64_t below(int64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int64_t)(seed % (uint64_t)n);
}

/* Often at a bound. */
static int64_t number(int64_t max)
{
	switch (below(5)) {
	case 0:
		return 0;
	case 1:
		return max;
	case 2:
		return below(3);
	default:
		return below(max + 1);
	}
}

/* As a person would compute it: each dimension's price looked up by name, exact. */
static __int128 exact_millionths(const struct price *price, const struct usage *usage)
{
	static const enum price_dimension parents[PRICE_DIMENSIONS] = {
		[PRICE_MESSAGE] = PRICE_MESSAGE,      [PRICE_INPUT] = PRICE_INPUT,
		[PRICE_CACHED_INPUT] = PRICE_INPUT,   [PRICE_CACHE_WRITE_5M] = PRICE_INPUT,
		[PRICE_CACHE_WRITE_1H] = PRICE_INPUT, [PRICE_OUTPUT] = PRICE_OUTPUT,
		[PRICE_REASONING] = PRICE_OUTPUT,     [PRICE_IMAGE_INPUT] = PRICE_INPUT,
		[PRICE_IMAGE] = PRICE_IMAGE,          [PRICE_AUDIO_SECOND] = PRICE_AUDIO_SECOND,
		[PRICE_TOOL_CALL] = PRICE_TOOL_CALL};
	const int64_t counts[PRICE_DIMENSIONS] = {1,
						  usage->input,
						  usage->cached_input,
						  usage->cache_write_5m,
						  usage->cache_write_1h,
						  usage->output,
						  usage->reasoning,
						  usage->image_input,
						  usage->images,
						  usage->audio_seconds,
						  usage->tool_calls};
	int64_t prompt = usage->input + usage->cached_input + usage->cache_write_5m +
			 usage->cache_write_1h + usage->image_input;
	__int128 sum = 0;

	for (int d = 0; d < PRICE_DIMENSIONS; d++) {
		int64_t best[2] = {-1, -1}, rate[2] = {0, 0};

		for (size_t i = 0; i < price->n; i++) {
			const struct price_component *c = &price->components[i];

			if (c->from_prompt_tokens > 0 && prompt <= c->from_prompt_tokens)
				continue;
			for (int k = 0; k < 2; k++) {
				if (c->dimension ==
					    (k == 0 ? (enum price_dimension)d : parents[d]) &&
				    c->from_prompt_tokens > best[k]) {
					best[k] = c->from_prompt_tokens;
					rate[k] = c->microcredits;
				}
			}
		}
		sum += (__int128)counts[d] * (best[0] >= 0 ? rate[0] : rate[1]) *
		       (d == PRICE_MESSAGE || d >= PRICE_IMAGE ? 1000000 : 1);
	}
	return sum;
}

static size_t random_price(struct price_component *components)
{
	size_t n = (size_t)below(PRICE_COMPONENTS_MAX + 1), kept = 0;

	for (size_t i = 0; i < n; i++) {
		enum price_dimension d = (enum price_dimension)below(PRICE_DIMENSIONS);

		components[i] = (struct price_component){
			d, below(2) ? below(1000) : number(PRICE_TOKENS_MAX),
			number(price_dimension_max(d))};
	}
	price_sort(components, n);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || components[kept - 1].dimension != components[i].dimension ||
		    components[kept - 1].from_prompt_tokens != components[i].from_prompt_tokens)
			components[kept++] = components[i];
	}
	return kept;
}

static void no_price_and_usage_overflow(void **state)
{
	seed = (uint64_t)time(NULL) | 1;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < 200000; i++) {
		int64_t max = below(2) ? 400 : PRICE_TOKENS_MAX;
		const struct usage usage = {number(max),
					    number(max),
					    number(max),
					    number(max),
					    number(max),
					    number(max),
					    number(max),
					    number(PRICE_UNITS_MAX),
					    number(PRICE_UNITS_MAX),
					    number(PRICE_UNITS_MAX)};
		struct price_component components[PRICE_COMPONENTS_MAX];
		const struct price price = {components, random_price(components)};
		__int128 exact;
		int64_t cost;

		assert_true(price_valid(&price) && price_usage_valid(&usage));
		exact = exact_millionths(&price, &usage);
		cost = price_cost(&price, &usage);
		assert_true(cost >= 0);
		assert_true((__int128)cost * 1000000 >= exact &&
			    (__int128)cost * 1000000 - exact < 1000000);
	}
}

/* What is held covers every split of the tokens among the dimensions. */
static void a_hold_covers_every_answer(void **state)
{
	seed = (uint64_t)time(NULL) | 1;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < 100000; i++) {
		struct price_component components[PRICE_COMPONENTS_MAX];
		const struct price price = {components, random_price(components)};
		int64_t prompt = 1 + below(2000), output = 1 + below(2000), at = below(prompt + 1);
		int64_t rest = below(prompt - at + 1), reasoning = below(output + 1);
		const struct usage usage = {.input = at,
					    .cached_input = rest,
					    .cache_write_5m = prompt - at - rest,
					    .output = output - reasoning,
					    .reasoning = reasoning};

		assert_true(price_cost(&price, &usage) <=
			    price_most(&price, prompt, prompt, output));
	}
}

static void a_hold_covers_the_tier_that_may_come(void **state)
{
	const struct price price = {P(tiered)}, write = {P(cached)};
	const struct price thought = {P(all)};

	assert_int_equal(price_most(&price, 160000, 200000, 0), 200000);
	assert_int_equal(price_most(&price, 160001, 200001, 0), 400003);
	assert_int_equal(price_most(&price, 200000, 200000, 1000), 260000);
	assert_int_equal(price_most(&price, 200001, 200001, 1000), 515003);
	assert_int_equal(price_most(&write, 1000, 1250, 1000), 21000);
	assert_int_equal(price_most(&thought, 0, 0, 1000), 1005000);
}

static void a_price_has_bounds(void **state)
{
	const struct price_component good[] = {{PRICE_MESSAGE, 0, PRICE_MAX},
					       {PRICE_INPUT, 0, PRICE_TOKEN_MAX},
					       {PRICE_INPUT, PRICE_TOKENS_MAX, 0}};
	const struct price_component negative[] = {{PRICE_INPUT, 0, -1}};
	const struct price_component huge[] = {{PRICE_MESSAGE, 0, PRICE_MAX + 1}};
	const struct price_component twice[] = {{PRICE_INPUT, 0, 1}, {PRICE_INPUT, 0, 1}};

	assert_true(price_valid(&(struct price){P(good)}));
	assert_false(price_valid(&(struct price){P(negative)}));
	assert_false(price_valid(&(struct price){P(huge)}));
	assert_false(price_valid(&(struct price){P(twice)}));
	assert_false(price_usage_valid(&(struct usage){.cached_input = -1}));
	assert_false(price_usage_valid(&(struct usage){.input = PRICE_TOKENS_MAX + 1}));
	assert_false(price_usage_valid(&(struct usage){.images = PRICE_UNITS_MAX + 1}));
}

static void a_version_names_the_terms(void **state)
{
	const struct price_component old[] = {
		{PRICE_MESSAGE, 0, 1}, {PRICE_INPUT, 0, 2000}, {PRICE_OUTPUT, 0, 3000}};
	const struct price_component finer[] = {
		{PRICE_MESSAGE, 0, 1}, {PRICE_INPUT, 0, 2001}, {PRICE_OUTPUT, 0, 3000}};
	const struct price_component more[] = {{PRICE_MESSAGE, 0, 1},
					       {PRICE_INPUT, 0, 2000},
					       {PRICE_CACHED_INPUT, 0, 2000},
					       {PRICE_OUTPUT, 0, 3000}};
	const struct price prices[] = {{P(old)}, {P(finer)}, {P(more)}};
	char a[PRICE_VERSION_SIZE], b[PRICE_VERSION_SIZE];

	price_version("m", &prices[0], a);
	/* The first 8 bytes of SHA-256 of "m 1 2 3", as before prices had components. */
	assert_string_equal(a, "70e5dd401aaddeb3");
	for (size_t i = 1; i < ARRAY_SIZE(prices); i++) {
		price_version("m", &prices[i], b);
		assert_string_not_equal(a, b);
	}
	price_version("n", &prices[0], b);
	assert_string_not_equal(a, b);
}

int price_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_usage_costs_what_it_must),
		cmocka_unit_test(no_price_and_usage_overflow),
		cmocka_unit_test(a_hold_covers_every_answer),
		cmocka_unit_test(a_hold_covers_the_tier_that_may_come),
		cmocka_unit_test(a_price_has_bounds),
		cmocka_unit_test(a_version_names_the_terms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
