/* Whom the programs of a stack run as: never root, when root starts it. */
#ifndef TOOLS_LIMITLESS_USER_H
#define TOOLS_LIMITLESS_USER_H

#include "tools/limitless/tool.h"

#include <stdbool.h>
#include <sys/types.h>

#define USER_NAME "limitless" /* made by tools/deps */
#define USER_ID 64212         /* where that was not done: an id that Debian gives nobody */

struct user {
	uid_t uid;
	gid_t gid;
	/* Folder where its programs start; "": where `limitless` was called. What lies below is
	 * named from there, for a folder above may be closed to this user: /root, say. */
	char start[TOOL_PATH_MAX];
};

/* The caller; for root the user above. */
struct user user_find(void);

/* True when this user can do that (access's mode) with each of the paths, NULL-terminated, from
 * user->start. */
bool user_can(const struct user *user, const char *const *paths, int mode);

/* The path as programs name it. */
void user_path(const struct user *user, const char *path, char out[TOOL_PATH_MAX]);

/* In a child, before exec: becomes this user for good, with no capability and no way to gain one,
 * files for itself alone, no core dumps, in its folder. _exit(126) when that fails. */
void user_become(const struct user *user);

/* Gives the files of a folder to the user, who may pass through the folder and not change it. */
_must_check_ enum status user_give(const struct user *user, const char *folder,
				   struct error *reterr);

#endif
