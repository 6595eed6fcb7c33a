/* Where a stack keeps its things: below DIR, except what cannot be there.
 *
 *   DIR/pg            PostgreSQL's data; a link into /var/lib/limitless when the server's user
 *                     cannot enter DIR
 *   DIR/run           sockets; in /tmp when DIR's path is too long for a socket, or closed to the
 *                     server's user
 *   DIR/config        written at each start
 *   DIR/secrets       made once, for the programs alone
 *   DIR/log           a file for each process
 *   DIR/data          files of users
 *   DIR/web-current   assets of the page that runs
 *   DIR/web-previous  assets of the build before
 *   DIR/lock          held by the supervisor, whose process id it holds */
#ifndef TOOLS_LIMITLESS_PLACE_H
#define TOOLS_LIMITLESS_PLACE_H

#include "tools/limitless/cluster.h"
#include "tools/limitless/user.h"

struct place {
	char root[TOOL_PATH_MAX];     /* of the sources: deploy/, services/ */
	char programs[TOOL_PATH_MAX]; /* folder of the binaries: this program's own */
	char dir[TOOL_PATH_MAX];
	char run[CLUSTER_SOCKET_DIR_SIZE];
	int lock;         /* open file; -1: not held */
	struct user user; /* that the programs run as */
};

/* Finds root and programs from the path of this program, and DIR. DIR must exist unless create is
 * set. */
_must_check_ enum status place_find(const char *dir, bool create, struct place *ret,
				    struct error *reterr);

/* Takes DIR for this process. errors: FAILED_PRECONDITION naming the process that has it. */
_must_check_ enum status place_lock(struct place *place, struct error *reterr);

/* The supervisor of DIR; 0: none runs. */
pid_t place_supervisor(const struct place *place);

/* Makes the folders and fills in the cluster's paths and user. */
_must_check_ enum status place_prepare(struct place *place, struct cluster *cluster,
				       struct error *reterr);

/* Like place_prepare, for a look at a stack that exists: makes nothing. */
_must_check_ enum status place_look(struct place *place, struct cluster *cluster,
				    struct error *reterr);

#endif
