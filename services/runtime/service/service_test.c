/* A whole service process, on a real PostgreSQL. Servers and clients are forks: this process itself
 * never starts nng's threads, which would not survive a fork. */
#include "credits/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/service/internal.h"
#include "tests/lib/pg.h"
#include "tools/limitless/probe.h"
#include "tools/limitless/tool.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
/* after the four that it needs */
#include <cmocka.h>

#define WAIT_US (30 * US_PER_S)
#define RED "0190a000-0000-7000-8000-00000000000a"
#define BLUE "0190a000-0000-7000-8000-00000000000b"

/* ---------------------------------------------------------------- the service under test */

struct paint_conf {
	struct service_conf service;
	const char *colour;
	const char *needs; /* a backend that start opens; "": none */
};

static const struct conf_key paint_keys[] = {
	{"colour", CONF_TEXT, offsetof(struct paint_conf, colour), RED, 0, 0, true, "A colour."},
	{"needs", CONF_TEXT, offsetof(struct paint_conf, needs), "", 0, 0, false, "A backend."},
};

static const struct sql who = {"who", "SELECT current_user AS role, 1 AS one", 0};
static const struct sql broken = {"broken", "SELECT no_such_column FROM paint", 0};
static const struct sql *const good_statements[] = {&who, NULL};
static const struct sql *const bad_statements[] = {&who, &broken, NULL};

static const struct paint_conf *conf;

/* OK when hold_id is the configured colour and the worker has a database. */
static enum status is_colour(struct rpc_call *call, const ProtobufCMessage *message,
			     _unused_ ProtobufCMessage *resp)
{
	const Credits__V1__VoidRequest *req = (const Credits__V1__VoidRequest *)message;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query_one(service_db(call), &who, NULL, &rows, &call->err);

	if (s != OK)
		return s;
	if (strcmp(db_peek(rows, 0, "role"), "payments_app") != 0)
		return rpc_fail(call, INTERNAL, "internal_error", "wrong role");
	if (strcmp(req->hold_id, conf->colour) != 0)
		return rpc_fail(call, FAILED_PRECONDITION, "hold_settled", "other colour");
	return OK;
}

static const struct rpc_handler own_handlers[] = {{&credits_v1_void_hold_method, is_colour}};
static const struct rpc_handler *handlers = own_handlers;
static size_t n_handlers = ARRAY_SIZE(own_handlers);

static enum status paint_start(struct service *service, _unused_ struct error *reterr)
{
	conf = (const struct paint_conf *)service->conf;
	if (conf->needs[0])
		service->channel(service, conf->needs);
	return OK;
}

static int paint_main(const char *config, const struct sql *const *statements)
{
	const struct rpc_handler *const tables[] = {handlers, NULL};
	const size_t *const sizes[] = {&n_handlers};
	char *argv[] = {(char *)"payments", (char *)"--config", (char *)config, NULL};

	return service_main(
		&(struct service_spec){
			.name = "payments",
			.schema_version = 1,
			.keys = paint_keys,
			.n_keys = ARRAY_SIZE(paint_keys),
			.conf_size = sizeof(struct paint_conf),
			.statements = statements,
			.handlers = tables,
			.n_handlers = sizes,
			.start = paint_start,
		},
		3, argv);
}

/* ---------------------------------------------------------------- around it */

struct stage {
	char directory[64], config[96], output[96];
	char url[96], admin[96];
	pid_t pid;
};

static int group_set_up(void **state)
{
	pg_start();
	pg_exec("CREATE TABLE payments.schema_migration (version int);"
		"INSERT INTO payments.schema_migration VALUES (1);"
		"GRANT SELECT ON payments.schema_migration TO PUBLIC");
	return 0;
}

static int group_tear_down(void **state)
{
	pg_stop();
	return 0;
}

static int set_up(void **state)
{
	struct stage *stage = calloc(1, sizeof *stage);

	assert_non_null(stage);
	snprintf(stage->directory, sizeof stage->directory, "/tmp/limitless-service-XXXXXX");
	assert_non_null(mkdtemp(stage->directory));
	snprintf(stage->config, sizeof stage->config, "%s/payments.yaml", stage->directory);
	snprintf(stage->output, sizeof stage->output, "%s/output", stage->directory);
	snprintf(stage->url, sizeof stage->url, "ipc://%s/s", stage->directory);
	snprintf(stage->admin, sizeof stage->admin, "ipc://%s/a", stage->directory);
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *stage = *state;

	if (stage->pid > 0) {
		kill(stage->pid, SIGKILL);
		waitpid(stage->pid, NULL, 0);
	}
	tool_remove(stage->directory);
	free(stage);
	return 0;
}

static void write_config(const struct stage *stage, const char *more)
{
	char text[2048];
	struct error err;

	snprintf(text, sizeof text,
		 "listen: [\"%s\"]\nadmin_listen: \"%s\"\nworkers: 2\ndrain: 2s\n"
		 "database:\n  dsn: \"%s\"\n  wait: 20s\n%s",
		 stage->url, stage->admin, pg_dsn("payments_app"), more);
	assert_int_equal(tool_write_file(stage->config, text, 0600, &err), OK);
}

static void start(struct stage *stage, const struct sql *const *statements)
{
	fflush(stdout);
	stage->pid = fork();
	assert_true(stage->pid >= 0);
	if (stage->pid == 0) {
		int output = open(stage->output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (dup2(output, STDERR_FILENO) < 0)
			_exit(99);
		_exit(paint_main(stage->config, statements));
	}
}

static void wait_ready(const struct stage *stage)
{
	int64_t end_us = clock_mono_us() + WAIT_US;

	while (!probe_ok(stage->admin, "/readyz", 1000)) {
		assert_int_equal(waitpid(stage->pid, NULL, WNOHANG), 0);
		assert_true(clock_mono_us() < end_us);
		usleep(2000);
	}
}

static int wait_exit(struct stage *stage)
{
	int status = 0;

	assert_int_equal(waitpid(stage->pid, &status, 0), stage->pid);
	stage->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect_output(const struct stage *stage, const char *words)
{
	_cleanup_(freep) char *text = NULL;
	struct error err;

	assert_int_equal(tool_read_file(stage->output, &text, &err), OK);
	if (!strstr(text, words))
		fail_msg("no '%s' in: %s", words, text);
}

/* The status that a client in a fork gets. key: its private key, as service `name`; NULL: it shows
 * no token. */
static enum status call(const struct stage *stage, const char *colour, const char *key,
			const char *name)
{
	struct token_signer *signer = NULL;
	struct rpc_channel *channel;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 65536);
	Credits__V1__VoidRequest req = CREDITS__V1__VOID_REQUEST__INIT;
	Credits__V1__VoidResponse *resp;
	struct error err;
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (key && token_signer_new(key, name, name, &signer, &err) != OK)
			_exit(98);
		channel = rpc_channel_open(&(struct rpc_channel_options){
			.target = stage->url, .service = "payments", .signer = signer});
		req.void_id = (char *)RED;
		req.hold_id = (char *)colour;
		_exit(credits_v1_void_hold_call(
			channel,
			&(struct rpc_call_options){.timeout_ms = 10000, .wait_for_ready = true},
			&req, arena, &resp, &err));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* ---------------------------------------------------------------- the tests */

static void serves_until_sigterm(void **state)
{
	struct stage *stage = *state;

	write_config(stage, "");
	start(stage, good_statements);
	wait_ready(stage);
	assert_true(probe_ok(stage->admin, "/healthz", 1000));
	assert_true(probe_ok(stage->admin, "/metrics", 1000));
	assert_int_equal(call(stage, RED, NULL, NULL), OK);
	assert_int_equal(call(stage, BLUE, NULL, NULL), FAILED_PRECONDITION);
	kill(stage->pid, SIGTERM);
	assert_int_equal(wait_exit(stage), 0);
}

static void takes_new_values_at_sighup(void **state)
{
	struct stage *stage = *state;
	int64_t end_us = clock_mono_us() + WAIT_US;

	write_config(stage, "");
	start(stage, good_statements);
	wait_ready(stage);
	write_config(stage, "color: broken\n");
	kill(stage->pid, SIGHUP);
	assert_int_equal(call(stage, RED, NULL, NULL), OK);
	write_config(stage, "colour: " BLUE "\n");
	kill(stage->pid, SIGHUP);
	while (call(stage, BLUE, NULL, NULL) != OK)
		assert_true(clock_mono_us() < end_us);
	expect_output(stage, "color: unknown key");
}

/* A caller without a token is refused, and so is one whose token another key signed. */
static void asks_for_tokens(void **state)
{
	struct stage *stage = *state;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 65536);
	char path[128], more[512];
	char *chat_key, *chat_public, *stranger_key, *stranger_public;
	struct error err;

	assert_int_equal(token_key_generate(arena, &chat_key, &chat_public, &err), OK);
	assert_int_equal(token_key_generate(arena, &stranger_key, &stranger_public, &err), OK);
	snprintf(path, sizeof path, "%s/chat.pub", stage->directory);
	assert_int_equal(tool_write_file(path, chat_public, 0644, &err), OK);
	snprintf(more, sizeof more, "service_public_keys:\n  chat: \"%s\"\n", path);
	write_config(stage, more);
	start(stage, good_statements);
	wait_ready(stage);
	assert_int_equal(call(stage, RED, chat_key, "chat"), OK);
	assert_int_not_equal(call(stage, RED, NULL, NULL), OK);
	assert_int_not_equal(call(stage, RED, stranger_key, "chat"), OK);
	assert_int_not_equal(call(stage, RED, chat_key, "images"), OK);
}

static void waits_for_its_schema(void **state)
{
	struct stage *stage = *state;
	int64_t end_us = clock_mono_us() + WAIT_US;

	pg_exec("UPDATE payments.schema_migration SET version = 0");
	write_config(stage, "");
	start(stage, good_statements);
	while (!probe_ok(stage->admin, "/healthz", 1000))
		assert_true(clock_mono_us() < end_us);
	assert_false(probe_ok(stage->admin, "/readyz", 1000));
	pg_exec("UPDATE payments.schema_migration SET version = 1");
	wait_ready(stage);
	kill(stage->pid, SIGINT);
	assert_int_equal(wait_exit(stage), 0);
}

static void comes_back_with_its_database(void **state)
{
	struct stage *stage = *state;

	write_config(stage, "");
	start(stage, good_statements);
	wait_ready(stage);
	assert_int_equal(call(stage, RED, NULL, NULL), OK);
	pg_crash();
	assert_int_equal(call(stage, RED, NULL, NULL), UNAVAILABLE);
	pg_restart();
	assert_int_equal(call(stage, RED, NULL, NULL), OK);
}

static void says_what_is_wrong_at_start(void **state)
{
	static const struct {
		const char *more, *words;
	} cases[] = {
		{"workers_max: 3\n", "payments.yaml:8: workers_max: unknown key"},
		{"log_level: loud\n", "'loud' is none of debug, info, warn, error"},
		{"service_key: \"file:/nonexistent\"\n", "/nonexistent: No such file"},
		{"service_key: nonsense\n", "service_key: "},
		{"service_public_keys:\n  chat: /nonexistent\n", "/nonexistent: No such file"},
		{"service_public_keys:\n  chat.2: /dev/null\n", "is not a PEM file"},
		{"needs: credits\n", "payments: backends: has no 'credits'"},
	};
	struct stage *stage = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_config(stage, cases[i].more);
		start(stage, good_statements);
		assert_int_equal(wait_exit(stage), 1);
		expect_output(stage, cases[i].words);
	}
}

/* A service on more than ipc believes every caller only when it is told to, and logs it. */
static void is_open_only_when_told(void **state)
{
	struct stage *stage = *state;

	snprintf(stage->url, sizeof stage->url, "tcp://127.0.0.1:0");
	write_config(stage, "");
	start(stage, good_statements);
	assert_int_equal(wait_exit(stage), 1);
	expect_output(stage, "payments: service_public_keys: is empty, so everybody who reaches "
			     "tcp://127.0.0.1:0 would be believed");
	write_config(stage, "insecure: true\n");
	start(stage, good_statements);
	wait_ready(stage);
	expect_output(stage, "\"event\":\"insecure\"");
	kill(stage->pid, SIGTERM);
	assert_int_equal(wait_exit(stage), 0);
}

static const struct rpc_handler paged[] = {{&credits_v1_list_transactions_method, is_colour},
					   {&credits_v1_void_hold_method, is_colour}};
static const struct rpc_handler planned[] = {{&credits_v1_list_transactions_method, NULL}};

/* A service with a list needs a secret for its tokens. A planned list needs none. */
static void lists_need_a_secret(void **state)
{
	static const struct {
		const char *more;
		const struct rpc_handler *handlers;
		size_t n;
		bool starts;
	} cases[] = {{"", paged, 2, false},
		     {"page_secret: 15-bytes-of-it-\n", paged, 2, false},
		     {"page_secret: 16 bytes of text\n", paged, 2, true},
		     {"", planned, 1, true}};
	struct stage *stage = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		handlers = cases[i].handlers;
		n_handlers = cases[i].n;
		write_config(stage, cases[i].more);
		start(stage, good_statements);
		if (cases[i].starts) {
			wait_ready(stage);
			kill(stage->pid, SIGTERM);
			assert_int_equal(wait_exit(stage), 0);
		} else {
			assert_int_equal(wait_exit(stage), 1);
			expect_output(stage, "payments: page_secret: has ");
			expect_output(stage, "ListTransactions");
		}
	}
	handlers = own_handlers;
	n_handlers = ARRAY_SIZE(own_handlers);
}

static void a_wrong_statement_ends_the_start(void **state)
{
	struct stage *stage = *state;

	write_config(stage, "");
	start(stage, bad_statements);
	assert_int_equal(wait_exit(stage), 1);
	expect_output(stage, "payments: broken: ");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(serves_until_sigterm),
		TEST(takes_new_values_at_sighup),
		TEST(asks_for_tokens),
		TEST(waits_for_its_schema),
		TEST(comes_back_with_its_database),
		TEST(says_what_is_wrong_at_start),
		TEST(is_open_only_when_told),
		TEST(lists_need_a_secret),
		TEST(a_wrong_statement_ends_the_start),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
