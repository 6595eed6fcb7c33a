#include "tools/limitless/schema.h"

#include "limitless/services.h"
#include "runtime/base/ensure.h"
#include "runtime/db/db.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void pq_finishp(PGconn **conn)
{
	PQfinish(*conn);
}

_must_check_ static enum status refuse(struct error *reterr, const char *what, const char *why)
{
	return tool_fail(reterr, "%s: %.*s", what, (int)strcspn(why, "\n"), why);
}

static enum status connect_to(const char *dsn, PGconn **ret, struct error *reterr)
{
	PGconn *conn = PQconnectdb(dsn);

	if (PQstatus(conn) != CONNECTION_OK) {
		enum status s = refuse(reterr, "PostgreSQL", PQerrorMessage(conn));

		PQfinish(conn);
		return s;
	}
	*ret = conn;
	return OK;
}

enum status schema_create_database(const struct cluster *cluster, struct error *reterr)
{
	_cleanup_(pq_finishp) PGconn *conn = NULL;
	_cleanup_(PQclearp) PGresult *found = NULL, *made = NULL;
	char dsn[CLUSTER_DSN_SIZE];
	enum status s;

	cluster_dsn(cluster, "postgres", CLUSTER_SUPERUSER, dsn);
	s = connect_to(dsn, &conn, reterr);
	if (s != OK)
		return s;
	found = PQexec(conn, "SELECT 1 FROM pg_database WHERE datname = '" CLUSTER_DATABASE "'");
	if (PQresultStatus(found) == PGRES_TUPLES_OK && PQntuples(found) == 1)
		return OK;
	made = PQexec(conn, "CREATE DATABASE " CLUSTER_DATABASE);
	if (PQresultStatus(made) != PGRES_COMMAND_OK)
		return refuse(reterr, "CREATE DATABASE", PQresultErrorMessage(made));
	return OK;
}

static void ignore_notice(_unused_ void *ctx, _unused_ const PGresult *notice)
{
}

/* source: the file or statement that an error names. */
static enum status run_text(PGconn *conn, const char *source, const char *text,
			    struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *result = PQexec(conn, text);

	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		return refuse(reterr, source, PQresultErrorMessage(result));
	return OK;
}

static enum status run_file(PGconn *conn, const char *path, struct error *reterr)
{
	_cleanup_(freep) char *text = NULL;
	enum status s = tool_read_file(path, &text, reterr);

	return s == OK ? run_text(conn, path, text, reterr) : s;
}

static enum status connect_quietly(const char *dsn, PGconn **ret, struct error *reterr)
{
	enum status s = connect_to(dsn, ret, reterr);

	if (s == OK)
		PQsetNoticeReceiver(*ret, ignore_notice, NULL);
	return s;
}

enum status schema_run_file(const char *dsn, const char *path, struct error *reterr)
{
	_cleanup_(pq_finishp) PGconn *conn = NULL;
	enum status s = connect_quietly(dsn, &conn, reterr);

	return s == OK ? run_file(conn, path, reterr) : s;
}

enum status schema_bootstrap(const char *dsn, const char *root, struct error *reterr)
{
	_cleanup_(pq_finishp) PGconn *conn = NULL;
	char path[TOOL_PATH_MAX], call[128];
	enum status s = connect_quietly(dsn, &conn, reterr);

	tool_path(path, "%s/deploy/postgres/bootstrap.sql", root);
	if (s == OK)
		s = run_file(conn, path, reterr);
	for (size_t i = 0; s == OK && i < SERVICES_N; i++) {
		snprintf(call, sizeof call, "SELECT lc.add_service('%s')", services[i].name);
		s = run_text(conn, call, call, reterr);
	}
	return s;
}

enum status schema_migrate(const char *dsn, const char *root, const char *service, int *ret_version,
			   struct error *reterr)
{
	_cleanup_(freep) char *own = NULL, *runtime = NULL;
	struct stat info;
	int32_t version = 0;
	enum status s;

	ensure(asprintf(&own, "%s/services/%s/migrations", root, service) > 0);
	ensure(asprintf(&runtime, "%s/services/runtime", root) > 0);
	s = db_migrate(dsn, service, stat(own, &info) == 0 ? own : NULL, runtime, &version, reterr);
	if (s != OK)
		error_prefix(reterr, "%s", service);
	*ret_version = version;
	return s;
}
