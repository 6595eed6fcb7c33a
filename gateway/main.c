/* The process: arguments, configuration, signals. */
#include "gateway/gateway.h"
#include "runtime/base/confine.h"
#include "runtime/base/ensure.h"
#include "runtime/base/memory.h"
#include "runtime/log/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define ARENA_CHUNK_BYTES (16 * 1024)
#define ARENA_BYTES_MAX (16 * 1024 * 1024)

struct process {
	const char *config; /* file; NULL: environment and defaults */
	struct gateway_conf conf;
	struct gateway *gateway;
	struct arena *arena; /* of configurations, also replaced ones */
};

static const int handled[] = {SIGTERM, SIGINT, SIGHUP};

/* Blocked in every thread, so that only sigwait takes them: before the first thread. */
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

/* A connection is a file; the usual soft limit of 1,024 is far below connections_max. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static enum status load(const struct process *p, struct gateway_conf *ret, struct error *reterr)
{
	enum log_level level;
	enum status s = conf_load(p->config, "GATEWAY", gateway_keys, gateway_keys_n, p->arena, ret,
				  reterr);

	if (s != OK)
		return s;
	if (!log_level_parse(ret->log_level, &level))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "log_level: '%s' is none of debug, info, warn, error",
				 ret->log_level);
	log_set_level(level);
	log_set_event_rate(ret->log_rate_max);
	if (ret->token_cache_entries & (ret->token_cache_entries - 1))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "token_cache_entries: is not a power of two");
	return OK;
}

/* Only what is logged and the key that signs may change while it runs. */
static void reload(struct process *p)
{
	struct gateway_conf fresh = {0};
	struct error err;
	enum status s = load(p, &fresh, &err);

	if (s == OK)
		s = gateway_reload(p->gateway, &fresh, &err);
	if (s == OK)
		log_info("reloaded");
	else
		log_error("reload_refused", LOG_S("message", err.message));
}

static int run(struct process *p)
{
	sigset_t signals = block_signals();
	bool confined = confine_process();
	struct error err;
	int number = 0;
	enum status s = load(p, &p->conf, &err);

	log_debug("process", LOG_B("confined", confined));
	if (s == OK)
		s = gateway_start(&p->conf, &p->gateway, &err);
	if (s != OK)
		fprintf(stderr, "gateway: %s\n", err.message);
	else
		log_info("serving");
	memory_trim_start();
	while (s == OK) {
		ensure(sigwait(&signals, &number) == 0);
		if (number != SIGHUP)
			break;
		reload(p);
	}
	gateway_stop(p->gateway);
	arena_free(p->arena);
	return s == OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct process p = {0};

	if (argc == 2 && strcmp(argv[1], "--print-config") == 0) {
		conf_print_example("gateway", gateway_keys, gateway_keys_n);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "--config") == 0) {
		p.config = argv[2];
	} else if (argc != 1) {
		fprintf(stderr, "usage: gateway [--config FILE] [--print-config]\n");
		return 1;
	}
	memory_thrifty();
	log_init("gateway", LOG_LEVEL_INFO);
	raise_file_limit();
	p.arena = arena_new(ARENA_CHUNK_BYTES, ARENA_BYTES_MAX);
	return run(&p);
}
