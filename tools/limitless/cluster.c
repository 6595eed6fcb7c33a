#include "tools/limitless/cluster.h"

#include "limitless/services.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/db/db.h"
#include "tools/limitless/environment.h"
#include "tools/limitless/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define POSTGRES_USER "postgres" /* of Debian's package */
#define ARGUMENTS_MAX 64
#define POLL_MS 10

/* ---------------------------------------------------------------- finding */

/* The major version of an existing cluster, or "*". */
static void version_of(const char *data_dir, char out[8])
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(out, 8, "*");
	snprintf(path, sizeof path, "%s/PG_VERSION", data_dir);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fscanf(file, "%7[0-9]", out) != 1)
		snprintf(out, 8, "*");
	fclose(file);
}

/* Debian keeps PostgreSQL's programs out of PATH, a folder for each major version. */
static enum status find_programs(struct cluster *cluster, struct error *reterr)
{
	char version[8], pattern[64];
	glob_t found;
	int best = -1;

	version_of(cluster->data_dir, version);
	snprintf(pattern, sizeof pattern, "/usr/lib/postgresql/%s/bin/postgres", version);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			int n = 0;

			if (sscanf(found.gl_pathv[i], "/usr/lib/postgresql/%d/", &n) == 1 &&
			    n > best)
				best = n;
		}
	}
	globfree(&found);
	if (best < 0)
		return tool_fail(reterr,
				 "PostgreSQL%s%s is not installed: apt-get install postgresql",
				 version[0] == '*' ? "" : " ", version[0] == '*' ? "" : version);
	snprintf(cluster->bin_dir, sizeof cluster->bin_dir, "/usr/lib/postgresql/%d/bin", best);
	return OK;
}

enum status cluster_find(struct cluster *cluster, struct error *reterr)
{
	const struct passwd *user;
	struct stat data;
	bool exists = stat(cluster->data_dir, &data) == 0;

	cluster->uid = getuid();
	cluster->gid = getgid();
	if (exists && cluster->uid != 0 && data.st_uid != cluster->uid)
		return tool_fail(reterr, "%s belongs to another user: run as that user or as root",
				 cluster->data_dir);
	if (exists && data.st_uid != 0) {
		cluster->uid = data.st_uid;
		cluster->gid = data.st_gid;
	} else if (cluster->uid == 0) {
		user = getpwnam(POSTGRES_USER);
		if (!user)
			return tool_fail(reterr,
					 "PostgreSQL cannot run as root and there is no user "
					 "'" POSTGRES_USER "': apt-get install postgresql");
		cluster->uid = user->pw_uid;
		cluster->gid = user->pw_gid;
	}
	return find_programs(cluster, reterr);
}

/* ---------------------------------------------------------------- running programs as that user */

static void become_user(const struct cluster *cluster)
{
	if (getuid() == cluster->uid)
		return;
	if (setgroups(cluster->client_gid ? 1 : 0, &cluster->client_gid) != 0 ||
	    setgid(cluster->gid) != 0 || setuid(cluster->uid) != 0)
		_exit(126);
}

bool cluster_can_enter(const struct cluster *cluster, const char *directory)
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		return false;
	if (pid == 0) {
		become_user(cluster);
		_exit(access(directory, X_OK) == 0 ? 0 : 1);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Prepares the child: its output goes to the log, its signals are those of a fresh process, and it
 * dies with the parent. */
static void child_begin(const struct cluster *cluster, pid_t parent, int death_signal)
{
	int log = open(cluster->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	sigset_t none;

	if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	environment_reduce(NULL, cluster->environment);
	become_user(cluster); /* forgets the death signal, so it comes first */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, death_signal);
	if (getppid() != parent || chdir("/") != 0)
		_exit(126);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* ---------------------------------------------------------------- creating */

/* Clients at the socket are trusted: its folder lets in only the server's own user and root, and
 * both could read the files anyway. */
static enum status run_initdb(const struct cluster *cluster, const char *directory,
			      struct error *reterr)
{
	char program[PATH_MAX], data[PATH_MAX];
	char *const args[] = {program,
			      data,
			      "--username=" CLUSTER_SUPERUSER,
			      "--encoding=UTF8",
			      "--locale=C.UTF-8",
			      "--auth-local=trust",
			      "--auth-host=reject",
			      "--data-checksums",
			      cluster->sync ? NULL : "--no-sync",
			      NULL};
	pid_t parent = getpid(), pid;

	snprintf(program, sizeof program, "%s/initdb", cluster->bin_dir);
	snprintf(data, sizeof data, "-D%s", directory);
	pid = fork();
	if (pid < 0)
		return tool_fail(reterr, "initdb cannot be started: %s", strerror(errno));
	if (pid == 0) {
		child_begin(cluster, parent, SIGKILL);
		execv(program, args);
		_exit(127);
	}
	if (wait_for(pid) != 0)
		return tool_fail(reterr, "initdb failed: see %s", cluster->log_file);
	return OK;
}

enum status cluster_create(struct cluster *cluster, struct error *reterr)
{
	char made[TOOL_PATH_MAX + 8], version[8];
	enum status s;

	version_of(cluster->data_dir, version);
	if (version[0] != '*')
		return OK;
	snprintf(made, sizeof made, "%s.new", cluster->data_dir);
	tool_remove(made);
	rmdir(cluster->data_dir); /* empty, or not there */
	if (mkdir(made, 0700) != 0 || chown(made, cluster->uid, cluster->gid) != 0)
		return tool_fail(reterr, "%s: %s", made, strerror(errno));
	s = run_initdb(cluster, made, reterr);
	if (s != OK)
		return s;
	if (rename(made, cluster->data_dir) != 0)
		return tool_fail(reterr, "%s: %s", cluster->data_dir, strerror(errno));
	return OK;
}

/* ---------------------------------------------------------------- starting and stopping */

/* The process that the lock file names, if it is a server of this directory, else 0. Its number
 * alone proves nothing: after a crash another process may have it. */
static pid_t running_server(const struct cluster *cluster)
{
	char path[PATH_MAX], cwd[PATH_MAX], real[PATH_MAX];
	FILE *file;
	ssize_t n;
	int pid = 0;

	snprintf(path, sizeof path, "%s/postmaster.pid", cluster->data_dir);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%d", &pid) != 1)
		pid = 0;
	fclose(file);
	snprintf(path, sizeof path, "/proc/%d/cwd", pid);
	n = pid > 0 ? readlink(path, cwd, sizeof cwd - 1) : -1;
	if (n < 0 || !realpath(cluster->data_dir, real))
		return 0;
	cwd[n] = '\0';
	return strcmp(cwd, real) == 0 ? pid : 0;
}

/* Waits for a server that shuts down because its supervisor was killed. Then it removes the lock
 * files of a dead server, which would stop the next one. */
static enum status clear_the_way(const struct cluster *cluster, int64_t deadline_us,
				 struct error *reterr)
{
	char path[PATH_MAX];
	pid_t pid;

	while ((pid = running_server(cluster)) != 0) {
		if (clock_mono_us() >= deadline_us)
			return tool_fail(reterr, "PostgreSQL %d still runs in %s: stop it first",
					 pid, cluster->data_dir);
		tool_pause_ms(POLL_MS);
	}
	snprintf(path, sizeof path, "%s/postmaster.pid", cluster->data_dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/.s.PGSQL.%d.lock", cluster->socket_dir, CLUSTER_PORT);
	unlink(path);
	return OK;
}

/* Adds a role to the access rules that only root and the server's own user may be. */
static void guard(FILE *rules, FILE *map, const char *self, const char *role)
{
	fprintf(rules, "local all %s peer map=guarded\n", role);
	fprintf(map, "guarded root %s\n", role);
	if (self)
		fprintf(map, "guarded %s %s\n", self, role);
}

/* Writes which users may log in as which roles, for a socket that other users reach too. Runs as
 * the server's user. */
static void write_access(const struct cluster *cluster, const char *hba, const char *ident)
{
	const struct passwd *user = getpwuid(cluster->uid);
	const char *self = user ? user->pw_name : NULL;
	FILE *rules = fopen(hba, "we"), *map = fopen(ident, "we");
	char role[64];

	if (!rules || !map)
		_exit(126);
	fprintf(rules, "# written at each start\n");
	if (cluster->guards_owners)
		guard(rules, map, self, CLUSTER_SUPERUSER);
	for (size_t i = 0; cluster->guards_owners && i < SERVICES_N; i++) {
		snprintf(role, sizeof role, "%s_owner", services[i].name);
		guard(rules, map, self, role);
	}
	fprintf(rules, "local all all trust\n");
	if (fclose(rules) != 0 || fclose(map) != 0)
		_exit(126);
}

static void exec_server(const struct cluster *cluster)
{
	char program[PATH_MAX], data[PATH_MAX], sockets[160], port[16], group[40];
	char hba[PATH_MAX], ident[PATH_MAX];
	const char *args[ARGUMENTS_MAX] = {
		program, data, "-clisten_addresses=", sockets, group, port};
	size_t n = 6;

	snprintf(program, sizeof program, "%s/postgres", cluster->bin_dir);
	snprintf(data, sizeof data, "-D%s", cluster->data_dir);
	snprintf(port, sizeof port, "-cport=%d", CLUSTER_PORT);
	snprintf(sockets, sizeof sockets, "-cunix_socket_directories=%s", cluster->socket_dir);
	snprintf(group, sizeof group, "-cunix_socket_group=%.0u", cluster->client_gid);
	args[n++] = cluster->client_gid ? "-cunix_socket_permissions=0770"
					: "-cunix_socket_permissions=0700";
	if (cluster->client_gid) {
		snprintf(hba, sizeof hba, "-chba_file=%s/access.conf", cluster->data_dir);
		snprintf(ident, sizeof ident, "-cident_file=%s/access.map", cluster->data_dir);
		write_access(cluster, strchr(hba, '=') + 1, strchr(ident, '=') + 1);
		args[n++] = hba;
		args[n++] = ident;
	}
	for (size_t i = 0; cluster->settings && cluster->settings[i]; i++) {
		ensure(n + 3 < ARGUMENTS_MAX);
		args[n++] = "-c";
		args[n++] = cluster->settings[i];
	}
	execv(program, (char *const *)args);
	_exit(127);
}

bool cluster_answers(const struct cluster *cluster)
{
	char dsn[CLUSTER_DSN_SIZE];

	cluster_dsn(cluster, "postgres", CLUSTER_SUPERUSER, dsn);
	return PQping(dsn) == PQPING_OK;
}

static enum status wait_until_ready(struct cluster *cluster, int64_t deadline_us,
				    struct error *reterr)
{
	int status;

	while (!cluster_answers(cluster)) {
		if (waitpid(cluster->pid, &status, WNOHANG) == cluster->pid) {
			cluster->pid = 0;
			return tool_fail(reterr, "PostgreSQL did not start: see %s",
					 cluster->log_file);
		}
		if (clock_mono_us() >= deadline_us)
			return tool_fail(reterr, "PostgreSQL did not get ready in time: see %s",
					 cluster->log_file);
		tool_pause_ms(POLL_MS);
	}
	return OK;
}

enum status cluster_start(struct cluster *cluster, int wait_ms, struct error *reterr)
{
	int64_t deadline_us = clock_mono_us() + wait_ms * US_PER_MS;
	pid_t parent = getpid();
	enum status s = clear_the_way(cluster, deadline_us, reterr);

	if (s != OK)
		return s;
	cluster->pid = fork();
	if (cluster->pid < 0) {
		cluster->pid = 0;
		return tool_fail(reterr, "PostgreSQL cannot be started: %s", strerror(errno));
	}
	if (cluster->pid == 0) {
		child_begin(cluster, parent, SIGINT); /* fast shutdown */
		exec_server(cluster);
	}
	s = wait_until_ready(cluster, deadline_us, reterr);
	if (s != OK)
		cluster_stop(cluster, 0);
	return s;
}

void cluster_stop(struct cluster *cluster, int wait_ms)
{
	int64_t deadline_us = clock_mono_us() + wait_ms * US_PER_MS;

	if (cluster->pid <= 0)
		return;
	kill(cluster->pid, SIGINT);
	while (waitpid(cluster->pid, NULL, WNOHANG) == 0) {
		if (clock_mono_us() >= deadline_us) {
			kill(cluster->pid, SIGQUIT);
			wait_for(cluster->pid);
			break;
		}
		tool_pause_ms(POLL_MS);
	}
	cluster->pid = 0;
}

void cluster_dsn(const struct cluster *cluster, const char *database, const char *role,
		 char out[CLUSTER_DSN_SIZE])
{
	int n = snprintf(out, CLUSTER_DSN_SIZE, "host=%s port=%d dbname=%s user=%s",
			 cluster->socket_dir, CLUSTER_PORT, database, role);

	ensure(n > 0 && n < CLUSTER_DSN_SIZE);
}
