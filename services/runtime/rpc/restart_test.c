/* Two replicas in processes of their own, restarted and killed under load. The program is its own
 * replica: restart_test serve PORT. */
#include "runtime/rpc/rpc.h"

#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "tests/lib/rpc_pair.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define REPLICAS 2
#define CALLERS 8
#define ROUNDS 20
#define CALL_TIMEOUT_MS 20000

/* ------------------------------------------------------------------ a replica */

static int serve(const char *port)
{
	char url[64];
	const char *const listen[] = {url, NULL};
	struct rpc_server_options options = {.listen = listen, .workers = 2};
	struct rpc_server *server;
	struct error err;
	sigset_t set;
	int number;

	log_init("replica", LOG_LEVEL_ERROR);
	snprintf(url, sizeof(url), "tcp://127.0.0.1:%s", port);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	server = rpc_server_new(&options);
	rpc_server_register(server, pair_handlers, n_pair_handlers);
	if (rpc_server_start(server, &err) != OK) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	sigwait(&set, &number);
	rpc_server_drain(server);
	rpc_server_free(server);
	return 0;
}

static uint16_t free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ensure(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
	       getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	close(fd);
	return ntohs(address.sin_port);
}

struct replica {
	char port[8];
	pid_t pid;
};

static void start(struct replica *replica)
{
	extern char **environ;
	char *const argv[] = {"restart_test", "serve", replica->port, NULL};

	assert_int_equal(posix_spawn(&replica->pid, "/proc/self/exe", NULL, NULL, argv, environ),
			 0);
}

static void stop(struct replica *replica, int signal_number)
{
	int status;

	kill(replica->pid, signal_number);
	assert_int_equal(waitpid(replica->pid, &status, 0), replica->pid);
	if (signal_number == SIGTERM)
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ----------------------------------------------------- load: each caller has one call under way */

static struct {
	struct replica replicas[REPLICAS];
	struct rpc_channel *channel;
	_Atomic bool stop;
	_Atomic int running;
	_Atomic int64_t calls, repeatable_failed, once_failed, other_failed;
	_Atomic int latest_pid[64]; /* a ring of those that answered */
	_Atomic unsigned answers;
} load;

static void go(const struct rpc_method *method);

static void replied(void *ctx, enum status status, const ProtobufCMessage *resp,
		    const struct error *err)
{
	const struct rpc_method *method = ctx;

	load.calls++;
	if (status == OK)
		load.latest_pid[load.answers++ % 64] = (int)strtol(pair_text_of(resp), NULL, 10);
	else if (method->idempotent)
		load.repeatable_failed++;
	else if (status == UNAVAILABLE)
		load.once_failed++;
	else
		load.other_failed++;
	if (status != OK && (status != UNAVAILABLE || method->idempotent))
		fprintf(stderr, "%s: %s: %s\n", method->path, status_name(status), err->message);
	if (load.stop)
		load.running--;
	else
		go(method);
}

static void go(const struct rpc_method *method)
{
	const struct rpc_call_options options = {.timeout_ms = CALL_TIMEOUT_MS};
	pair_text req = PAIR_TEXT_INIT;

	req.value = (char *)"pid";
	rpc_call_async(load.channel, method, &options, &req.base, replied, (void *)method);
}

static bool answers_from(pid_t pid)
{
	for (int i = 0; i < 64; i++)
		if (load.latest_pid[i] == pid)
			return true;
	return false;
}

/* Half of the callers call what may be repeated, half what may not. */
static void load_start(void)
{
	char target[64];
	const struct rpc_channel_options options = {
		.target = target, .backoff_initial_ms = 20, .backoff_max_ms = 50};

	memset(&load, 0, sizeof(load));
	for (int i = 0; i < REPLICAS; i++) {
		snprintf(load.replicas[i].port, sizeof(load.replicas[i].port), "%d", free_port());
		start(&load.replicas[i]);
	}
	snprintf(target, sizeof(target), "tcp://127.0.0.1:%s,127.0.0.1:%s", load.replicas[0].port,
		 load.replicas[1].port);
	load.channel = rpc_channel_open(&options);
	for (int i = 0; i < REPLICAS; i++) {
		struct pair pair = {.channel = load.channel, .arena = arena_new(4096, 1 << 20)};
		struct error err;

		wait_for(pair_call(&pair, &pair_inline, "x", NULL, NULL, &err) == OK);
		arena_free(pair.arena);
	}
	load.running = CALLERS;
	for (int i = 0; i < CALLERS; i++)
		go(i % 2 ? &pair_inline : &pair_echo);
	for (int i = 0; i < REPLICAS; i++)
		wait_for(answers_from(load.replicas[i].pid));
}

static void load_stop(void)
{
	load.stop = true;
	wait_for(load.running == 0);
	rpc_channel_close(load.channel);
	for (int i = 0; i < REPLICAS; i++)
		stop(&load.replicas[i], SIGTERM);
}

/* A deployment goes on to the next replica when this one is back in service, so here too. */
static void restart(struct replica *replica, int signal_number)
{
	stop(replica, signal_number);
	start(replica);
	wait_for(answers_from(replica->pid));
}

static void rolling_restarts_fail_no_call(void **state)
{
	load_start();
	for (int i = 0; i < ROUNDS; i++)
		restart(&load.replicas[i % REPLICAS], SIGTERM);
	load_stop();
	printf("# %d restarts, %lld calls, %lld failed\n", ROUNDS, (long long)load.calls,
	       (long long)(load.repeatable_failed + load.once_failed + load.other_failed));
	assert_int_equal(load.repeatable_failed, 0);
	assert_int_equal(load.once_failed, 0);
	assert_int_equal(load.other_failed, 0);
}

static void a_kill_fails_only_what_was_under_way(void **state)
{
	load_start();
	for (int i = 0; i < ROUNDS; i++) {
		int64_t before = load.once_failed;

		restart(&load.replicas[i % REPLICAS], SIGKILL);
		assert_true(load.once_failed - before <= CALLERS / 2);
	}
	load_stop();
	printf("# %d kills, %lld calls, %lld that may be repeated failed, %lld others\n", ROUNDS,
	       (long long)load.calls, (long long)load.repeatable_failed,
	       (long long)load.once_failed);
	assert_int_equal(load.repeatable_failed, 0);
	assert_int_equal(load.other_failed, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rolling_restarts_fail_no_call),
		cmocka_unit_test(a_kill_fails_only_what_was_under_way),
	};

	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
