/* The key that the next try takes, and base addresses. */
#include "../chat_test.h"
#include "chat/catalogue/catalogue.h"

#define SECOND US_PER_S

/* Two models of one provider with two keys, and another provider behind it. */
struct pool {
	struct provider_key keys[2], spare;
	struct route_key of_first[2], of_second[1], of_other[2];
	struct route_state states[3];
	struct provider first, second;
	struct model model, other;
	struct provider_avoid avoid; /* of one answer */
};

static void pool_init(struct pool *pool)
{
	*pool = (struct pool){
		.keys = {{0}},
		.first = {.name = "openai", .n_keys = 2},
		.second = {.name = "openrouter", .n_keys = 1},
		.model = {.id = "m", .n_routes = 2},
		.other = {.id = "o", .n_routes = 1},
	};
	pool->first.keys = pool->keys;
	pool->second.keys = &pool->spare;
	pool->states[0].keys = pool->of_first;
	pool->states[1].keys = pool->of_second;
	pool->states[2].keys = pool->of_other;
	pool->model.routes[0] =
		(struct provider_route){.provider = &pool->first, .state = &pool->states[0]};
	pool->model.routes[1] =
		(struct provider_route){.provider = &pool->second, .state = &pool->states[1]};
	pool->other.routes[0] =
		(struct provider_route){.provider = &pool->first, .state = &pool->states[2]};
}

static const struct provider_key *pick(struct pool *pool, int64_t now_us, struct provider_pick *ret,
				       int64_t *ret_wait_us)
{
	struct provider_ask ask;

	return provider_pick(pool->model.routes, pool->model.n_routes, now_us, &pool->avoid, ret,
			     &ask, ret_wait_us)
		       ? ret->key
		       : NULL;
}

static void report(struct pool *pool, const struct provider_pick *pick, int64_t now_us,
		   const struct provider_fault *fault)
{
	struct provider_note note;

	provider_report(pool->model.routes, pick, now_us, fault, &pool->avoid, &note);
}

static void keys_take_turns_and_rest(void **state)
{
	struct provider_fault busy = {.kind = FAULT_BUSY, .retry_after_ms = 5000};
	struct provider_fault unknown = {.kind = FAULT_BUSY, .retry_after_ms = -1};
	struct provider_pick one, two, three;
	struct pool pool;
	int64_t wait_us;

	pool_init(&pool);
	assert_ptr_equal(pick(&pool, 1 * SECOND, &one, &wait_us), &pool.keys[0]);
	assert_ptr_equal(pick(&pool, 2 * SECOND, &two, &wait_us), &pool.keys[1]);
	report(&pool, &one, 2 * SECOND, &busy);
	assert_ptr_equal(pick(&pool, 3 * SECOND, &one, &wait_us), &pool.keys[1]);
	report(&pool, &two, 3 * SECOND, &busy);
	assert_ptr_equal(pick(&pool, 4 * SECOND, &three, &wait_us), &pool.spare);
	report(&pool, &three, 4 * SECOND, &unknown); /* a second, then two … */
	report(&pool, &three, 4 * SECOND, &unknown); /* … but once for tries that failed together */
	assert_null(pick(&pool, 4 * SECOND, &one, &wait_us));
	assert_int_equal(wait_us, SECOND);
	assert_ptr_equal(pick(&pool, 5 * SECOND, &three, &wait_us), &pool.spare);
	report(&pool, &three, 5 * SECOND, &unknown);
	assert_null(pick(&pool, 6 * SECOND, &one, &wait_us));
	assert_int_equal(wait_us, SECOND);
	assert_ptr_equal(pick(&pool, 7 * SECOND, &one, &wait_us), &pool.keys[0]);
	report(&pool, &one, 7 * SECOND, NULL);
}

/* A verdict takes nothing, this key for this model, or the key for all models from other
 * answers. */
static void only_a_verdict_on_the_key_rests_the_key(void **state)
{
	static const struct {
		enum fault_kind kind;
		int64_t named_ms;
		int64_t model_rest_ms, key_rest_ms; /* for everybody */
		bool avoided;                       /* by this answer */
	} verdicts[] = {
		{FAULT_RETRY, -1, 0, 0, false},           {FAULT_FINAL, -1, 0, 0, false},
		{FAULT_PARAMETER, -1, 0, 0, false},       {FAULT_PRICE, -1, 0, 0, true},
		{FAULT_UNCLEAR, -1, 0, 0, true},          {FAULT_MODEL, -1, 60000, 0, true},
		{FAULT_BUSY, -1, 1000, 0, false},         {FAULT_BUSY, 7000, 7000, 0, false},
		{FAULT_BUSY, 86400000, 900000, 0, false}, {FAULT_KEY, -1, 0, 300000, true},
		{FAULT_KEY, 600000, 0, 600000, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		struct provider_fault fault = {.kind = verdicts[i].kind,
					       .retry_after_ms = verdicts[i].named_ms};
		struct provider_pick one;
		struct provider_ask ask;
		struct pool pool;
		int64_t wait_us;

		pool_init(&pool);
		assert_ptr_equal(pick(&pool, SECOND, &one, &wait_us), &pool.keys[0]);
		report(&pool, &one, SECOND, &fault);
		assert_int_equal(
			pool.keys[0].cooldown_us,
			verdicts[i].key_rest_ms ? SECOND + verdicts[i].key_rest_ms * US_PER_MS : 0);
		assert_int_equal(pool.of_first[0].cooldown_us,
				 verdicts[i].model_rest_ms
					 ? SECOND + verdicts[i].model_rest_ms * US_PER_MS
					 : 0);
		assert_int_equal(pool.of_other[0].cooldown_us, 0);
		assert_int_equal(pool.keys[1].cooldown_us + pool.of_first[1].cooldown_us, 0);
		assert_int_equal(pool.avoid.keys[0], verdicts[i].avoided ? 1 : 0);
		/* The other model has the key, unless the verdict was on the key. */
		assert_true(provider_pick(pool.other.routes, 1, 2 * SECOND,
					  &(struct provider_avoid){0}, &one, &ask, &wait_us));
		assert_ptr_equal(one.key, &pool.keys[1]);
		assert_int_equal(provider_pick(pool.other.routes, 1, 2 * SECOND,
					       &(struct provider_avoid){.keys = {2}}, &one, &ask,
					       &wait_us),
				 verdicts[i].key_rest_ms == 0);
	}
}

/* One answer goes to the next route first, then to the other key, then nowhere: it does not turn in
 * circles. */
static void one_answer_tries_each_way_once(void **state)
{
	struct provider_fault unclear = {.kind = FAULT_UNCLEAR, .retry_after_ms = -1};
	struct provider_pick one;
	struct pool pool;
	int64_t wait_us;

	pool_init(&pool);
	assert_ptr_equal(pick(&pool, SECOND, &one, &wait_us), &pool.keys[0]);
	report(&pool, &one, SECOND, &unclear);
	assert_ptr_equal(pick(&pool, SECOND, &one, &wait_us), &pool.spare);
	report(&pool, &one, SECOND, &unclear);
	assert_ptr_equal(pick(&pool, SECOND, &one, &wait_us), &pool.keys[1]);
	report(&pool, &one, SECOND, &unclear);
	assert_null(pick(&pool, SECOND, &one, &wait_us));
	assert_true(wait_us == INT64_MAX);
}

/* What is counted in a row costs a statement; nothing else does. */
static void only_a_limited_key_is_taken_in_its_row(void **state)
{
	struct provider_avoid avoid = {0};
	struct provider_ask ask;
	struct provider_pick one;
	struct pool pool;
	int64_t wait_us;

	(void)state;
	pool_init(&pool);
	pool.first.n_keys = 1;
	for (int row = 0; row < 2; row++) { /* without one, and with one that has no limit */
		snprintf(pool.keys[0].id, UUID_SIZE, "%s", row ? "an id" : "");
		assert_true(
			provider_pick(pool.model.routes, 1, SECOND, &avoid, &one, &ask, &wait_us));
		assert_int_equal(ask.n, 0);
		assert_ptr_equal(one.key, &pool.keys[0]);
	}
	pool.keys[0].requests_per_minute = 10;
	assert_true(provider_pick(pool.model.routes, 1, SECOND, &avoid, &one, &ask, &wait_us));
	assert_int_equal(ask.n, 1);
	assert_null(one.key);
	pool.keys[0].full_us = 3 * SECOND;
	assert_false(provider_pick(pool.model.routes, 1, SECOND, &avoid, &one, &ask, &wait_us));
	assert_int_equal(wait_us, 2 * SECOND);
	/* A way of another provider is the spare of one that may be full. */
	pool.keys[0].full_us = 0;
	assert_true(provider_pick(pool.model.routes, 2, SECOND, &avoid, &one, &ask, &wait_us));
	assert_int_equal(ask.n, 1);
	assert_ptr_equal(one.route, &pool.model.routes[1]);
}

static void a_minute_has_so_many_requests(void **state)
{
	int64_t ring[3] = {0}, wait_us;
	struct provider_pick one;
	struct pool pool;

	pool_init(&pool);
	pool.first.n_keys = 1;
	pool.model.n_routes = 1;
	pool.keys[0].requests_per_minute = 3;
	pool.keys[0].minute = ring;
	assert_non_null(pick(&pool, 10 * SECOND, &one, &wait_us));
	assert_non_null(pick(&pool, 20 * SECOND, &one, &wait_us));
	assert_non_null(pick(&pool, 30 * SECOND, &one, &wait_us));
	assert_null(pick(&pool, 60 * SECOND, &one, &wait_us));
	assert_int_equal(wait_us, 10 * SECOND);
	assert_non_null(pick(&pool, 70 * SECOND, &one, &wait_us));
	assert_null(pick(&pool, 70 * SECOND, &one, &wait_us));
	assert_int_equal(wait_us, 10 * SECOND);
}

/* Spellings of OPENAI_BASE_URL. */
static void base_addresses_are_read(void **state)
{
	static const struct {
		const char *text, *url; /* of its chat completions; NULL: refused */
		bool local, azure;
	} cases[] = {
		{"http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/chat/completions", true,
		 false},
		{"  http://127.0.0.1:11434/v1 \n", "http://127.0.0.1:11434/v1/chat/completions",
		 true, false},
		{"http://localhost:8000/v1///", "http://localhost:8000/v1/chat/completions", true,
		 false},
		{"http://ollama:11434/v1/chat/completions",
		 "http://ollama:11434/v1/chat/completions", true, false},
		{"http://[::1]:8080/v1", "http://[::1]:8080/v1/chat/completions", true, false},
		{"http://10.1.2.3/v1", "http://10.1.2.3/v1/chat/completions", true, false},
		{"http://172.31.0.1/v1", "http://172.31.0.1/v1/chat/completions", true, false},
		{"http://172.32.0.1/v1", "http://172.32.0.1/v1/chat/completions", false, false},
		{"http://192.168.1.9", "http://192.168.1.9/chat/completions", true, false},
		{"http://[fd00::1]/v1", "http://[fd00::1]/v1/chat/completions", true, false},
		{"http://gpu.local/v1", "http://gpu.local/v1/chat/completions", true, false},
		{"HTTPS://api.example.com/v1", "HTTPS://api.example.com/v1/chat/completions", false,
		 false},
		{"https://me:pw@10.0.0.1@api.example.com/v1",
		 "https://me:pw@10.0.0.1@api.example.com/v1/chat/completions", false, false},
		{"https://a.openai.azure.com/openai/deployments/g?api-version=2024-10-21",
		 "https://a.openai.azure.com/openai/deployments/g/chat/"
		 "completions?api-version=2024-10-21",
		 false, true},
		{"https://a.openai.azure.com/openai/v1/?api-version=preview",
		 "https://a.openai.azure.com/openai/v1/chat/completions?api-version=preview", false,
		 true},
		{"https://api.example.com/v1?", "https://api.example.com/v1/chat/completions",
		 false, false},
		{"https://azure.com.example.org/v1",
		 "https://azure.com.example.org/v1/chat/completions", false, false},
		{"", NULL, false, false},
		{"   ", NULL, false, false},
		{"127.0.0.1:11434/v1", NULL, false, false},
		{"ftp://example.com", NULL, false, false},
		{"http://", NULL, false, false},
		{"http:///v1", NULL, false, false},
		{"http://?x=1", NULL, false, false},
		{"http://a b/v1", NULL, false, false},
		{"http://example.com/v1#here", NULL, false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);
		struct provider provider = {0};
		struct error err = {0};
		enum status s = provider_url_read("openai", cases[i].text, arena, &provider, &err);

		if (!cases[i].url) {
			assert_int_equal(s, INVALID_ARGUMENT);
			assert_non_null(strstr(err.message, "providers.openai.base_url: "));
			continue;
		}
		if (s != OK)
			fail_msg("%s: %s", cases[i].text, err.message);
		assert_string_equal(provider_url(arena, &provider, "/chat/completions"),
				    cases[i].url);
		if (provider.local != cases[i].local || provider.azure != cases[i].azure)
			fail_msg("%s: local %d azure %d", cases[i].text, provider.local,
				 provider.azure);
	}
}

int provider_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_take_turns_and_rest),
		cmocka_unit_test(only_a_verdict_on_the_key_rests_the_key),
		cmocka_unit_test(one_answer_tries_each_way_once),
		cmocka_unit_test(only_a_limited_key_is_taken_in_its_row),
		cmocka_unit_test(a_minute_has_so_many_requests),
		cmocka_unit_test(base_addresses_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
