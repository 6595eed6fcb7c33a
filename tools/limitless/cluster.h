/* A private PostgreSQL cluster: made, started and stopped by one process, reached by a unix socket
 * only. */
#ifndef TOOLS_LIMITLESS_CLUSTER_H
#define TOOLS_LIMITLESS_CLUSTER_H

#include "tools/limitless/tool.h"

#include <stdbool.h>
#include <sys/types.h>

#define CLUSTER_SUPERUSER "limitless_admin"
#define CLUSTER_DATABASE "limitless"
#define CLUSTER_PORT 5432 /* names the socket; nothing listens on a port */

/* A socket's path has at most 107 bytes: this and "/.s.PGSQL.5432.lock". */
#define CLUSTER_SOCKET_DIR_SIZE 88

struct cluster {
	char data_dir[TOOL_PATH_MAX];
	char socket_dir[CLUSTER_SOCKET_DIR_SIZE]; /* of letters, digits and "/._-" alone */
	char bin_dir[TOOL_PATH_MAX];              /* of PostgreSQL's programs */
	char log_file[TOOL_PATH_MAX];
	uid_t uid; /* PostgreSQL refuses to run as root: then it is another user's */
	gid_t gid;
	gid_t client_gid; /* of clients that run as another user; 0: there are none */
	/* Such clients may be no role that owns a schema, nor the superuser; root may. */
	bool guards_owners;
	const char *const *settings; /* "name=value", NULL-terminated; of the server */
	bool sync;                   /* false: tests, that may lose everything */
	pid_t pid;                   /* 0: not running */
};

/* Finds PostgreSQL's programs and the user to run them as: the caller's, or `postgres` when the
 * caller is root. data_dir, when it has a cluster, decides the version. Errors: FAILED_PRECONDITION
 * with what to install. */
_must_check_ enum status cluster_find(struct cluster *cluster, struct error *reterr);

/* True when the user that PostgreSQL runs as can enter this directory. */
bool cluster_can_enter(const struct cluster *cluster, const char *directory);

/* Makes data_dir when it has no cluster yet. A half-made one of an earlier, killed run is thrown
 * away. */
_must_check_ enum status cluster_create(struct cluster *cluster, struct error *reterr);

/* Starts the server in a session of its own and waits until it answers. It shuts down when this
 * thread's process dies. */
_must_check_ enum status cluster_start(struct cluster *cluster, int wait_ms, struct error *reterr);

/* True when it takes connections. */
bool cluster_answers(const struct cluster *cluster);

/* Fast shutdown; immediate after wait_ms. */
void cluster_stop(struct cluster *cluster, int wait_ms);

/* Conninfo of a role. */
#define CLUSTER_DSN_SIZE 320
void cluster_dsn(const struct cluster *cluster, const char *database, const char *role,
		 char out[CLUSTER_DSN_SIZE]);

#endif
