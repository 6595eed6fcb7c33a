#include "tools/limitless/user.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct user user_find(void)
{
	struct user user = {.uid = getuid(), .gid = getgid()};
	const struct passwd *known;

	if (user.uid != 0)
		return user;
	known = getpwnam(USER_NAME);
	user.uid = known ? known->pw_uid : USER_ID;
	user.gid = known ? known->pw_gid : USER_ID;
	return user;
}

void user_path(const struct user *user, const char *path, char out[TOOL_PATH_MAX])
{
	size_t len = strlen(user->start);

	if (len > 0 && strcmp(path, user->start) == 0)
		tool_path(out, ".");
	else if (len > 0 && strncmp(path, user->start, len) == 0 && path[len] == '/')
		tool_path(out, "%s", path + len + 1);
	else
		tool_path(out, "%s", path);
}

static bool change_ids(const struct user *user)
{
	if (getuid() != 0)
		return true;
	return setgroups(0, NULL) == 0 && setresgid(user->gid, user->gid, user->gid) == 0 &&
	       setresuid(user->uid, user->uid, user->uid) == 0;
}

bool user_can(const struct user *user, const char *const *paths, int mode)
{
	char path[TOOL_PATH_MAX];
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		return false;
	if (pid == 0) {
		if ((user->start[0] && chdir(user->start) != 0) || !change_ids(user))
			_exit(1);
		for (; *paths; paths++) {
			user_path(user, *paths, path);
			if (access(path, mode) != 0)
				_exit(1);
		}
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Capabilities that exec could give back, also to root. */
static void empty_bounding_set(void)
{
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) == 0;
}

void user_become(const struct user *user)
{
	const struct rlimit none = {0, 0};

	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	if (user->start[0] && chdir(user->start) != 0)
		_exit(126);
	if (getuid() == 0)
		empty_bounding_set(); /* while it may */
	if (!change_ids(user) || !drop_capabilities() ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		_exit(126);
}

DEFINE_TRIVIAL_CLEANUP_FUNC(DIR *, closedir);

enum status user_give(const struct user *user, const char *folder, struct error *reterr)
{
	_cleanup_(closedirp) DIR *dir = opendir(folder);
	const struct dirent *entry;
	struct stat info;

	if (!dir)
		return tool_fail(reterr, "%s: %s", folder, strerror(errno));
	if (getuid() != 0)
		return OK;
	while ((entry = readdir(dir)))
		if (fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(info.st_mode) &&
		    fchownat(dirfd(dir), entry->d_name, user->uid, user->gid,
			     AT_SYMLINK_NOFOLLOW) != 0)
			return tool_fail(reterr, "%s/%s: %s", folder, entry->d_name,
					 strerror(errno));
	if (fchown(dirfd(dir), 0, user->gid) != 0 || fchmod(dirfd(dir), 0710) != 0)
		return tool_fail(reterr, "%s: %s", folder, strerror(errno));
	return OK;
}
