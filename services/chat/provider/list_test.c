/* The list `providers` of chat.yaml. */
#include "../chat_test.h"
#include "chat/chat.h"
#include "chat/provider/provider.h"
#include "tools/limitless/tool.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Under the one name that the stand-in lists. */
#define ANOTHER_MODEL                                                                      \
	"  - {id: another, name: Another, provider: Acme, window: 8192, max_output: 4096," \
	" modalities: [text], price: {per_message: 2}, upstream: {acme-1: demo, demo: \"\"}}\n"

static bool has_another(struct stage *stage)
{
	Chat__V1__ListModelsRequest req = CHAT__V1__LIST_MODELS_REQUEST__INIT;
	Chat__V1__ListModelsResponse *resp;

	stage_ok(stage, chat_v1_list_models, &req, &resp);
	for (size_t i = 0; i < resp->n_models; i++) {
		if (strcmp(resp->models[i]->id, "another") == 0)
			return !resp->models[i]->demo;
	}
	return false;
}

/* No C knows its name, and its API is the default one. */
static void a_provider_is_three_lines_of_yaml(void **state)
{
	struct stage *stage = *state;
	_cleanup_(reader_freep) struct reader *reader = NULL;
	char text[300];

	assert_false(has_another(stage));
	snprintf(text, sizeof text,
		 "  - name: acme-1\n"
		 "    base_url: \"http://127.0.0.1:%d/v1\"\n"
		 "    keys: \"acme's key\"\n",
		 process_standin_port());
	process_write_more(text, ANOTHER_MODEL);
	process_kill(CHAT_A, SIGHUP);
	eventually(has_another(stage));
	reader = stage_answer(stage, stage_new_chat(stage, "another"), "hi [[say:from acme]]");
	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	assert_string_equal(reader_text(reader), "from acme");
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	snprintf(text, sizeof text, "SELECT provider FROM chat.usage WHERE generation_id = '%s'",
		 reader->generation);
	assert_string_equal(pg_value(text), "acme-1");

	/* A bad list changes nothing, and the log names the key. */
	process_write_more("  - {name: acme-1}\n  - {name: openai}\n", ANOTHER_MODEL);
	process_kill(CHAT_A, SIGHUP);
	eventually(process_said(CHAT_A, "providers[5].name: 'openai' is there twice"));
	assert_true(has_another(stage));
	/* Nor does a catalogue that names a provider of no list. */
	process_write_more("", ANOTHER_MODEL);
	process_kill(CHAT_A, SIGHUP);
	eventually(process_said(CHAT_A, "acme-1: unknown key: upstream: the providers of chat.yaml "
					"are openrouter, openai, rented, demo"));
	assert_true(has_another(stage));
	/* Nor does a file that is gone. */
	snprintf(text, sizeof text, "%s/models.yaml", process_directory());
	assert_int_equal(unlink(text), 0);
	process_kill(CHAT_A, SIGHUP);
	eventually(process_said(CHAT_A, "models.yaml: No such file or directory"));
	assert_true(has_another(stage));
	process_write_more("", "");
	process_kill(CHAT_A, SIGHUP);
	eventually(!has_another(stage));
}

static enum status read_set(const char *yaml, struct arena *arena, struct provider_set *ret,
			    struct error *reterr)
{
	struct chat_conf *conf = arena_zalloc(arena, sizeof *conf);
	char path[200], text[1000];
	enum status s;

	snprintf(path, sizeof path, "%s/providers.yaml", process_directory());
	snprintf(text, sizeof text, "database: {worker_dsn: none}\n%s", yaml);
	assert_int_equal(tool_write_file(path, text, 0600, reterr), OK);
	s = conf_load(path, "CHAT", chat_keys, chat_keys_n, arena, conf, reterr);
	return s == OK ? provider_set_read(conf->providers, NULL, arena, ret, reterr) : s;
}

static void a_list_that_cannot_be_is_one_clear_line(void **state)
{
	static const struct {
		const char *yaml, *words;
	} cases[] = {
		{"providers: {openai: {keys: a}}\n", ":2: providers: must be a list of mappings"},
		{"providers: [{base_url: \"http://a/v1\"}]\n", ":2: providers[0].name: is missing"},
		{"providers:\n  - {name: a}\n  - {name: a}\n",
		 ":4: providers[1].name: 'a' is there twice"},
		{"providers: [{name: \"Acme Inc.\"}]\n", "providers[0].name: 'Acme Inc.' is not"},
		{"providers: [{name: a, api_keys: b}]\n", "providers[0].api_keys: unknown key"},
		{"providers: [{name: a, limits: {requests_per_minute: -1}}]\n",
		 "providers[0].limits.requests_per_minute: -1 is outside 0 to 100000"},
		{"providers: [{name: a, keys: \"file:/nowhere\"}]\n",
		 "providers[0].keys: /nowhere: No such file"},
		{"providers: [{name: a, api: smoke}]\n", "providers.a.api: 'smoke' is none of "},
		{"providers: [{name: a, keys: \"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 "
		 "21 "
		 "22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 "
		 "49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65\"}]\n",
		 "providers.a.keys: there are 65, and may be 64"},
		{"providers: [{name: a, base_url: here}]\n", "providers.a.base_url: 'here' is no"},
		{"providers: [{name: a, base_url: \"http://a\", discover: maybe}]\n",
		 "providers.a.discover: 'maybe' is not"},
		{"providers: [{name: a, base_url: \"http://a\", proxy: \"ftp://b\"}]\n",
		 "providers.a.proxy: it must begin with http://, https://, socks5:// or "
		 "socks5h://"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 16 << 20);
		struct provider_set set;
		struct error err = {0};

		assert_int_equal(read_set(cases[i].yaml, arena, &set, &err), INVALID_ARGUMENT);
		if (!strstr(err.message, cases[i].words))
			fail_msg("no '%s' in: %s", cases[i].words, err.message);
	}
}

/* Each key keeps the times of its last requests. */
static void limits_of_all_keys_are_bounded(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 200 << 20);
	const struct provider_conf conf = {
		.name = "a",
		.api = "openai",
		.base_url = "http://a/v1",
		.keys = "k k k k k k k k k k k k k k k k k k k k k k k k",
		.proxy = "",
		.model = "",
		.discover = "auto",
		.requests_per_minute = 100000};
	const struct provider_conf *list[] = {&conf, &conf, &conf, &conf, &conf,
					      &conf, &conf, &conf, &conf, NULL};
	struct provider_set set;
	struct error err = {0};

	assert_int_equal(provider_set_read(list, NULL, arena, &set, &err), INVALID_ARGUMENT);
	assert_non_null(strstr(err.message, "providers.a.limits.requests_per_minute: the limits of "
					    "all keys together may be 20000000"));
}

static void those_that_can_answer_are_used(void **state)
{
	static const struct {
		const char *variable, *value, *yaml;
		const char *used; /* names; * behind one whose models are asked for */
	} cases[] = {
		{NULL, NULL, "", ""},
		{"LIMITLESS_CHAT_PROVIDERS_OPENROUTER_KEYS", "k", "", "openrouter"},
		{"LIMITLESS_CHAT_PROVIDERS_OPENAI_BASE_URL", "http://127.0.0.1:1/v1", "",
		 "openai*"},
		{"LIMITLESS_CHAT_PROVIDERS", "[{name: a, base_url: \"http://a/v1\"}]",
		 "providers: [{name: b, base_url: \"http://b/v1\"}]\n", "a*"},
		{"LIMITLESS_CHAT_PROVIDERS_MY_OWN_MODEL", "m",
		 "providers: [{name: my-own, base_url: \"http://b/v1\"}]\n", "my-own"},
		{NULL, NULL, "providers: []\n", ""},
		{NULL, NULL, "providers: [{name: a, keys: k}]\n", ""},
		{NULL, NULL,
		 "providers: [{name: a, api: gemini}, {name: b, api: gemini, keys: k}, "
		 "{name: c, api: anthropic, base_url: \"https://api.anthropic.com/v1\"}, "
		 "{name: d, api: anthropic, keys: k}]\n",
		 "b d"},
		{NULL, NULL,
		 "providers:\n  - {name: a, base_url: \"https://api.openai.com/v1/\"}\n"
		 "  - {name: b, base_url: \"https://api.openai.com/v1\", keys: k}\n"
		 "  - {name: c, base_url: \"http://c/v1\", discover: \"false\"}\n"
		 "  - {name: d, base_url: \"http://d/v1\", api: demo}\n"
		 "  - {name: e, base_url: \"http://e/v1\", model: m, discover: \"true\"}\n",
		 "b c d e*"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 16 << 20);
		struct provider_set set;
		struct error err = {0};
		const char *used = "";

		if (cases[i].variable)
			setenv(cases[i].variable, cases[i].value, 1);
		if (read_set(cases[i].yaml, arena, &set, &err) != OK)
			fail_msg("%s", err.message);
		if (cases[i].variable)
			unsetenv(cases[i].variable);
		for (size_t p = 0; p < set.n; p++)
			used = arena_printf(arena, "%s%s%s%s", used, *used ? " " : "",
					    set.providers[p].name,
					    set.providers[p].discover ? "*" : "");
		assert_string_equal(used, cases[i].used);
	}
}

int provider_list_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_provider_is_three_lines_of_yaml),
		cmocka_unit_test(a_list_that_cannot_be_is_one_clear_line),
		cmocka_unit_test(limits_of_all_keys_are_bounded),
		cmocka_unit_test(those_that_can_answer_are_used),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
