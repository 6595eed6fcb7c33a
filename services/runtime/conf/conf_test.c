#include "runtime/conf/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct shelf {
	const char *name;
	const char *secret;
	int64_t width;
};

struct sample {
	const char *name;
	const char *secret;
	int64_t workers;
	bool on;
	int64_t wait_ms;
	int64_t size;
	const char *const *list;
	const struct conf_pair *map;
	const struct shelf *const *shelves;
};

static const struct conf_key keys[] = {
	{"name", CONF_TEXT, offsetof(struct sample, name), NULL, 0, 0, false, "Name."},
	{"secret", CONF_SECRET, offsetof(struct sample, secret), "", 0, 0, true, "Secret."},
	{"pool.workers", CONF_INTEGER, offsetof(struct sample, workers), "8", 1, 64, false,
	 "Threads."},
	{"pool.on", CONF_BOOLEAN, offsetof(struct sample, on), "true", 0, 0, false, "On."},
	{"wait", CONF_DURATION, offsetof(struct sample, wait_ms), "30s", 0, 3600000, false,
	 "Wait."},
	{"size", CONF_BYTES, offsetof(struct sample, size), "1MiB", 0, 0, false, "Size."},
	{"list", CONF_LIST, offsetof(struct sample, list), "a,b", 0, 0, false, "List."},
	{"map", CONF_MAP, offsetof(struct sample, map), "", 0, 0, false, "Map."},
	{"shelves", CONF_ITEMS, offsetof(struct sample, shelves),
	 "[{name: oak, size: {width: 10}}, {name: old-pine}]", 0, 3, true, "Shelves."},
	{"shelves[].name", CONF_TEXT, offsetof(struct shelf, name), NULL, 0, 0, false, "Name."},
	{"shelves[].secret", CONF_SECRET, offsetof(struct shelf, secret), "", 0, 0, false,
	 "Secret."},
	{"shelves[].size.width", CONF_INTEGER, offsetof(struct shelf, width), "80", 1, 200, false,
	 "Width."},
};

struct fixture {
	struct arena *arena;
	char path[64];
	struct sample sample;
	struct error err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->arena = arena_new(4096, 1 << 20);
	snprintf(f->path, sizeof f->path, "/tmp/conf_test.XXXXXX");
	close(mkstemp(f->path));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	arena_free(f->arena);
	free(f);
	return 0;
}

static enum status load(struct fixture *f, const char *yaml)
{
	FILE *file = fopen(f->path, "w");

	fputs(yaml, file);
	fclose(file);
	return conf_load(f->path, "SAMPLE", keys, ARRAY_SIZE(keys), f->arena, &f->sample, &f->err);
}

static void defaults_and_values(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "name: x\npool:\n  workers: 3\nwait: 300ms\nsize: 4KiB\n"
				 "map: {credits: 'ipc:///a', chat: b}\nlist: [one]\n"),
			 OK);
	assert_string_equal(f->sample.name, "x");
	assert_int_equal(f->sample.workers, 3);
	assert_true(f->sample.on);
	assert_int_equal(f->sample.wait_ms, 300);
	assert_int_equal(f->sample.size, 4096);
	assert_string_equal(f->sample.list[0], "one");
	assert_null(f->sample.list[1]);
	assert_string_equal(f->sample.map[0].key, "credits");
	assert_string_equal(f->sample.map[0].value, "ipc:///a");
	assert_null(f->sample.map[2].key);
}

static void environment_wins(void **state)
{
	struct fixture *f = *state;

	setenv("LIMITLESS_SAMPLE_POOL_WORKERS", "5", 1);
	setenv("LIMITLESS_SAMPLE_MAP", "a=1,b=2", 1);
	assert_int_equal(load(f, "name: x\npool:\n  workers: 3\n"), OK);
	unsetenv("LIMITLESS_SAMPLE_POOL_WORKERS");
	unsetenv("LIMITLESS_SAMPLE_MAP");
	assert_int_equal(f->sample.workers, 5);
	assert_string_equal(f->sample.map[1].key, "b");
	assert_string_equal(f->sample.map[1].value, "2");
	assert_string_equal(f->sample.list[1], "b");
}

/* A bad file, and the words that its error must hold. */
static void errors_name_file_line_and_key(void **state)
{
	static const struct {
		const char *yaml, *says;
	} cases[] = {
		{"name: x\npool:\n  workers: 0\n", ":3: pool.workers: 0 is outside 1 to 64"},
		{"name: x\npool:\n  threads: 1\n", ":3: pool.threads: unknown key"},
		{"name: x\nwait: 5\n", ":2: wait: '5' is not a time"},
		{"name: x\nsize: many\n", ":2: size: 'many' is not a size"},
		{"name: x\npool: {on: yes}\n", ":2: pool.on: 'yes' is neither"},
		{"name: [x]\n", ":1: name: must be a single value"},
		{"name: x\nname: y\n", ":2: key 'name' is there twice"},
		{"name: &a x\nmap: {b: *a}\n", ":2: anchors"},
		{"name: x\nlist: {a: b}\n", ":2: list: must be a list"},
		{"name: \"x\n", ":"},
		{"pool: {on: true}\n", "name: is missing"},
		{"- a\n", "must be a mapping"},
		{"name: x\nshelves: {a: b}\n", ":2: shelves: must be a list of mappings"},
		{"name: x\nshelves:\n  - a\n", ":3: shelves: item 0 must be a mapping"},
		{"name: x\nshelves:\n  - secret: s\n", ":3: shelves[0].name: is missing"},
		{"name: x\nshelves: [{name: Oak}]\n", ":2: shelves[0].name: 'Oak' is not a word"},
		{"name: x\nshelves: [{name: a234567890a234567890a234567890a2345678901}]\n",
		 "at most 40 bytes"},
		{"name: x\nshelves: [{name: [a]}]\n", ":2: shelves[0].name: '' is not a word"},
		{"name: x\nshelves:\n  - name: a-b\n  - name: c\n  - name: a_b\n",
		 ":5: shelves[2].name: 'a_b' is there twice"},
		{"name: x\nshelves:\n  - name: a\n  - name: b\n    wide: 3\n",
		 ":5: shelves[1].wide: unknown key"},
		{"name: x\nshelves:\n  - name: a\n    size: {height: 3}\n",
		 ":4: shelves[0].size.height: unknown key"},
		{"name: x\nshelves:\n  - name: a\n  - name: b\n    size: {width: 0}\n",
		 ":5: shelves[1].size.width: 0 is outside 1 to 200"},
		{"name: x\nshelves: [{name: a}, {name: b}, {name: c}, {name: d}]\n",
		 ":2: shelves: has 4 items, and must have 0 to 3"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture *f = *state;

		assert_int_equal(load(f, cases[i].yaml), INVALID_ARGUMENT);
		if (!strstr(f->err.message, cases[i].says))
			fail_msg("case %zu: '%s' does not say '%s'", i, f->err.message,
				 cases[i].says);
		assert_non_null(strstr(f->err.message, f->path));
	}
}

static void secret_from_file(void **state)
{
	struct fixture *f = *state;
	char path[64] = "/tmp/conf_secret.XXXXXX", yaml[128];
	int fd = mkstemp(path);

	assert_int_equal(write(fd, "s3cret\n", 7), 7);
	close(fd);
	snprintf(yaml, sizeof yaml, "name: x\nsecret: file:%s\n", path);
	assert_int_equal(load(f, yaml), OK);
	assert_string_equal(f->sample.secret, "s3cret");
	chmod(path, 0644);
	assert_int_equal(load(f, yaml), INVALID_ARGUMENT);
	assert_non_null(strstr(f->err.message, "mode must be 0600"));
	assert_null(strstr(f->err.message, "s3cret"));
	unlink(path);
}

/* A list's items keep their order. The environment names them. */
static void items_are_read_by_their_own_keys(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "name: x\n"), OK);
	assert_string_equal(f->sample.shelves[0]->name, "oak");
	assert_int_equal(f->sample.shelves[0]->width, 10);
	assert_string_equal(f->sample.shelves[1]->secret, "");
	assert_int_equal(f->sample.shelves[1]->width, 80);
	assert_null(f->sample.shelves[2]);

	setenv("LIMITLESS_SAMPLE_SHELVES_OLD_PINE_SECRET", "s", 1);
	setenv("LIMITLESS_SAMPLE_SHELVES_ELM_SIZE_WIDTH", "7", 1);
	assert_int_equal(load(f, "name: x\nshelves:\n  - name: elm\n    secret: t\n    size: "
				 "{width: 5}\n  - name: old-pine\n"),
			 OK);
	assert_string_equal(f->sample.shelves[0]->name, "elm");
	assert_string_equal(f->sample.shelves[0]->secret, "t");
	assert_int_equal(f->sample.shelves[0]->width, 7);
	assert_string_equal(f->sample.shelves[1]->secret, "s");
	assert_null(f->sample.shelves[2]);

	setenv("LIMITLESS_SAMPLE_SHELVES", "[{name: elm, secret: u}]", 1);
	assert_int_equal(load(f, "name: x\nshelves: []\n"), OK);
	assert_string_equal(f->sample.shelves[0]->secret, "u");
	assert_int_equal(f->sample.shelves[0]->width, 7);
	assert_null(f->sample.shelves[1]);
	setenv("LIMITLESS_SAMPLE_SHELVES", "elm", 1);
	assert_int_equal(load(f, "name: x\n"), INVALID_ARGUMENT);
	assert_non_null(
		strstr(f->err.message, "LIMITLESS_SAMPLE_SHELVES: shelves: must be a list"));
	unsetenv("LIMITLESS_SAMPLE_SHELVES");
	unsetenv("LIMITLESS_SAMPLE_SHELVES_OLD_PINE_SECRET");
	unsetenv("LIMITLESS_SAMPLE_SHELVES_ELM_SIZE_WIDTH");

	assert_int_equal(load(f, "name: x\nshelves: []\n"), OK);
	assert_null(f->sample.shelves[0]);
}

static void catalogue_members(void **state)
{
	static const char *const allowed[] = {"id", "price", "tags", NULL};
	struct fixture *f = *state;
	FILE *file = fopen(f->path, "w");
	const struct conf_node *root, *model;
	const char *const *tags;
	const char *id;
	int64_t price;

	fputs("models:\n  - id: a\n    price: 2.5\n    tags: [x, y]\n  - id: b\n    price: "
	      "1.0000001\n",
	      file);
	fclose(file);
	assert_int_equal(conf_read(f->path, f->arena, &root, &f->err), OK);
	assert_int_equal(conf_count(conf_get(root, "models")), 2);
	model = conf_at(conf_get(root, "models"), 0);
	assert_int_equal(conf_only(model, allowed, &f->err), OK);
	assert_int_equal(conf_text(model, "id", NULL, &id, &f->err), OK);
	assert_string_equal(id, "a");
	assert_int_equal(conf_millionths(model, "price", NULL, 0, 1000000000, &price, &f->err), OK);
	assert_int_equal(price, 2500000);
	assert_int_equal(conf_list(model, "tags", f->arena, &tags, &f->err), OK);
	assert_string_equal(tags[1], "y");
	model = conf_at(conf_get(root, "models"), 1);
	assert_int_equal(conf_millionths(model, "price", NULL, 0, 1000000000, &price, &f->err),
			 INVALID_ARGUMENT);
	assert_int_equal(conf_text(model, "name", NULL, &id, &f->err), INVALID_ARGUMENT);
	assert_non_null(strstr(f->err.message, ":5: name: is missing"));
	assert_int_equal(conf_only(model, allowed + 1, &f->err), INVALID_ARGUMENT);
}

/* The example that --print-config writes can be read, and gives all defaults. Each section is there
 * once, though its keys are apart in the table. */
static void example_is_a_configuration(void **state)
{
	static const struct conf_key apart[] = {
		{"pool.workers", CONF_INTEGER, offsetof(struct sample, workers), "8", 1, 64, false,
		 "Threads."},
		{"wait", CONF_DURATION, offsetof(struct sample, wait_ms), "30s", 1000, 3600000,
		 false, "Wait."},
		{"list", CONF_LIST, offsetof(struct sample, list), "a,tcp://b:1", 0, 0, false,
		 "List."},
		{"shelves", CONF_ITEMS, offsetof(struct sample, shelves), "[{name: oak}]", 0, 3,
		 true, "Shelves."},
		{"shelves[].name", CONF_TEXT, offsetof(struct shelf, name), NULL, 0, 0, false,
		 "Name."},
		{"shelves[].size.width", CONF_INTEGER, offsetof(struct shelf, width), "80", 1, 200,
		 false, "Width."},
		{"pool.on", CONF_BOOLEAN, offsetof(struct sample, on), "true", 0, 0, false, "On."},
	};
	struct fixture *f = *state;
	int out = dup(STDOUT_FILENO);
	char text[2048];
	FILE *file;

	fflush(stdout);
	assert_non_null(freopen(f->path, "w", stdout));
	conf_print_example("sample", apart, ARRAY_SIZE(apart));
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	assert_int_equal(conf_load(f->path, "SAMPLE", apart, ARRAY_SIZE(apart), f->arena,
				   &f->sample, &f->err),
			 OK);
	assert_int_equal(f->sample.workers, 8);
	assert_int_equal(f->sample.wait_ms, 30000);
	assert_true(f->sample.on);
	assert_string_equal(f->sample.list[1], "tcp://b:1");
	file = fopen(f->path, "re");
	assert_non_null(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	assert_non_null(strstr(text, "# time, 1s to 1h; default below; restart"));
	assert_string_equal(f->sample.shelves[0]->name, "oak");
	assert_non_null(strstr(text, "# list of mappings, 0 to 3; default below; reload\n"
				     "shelves: [{name: oak}]\n"
				     "# Each item has:\n"
				     "#   # Name.\n"
				     "#   # text; required\n"
				     "#   name: \n"
				     "#\n"
				     "#   size:\n"
				     "#     # Width.\n"
				     "#     # number, 1 to 200; default below\n"
				     "#     width: 80\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(defaults_and_values, setup, teardown),
		cmocka_unit_test_setup_teardown(environment_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_name_file_line_and_key, setup, teardown),
		cmocka_unit_test_setup_teardown(secret_from_file, setup, teardown),
		cmocka_unit_test_setup_teardown(items_are_read_by_their_own_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(catalogue_members, setup, teardown),
		cmocka_unit_test_setup_teardown(example_is_a_configuration, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
