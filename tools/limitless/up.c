/* `limitless up`: the supervisor. It has one thread. Its children die with it, and PostgreSQL shuts
 * down with it. */
#include "tools/limitless/commands.h"
#include "tools/limitless/environment.h"
#include "tools/limitless/mode.h"
#include "tools/limitless/probe.h"
#include "tools/limitless/schema.h"
#include "tools/limitless/stack.h"
#include "tools/limitless/web.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/memory.h"
#include "runtime/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define DATABASE_START_MS 60000
#define DATABASE_STOP_MS 30000
#define DATABASE_RETRY_US US_PER_S
#define READY_MS 60000
#define PROBE_MS 1000
#define POLL_MS 10
#define STOP_MS 35000 /* services take at most 30 s to finish running calls */
#define LOG_CHECK_US (10 * US_PER_S)

/* Connections: eight workers (credits: 32) and a pool for each service, and the engine of chat. */
static const char *const database_settings[] = {"max_connections=200", "shared_buffers=128MB",
						"jit=off", "log_min_messages=warning", NULL};

struct supervisor {
	struct stack stack;
	sigset_t signals;
	int64_t database_restart_us; /* 0: it runs */
	int64_t log_check_us;
};

/* ---------------------------------------------------------------- before anything starts */

static enum status check_binaries(const struct stack *stack, struct error *reterr)
{
	for (size_t i = 0; i < stack->n_programs; i++) {
		const char *path = stack->programs[i].path;

		if (access(path, X_OK) != 0)
			return tool_fail(reterr, "%s: %s: run `make` first", path, strerror(errno));
	}
	return OK;
}

static enum status check_ports(const struct stack *stack, struct error *reterr)
{
	int ports[STACK_PORTS_MAX];

	stack_ports(stack, ports);
	for (size_t i = 0; ports[i]; i++) {
		if (probe_port_taken(ports[i]))
			return tool_fail(reterr,
					 "port %d is in use: stop what listens there, or choose "
					 "another PORT (now %d)",
					 ports[i], stack->port);
	}
	return OK;
}

/* Keeps assets for tabs that run the former page. Without them such tabs load the page anew, so a
 * failure does not stop the start. */
static void keep_page(const struct stack *stack)
{
	char web[TOOL_PATH_MAX];
	struct error err;

	tool_path(web, "%s/build/web", stack->place.root);
	if (web_keep(&stack->place, web, &err) != OK)
		fprintf(stderr, "limitless: the page's assets are not kept: %s\n", err.message);
}

static enum status prepare(struct supervisor *sup, const char *dir, struct error *reterr)
{
	struct stack *stack = &sup->stack;
	enum status s;

	s = place_find(dir, true, &stack->place, reterr);
	if (s == OK)
		s = place_lock(&stack->place, reterr);
	if (s == OK)
		s = place_prepare(&stack->place, &stack->cluster, reterr);
	if (s != OK)
		return s;
	s = mode_choose(stack, reterr);
	if (s == OK)
		s = mode_check(stack, reterr);
	if (s != OK)
		return s;
	stack_list(stack);
	s = check_binaries(stack, reterr);
	if (s == OK)
		s = check_ports(stack, reterr);
	if (s == OK)
		keep_page(stack);
	if (s == OK)
		s = stack_save(stack, reterr);
	if (s == OK)
		s = stack_write_config(stack, reterr);
	environment_forget();
	if (s == OK && stack->place.user.uid == 0)
		fprintf(stderr,
			"limitless: the programs run as root, with no capability, for no other "
			"user can enter both %s and %s: chmod o+x them and the folders above\n",
			stack->place.root, stack->place.dir);
	return s;
}

/* ---------------------------------------------------------------- starting */

static enum status prepare_database(const struct stack *stack, struct error *reterr)
{
	char dsn[CLUSTER_DSN_SIZE], role[64];
	enum status s;
	int version;

	s = schema_create_database(&stack->cluster, reterr);
	cluster_dsn(&stack->cluster, CLUSTER_DATABASE, CLUSTER_SUPERUSER, dsn);
	if (s == OK)
		s = schema_bootstrap(dsn, stack->place.root, reterr);
	for (size_t i = 0; s == OK && i < SERVICES_N; i++) {
		snprintf(role, sizeof role, "%s_owner", services[i].name);
		cluster_dsn(&stack->cluster, CLUSTER_DATABASE, role, dsn);
		s = schema_migrate(dsn, stack->place.root, services[i].name, &version, reterr);
	}
	return s;
}

/* Prepares the database in a process of its own. So the supervisor, which stays, does not load the
 * pages of libpq and OpenSSL. */
static enum status prepare_database_apart(const struct stack *stack, struct error *reterr)
{
	struct error err = {0};
	int ends[2], status;
	bool told;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return tool_fail(reterr, "the database cannot be prepared: %s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		status = errno;
		close(ends[0]);
		close(ends[1]);
		return tool_fail(reterr, "the database cannot be prepared: %s", strerror(status));
	}
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (prepare_database(stack, &err) == OK)
			_exit(0);
		_exit(write(ends[1], &err, sizeof err) == sizeof err ? 1 : 2);
	}
	close(ends[1]);
	told = read(ends[0], &err, sizeof err) == sizeof err;
	close(ends[0]);
	waitpid(pid, &status, 0);
	if (status == 0)
		return OK;
	if (!told)
		return tool_fail(reterr, "the preparation of the database was killed");
	*reterr = err;
	return err.code;
}

static enum status start_database(struct supervisor *sup, struct error *reterr)
{
	struct cluster *cluster = &sup->stack.cluster;
	enum status s;

	cluster->settings = database_settings;
	cluster->guards_owners = true;
	cluster->sync = true;
	s = cluster_create(cluster, reterr);
	if (s == OK)
		s = cluster_start(cluster, DATABASE_START_MS, reterr);
	return s == OK ? prepare_database_apart(&sup->stack, reterr) : s;
}

/* Whether SIGINT or SIGTERM asked for the end. */
static bool stop_requested(const struct supervisor *sup)
{
	const struct timespec now = {0};
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	return sigtimedwait(&ends, NULL, &now) > 0 && sup;
}

static enum status has_died(struct program *program, struct error *reterr)
{
	char line[256];
	int status;

	if (waitpid(program->pid, &status, WNOHANG) != program->pid)
		return OK;
	program->pid = 0;
	program_last_line(program, line);
	return tool_fail(reterr, "%s did not start: %s", program->name,
			 line[0] ? line : program->log);
}

/* Waits until programs first … last - 1 are ready. *ret_stop: asked to end meanwhile. */
static enum status wait_ready(struct supervisor *sup, size_t first, size_t last, bool *ret_stop,
			      struct error *reterr)
{
	int64_t deadline = clock_mono_us() + READY_MS * US_PER_MS;

	for (size_t i = first; i < last; i++) {
		struct program *program = &sup->stack.programs[i];

		while (!probe_ok(program->probe, program->look, PROBE_MS)) {
			enum status s = has_died(program, reterr);

			if (s != OK)
				return s;
			if (stop_requested(sup)) {
				*ret_stop = true;
				return OK;
			}
			if (clock_mono_us() >= deadline)
				return tool_fail(reterr, "%s did not get ready in %d s: see %s",
						 program->name, READY_MS / 1000, program->log);
			tool_pause_ms(POLL_MS);
		}
	}
	return OK;
}

/* The gateway starts last: when it is ready, its requests find all services. */
static enum status start_programs(struct supervisor *sup, bool *ret_stop, struct error *reterr)
{
	struct stack *stack = &sup->stack;
	size_t gateway = stack->n_programs - 1;
	enum status s;

	for (size_t i = 0; i < gateway; i++)
		program_start(&stack->programs[i]);
	s = wait_ready(sup, 0, gateway, ret_stop, reterr);
	if (s != OK || *ret_stop)
		return s;
	program_start(&stack->programs[gateway]);
	return wait_ready(sup, gateway, gateway + 1, ret_stop, reterr);
}

static void announce(const struct stack *stack)
{
	printf("ready http://127.0.0.1:%d\n", stack->port);
	printf("Open it in a browser and sign up: any e-mail address, a password of 8 characters "
	       "or "
	       "more.\n");
	if (stack->demo)
		printf("Answers come from a stand-in, for no provider's key is set: set "
		       "%s.\n",
		       stack->provider_variables);
	printf("Ctrl-C stops it. Data and logs: %s\n", stack->place.dir);
	fflush(stdout);
	memory_trim_start();
}

/* ---------------------------------------------------------------- running */

static void child_ended(struct supervisor *sup, pid_t pid, int status)
{
	struct stack *stack = &sup->stack;

	if (pid == stack->cluster.pid) {
		fprintf(stderr, "limitless: PostgreSQL ended and starts again: see %s\n",
			stack->cluster.log_file);
		stack->cluster.pid = 0;
		sup->database_restart_us = clock_mono_us();
	}
	for (size_t i = 0; i < stack->n_programs; i++) {
		if (stack->programs[i].pid == pid)
			program_ended(&stack->programs[i], status);
	}
}

static void restart_what_is_due(struct supervisor *sup)
{
	struct stack *stack = &sup->stack;
	int64_t now = clock_mono_us();
	struct error err;

	if (sup->database_restart_us && now >= sup->database_restart_us) {
		sup->database_restart_us = 0;
		if (cluster_start(&stack->cluster, DATABASE_START_MS, &err) != OK) {
			fprintf(stderr, "limitless: %s\n", err.message);
			sup->database_restart_us = clock_mono_us() + DATABASE_RETRY_US;
		}
	}
	for (size_t i = 0; i < stack->n_programs; i++) {
		struct program *program = &stack->programs[i];

		if (!program->pid && now >= program->restart_us)
			program_start(program);
	}
	if (now >= sup->log_check_us) {
		for (size_t i = 0; i < stack->n_programs; i++)
			program_rotate_log(stack->programs[i].log);
		program_rotate_log(stack->cluster.log_file); /* bad input may fill it too */
		sup->log_check_us = now + LOG_CHECK_US;
	}
}

static struct timespec until_next(const struct supervisor *sup)
{
	const struct stack *stack = &sup->stack;
	int64_t next = sup->log_check_us, left;

	if (sup->database_restart_us && sup->database_restart_us < next)
		next = sup->database_restart_us;
	for (size_t i = 0; i < stack->n_programs; i++) {
		const struct program *program = &stack->programs[i];

		if (!program->pid && program->restart_us < next)
			next = program->restart_us;
	}
	left = next - clock_mono_us();
	if (left < 0)
		left = 0;
	return (struct timespec){left / US_PER_S, left % US_PER_S * 1000};
}

static void forward_reload(const struct stack *stack)
{
	for (size_t i = 0; i < stack->n_programs; i++) {
		if (stack->programs[i].pid && strcmp(stack->programs[i].name, "standin") != 0)
			kill(stack->programs[i].pid, SIGHUP);
	}
}

/* Watches over the processes until SIGTERM or SIGINT. */
static void supervise(struct supervisor *sup)
{
	for (;;) {
		struct timespec wait = until_next(sup);
		int number = sigtimedwait(&sup->signals, NULL, &wait), status;
		pid_t pid;

		if (number == SIGTERM || number == SIGINT)
			return;
		if (number == SIGHUP)
			forward_reload(&sup->stack);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			child_ended(sup, pid, status);
		restart_what_is_due(sup);
	}
}

/* ---------------------------------------------------------------- ending */

static bool reap(struct program *program)
{
	if (program->pid && waitpid(program->pid, NULL, WNOHANG) == program->pid)
		program->pid = 0;
	return program->pid == 0;
}

/* Asks programs first … last - 1 to end, and waits. It kills them after STOP_MS, or when it is
 * asked to end once more. */
static void stop_programs(struct supervisor *sup, size_t first, size_t last)
{
	struct program *programs = sup->stack.programs;
	int64_t deadline = clock_mono_us() + STOP_MS * US_PER_MS;
	size_t running;

	for (size_t i = first; i < last; i++) {
		if (programs[i].pid)
			kill(programs[i].pid, SIGTERM);
	}
	do {
		running = 0;
		if (stop_requested(sup))
			deadline = 0;
		for (size_t i = first; i < last; i++) {
			if (reap(&programs[i]))
				continue;
			if (clock_mono_us() >= deadline)
				kill(programs[i].pid, SIGKILL);
			running++;
		}
		if (running)
			tool_pause_ms(POLL_MS);
	} while (running);
}

static void stop_all(struct supervisor *sup)
{
	struct stack *stack = &sup->stack;
	size_t gateway = stack->n_programs > 0 ? stack->n_programs - 1 : 0;

	stop_programs(sup, gateway, stack->n_programs);
	stop_programs(sup, 0, gateway);
	cluster_stop(&stack->cluster, DATABASE_STOP_MS);
}

/* ---------------------------------------------------------------- the command */

static int usage(void)
{
	fprintf(stderr, "usage: limitless up [--dir var] [--port 8080] [--listen ipc|tcp]\n");
	return 1;
}

static bool parse(struct stack *stack, int argc, char **argv, const char **ret_dir)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{"port", required_argument, NULL, 'p'},
						{"listen", required_argument, NULL, 'l'},
						{NULL, 0, NULL, 0}};
	int64_t port = 8080;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'd')
			*ret_dir = optarg;
		else if (option == 'l')
			stack->tcp = strcmp(optarg, "tcp") == 0;
		if (option == '?' || (option == 'l' && !stack->tcp && strcmp(optarg, "ipc") != 0))
			return false;
		if (option == 'p' &&
		    !text_parse_i64(optarg, strlen(optarg), 1, STACK_PORT_MAX, &port)) {
			fprintf(stderr, "limitless: --port must be 1 to %d\n", STACK_PORT_MAX);
			return false;
		}
	}
	stack->port = (int)port;
	return optind == argc;
}

static void block_signals(struct supervisor *sup)
{
	static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};

	sigemptyset(&sup->signals);
	for (size_t i = 0; i < ARRAY_SIZE(handled); i++)
		sigaddset(&sup->signals, handled[i]);
	sigprocmask(SIG_BLOCK, &sup->signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int up_main(int argc, char **argv)
{
	struct supervisor *sup = calloc(1, sizeof *sup);
	const char *dir = "var";
	bool stop = false;
	struct error err;
	enum status s;

	ensure(sup);
	if (!parse(&sup->stack, argc, argv, &dir)) {
		free(sup);
		return usage();
	}
	umask(022); /* each file gets the mode that it needs; programs have 077 */
	block_signals(sup);
	s = prepare(sup, dir, &err);
	if (s == OK)
		s = start_database(sup, &err);
	if (s == OK)
		s = mode_remember(&sup->stack, &err);
	if (s == OK)
		s = start_programs(sup, &stop, &err);
	if (s == OK && !stop) {
		announce(&sup->stack);
		supervise(sup);
	}
	if (s != OK)
		fprintf(stderr, "limitless: %s\n", err.message);
	stop_all(sup);
	free(sup);
	return s == OK ? 0 : 1;
}
