#include "tests/lib/process.h"

#include "limitless/services.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "tests/lib/pg.h"
#include "tools/limitless/probe.h"
#include "tools/limitless/tool.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_US (60 * US_PER_S)
#define PROBE_MS 1000
#define POLL_US 1000

/* What a service does not start without, beside what all of them need. It continues `database`. */
static const struct {
	const char *service, *yaml; /* %s: conninfo of the service's worker */
} needs[] = {
	{"auth", "seal_key: 0123456789abcdef0123456789abcdef\n"},
	{"chat", "  worker_dsn: \"%s\"\nmodels: deploy/config/models.yaml\n"},
};

static void add_needs(const struct process *p, struct buf *text)
{
	char role[64];

	snprintf(role, sizeof role, "%s_worker", p->service);
	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
		const char *yaml = needs[i].yaml, *at;

		if (strcmp(needs[i].service, p->service) != 0)
			continue;
		at = strstr(yaml, "%s");
		buf_add(text, yaml, at ? (size_t)(at - yaml) : strlen(yaml));
		if (at)
			buf_addf(text, "%s%s", pg_dsn(role), at + 2);
	}
}

static const char *address_of(const struct process *p, const char *service)
{
	for (size_t i = 0; p->peers && p->peers[i]; i++) {
		if (strcmp(p->peers[i]->service, service) == 0)
			return p->peers[i]->directory;
	}
	return "/nowhere";
}

static void write_config(const struct process *p, const char *path)
{
	_cleanup_(buf_done) struct buf text;
	char role[64];
	struct error err;

	snprintf(role, sizeof role, "%s_app", p->service);
	buf_init(&text, 65536);
	buf_addf(&text,
		 "listen: [\"ipc://%s/s\"]\nadmin_listen: \"ipc://%s/a\"\nlog_level: warn\n"
		 "page_secret: the secret of these tests\nbackends:\n",
		 p->directory, p->directory);
	for (size_t i = 0; i < SERVICES_N; i++)
		buf_addf(&text, "  %s: \"ipc://%s/s\"\n", services[i].name,
			 address_of(p, services[i].name));
	buf_addf(&text, "database:\n  dsn: \"%s\"\n", pg_dsn(role));
	add_needs(p, &text);
	buf_adds(&text, p->more ? p->more : "");
	if (tool_write_file(path, buf_text(&text), 0600, &err) == OK)
		return;
	fprintf(stderr, "%s: %s\n", path, err.message);
	exit(1);
}

const char *process_build(void)
{
	static char folder[512];
	const char *given = getenv("B");
	ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);
	char *test;

	if (given)
		return given;
	ensure(n > 0);
	folder[n] = '\0';
	test = strstr(folder, "/test/");
	ensure(test);
	*test = '\0';
	return folder;
}

static void run(const struct process *p, const char *config, pid_t parent)
{
	char program[600], output[128];
	int log;

	snprintf(program, sizeof program, "%s/bin/%s", process_build(), p->service);
	snprintf(output, sizeof output, "%s/output", p->directory);
	log = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	for (size_t i = 0; p->environment && p->environment[i]; i++)
		putenv((char *)p->environment[i]);
	execl(program, p->service, "--config", config, (char *)NULL);
	_exit(127);
}

static void die(const struct process *p, const char *what)
{
	_cleanup_(freep) char *text = NULL;
	char output[128];
	struct error err;

	snprintf(output, sizeof output, "%s/output", p->directory);
	if (tool_read_file(output, &text, &err) != OK)
		text = NULL;
	fprintf(stderr, "%s %s: %s\n", p->service, what, text ? text : "it said nothing");
	exit(1);
}

void process_start(struct process *p)
{
	char config[128], admin[128];
	int64_t end_us = clock_mono_us() + START_US;
	pid_t parent = getpid();

	if (!p->directory[0]) {
		snprintf(p->directory, sizeof p->directory, "/tmp/limitless-process-XXXXXX");
		ensure(mkdtemp(p->directory));
	}
	snprintf(config, sizeof config, "%s/%s.yaml", p->directory, p->service);
	snprintf(admin, sizeof admin, "ipc://%s/a", p->directory);
	write_config(p, config);
	fflush(NULL);
	p->pid = fork();
	ensure(p->pid >= 0);
	if (p->pid == 0)
		run(p, config, parent);
	while (!probe_ok(admin, "/readyz", PROBE_MS)) {
		if (process_ended(p))
			die(p, "did not start");
		if (clock_mono_us() > end_us)
			die(p, "did not get ready");
		usleep(POLL_US);
	}
}

bool process_ended(struct process *p)
{
	if (p->pid > 0 && waitpid(p->pid, NULL, WNOHANG) == p->pid)
		p->pid = 0;
	return p->pid == 0;
}

void process_kill(struct process *p)
{
	if (p->pid <= 0)
		return;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	p->pid = 0;
}

void process_free(struct process *p)
{
	process_kill(p);
	if (p->directory[0])
		tool_remove(p->directory);
	p->directory[0] = '\0';
}

struct rpc_channel *process_channel(const struct process *p)
{
	char target[96];

	snprintf(target, sizeof target, "ipc://%s/s", p->directory);
	return rpc_channel_open(&(struct rpc_channel_options){
		.target = target,
		.service = p->service,
		.backoff_initial_ms = 10,
		.backoff_max_ms = 100,
		.retries_max = -1,
	});
}
