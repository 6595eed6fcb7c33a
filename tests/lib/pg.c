#include "tests/lib/pg.h"

#include "runtime/base/ensure.h"
#include "tools/limitless/schema.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define START_MS 30000
#define STOP_MS 10000
#define PREFIX "/tmp/limitless-test-"

/* Durability costs time, and a test does not need its data after a crash. */
static const char *const settings[] = {"fsync=off",
				       "full_page_writes=off",
				       "autovacuum=off",
				       "max_connections=100",
				       "shared_buffers=32MB",
				       "log_min_messages=warning",
				       NULL};

static struct cluster cluster;
static const char *const *variables; /* of the server, beside those of every program */
static char directory[64];
static pid_t owner;   /* a fork of the test program must not stop the server when it exits */
static PGconn *admin; /* the superuser's connection, kept */

static void check(enum status s, const struct error *err)
{
	if (s == OK)
		return;
	fprintf(stderr, "test database: %s\n", err->message);
	exit(1);
}

static const char *root(void)
{
	const char *named = getenv("LIMITLESS_ROOT");

	return named ? named : ".";
}

/* Removes the folders of killed test programs. Their process id is in the name. */
static void sweep(void)
{
	glob_t found;

	if (glob(PREFIX "*", 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			int pid = 0;

			if (sscanf(found.gl_pathv[i], PREFIX "%d-", &pid) == 1 && pid > 0 &&
			    kill(pid, 0) != 0 && errno == ESRCH)
				tool_remove(found.gl_pathv[i]);
		}
	}
	globfree(&found);
}

void pg_let_in(const char *const *names)
{
	variables = names;
}

void pg_start(void)
{
	pg_start_with(settings, false);
}

void pg_start_with(const char *const *own_settings, bool sync)
{
	struct error err;
	char path[PATH_MAX], dsn[CLUSTER_DSN_SIZE];

	if (cluster.pid)
		return;
	sweep();
	owner = getpid();
	snprintf(directory, sizeof directory, PREFIX "%d-XXXXXX", getpid());
	ensure(mkdtemp(directory));
	cluster =
		(struct cluster){.settings = own_settings, .environment = variables, .sync = sync};
	snprintf(cluster.data_dir, sizeof cluster.data_dir, "%s/data", directory);
	snprintf(cluster.socket_dir, sizeof cluster.socket_dir, "%s", directory);
	snprintf(cluster.log_file, sizeof cluster.log_file, "%s/log", directory);
	check(cluster_find(&cluster, &err), &err);
	ensure(chown(directory, cluster.uid, cluster.gid) == 0);
	atexit(pg_stop);
	check(cluster_create(&cluster, &err), &err);
	check(cluster_start(&cluster, START_MS, &err), &err);
	check(schema_create_database(&cluster, &err), &err);
	cluster_dsn(&cluster, CLUSTER_DATABASE, CLUSTER_SUPERUSER, dsn);
	check(schema_bootstrap(dsn, root(), &err), &err);
	if (sync)
		return; /* the clock of production stays */
	snprintf(path, sizeof path, "%s/tests/lib/clock.sql", root());
	check(schema_run_file(dsn, path, &err), &err);
}

void pg_migrate(const char *service)
{
	struct error err;
	char role[64];
	int version;

	snprintf(role, sizeof role, "%s_owner", service);
	check(schema_migrate(pg_dsn(role), root(), service, &version, &err), &err);
}

void pg_stop(void)
{
	if (!directory[0] || getpid() != owner)
		return;
	PQfinish(admin);
	admin = NULL;
	cluster_stop(&cluster, STOP_MS);
	tool_remove(directory);
	directory[0] = '\0';
}

const char *pg_dsn(const char *role)
{
	static char dsn[4][CLUSTER_DSN_SIZE]; /* one expression may use several */
	static size_t next;
	char *out = dsn[next++ % ARRAY_SIZE(dsn)];

	ensure(cluster.pid > 0);
	cluster_dsn(&cluster, CLUSTER_DATABASE, role, out);
	return out;
}

struct db *pg_db(const char *role, const struct sql *const *statements)
{
	const struct db_options options = {
		.dsn = pg_dsn(role),
		.application_name = "test",
		.statements = statements,
	};

	return db_new(&options);
}

/* A connection that the server ended fails only at its next use, without a code of the server. */
static PGresult *run_connected(const char *sql)
{
	PGresult *result = admin ? PQexec(admin, sql) : NULL;
	bool lost = PQresultStatus(result) == PGRES_FATAL_ERROR &&
		    !PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (admin && PQstatus(admin) == CONNECTION_OK && !lost)
		return result;
	PQclear(result);
	PQfinish(admin);
	admin = PQconnectdb(pg_dsn(CLUSTER_SUPERUSER));
	return PQexec(admin, sql);
}

static PGresult *run(const char *sql)
{
	PGresult *result = run_connected(sql);
	ExecStatusType type = PQresultStatus(result);

	if (type != PGRES_COMMAND_OK && type != PGRES_TUPLES_OK) {
		fprintf(stderr, "test database: %s: %s", sql, PQerrorMessage(admin));
		exit(1);
	}
	return result;
}

void pg_exec(const char *sql)
{
	PQclear(run(sql));
}

const char *pg_value(const char *sql)
{
	static char value[4096];
	PGresult *result = run(sql);

	value[0] = '\0';
	if (PQntuples(result) > 0)
		snprintf(value, sizeof value, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return value;
}

void pg_clock_add(const char *interval)
{
	char sql[256];

	snprintf(sql, sizeof sql, "UPDATE lc.clock_offset SET shift = shift + '%s'::interval",
		 interval);
	pg_exec(sql);
}

void pg_clock_reset(void)
{
	pg_exec("UPDATE lc.clock_offset SET shift = '0'");
	/* A job that ran meanwhile would sleep until that time comes. */
	pg_exec("DO $$ DECLARE t regclass; BEGIN"
		" FOR t IN SELECT oid FROM pg_class WHERE relname = 'job' AND relkind = 'r' LOOP"
		" EXECUTE format('UPDATE %s SET run_time = lc.now() WHERE run_time > lc.now() + "
		"interval ''5 min''', t);"
		" END LOOP; END $$");
}

void pg_crash(void)
{
	PQfinish(admin);
	admin = NULL;
	cluster_stop(&cluster, 0);
}

void pg_restart(void)
{
	struct error err;

	check(cluster_start(&cluster, START_MS, &err), &err);
}
