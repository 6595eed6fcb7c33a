#include "tools/limitless/place.h"

#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define OUTSIDE "/var/lib/limitless" /* every user may pass through */
#define SIMPLE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-"
#define RUN_SIZE_MAX (CLUSTER_SOCKET_DIR_SIZE - sizeof "/pg")

/* The folder above this one that has the file, into itself. */
static bool climb_to(char path[TOOL_PATH_MAX], const char *file)
{
	char probe[TOOL_PATH_MAX], *slash;

	while ((slash = strrchr(path, '/')) && slash != path) {
		*slash = '\0';
		tool_path(probe, "%s/%s", path, file);
		if (access(probe, R_OK) == 0)
			return true;
	}
	return false;
}

static enum status find_programs(struct place *place, struct error *reterr)
{
	char self[TOOL_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n < 0)
		return tool_fail(reterr, "/proc/self/exe: %s", strerror(errno));
	self[n] = '\0';
	tool_path(place->root, "%s", self);
	*strrchr(self, '/') = '\0';
	tool_path(place->programs, "%s", self);
	if (!climb_to(place->root, "deploy/postgres/bootstrap.sql"))
		return tool_fail(reterr,
				 "there is no deploy/postgres/bootstrap.sql in a folder above %s",
				 place->programs);
	return OK;
}

enum status place_find(const char *dir, bool create, struct place *ret, struct error *reterr)
{
	char real[PATH_MAX];
	enum status s;

	*ret = (struct place){.lock = -1};
	s = find_programs(ret, reterr);
	if (s == OK && create)
		s = tool_make_directory(dir, 0755, reterr);
	if (s != OK)
		return s;
	if (!realpath(dir, real))
		return tool_fail(reterr, "%s: %s", dir, strerror(errno));
	tool_path(ret->dir, "%s", real);
	return OK;
}

/* ---------------------------------------------------------------- the lock */

pid_t place_supervisor(const struct place *place)
{
	char path[TOOL_PATH_MAX];
	int fd, pid = 0;
	FILE *file;

	tool_path(path, "%s/lock", place->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) == 0) { /* nobody holds it */
		close(fd);
		return 0;
	}
	file = fdopen(fd, "r");
	if (fscanf(file, "%d", &pid) != 1)
		pid = 0;
	fclose(file);
	return pid;
}

enum status place_lock(struct place *place, struct error *reterr)
{
	char path[TOOL_PATH_MAX];

	tool_path(path, "%s/lock", place->dir);
	place->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (place->lock < 0)
		return tool_fail(reterr, "%s: %s", path, strerror(errno));
	if (flock(place->lock, LOCK_EX | LOCK_NB) != 0)
		return tool_fail(reterr,
				 "%s is in use by process %d: choose another DIR, or run "
				 "`limitless down --dir %s`",
				 place->dir, place_supervisor(place), place->dir);
	if (ftruncate(place->lock, 0) != 0 || dprintf(place->lock, "%d\n", getpid()) < 0)
		return tool_fail(reterr, "%s: %s", path, strerror(errno));
	return OK;
}

/* ---------------------------------------------------------------- folders */

/* One of the caller's own for this DIR: short, and the same at each start. */
static void name_outside_run(struct place *place)
{
	unsigned char digest[32];
	char hex[65];

	ensure(EVP_Digest(place->dir, strlen(place->dir), digest, NULL, EVP_sha256(), NULL) == 1);
	hex_encode(digest, sizeof digest, hex);
	snprintf(place->run, sizeof place->run, "/tmp/limitless-%u-%.16s", getuid(), hex);
}

/* In /tmp anybody may make a folder of that name first. */
static enum status make_run(const struct place *place, struct error *reterr)
{
	struct stat info;

	if (mkdir(place->run, 0711) != 0 && errno != EEXIST)
		return tool_fail(reterr, "%s: %s", place->run, strerror(errno));
	if (lstat(place->run, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != getuid() ||
	    (info.st_mode & (S_IWGRP | S_IWOTH)))
		return tool_fail(reterr, "%s is not a folder of yours alone: remove it",
				 place->run);
	return OK;
}

/* Where the cluster's data is: DIR/pg, or where that link leads. */
static void follow_data(const struct place *place, struct cluster *cluster)
{
	char link[TOOL_PATH_MAX], target[TOOL_PATH_MAX];
	ssize_t n;

	tool_path(link, "%s/pg", place->dir);
	n = readlink(link, target, sizeof target - 1);
	if (n > 0)
		target[n] = '\0';
	tool_path(cluster->data_dir, "%s", n > 0 ? target : link);
}

/* The server's user cannot enter DIR: its data goes where it can, under a name that no other DIR
 * ever had. */
static enum status make_outside_data(const struct place *place, struct cluster *cluster,
				     struct error *reterr)
{
	char made[] = OUTSIDE "/XXXXXX", link[TOOL_PATH_MAX];
	enum status s = tool_make_directory(OUTSIDE, 0755, reterr);

	if (s != OK)
		return s;
	tool_path(link, "%s/pg", place->dir);
	if (!mkdtemp(made) || chmod(made, 0711) != 0)
		return tool_fail(reterr, "%s: %s", made, strerror(errno));
	tool_path(cluster->data_dir, "%s/data", made);
	if (symlink(cluster->data_dir, link) != 0)
		return tool_fail(reterr, "%s: %s", link, strerror(errno));
	return OK;
}

static void set_paths(struct place *place, struct cluster *cluster, bool enters)
{
	size_t len = strlen(place->dir);

	if (enters && len + sizeof "/run" <= RUN_SIZE_MAX && strspn(place->dir, SIMPLE) == len)
		snprintf(place->run, sizeof place->run, "%.*s/run", (int)len, place->dir);
	else
		name_outside_run(place);
	snprintf(cluster->socket_dir, sizeof cluster->socket_dir, "%.*s/pg", (int)RUN_SIZE_MAX,
		 place->run);
	tool_path(cluster->log_file, "%s/log/postgres.log", place->dir);
}

enum status place_look(struct place *place, struct cluster *cluster, struct error *reterr)
{
	enum status s;

	follow_data(place, cluster);
	s = cluster_find(cluster, reterr);
	if (s == OK)
		set_paths(place, cluster, cluster_can_enter(cluster, place->dir));
	return s;
}

enum status place_prepare(struct place *place, struct cluster *cluster, struct error *reterr)
{
	static const struct {
		const char *name;
		mode_t mode;
	} folders[] = {{"config", 0700}, {"secrets", 0700}, {"log", 0755}, {"data", 0700}};
	char path[TOOL_PATH_MAX];
	struct stat info;
	bool enters;
	enum status s = OK;

	for (size_t i = 0; s == OK && i < ARRAY_SIZE(folders); i++) {
		tool_path(path, "%s/%s", place->dir, folders[i].name);
		s = tool_make_directory(path, folders[i].mode, reterr);
	}
	follow_data(place, cluster);
	if (s == OK)
		s = cluster_find(cluster, reterr);
	if (s != OK)
		return s;
	enters = cluster_can_enter(cluster, place->dir);
	tool_path(path, "%s/pg", place->dir);
	if (!enters && lstat(path, &info) != 0)
		s = make_outside_data(place, cluster, reterr);
	set_paths(place, cluster, enters);
	if (s == OK)
		s = make_run(place, reterr);
	if (s == OK && mkdir(cluster->socket_dir, 0700) != 0 && errno != EEXIST)
		s = tool_fail(reterr, "%s: %s", cluster->socket_dir, strerror(errno));
	if (s == OK && chown(cluster->socket_dir, cluster->uid, cluster->gid) != 0)
		s = tool_fail(reterr, "%s: %s", cluster->socket_dir, strerror(errno));
	return s;
}
