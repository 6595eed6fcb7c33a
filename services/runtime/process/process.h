/* The life of a server's process: arguments, configuration, log, admin port, signals. The services,
 * the gateway and the stand-in differ in what they start and stop, and in nothing else.
 * docs/modules/process.md */
#ifndef RUNTIME_PROCESS_PROCESS_H
#define RUNTIME_PROCESS_PROCESS_H

#include "runtime/conf/conf.h"

/* The first member of every server's struct of keys. */
struct process_conf {
	const char *admin_listen; /* "": there is no admin port */
	const char *log_level;
	int64_t log_rate_max; /* lines of one event a second */
};

/* Their rows in the table of keys; the argument is the default of admin_listen. */
#define PROCESS_KEYS(admin_listen_)                                                            \
	PROCESS_KEY("admin_listen", CONF_TEXT, admin_listen, admin_listen_, 0, false,          \
		    "Where it answers /healthz, /readyz and /metrics: tcp://host:port or "     \
		    "ipc:///path; empty: nowhere. It asks for no token: where probes come "    \
		    "from elsewhere (Kubernetes), name the address, and let only them reach "  \
		    "it."),                                                                    \
		PROCESS_KEY("log_level", CONF_TEXT, log_level, "info", 0, true,                \
			    "debug, info, warn or error; each request is a line at info."),    \
		PROCESS_KEY("log_rate_max", CONF_INTEGER, log_rate_max, "1000", 1000000, true, \
			    "Lines of one event a second, of errors ten times as many; more "  \
			    "are counted instead of written; 0: all are written.")
#define PROCESS_KEY(key_, type_, member_, fallback_, max_, reload_, help_) \
	CONF_ROW(struct process_conf, key_, type_, member_, fallback_, 0, max_, reload_, help_)

struct process {
	const void *conf;    /* stays where it is when SIGHUP brings new values */
	struct arena *arena; /* of the process: configuration, catalogues; main thread only */
};

/* The callbacks run on the main thread, except ready. Those that may be NULL say so. */
struct process_spec {
	const char *name; /* "credits": in log lines, and in LIMITLESS_CREDITS_<KEY> */
	const struct conf_key *keys;
	size_t n_keys;
	size_t conf_size; /* of a struct that begins with struct process_conf */
	void *ctx;

	/* Refuses what a table of keys cannot, at start and at SIGHUP. May be NULL. */
	enum status (*check)(const void *conf, struct error *reterr);
	/* Opens everything and serves. Once it has returned OK the process says that it is ready.
	 */
	enum status (*start)(struct process *process, void *ctx, struct error *reterr);
	/* Whether it can serve now; *ret_why (static storage) says why not. Any thread, between
	 * start and drain only. NULL: it can. */
	bool (*ready)(const char **ret_why, void *ctx);
	/* SIGHUP, first half: the file was read anew into `fresh`. Takes what is more than a value,
	 * a key that signs say. On an error all stays as it was. NULL. */
	enum status (*take)(const void *fresh, void *ctx, struct error *reterr);
	/* SIGHUP, second half: process->conf has the new values of the keys with `reload`. NULL. */
	enum status (*reload)(void *ctx, struct error *reterr);
	/* SIGTERM: ends what would go on for ever. NULL. */
	void (*drain)(void *ctx);
	/* Lets what runs finish, and closes everything; also when start failed. */
	void (*stop)(void *ctx);
};

/* argv: [--config FILE] [--print-config] [--version]. Before the first thread the process gives up
 * what only an operator does (confine.h) and raises its limit of open files. SIGTERM and SIGINT end
 * it, SIGHUP reads the file again. Returns the exit code: 0 after a drain, 1 with one clear line on
 * stderr. */
int process_main(const struct process_spec *spec, int argc, char **argv);

#endif
