/* The user that the programs of a stack run as. It is never root, unless root can find no other
 * way. */
#ifndef TOOLS_LIMITLESS_USER_H
#define TOOLS_LIMITLESS_USER_H

#include "tools/limitless/tool.h"

#include <stdbool.h>
#include <sys/types.h>

#define USER_NAME "limitless" /* made by tools/deps */
#define USER_ID 64212         /* without tools/deps: an id that Debian gives nobody */

struct user {
	uid_t uid;
	gid_t gid;
	/* Folder where its programs start; "": where `limitless` was called. Files below it are
	 * named from there, for a folder above it may be closed to this user, such as /root. */
	char start[TOOL_PATH_MAX];
};

/* The caller; for root the user above. */
struct user user_find(void);

/* Whether this user has access (mode of access(2)) to each of the paths (NULL-terminated), from
 * user->start. */
bool user_can(const struct user *user, const char *const *paths, int mode);

/* The path as programs name it. */
void user_path(const struct user *user, const char *path, char out[TOOL_PATH_MAX]);

/* Becomes this user for good, in its folder: without capabilities or a way to gain one, with files
 * for itself alone, without core dumps. In a child, before exec; _exit(126) when it fails. */
void user_become(const struct user *user);

/* Gives the files of a folder to the user. The user may pass through the folder, and not change
 * it. */
_must_check_ enum status user_give(const struct user *user, const char *folder,
				   struct error *reterr);

#endif
