#include "tools/limitless/place.h"

#include "runtime/base/digest.h"
#include "runtime/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define OUTSIDE "/var/lib/limitless" /* every user may pass through */
#define SIMPLE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-"
#define RUN_SIZE_MAX (CLUSTER_SOCKET_DIR_SIZE - sizeof "/pg")

/* Climbs to the next folder above that has the file. */
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
	if (s == OK && create && access(dir, F_OK) != 0) {
		s = tool_make_directory(dir, 0755, reterr);
		if (s == OK && chmod(dir, 0755) != 0) /* whatever the umask is */
			s = tool_fail(reterr, "%s: %s", dir, strerror(errno));
	}
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

/* Names a folder in /tmp after the caller and DIR: short, and the same at each start. */
static void name_outside_run(struct place *place)
{
	uint8_t digest[DIGEST_SHA256_SIZE];
	char hex[2 * DIGEST_SHA256_SIZE + 1];

	digest_sha256(place->dir, strlen(place->dir), digest);
	hex_encode(digest, sizeof digest, hex);
	snprintf(place->run, sizeof place->run, "/tmp/limitless-%u-%.16s", getuid(), hex);
}

/* Removes sockets and locks of another user, of times when the programs ran as this user. */
static void clear_run(const struct place *place)
{
	char path[TOOL_PATH_MAX];
	DIR *dir = opendir(place->run);
	const struct dirent *entry;
	struct stat info;

	while (dir && (entry = readdir(dir))) {
		tool_path(path, "%s/%s", place->run, entry->d_name);
		if (lstat(path, &info) == 0 && !S_ISDIR(info.st_mode) &&
		    info.st_uid != place->user.uid)
			unlink(path);
	}
	if (dir)
		closedir(dir);
}

/* Anybody may make a folder of this name in /tmp first, so its owner and mode are checked. The
 * programs make sockets here, and may not move those of others. */
static enum status make_run(const struct place *place, struct error *reterr)
{
	bool root = getuid() == 0;
	struct stat info;

	if (mkdir(place->run, 0711) != 0 && errno != EEXIST)
		return tool_fail(reterr, "%s: %s", place->run, strerror(errno));
	if (lstat(place->run, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != getuid() ||
	    (info.st_mode & S_IWOTH) ||
	    ((info.st_mode & S_IWGRP) && !(root && (info.st_mode & S_ISVTX))))
		return tool_fail(reterr, "%s is not a folder of yours alone: remove it",
				 place->run);
	if (root && (chown(place->run, 0, place->user.gid) != 0 || chmod(place->run, 01731) != 0))
		return tool_fail(reterr, "%s: %s", place->run, strerror(errno));
	clear_run(place);
	return OK;
}

/* Makes the folder of the server's socket. The server's user may open it, and the group of clients
 * with another user. */
static enum status make_socket_dir(const struct cluster *cluster, struct error *reterr)
{
	const char *path = cluster->socket_dir;
	gid_t clients = cluster->client_gid;

	if ((mkdir(path, 0700) != 0 && errno != EEXIST) ||
	    chown(path, cluster->uid, clients ? clients : cluster->gid) != 0 ||
	    chmod(path, clients ? 0710 : 0700) != 0)
		return tool_fail(reterr, "%s: %s", path, strerror(errno));
	return OK;
}

/* ---------------------------------------------------------------- the programs' user */

/* Opens root's DIR for passing through, as the programs must. The folders in it have modes of their
 * own. */
static void open_dir(const struct place *place)
{
	struct stat info;

	if (getuid() == 0 && stat(place->dir, &info) == 0 && info.st_uid == 0 &&
	    chmod(place->dir, (info.st_mode & 07777) | 0011) != 0)
		fprintf(stderr, "limitless: %s: %m\n", place->dir);
}

/* Chooses the folder where this user finds all that programs read. Without one they stay root's,
 * with no capability. */
static void choose_user(struct place *place)
{
	const char *const starts[] = {"", place->root, place->dir};
	char models[TOOL_PATH_MAX], tables[TOOL_PATH_MAX], web[TOOL_PATH_MAX];
	const char *reads[] = {models, NULL, NULL};
	const char *enters[] = {place->programs, place->dir, NULL, NULL};

	tool_path(models, "%s/deploy/config/models.yaml", place->root);
	tool_path(tables, "%s/build/tokens/tables.bin", place->root);
	tool_path(web, "%s/build/web", place->root);
	if (access(tables, F_OK) == 0)
		reads[1] = tables;
	if (access(web, F_OK) == 0)
		enters[2] = web;
	place->user = user_find();
	for (size_t i = 0; getuid() == 0 && i < ARRAY_SIZE(starts); i++) {
		tool_path(place->user.start, "%s", starts[i]);
		if (user_can(&place->user, reads, R_OK) && user_can(&place->user, enters, X_OK))
			return;
	}
	place->user.start[0] = '\0';
	place->user.uid = getuid();
}

/* Whether both users may pass through DIR itself. */
static bool is_open(const struct place *place, const struct cluster *cluster)
{
	const char *const dir[] = {place->dir, NULL};
	struct user user = user_find();

	return cluster_can_enter(cluster, place->dir) && user_can(&user, dir, X_OK);
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

/* Puts the data outside of DIR, which the server's user cannot enter. Its name is one that no other
 * DIR ever had. */
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
		set_paths(place, cluster, is_open(place, cluster));
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
	enum status s = OK;

	open_dir(place);
	choose_user(place);
	for (size_t i = 0; s == OK && i < ARRAY_SIZE(folders); i++) {
		tool_path(path, "%s/%s", place->dir, folders[i].name);
		s = tool_make_directory(path, folders[i].mode, reterr);
		if (s == OK && chmod(path, folders[i].mode) != 0)
			s = tool_fail(reterr, "%s: %s", path, strerror(errno));
	}
	tool_path(path, "%s/data", place->dir);
	if (s == OK && chown(path, place->user.uid, place->user.gid) != 0)
		s = tool_fail(reterr, "%s: %s", path, strerror(errno));
	follow_data(place, cluster);
	if (s == OK)
		s = cluster_find(cluster, reterr);
	if (s != OK)
		return s;
	if (getuid() == 0)
		cluster->client_gid = place->user.gid;
	tool_path(path, "%s/pg", place->dir);
	if (!cluster_can_enter(cluster, place->dir) && lstat(path, &info) != 0)
		s = make_outside_data(place, cluster, reterr);
	set_paths(place, cluster, is_open(place, cluster));
	if (s == OK)
		s = make_run(place, reterr);
	return s == OK ? make_socket_dir(cluster, reterr) : s;
}
