#include "tools/limitless/schema.h"

#include "runtime/base/ensure.h"
#include "runtime/db/db.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX (1024 * 1024)

static void pq_finishp(PGconn **conn)
{
	PQfinish(*conn);
}

static enum status refuse(struct error *reterr, const char *what, const char *why)
{
	return error_set(reterr, FAILED_PRECONDITION, "internal_error", "%s: %.*s", what,
			 (int)strcspn(why, "\n"), why);
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
	char dsn[256];
	enum status s;

	cluster_dsn(cluster, "postgres", CLUSTER_SUPERUSER, dsn, sizeof dsn);
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

enum status schema_run_file(const char *dsn, const char *path, struct error *reterr)
{
	_cleanup_(pq_finishp) PGconn *conn = NULL;
	_cleanup_(PQclearp) PGresult *result = NULL;
	_cleanup_(freep) char *text = calloc(1, FILE_BYTES_MAX + 1);
	FILE *file = fopen(path, "re");
	size_t len;
	enum status s;

	ensure(text);
	if (!file)
		return refuse(reterr, path, strerror(errno));
	len = fread(text, 1, FILE_BYTES_MAX, file);
	fclose(file);
	if (len == FILE_BYTES_MAX)
		return refuse(reterr, path, "is too large");
	s = connect_to(dsn, &conn, reterr);
	if (s != OK)
		return s;
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	result = PQexec(conn, text);
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		return refuse(reterr, path, PQresultErrorMessage(result));
	return OK;
}

enum status schema_migrate(const char *dsn, const char *root, const char *service, int *ret_version,
			   struct error *reterr)
{
	_cleanup_(freep) char *directory = NULL;
	struct stat info;
	int32_t version = 0;
	enum status s = OK;

	ensure(asprintf(&directory, "%s/services/%s/migrations", root, service) > 0);
	if (stat(directory, &info) == 0)
		s = db_migrate(dsn, service, directory, &version, reterr);
	if (s != OK)
		error_prefix(reterr, "%s", service);
	*ret_version = version;
	return s;
}
