/* Two services call each other while the keys of both are replaced in the steps of
 * docs/modules/service.md: published, switched to, taken away. No call fails, and the old keys open
 * nothing more. */
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
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
/* after the four that it needs */
#include <cmocka.h>

#define WAIT_US (60 * US_PER_S)
#define ONWARD "0190a000-0000-7000-8000-00000000000a" /* its callee asks the other service */
#define HERE "0190a000-0000-7000-8000-00000000000b"
#define CALLS 200 /* between two steps */

static const char *const names[] = {"chat", "images"}; /* both may call VoidHold */

/* ---------------------------------------------------------------- the services */

static struct service *self;

static enum status call_other(struct rpc_call *call, Credits__V1__VoidRequest *req)
{
	const char *other = strcmp(self->conf->backends[0].key, "chat") == 0 ? "chat" : "images";
	Credits__V1__VoidResponse *resp;

	return credits_v1_void_hold_call(
		self->channel(self, other),
		&(struct rpc_call_options){.timeout_ms = 10000, .wait_for_ready = true}, req,
		call->arena, &resp, &call->err);
}

static enum status answer(struct rpc_call *call, const ProtobufCMessage *message,
			  _unused_ ProtobufCMessage *resp)
{
	const Credits__V1__VoidRequest *req = (const Credits__V1__VoidRequest *)message;
	Credits__V1__VoidRequest next = CREDITS__V1__VOID_REQUEST__INIT;

	if (strcmp(req->hold_id, HERE) == 0)
		return OK;
	next.void_id = next.hold_id = (char *)HERE;
	return call_other(call, &next);
}

static enum status take_self(struct service *service, _unused_ struct error *reterr)
{
	self = service;
	return OK;
}

static int serve(const char *name, const char *config)
{
	static const struct rpc_handler handlers[] = {{&credits_v1_void_hold_method, answer}};
	static const size_t n_handlers = ARRAY_SIZE(handlers);
	static const struct rpc_handler *const tables[] = {handlers, NULL};
	static const size_t *const sizes[] = {&n_handlers};
	static const struct sql *const statements[] = {NULL};
	char *argv[] = {(char *)name, (char *)"--config", (char *)config, NULL};

	return service_main(
		&(struct service_spec){
			.name = name,
			.schema_version = 1,
			.conf_size = sizeof(struct service_conf),
			.statements = statements,
			.handlers = tables,
			.n_handlers = sizes,
			.start = take_self,
		},
		3, argv);
}

/* ---------------------------------------------------------------- around them */

static char directory[64];
static pid_t pids[2];
static struct arena *arena;
static char *private_pem[2][3]; /* of each service: [1], [2] */

/* The work of the caller in a fork; shared. */
static struct score {
	_Atomic int64_t good, bad;
	atomic_bool stop;
	char message[256]; /* of the first failure */
} * score;

static char *path_of(const char *name, const char *what)
{
	return arena_printf(arena, "%s/%s.%s", directory, name, what);
}

static void write_file(const char *path, const char *text)
{
	struct error err;

	assert_int_equal(tool_write_file(path, text, 0600, &err), OK);
}

static void make_keys(void)
{
	for (size_t i = 0; i < 2; i++) {
		for (int n = 1; n <= 2; n++) {
			char *public_pem;
			struct error err;

			assert_int_equal(
				token_key_generate(arena, &private_pem[i][n], &public_pem, &err),
				OK);
			write_file(path_of(names[i], n == 1 ? "1.key" : "2.key"),
				   private_pem[i][n]);
			write_file(path_of(names[i], n == 1 ? "1.pub" : "2.pub"), public_pem);
		}
	}
}

/* signs: 1 or 2; first, last: the keys that are published. */
static void write_configs(int signs, int first, int last)
{
	for (size_t i = 0; i < 2; i++) {
		char *text = arena_printf(
			arena,
			"listen: [\"ipc://%s/%s\"]\nadmin_listen: \"ipc://%s/%s.admin\"\n"
			"workers: 4\ndrain: 2s\nbackends: {%s: \"ipc://%s/%s\"}\n"
			"service_key: \"file:%s/%s.%d.key\"\nservice_key_id: %s.%d\n"
			"database:\n  dsn: \"%s\"\n  wait: 20s\nservice_public_keys:\n",
			directory, names[i], directory, names[i], names[1 - i], directory,
			names[1 - i], directory, names[i], signs, names[i], signs,
			pg_dsn(i == 0 ? "chat_app" : "images_app"));

		for (size_t k = 0; k < 2; k++)
			for (int n = first; n <= last; n++)
				text = arena_printf(arena, "%s  %s.%d: \"%s/%s.%d.pub\"\n", text,
						    names[k], n, directory, names[k], n);
		text = arena_printf(arena, "%s  chat.caller: \"%s/caller.pub\"\n", text, directory);
		write_file(path_of(names[i], "yaml"), text);
	}
}

static void start_services(void)
{
	for (size_t i = 0; i < 2; i++) {
		fflush(stdout);
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			int log = open(path_of(names[i], "log"), O_WRONLY | O_CREAT, 0600);

			if (dup2(log, STDERR_FILENO) < 0)
				_exit(99);
			_exit(serve(names[i], path_of(names[i], "yaml")));
		}
	}
	for (size_t i = 0; i < 2; i++) {
		int64_t end_us = clock_mono_us() + WAIT_US;
		const char *admin = arena_printf(arena, "ipc://%s/%s.admin", directory, names[i]);

		while (!probe_ok(admin, "/readyz", 1000)) {
			assert_int_equal(waitpid(pids[i], NULL, WNOHANG), 0);
			assert_true(clock_mono_us() < end_us);
			usleep(2000);
		}
	}
}

static size_t reloads(const char *name)
{
	_cleanup_(freep) char *text = NULL;
	size_t n = 0;
	struct error err;

	assert_int_equal(tool_read_file(path_of(name, "log"), &text, &err), OK);
	assert_null(strstr(text, "reload_refused"));
	for (const char *p = text; (p = strstr(p, "\"event\":\"reloaded\"")); p++)
		n++;
	return n;
}

static void reload_both(void)
{
	for (size_t i = 0; i < 2; i++) {
		int64_t end_us = clock_mono_us() + WAIT_US;
		size_t before = reloads(names[i]);

		kill(pids[i], SIGHUP);
		while (reloads(names[i]) == before) {
			assert_true(clock_mono_us() < end_us);
			usleep(1000);
		}
	}
}

static struct rpc_channel *open_channel(size_t to, const char *pem, const char *kid,
					const char *issuer)
{
	struct token_signer *signer;
	struct error err;

	if (token_signer_new(pem, kid, issuer, &signer, &err) != OK)
		_exit(98);
	return rpc_channel_open(&(struct rpc_channel_options){
		.target = arena_printf(arena, "ipc://%s/%s", directory, names[to]),
		.service = names[to],
		.signer = signer,
		.retries_max = -1,
	});
}

static enum status call(struct rpc_channel *channel, const char *hold, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *own = arena_new(4096, 65536);
	Credits__V1__VoidRequest req = CREDITS__V1__VOID_REQUEST__INIT;
	Credits__V1__VoidResponse *resp;

	req.void_id = (char *)HERE;
	req.hold_id = (char *)hold;
	return credits_v1_void_hold_call(
		channel, &(struct rpc_call_options){.timeout_ms = 20000, .wait_for_ready = true},
		&req, own, &resp, reterr);
}

/* Asks both services in turn until it is told to stop. Each of them asks the other. */
static void call_all_the_time(const char *pem)
{
	struct rpc_channel *to[2];
	struct error err;

	for (size_t i = 0; i < 2; i++)
		to[i] = open_channel(i, pem, "chat.caller", "chat");
	for (size_t i = 0; !score->stop; i++) {
		if (call(to[i % 2], ONWARD, &err) == OK)
			score->good++;
		else if (score->bad++ == 0)
			snprintf(score->message, sizeof score->message, "%s", err.message);
	}
	_exit(0);
}

static void wait_calls(void)
{
	int64_t end_us = clock_mono_us() + WAIT_US, enough = score->good + CALLS;

	while (score->good < enough && score->bad == 0) {
		assert_true(clock_mono_us() < end_us);
		usleep(1000);
	}
	if (score->bad)
		fail_msg("%s", score->message);
}

/* In a fork: one call on a connection, and another one on it after the keys are gone. */
static pid_t start_holdout(const char *pem, int go, int ready)
{
	char byte = 'r';
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct rpc_channel *channel = open_channel(1, pem, "chat.1", "chat");
		struct error err;

		if (call(channel, HERE, &err) != OK || write(ready, &byte, 1) != 1 ||
		    read(go, &byte, 1) != 1)
			_exit(97);
		_exit(call(channel, HERE, &err));
	}
	return pid;
}

static int exit_of(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void keys_are_rotated_under_load(void **state)
{
	char *caller_pem, *caller_public, byte = 'g';
	int go[2], ready[2];
	pid_t caller, holdout;
	struct error err;

	make_keys();
	assert_int_equal(token_key_generate(arena, &caller_pem, &caller_public, &err), OK);
	write_file(arena_printf(arena, "%s/caller.pub", directory), caller_public);
	write_configs(1, 1, 1);
	start_services();
	assert_int_equal(pipe(go) | pipe(ready), 0);
	holdout = start_holdout(private_pem[0][1], go[0], ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	fflush(stdout);
	caller = fork();
	if (caller == 0)
		call_all_the_time(caller_pem);
	wait_calls();

	for (int step = 0; step < 3; step++) {
		static const int steps[][3] = {{1, 1, 2}, {2, 1, 2}, {2, 2, 2}};

		write_configs(steps[step][0], steps[step][1], steps[step][2]);
		reload_both();
		wait_calls();
	}
	score->stop = true;
	assert_int_equal(exit_of(caller), 0);
	print_message("# %lld calls\n", (long long)score->good);
	assert_int_equal(score->bad, 0);

	/* The old key is good for nothing, not even on a connection that showed it before. */
	assert_int_equal(write(go[1], &byte, 1), 1);
	assert_int_equal(exit_of(holdout), UNAUTHENTICATED);
}

/* A bad file changes nothing, and says what is wrong with it. */
static void a_bad_key_is_refused(void **state)
{
	static const char *const bad[] = {"service_key_id: images.3\n", "service_key: nonsense\n"};
	_cleanup_(freep) char *good = NULL;
	struct error err;

	assert_int_equal(tool_read_file(path_of("chat", "yaml"), &good, &err), OK);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int64_t end_us = clock_mono_us() + WAIT_US;
		char *key = strstr(good, i == 0 ? "service_key_id:" : "service_key:");
		bool refused = false;

		write_file(path_of("chat", "yaml"),
			   arena_printf(arena, "%.*s%s%s", (int)(key - good), good, bad[i],
					strchr(key, '\n') + 1));
		kill(pids[0], SIGHUP);
		while (!refused) {
			_cleanup_(freep) char *log = NULL;

			assert_int_equal(tool_read_file(path_of("chat", "log"), &log, &err), OK);
			refused = strstr(log, i == 0 ? "'images.3' names no key of chat"
						     : "service_key: the private key is not PEM");
			assert_true(clock_mono_us() < end_us);
			usleep(1000);
		}
	}
	for (size_t i = 0; i < 2; i++) {
		kill(pids[i], SIGTERM);
		assert_int_equal(exit_of(pids[i]), 0);
		pids[i] = 0;
	}
}

static int set_up(void **state)
{
	pg_start();
	pg_exec("CREATE TABLE chat.schema_migration (version int);"
		"INSERT INTO chat.schema_migration VALUES (1);"
		"GRANT SELECT ON chat.schema_migration TO PUBLIC;"
		"CREATE TABLE images.schema_migration (version int);"
		"INSERT INTO images.schema_migration VALUES (1);"
		"GRANT SELECT ON images.schema_migration TO PUBLIC");
	arena = arena_new(65536, 16 << 20);
	snprintf(directory, sizeof directory, "/tmp/limitless-rotation-XXXXXX");
	assert_non_null(mkdtemp(directory));
	score = mmap(NULL, sizeof *score, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	return score == MAP_FAILED;
}

static int tear_down(void **state)
{
	score->stop = true;
	for (size_t i = 0; i < 2; i++) {
		if (pids[i] > 0) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
	}
	tool_remove(directory);
	arena_free(arena);
	pg_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_rotated_under_load),
		cmocka_unit_test(a_bad_key_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
