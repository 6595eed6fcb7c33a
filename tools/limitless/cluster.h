/* A private PostgreSQL cluster. One process makes, starts and stops it, and clients reach it by a
 * unix socket only. */
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
	uid_t uid; /* the user of the server: another one for root, whom PostgreSQL refuses */
	gid_t gid;
	gid_t client_gid; /* of clients that run as another user; 0: there are none */
	/* Only root may be the superuser or a role that owns a schema; such clients may not. */
	bool guards_owners;
	const char *const *settings; /* "name=value", NULL-terminated; of the server */
	/* Names of variables that reach PostgreSQL's programs, beside those of every program.
	 * NULL-terminated; NULL: none. */
	const char *const *environment;
	bool sync; /* false: for tests, which may lose everything */
	pid_t pid; /* 0: not running */
};

/* Finds PostgreSQL's programs and the user that runs them: the caller, or `postgres` when the
 * caller is root. A cluster in data_dir decides the version. Errors: FAILED_PRECONDITION with the
 * packages to install. */
_must_check_ enum status cluster_find(struct cluster *cluster, struct error *reterr);

/* True when the user that PostgreSQL runs as can enter this directory. */
bool cluster_can_enter(const struct cluster *cluster, const char *directory);

/* Makes a cluster in data_dir, unless it has one. A half-made cluster of a run that was killed is
 * thrown away. */
_must_check_ enum status cluster_create(struct cluster *cluster, struct error *reterr);

/* Starts the server in a session of its own and waits until it answers. It shuts down when this
 * thread's process dies. */
_must_check_ enum status cluster_start(struct cluster *cluster, int wait_ms, struct error *reterr);

/* True when it takes connections. */
bool cluster_answers(const struct cluster *cluster);

/* Shuts the server down, and kills it after wait_ms. */
void cluster_stop(struct cluster *cluster, int wait_ms);

/* Conninfo of a role. */
#define CLUSTER_DSN_SIZE 320
void cluster_dsn(const struct cluster *cluster, const char *database, const char *role,
		 char out[CLUSTER_DSN_SIZE]);

#endif
