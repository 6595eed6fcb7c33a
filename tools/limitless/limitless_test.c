/* Folders, locks, secrets and configuration of a stack, without starting one (tests/system does).
 */
#include "tools/limitless/environment.h"
#include "tools/limitless/mode.h"
#include "tools/limitless/secrets.h"
#include "tools/limitless/stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
/* after the four that it needs */
#include <cmocka.h>

struct fixture {
	struct stack stack;
	char base[64];
};

static void assert_ok(enum status s, const struct error *err)
{
	if (s != OK)
		fail_msg("%s", err->message);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct error err;

	assert_non_null(f);
	snprintf(f->base, sizeof f->base, "/tmp/limitless-unit-XXXXXX");
	assert_non_null(mkdtemp(f->base));
	chmod(f->base, 0755);
	assert_ok(place_find(f->base, true, &f->stack.place, &err), &err);
	f->stack.port = 4590;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->stack.place.lock >= 0)
		close(f->stack.place.lock);
	if (strncmp(f->stack.place.run, "/tmp/limitless-", 15) == 0)
		tool_remove(f->stack.place.run);
	tool_remove(f->base);
	free(f);
	return 0;
}

static mode_t mode_of(const char *path)
{
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	return info.st_mode & 0777;
}

static void everything_is_below_dir(void **state)
{
	struct fixture *f = *state;
	char expected[TOOL_PATH_MAX];
	struct error err;

	assert_ok(place_prepare(&f->stack.place, &f->stack.cluster, &err), &err);
	tool_path(expected, "%s/run", f->stack.place.dir);
	assert_string_equal(f->stack.place.run, expected);
	tool_path(expected, "%s/pg", f->stack.place.dir);
	assert_string_equal(f->stack.cluster.data_dir, expected);
	assert_int_not_equal(f->stack.cluster.uid, 0);
	tool_path(expected, "%s/secrets", f->stack.place.dir);
	assert_int_equal(mode_of(expected), 0700);

	if (getuid() != 0)
		return;
	/* A careful root closes DIR. The programs come in all the same, and see no more of it. */
	assert_int_equal(chmod(f->base, 0700), 0);
	assert_ok(place_prepare(&f->stack.place, &f->stack.cluster, &err), &err);
	assert_int_equal(mode_of(f->base), 0711);
	assert_int_not_equal(f->stack.place.user.uid, 0);
	/* The programs ran as another user before. Its files in DIR/run go, and the folder
	 * stays. */
	tool_path(expected, "%s/chat.sock.lock", f->stack.place.run);
	assert_ok(tool_write_file(expected, "", 0600, &err), &err);
	assert_int_equal(chown(expected, 12345, 12345) | chown(f->stack.place.run, 0, 12345), 0);
	assert_int_equal(chmod(f->stack.place.run, 01731), 0);
	assert_ok(place_prepare(&f->stack.place, &f->stack.cluster, &err), &err);
	assert_int_not_equal(access(expected, F_OK), 0);
	assert_int_equal(chmod(f->stack.place.run, 0777), 0);
	assert_int_equal(place_prepare(&f->stack.place, &f->stack.cluster, &err),
			 FAILED_PRECONDITION);
}

/* A socket's path must fit into 107 bytes, and its characters into a conninfo. */
static void sockets_move_when_dir_is_long_or_odd(void **state)
{
	static const char *const names[] = {
		"with space",
		"quote'",
		("a-name-that-is-so-long-that-a-socket-below-it-could-never-be-bound-to-it-"
		 "because-of-the-limit"),
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct place place;
		struct cluster cluster = {0};
		char dir[TOOL_PATH_MAX], socket[STACK_ADDRESS_SIZE];
		struct error err;

		tool_path(dir, "%s/%s", f->base, names[i]);
		assert_ok(place_find(dir, true, &place, &err), &err);
		assert_ok(place_prepare(&place, &cluster, &err), &err);
		assert_memory_equal(place.run, "/tmp/limitless-", 15);
		snprintf(socket, sizeof socket, "%s/.s.PGSQL.%d.lock", cluster.socket_dir,
			 CLUSTER_PORT);
		assert_true(strlen(socket) <= 107);
		tool_remove(place.run);
	}
}

/* Under root PostgreSQL runs as another user, and a closed parent folder may keep this user out. */
static void data_moves_when_the_server_cannot_enter(void **state)
{
	struct fixture *f = *state;
	struct cluster again = {0};
	char *end, dir[TOOL_PATH_MAX];
	struct error err;

	if (getuid() != 0)
		skip();
	tool_path(dir, "%s/in", f->base);
	assert_ok(place_find(dir, true, &f->stack.place, &err), &err);
	assert_int_equal(chmod(f->base, 0700), 0);
	assert_ok(place_prepare(&f->stack.place, &f->stack.cluster, &err), &err);
	assert_memory_equal(f->stack.cluster.data_dir, "/var/lib/limitless/", 19);
	assert_ok(place_prepare(&f->stack.place, &again, &err), &err);
	assert_string_equal(again.data_dir, f->stack.cluster.data_dir);
	end = strrchr(again.data_dir, '/');
	*end = '\0';
	assert_true(cluster_can_enter(&again, again.data_dir));
	tool_remove(again.data_dir);
}

/* The checkout is in /root. The programs' user cannot come in, and finds its way from within. */
static void programs_start_where_they_find_everything(void **state)
{
	static const struct {
		const char *root, *dir, *start; /* below base */
		bool as_root;
	} cases[] = {
		{"open/lc", "open/var", "", false},
		{"closed/lc", "closed/lc/var", "closed/lc", false},
		{"closed/lc", "open/var", "closed/lc", false},
		{"open/lc", "closed/var", "closed/var", false},
		{"closed/lc", "closed/var", "", true}, /* neither from the other */
	};
	struct fixture *f = *state;
	char path[TOOL_PATH_MAX], expected[TOOL_PATH_MAX];
	struct error err;

	if (getuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct place place;
		struct cluster cluster = {0};

		tool_path(path, "%s/%s/deploy/config", f->base, cases[i].root);
		assert_ok(tool_make_directory(path, 0755, &err), &err);
		tool_path(path, "%s/%s/deploy/config/models.yaml", f->base, cases[i].root);
		assert_ok(tool_write_file(path, "models: []\n", 0644, &err), &err);
		tool_path(path, "%s/closed", f->base);
		assert_ok(tool_make_directory(path, 0700, &err), &err);
		assert_int_equal(chmod(path, 0700), 0);
		tool_path(path, "%s/%s", f->base, cases[i].dir);
		assert_ok(place_find(path, true, &place, &err), &err);
		tool_path(place.root, "%s/%s", f->base, cases[i].root);
		tool_path(place.programs, "%s/deploy", place.root);
		assert_ok(place_prepare(&place, &cluster, &err), &err);
		tool_path(expected, "%s/%s", f->base, cases[i].start);
		assert_string_equal(place.user.start, cases[i].start[0] ? expected : "");
		assert_int_equal(place.user.uid == 0, cases[i].as_root);
		assert_int_not_equal(place.user.gid, 0);
		assert_int_equal(cluster.client_gid, place.user.gid);
		if (strncmp(place.run, "/tmp/limitless-0", 16) == 0)
			tool_remove(place.run);
		if (strncmp(cluster.data_dir, "/var/lib/limitless/", 19) == 0) {
			*strrchr(cluster.data_dir, '/') = '\0';
			tool_remove(cluster.data_dir);
		}
	}
}

static void paths_are_named_from_the_start(void **state)
{
	static const char *const cases[][3] = {
		{"", "/a/b", "/a/b"},     {"/a", "/a", "."},    {"/a", "/a/b/c", "b/c"},
		{"/a", "/ab/c", "/ab/c"}, {"/a/b", "/a", "/a"},
	};
	char out[TOOL_PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct user user = {0};

		tool_path(user.start, "%s", cases[i][0]);
		user_path(&user, cases[i][1], out);
		assert_string_equal(out, cases[i][2]);
	}
}

static void a_dir_has_one_supervisor(void **state)
{
	struct fixture *f = *state;
	struct place second;
	struct error err;

	assert_int_equal(place_supervisor(&f->stack.place), 0);
	assert_ok(place_lock(&f->stack.place, &err), &err);
	assert_int_equal(place_supervisor(&f->stack.place), getpid());
	assert_ok(place_find(f->base, false, &second, &err), &err);
	assert_int_equal(place_lock(&second, &err), FAILED_PRECONDITION);
	assert_non_null(strstr(err.message, "is in use by process"));
	close(second.lock);
	close(f->stack.place.lock);
	f->stack.place.lock = -1;
	assert_int_equal(place_supervisor(&second), 0);
}

static void read_text(const char *path, char *out, size_t size)
{
	_cleanup_(freep) char *text = NULL;
	struct error err;

	assert_ok(tool_read_file(path, &text, &err), &err);
	snprintf(out, size, "%s", text);
}

static void secrets_are_made_once(void **state)
{
	struct fixture *f = *state;
	char path[TOOL_PATH_MAX], public[TOOL_PATH_MAX], first[1024], second[1024];
	struct error err;

	assert_ok(place_prepare(&f->stack.place, &f->stack.cluster, &err), &err);
	assert_ok(secret_random(&f->stack.place, "seal", path, &err), &err);
	assert_int_equal(mode_of(path), 0600);
	read_text(path, first, sizeof first);
	assert_int_equal(strlen(first), 64);
	assert_ok(secret_random(&f->stack.place, "seal", path, &err), &err);
	read_text(path, second, sizeof second);
	assert_string_equal(first, second);
	assert_ok(secret_key(&f->stack.place, "chat", true, public, &err), &err);
	read_text(public, first, sizeof first);
	assert_memory_equal(first, "-----BEGIN PUBLIC KEY", 21);
	assert_ok(secret_key(&f->stack.place, "chat", false, path, &err), &err);
	assert_int_equal(mode_of(path), 0600);
	assert_ok(secret_key(&f->stack.place, "chat", true, public, &err), &err);
	read_text(public, second, sizeof second);
	assert_string_equal(first, second);
}

static void list(struct stack *stack)
{
	struct error err;

	assert_ok(place_prepare(&stack->place, &stack->cluster, &err), &err);
	stack_list(stack);
}

static void only_what_listens_on_ports_needs_them_free(void **state)
{
	static const int with_sockets[] = {4590, 5590}, with_ports[] = {4591, 5591, 4592, 5592};
	struct fixture *f = *state;
	int ports[STACK_PORTS_MAX];

	list(&f->stack);
	stack_ports(&f->stack, ports);
	assert_memory_equal(ports, with_sockets, sizeof with_sockets);
	assert_int_equal(ports[2], 0);
	f->stack.tcp = f->stack.demo = true;
	stack_list(&f->stack);
	stack_ports(&f->stack, ports);
	assert_int_equal(ports[0], 4596);
	assert_memory_equal(ports + 1, with_ports, sizeof with_ports);
}

static void config_of(const struct stack *stack, const char *name, char *out, size_t size)
{
	char path[TOOL_PATH_MAX];

	tool_path(path, "%s/config/%s.yaml", stack->place.dir, name);
	assert_int_equal(mode_of(path), 0600);
	read_text(path, out, size);
}

static void a_configuration_has_values_and_names_files_of_secrets(void **state)
{
	struct fixture *f = *state;
	char text[4096], expected[TOOL_PATH_MAX + 64];
	struct error err;

	setenv("OPENAI_API_KEY", "a \"secret\" \\ key", 1);
	unsetenv("OPENROUTER_API_KEY");
	setenv("OPENAI_BASE_URL", "http://localhost:11434/\"v1", 1);
	list(&f->stack);
	assert_ok(stack_write_config(&f->stack, &err), &err);
	config_of(&f->stack, "chat", text, sizeof text);
	snprintf(expected, sizeof expected, "listen: [\"ipc://%s/chat.sock\"]", f->stack.place.run);
	assert_non_null(strstr(text, expected));
	snprintf(expected, sizeof expected,
		 "dsn: \"host=%s/pg port=5432 dbname=limitless user=chat_app\"",
		 f->stack.place.run);
	assert_non_null(strstr(text, expected));
	assert_non_null(strstr(text, "base_url: \"http://localhost:11434/\\\"v1\""));
	assert_null(strstr(text, "secret\\\" \\\\ key"));
	assert_null(strstr(text, "${"));
	tool_path(expected, "%s/secrets/OPENAI_API_KEY", f->stack.place.dir);
	assert_non_null(strstr(text, expected));
	assert_int_equal(mode_of(expected), 0600);
	read_text(expected, text, sizeof text);
	assert_string_equal(text, "a \"secret\" \\ key");
	unsetenv("OPENAI_API_KEY");
	unsetenv("OPENAI_BASE_URL");
}

static void an_unknown_variable_is_named(void **state)
{
	struct fixture *f = *state;
	char root[TOOL_PATH_MAX], path[TOOL_PATH_MAX];
	struct error err;

	list(&f->stack);
	tool_path(root, "%s/root", f->base);
	tool_path(path, "%s/deploy/local", root);
	assert_ok(tool_make_directory(path, 0755, &err), &err);
	tool_path(path, "%s/deploy/local/service.yaml", root);
	assert_ok(tool_write_file(path, "a: \"${COLOUR}\"\n", 0644, &err), &err);
	tool_path(f->stack.place.root, "%s", root);
	assert_int_equal(stack_write_config(&f->stack, &err), FAILED_PRECONDITION);
	assert_string_equal(err.message,
			    "deploy/local/service.yaml: there is no variable ${COLOUR}");
}

static void what_up_was_called_with_is_kept(void **state)
{
	struct fixture *f = *state;
	struct stack loaded = {.place = f->stack.place};
	struct error err;

	list(&f->stack);
	f->stack.tcp = true;
	assert_ok(stack_save(&f->stack, &err), &err);
	loaded.place = f->stack.place;
	assert_ok(stack_load(&loaded, &err), &err);
	assert_int_equal(loaded.port, 4590);
	assert_true(loaded.tcp);
	assert_false(loaded.demo);
	assert_int_equal(loaded.n_programs, f->stack.n_programs);
}

/* Logs of programs and of PostgreSQL, whose errors can come from bad input. */
static void a_large_log_is_cut(void **state)
{
	struct fixture *f = *state;
	char log[TOOL_PATH_MAX], old[TOOL_PATH_MAX];
	struct stat info;
	struct error err;

	tool_path(log, "%s/postgres.log", f->base);
	tool_path(old, "%s.1", log);
	assert_ok(tool_write_file(log, "ERROR: bad input\n", 0600, &err), &err);
	program_rotate_log(log);
	assert_int_not_equal(stat(old, &info), 0);
	assert_int_equal(truncate(log, 65L << 20), 0);
	program_rotate_log(log);
	assert_int_equal(stat(old, &info), 0);
	assert_int_equal(info.st_size, 65L << 20);
	assert_int_equal(stat(log, &info), 0);
	assert_int_equal(info.st_size, 0);
}

/* ---------------------------------------------------------------- demo or real */

struct mode_case {
	const char *name, *provider, *stripe; /* of the environment; NULL: not set */
};

static void set_or_unset(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static enum status choose(struct stack *stack, const struct mode_case *mode, struct error *reterr)
{
	unsetenv("OPENROUTER_API_KEY");
	unsetenv("OPENAI_BASE_URL");
	set_or_unset("OPENAI_API_KEY", mode->provider);
	set_or_unset("STRIPE_SECRET_KEY", mode->stripe);
	assert_ok(mode_choose(stack, reterr), reterr);
	unsetenv("OPENAI_API_KEY");
	unsetenv("STRIPE_SECRET_KEY");
	return mode_check(stack, reterr);
}

/* Tries every mode after every mode. Credits that cost nothing never buy answers that cost money,
 * nor the reverse. */
static void a_dir_keeps_its_mode(void **state)
{
	static const struct mode_case modes[] = {
		{"demo", NULL, NULL},
		{"demo, test key", NULL, "sk_test_1"},
		{"real", "sk-1", NULL},
		{"real, test key", "sk-1", "sk_test_1"},
		{"real, live", "sk-1", "sk_live_1"},
		{"real, live restricted", "sk-1", "rk_live_1"},
	};
	static const char *const may[] = {"yynnnn", "yynnnn", "nnyyyy",
					  "nnyynn", "nnynyy", "nnynyy"};
	struct fixture *f = *state;
	char path[TOOL_PATH_MAX];
	struct error err;

	assert_ok(place_prepare(&f->stack.place, &f->stack.cluster, &err), &err);
	tool_path(path, "%s/mode", f->stack.place.dir);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(modes); k++) {
			unlink(path);
			assert_ok(choose(&f->stack, &modes[i], &err), &err);
			assert_ok(mode_remember(&f->stack, &err), &err);
			if ((choose(&f->stack, &modes[k], &err) == OK) != (may[i][k] == 'y'))
				fail_msg("%s after %s", modes[k].name, modes[i].name);
			if (may[i][k] == 'n' && !strstr(err.message, "another DIR"))
				fail_msg("does not say what to do: %s", err.message);
		}
	}
	/* Sells for real money, then sells nothing for a while, then has a test key. */
	unlink(path);
	assert_ok(choose(&f->stack, &modes[4], &err), &err);
	assert_ok(mode_remember(&f->stack, &err), &err);
	assert_ok(choose(&f->stack, &modes[2], &err), &err);
	assert_ok(mode_remember(&f->stack, &err), &err);
	assert_int_equal(choose(&f->stack, &modes[3], &err), FAILED_PRECONDITION);
	/* A stand-in's answers are not sold for real money. */
	unlink(path);
	assert_int_equal(choose(&f->stack, &(struct mode_case){"", NULL, "sk_live_1"}, &err),
			 FAILED_PRECONDITION);
	assert_non_null(strstr(err.message, "STRIPE_SECRET_KEY is a live key"));
}

/* The template of chat names the variables, so that a provider there needs no C. */
static void a_variable_of_the_template_is_a_provider(void **state)
{
	struct fixture *f = *state;
	char path[TOOL_PATH_MAX];
	struct error err;

	tool_path(f->stack.place.root, "%s/other", f->base);
	tool_path(path, "%s/services/chat", f->stack.place.root);
	assert_ok(tool_make_directory(path, 0755, &err), &err);
	tool_path(path, "%s/services/chat/local.yaml", f->stack.place.root);
	assert_ok(tool_write_file(
			  path,
			  "providers:\n  - name: acme\n    base_url: "
			  "\"${ENV:ACME_URL|http://acme/v1}\"\n    keys: "
			  "\"${ENV_SECRET:ACME_KEY|ACME_OLD_KEY}\"\n  - {name: demo, base_url: "
			  "\"${DEMO_URL}\"}\n",
			  0644, &err),
		  &err);
	setenv("OPENAI_API_KEY", "of no provider here", 1);
	assert_ok(mode_choose(&f->stack, &err), &err);
	unsetenv("OPENAI_API_KEY");
	assert_true(f->stack.demo);
	assert_string_equal(f->stack.provider_variables, "ACME_URL or ACME_KEY or ACME_OLD_KEY");
	for (size_t i = 0; i < 2; i++) {
		const char *name = i == 0 ? "ACME_KEY" : "ACME_OLD_KEY";

		setenv(name, "k", 1);
		assert_ok(mode_choose(&f->stack, &err), &err);
		unsetenv(name);
		assert_false(f->stack.demo);
	}
}

/* A DIR of an older version has the mode of its last start. */
static void an_older_dir_keeps_its_mode(void **state)
{
	static const struct mode_case demo = {"demo", NULL, NULL}, real = {"real", "sk-1", NULL};
	struct fixture *f = *state;
	char path[TOOL_PATH_MAX];
	struct error err;

	assert_ok(place_prepare(&f->stack.place, &f->stack.cluster, &err), &err);
	assert_ok(choose(&f->stack, &demo, &err), &err);
	assert_ok(stack_save(&f->stack, &err), &err);
	assert_ok(choose(&f->stack, &real, &err), &err); /* it never had data */
	assert_ok(tool_make_directory(f->stack.cluster.data_dir, 0700, &err), &err);
	tool_path(path, "%s/PG_VERSION", f->stack.cluster.data_dir);
	assert_ok(tool_write_file(path, "15\n", 0600, &err), &err);
	assert_int_equal(choose(&f->stack, &real, &err), FAILED_PRECONDITION);
	assert_ok(choose(&f->stack, &demo, &err), &err);
}

/* ---------------------------------------------------------------- the environment of children */

static void children_get_what_they_need(void **state)
{
	static const char *const given[] = {
		"PATH=/bin",
		"TZ=UTC",
		"OPENAI_API_KEY=k",
		"STRIPE_SECRET_KEY=k",
		"LIMITLESS_CHAT_A=1",
		"LIMITLESS_AUTH_A=1",
		"LIMITLESS_CHATTER_A=1",
		"https_proxy=p",
		"ASAN_OPTIONS=x=1",
		"LD_PRELOAD=/x",
		"PGPASSWORD=k",
	};
	static const struct {
		const char *process, *expected;
	} cases[] = {
		{"chat",
		 "PATH TZ LIMITLESS_CHAT_A https_proxy ASAN_OPTIONS GNUTLS_NO_IMPLICIT_INIT "},
		{"auth", "PATH TZ LIMITLESS_AUTH_A ASAN_OPTIONS GNUTLS_NO_IMPLICIT_INIT "},
		{NULL, "PATH TZ ASAN_OPTIONS GNUTLS_NO_IMPLICIT_INIT "},
	};

	fflush(stdout);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int status;
		pid_t pid = fork(); /* setenv may free the old environment */

		if (pid == 0) {
			char *fresh[ARRAY_SIZE(given) + 1] = {NULL}, names[512] = "";

			for (size_t k = 0; k < ARRAY_SIZE(given); k++)
				fresh[k] = (char *)given[k];
			environ = fresh;
			environment_reduce(cases[i].process, NULL);
			for (char **variable = environ; *variable; variable++)
				snprintf(names + strlen(names), sizeof names - strlen(names),
					 "%.*s ", (int)strcspn(*variable, "="), *variable);
			_exit(strcmp(names, cases[i].expected) != 0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("%s", cases[i].expected);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(everything_is_below_dir),
		TEST(sockets_move_when_dir_is_long_or_odd),
		TEST(data_moves_when_the_server_cannot_enter),
		TEST(programs_start_where_they_find_everything),
		TEST(paths_are_named_from_the_start),
		TEST(a_dir_has_one_supervisor),
		TEST(secrets_are_made_once),
		TEST(only_what_listens_on_ports_needs_them_free),
		TEST(a_configuration_has_values_and_names_files_of_secrets),
		TEST(an_unknown_variable_is_named),
		TEST(what_up_was_called_with_is_kept),
		TEST(a_large_log_is_cut),
		TEST(a_dir_keeps_its_mode),
		TEST(a_variable_of_the_template_is_a_provider),
		TEST(an_older_dir_keeps_its_mode),
		TEST(children_get_what_they_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
