#include "runtime/process/process.h"

#include "runtime/base/ensure.h"
#include "runtime/base/memory.h"
#include "runtime/base/version.h"
#include "runtime/httpd/httpd.h"
#include "runtime/log/log.h"
#include "runtime/process/confine.h"

#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define ARENA_CHUNK_BYTES (64 * 1024)
#define ARENA_BYTES_MAX (16 * 1024 * 1024)

struct run {
	struct process process;
	const struct process_spec *spec;
	const char *file; /* of the configuration; NULL: environment and defaults */
	char *conf;       /* spec->conf_size bytes */
	struct httpd *admin;
	bool started; /* start was tried, so stop is due */
	atomic_bool serving;
};

/* ---------------------------------------------------------------- configuration */

/* FILE of LIMITLESS_<FILE>_<KEY>. */
static const char *environment_name(struct arena *arena, const char *name)
{
	char *text = arena_strdup(arena, name);

	for (char *p = text; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return text;
}

static enum status load_conf(const struct run *run, void *ret, struct error *reterr)
{
	const struct process_spec *spec = run->spec;
	const struct process_conf *conf = ret;
	enum log_level level;
	enum status s = conf_load(run->file, environment_name(run->process.arena, spec->name),
				  spec->keys, spec->n_keys, run->process.arena, ret, reterr);

	if (s != OK)
		return s;
	if (!log_level_parse(conf->log_level, &level))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "log_level: '%s' is none of debug, info, warn, error",
				 conf->log_level);
	return spec->check ? spec->check(ret, reterr) : OK;
}

static void set_log(const struct run *run)
{
	const struct process_conf *conf = run->process.conf;
	enum log_level level = LOG_LEVEL_INFO;

	log_level_parse(conf->log_level, &level);
	log_set_level(level);
	log_set_event_rate(conf->log_rate_max);
}

/* Takes the values of the keys that may change while it runs. Every value is one word, stored at
 * once, and the texts of the old ones stay, so other threads may read on. */
static void take_over(struct run *run, const char *fresh)
{
	for (size_t i = 0; i < run->spec->n_keys; i++) {
		const struct conf_key *key = &run->spec->keys[i];
		const char *from = fresh + key->offset;
		char *to = run->conf + key->offset;

		if (!key->reload)
			continue;
		if (key->type == CONF_BOOLEAN)
			__atomic_store_n((bool *)to, *(const bool *)from, __ATOMIC_RELEASE);
		else
			__atomic_store_n((int64_t *)to, *(const int64_t *)from, __ATOMIC_RELEASE);
	}
}

static void reload(struct run *run)
{
	const struct process_spec *spec = run->spec;
	_cleanup_(freep) char *fresh = calloc(1, spec->conf_size);
	struct error err;
	enum status s;

	ensure(fresh);
	s = load_conf(run, fresh, &err);
	if (s == OK && spec->take)
		s = spec->take(fresh, spec->ctx, &err);
	if (s == OK) {
		take_over(run, fresh);
		set_log(run);
	}
	if (s == OK && spec->reload)
		s = spec->reload(spec->ctx, &err);
	if (s == OK)
		log_info("reloaded");
	else
		log_error("reload_refused", LOG_S("message", err.message));
}

/* ---------------------------------------------------------------- admin port */

static bool is_ready(const char **ret_why, void *ctx)
{
	const struct run *run = ctx;

	*ret_why = "starting or draining\n";
	if (!atomic_load(&run->serving))
		return false;
	return !run->spec->ready || run->spec->ready(ret_why, run->spec->ctx);
}

static enum status start_admin(struct run *run, struct error *reterr)
{
	const struct process_conf *conf = run->process.conf;
	const struct httpd_admin_options options = {conf->admin_listen, is_ready, run};

	return *conf->admin_listen ? httpd_admin_start(&options, &run->admin, reterr) : OK;
}

/* ---------------------------------------------------------------- signals and limits */

static const int handled[] = {SIGTERM, SIGINT, SIGHUP};

/* Blocked in every thread, so that only sigwait takes them: this comes before the first thread. */
static sigset_t block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(handled); i++)
		sigaddset(&set, handled[i]);
	ensure(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	signal(SIGPIPE, SIG_IGN);
	return set;
}

/* A connection is a file; the usual soft limit of 1,024 is far below what a server may have. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---------------------------------------------------------------- the life */

static enum status begin(struct run *run, struct error *reterr)
{
	bool confined = confine_process();
	enum status s = load_conf(run, run->conf, reterr);

	if (s != OK)
		return s;
	set_log(run);
	log_debug("process", LOG_B("confined", confined));
	/* Before the rest: a probe must be able to see that start waits. */
	s = start_admin(run, reterr);
	if (s != OK)
		return s;
	run->started = true;
	return run->spec->start(&run->process, run->spec->ctx, reterr);
}

static void serve(struct run *run, const sigset_t *signals)
{
	int number;

	atomic_store(&run->serving, true);
	log_info("serving", LOG_S("version", version_text));
	memory_trim_start();
	for (;;) {
		ensure(sigwait(signals, &number) == 0);
		if (number != SIGHUP)
			break;
		reload(run);
	}
	log_info("draining");
	atomic_store(&run->serving, false);
	if (run->spec->drain)
		run->spec->drain(run->spec->ctx);
}

static int run_process(const struct process_spec *spec, const char *file)
{
	struct run run = {.spec = spec, .file = file, .conf = calloc(1, spec->conf_size)};
	sigset_t signals = block_signals();
	struct error err;
	enum status s;

	ensure(run.conf);
	run.process = (struct process){
		.conf = run.conf,
		.arena = arena_new(ARENA_CHUNK_BYTES, ARENA_BYTES_MAX),
	};
	log_init(spec->name, LOG_LEVEL_INFO);
	raise_file_limit();
	s = begin(&run, &err);
	if (s == OK)
		serve(&run, &signals);
	else
		fprintf(stderr, "%s: %s\n", spec->name, err.message);
	if (run.started)
		spec->stop(spec->ctx);
	httpd_free(run.admin);
	arena_free(run.process.arena);
	free(run.conf);
	return s == OK ? 0 : 1;
}

int process_main(const struct process_spec *spec, int argc, char **argv)
{
	const char *file = NULL;

	ensure(spec->conf_size >= sizeof(struct process_conf));
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--print-config") == 0) {
			conf_print_example(spec->name, spec->keys, spec->n_keys);
			return 0;
		}
		if (strcmp(argv[i], "--version") == 0) {
			printf("%s %s\n", spec->name, version_text);
			return 0;
		}
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
			file = argv[++i];
		} else {
			fprintf(stderr, "usage: %s [--config FILE] [--print-config] [--version]\n",
				spec->name);
			return 1;
		}
	}
	memory_thrifty();
	return run_process(spec, file);
}
