/* Numbered SQL files, forward only, applied by one command as the owner of the schema. Table
 * schema_migration says which of the service's own were applied, runtime_migration which of each
 * module of the runtime. */
#include "runtime/db/connection.h"

#include "runtime/base/clock.h"
#include "runtime/base/digest.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FILE_BYTES_MAX (1024 * 1024)
#define CHECKSUM_SIZE 65
#define WAIT_STEP_MS 100

static void pq_finishp(PGconn **conn)
{
	PQfinish(*conn);
}

static void pq_freep(char **text)
{
	PQfreemem(*text);
}

static void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

static void ignore_notice(_unused_ void *ctx, _unused_ const PGresult *notice)
{
}

_printf_(2, 3) static enum status refuse(struct error *reterr, const char *format, ...)
{
	char message[sizeof reterr->message];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	return error_set(reterr, FAILED_PRECONDITION, "internal_error", "%s", message);
}

/* Without the line feeds that PostgreSQL's texts carry. */
static const char *one_line(char *text)
{
	for (char *p = text; *p; p++) {
		if (*p == '\n')
			*p = p[1] ? ' ' : '\0';
	}
	return text;
}

static enum status exec(PGconn *conn, const char *sql, PGresult **ret, struct error *reterr)
{
	PGresult *result = PQexec(conn, sql);
	ExecStatusType type = PQresultStatus(result);
	enum status s = OK;

	if (type != PGRES_COMMAND_OK && type != PGRES_TUPLES_OK && type != PGRES_EMPTY_QUERY)
		s = refuse(reterr, "%s", one_line(PQresultErrorMessage(result)));
	if (s == OK && ret)
		*ret = result;
	else
		PQclear(result);
	return s;
}

/* ---------------------------------------------------------------- files */

struct migration {
	int32_t version;
	char *name; /* file name */
};

struct migrations {
	const char *module; /* of the runtime; NULL: the service's own */
	const char *directory;
	struct migration *items;
	size_t n;
};

static void migrations_done(struct migrations *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->items[i].name);
	free(all->items);
}

/* "0012_add_budget.sql" */
static bool is_migration(const char *name, int32_t *ret_version)
{
	size_t len = strlen(name);
	int64_t version;

	if (len < sizeof "0000_x.sql" - 1 || name[4] != '_' || strcmp(name + len - 4, ".sql") != 0)
		return false;
	if (!text_parse_i64(name, 4, 1, 9999, &version))
		return false;
	*ret_version = (int32_t)version;
	return true;
}

static int by_version(const void *a, const void *b)
{
	const struct migration *x = a, *y = b;

	return x->version - y->version;
}

static enum status list_files(struct migrations *ret, struct error *reterr)
{
	DIR *dir = opendir(ret->directory);
	struct dirent *entry;
	int32_t version;

	if (!dir)
		return refuse(reterr, "%s: %s", ret->directory, strerror(errno));
	while ((entry = readdir(dir))) {
		if (!is_migration(entry->d_name, &version))
			continue;
		ret->items = reallocarray(ret->items, ret->n + 1, sizeof ret->items[0]);
		ensure(ret->items);
		ret->items[ret->n].version = version;
		ret->items[ret->n].name = strdup(entry->d_name);
		ensure(ret->items[ret->n].name);
		ret->n++;
	}
	closedir(dir);
	if (ret->n > 0)
		qsort(ret->items, ret->n, sizeof ret->items[0], by_version);
	for (size_t i = 1; i < ret->n; i++) {
		if (ret->items[i].version == ret->items[i - 1].version)
			return refuse(reterr, "%s and %s have one number", ret->items[i - 1].name,
				      ret->items[i].name);
	}
	return OK;
}

/* The text, freed by the caller; NULL: reterr says why not. */
static char *read_file(const char *directory, const char *name, struct error *reterr)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	_cleanup_(fclosep) FILE *file = NULL;
	enum status s = OK;
	size_t len;

	ensure(asprintf(&path, "%s/%s", directory, name) > 0);
	file = fopen(path, "re");
	if (!file) {
		ensure(refuse(reterr, "%s: %s", path, strerror(errno)) != OK);
		return NULL;
	}
	text = malloc(FILE_BYTES_MAX + 1);
	ensure(text);
	len = fread(text, 1, FILE_BYTES_MAX, file);
	text[len] = '\0';
	if (ferror(file) || !feof(file) || strlen(text) != len)
		s = refuse(reterr, "%s: cannot be read as a text of at most %d bytes", path,
			   FILE_BYTES_MAX);
	return s == OK ? TAKE_PTR(text) : NULL;
}

static void checksum(const char *text, char out[CHECKSUM_SIZE])
{
	uint8_t digest[DIGEST_SHA256_SIZE];

	digest_sha256(text, strlen(text), digest);
	hex_encode(digest, sizeof digest, out);
}

/* ---------------------------------------------------------------- applying */

/* A session lock, so that two replicas of a deployment do not migrate at once; it ends with the
 * connection. */
static enum status prepare_schema(PGconn *conn, const char *schema, struct error *reterr)
{
	_cleanup_(freep) char *sql = NULL;
	_cleanup_(pq_freep) char *name = PQescapeIdentifier(conn, schema, strlen(schema));

	if (!name)
		return refuse(reterr, "schema '%s' is no name", schema);
	ensure(asprintf(&sql,
			"SELECT pg_advisory_lock(hashtext('limitless migrate'), hashtext('%s'));\n"
			"SET search_path = %s, lc;\n"
			"CREATE TABLE IF NOT EXISTS %s.schema_migration (\n"
			"    version    integer PRIMARY KEY,\n"
			"    name       text NOT NULL,\n"
			"    checksum   text NOT NULL,\n"
			"    apply_time timestamptz NOT NULL DEFAULT now());\n"
			"GRANT SELECT ON %s.schema_migration TO PUBLIC;\n"
			"CREATE TABLE IF NOT EXISTS %s.runtime_migration (\n"
			"    module     text,\n"
			"    version    integer,\n"
			"    name       text NOT NULL,\n"
			"    checksum   text NOT NULL,\n"
			"    apply_time timestamptz NOT NULL DEFAULT now(),\n"
			"    PRIMARY KEY (module, version));\n"
			"GRANT SELECT ON %s.runtime_migration TO PUBLIC;\n",
			name, name, name, name, name, name) > 0);
	return exec(conn, sql, NULL, reterr);
}

/* Applies a file whose statements cannot run in a transaction: each ends with a semicolon at the
 * end of its line. */
static enum status run_statements(PGconn *conn, char *text, struct error *reterr)
{
	while (*text) {
		char *end = strstr(text, ";\n");
		enum status s;

		if (end)
			end[0] = '\0';
		s = exec(conn, text, NULL, reterr);
		if (s != OK)
			return s;
		if (!end)
			break;
		text = end + 2;
	}
	return OK;
}

/* params begins with the module, which the service's own table does not have. */
static enum status run_ledger(PGconn *conn, const char *own, const char *of_module,
			      const char *const *params, int n_params, PGresult **ret,
			      struct error *reterr)
{
	PGresult *result;

	if (params[0])
		result = PQexecParams(conn, of_module, n_params, NULL, params, NULL, NULL, 0);
	else
		result = PQexecParams(conn, own, n_params - 1, NULL, params + 1, NULL, NULL, 0);
	*ret = result;
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		return refuse(reterr, "%s", one_line(PQresultErrorMessage(result)));
	return OK;
}

static enum status read_applied(PGconn *conn, const char *module, PGresult **ret,
				struct error *reterr)
{
	return run_ledger(conn, "SELECT version, checksum FROM schema_migration ORDER BY version",
			  "SELECT version, checksum FROM runtime_migration\n"
			  "WHERE module = $1::text ORDER BY version",
			  &module, 1, ret, reterr);
}

static enum status record(PGconn *conn, const char *module, const struct migration *m,
			  const char *sum, struct error *reterr)
{
	char version[16];
	const char *const params[] = {module, version, m->name, sum};
	_cleanup_(PQclearp) PGresult *result = NULL;

	snprintf(version, sizeof version, "%d", m->version);
	return run_ledger(conn,
			  "INSERT INTO schema_migration (version, name, checksum)\n"
			  "VALUES ($1::integer, $2::text, $3::text)",
			  "INSERT INTO runtime_migration (module, version, name, checksum)\n"
			  "VALUES ($1::text, $2::integer, $3::text, $4::text)",
			  params, ARRAY_SIZE(params), &result, reterr);
}

static enum status apply(PGconn *conn, const char *module, const struct migration *m, char *text,
			 struct error *reterr)
{
	static const char marker[] = "-- no transaction\n";
	bool alone = strncmp(text, marker, sizeof marker - 1) == 0;
	char sum[CHECKSUM_SIZE];
	enum status s = OK;

	checksum(text, sum);
	if (alone) {
		s = run_statements(conn, text, reterr);
		return s == OK ? record(conn, module, m, sum, reterr) : s;
	}
	s = exec(conn, "BEGIN", NULL, reterr);
	if (s == OK)
		s = exec(conn, text, NULL, reterr);
	if (s == OK)
		s = record(conn, module, m, sum, reterr);
	if (s == OK)
		return exec(conn, "COMMIT", NULL, reterr);
	PQclear(PQexec(conn, "ROLLBACK"));
	return s;
}

/* NULL: this version was not applied. */
static const char *applied_checksum(const PGresult *applied, int32_t version)
{
	for (int i = 0; i < PQntuples(applied); i++) {
		if (db_i32(applied, i, "version") == version)
			return db_peek(applied, i, "checksum");
	}
	return NULL;
}

static enum status migrate_one(PGconn *conn, const struct migrations *all,
			       const struct migration *m, const PGresult *applied, int32_t newest,
			       struct error *reterr)
{
	const char *recorded = applied_checksum(applied, m->version);
	_cleanup_(freep) char *text = read_file(all->directory, m->name, reterr);
	char sum[CHECKSUM_SIZE];
	enum status s;

	if (!text)
		return FAILED_PRECONDITION;
	checksum(text, sum);
	if (recorded && strcmp(recorded, sum) != 0)
		return refuse(reterr,
			      "%s was applied and has changed since: write a new migration instead",
			      m->name);
	if (recorded)
		return OK;
	if (m->version < newest)
		return refuse(reterr,
			      "%s is older than %d, which was applied: give it a new number",
			      m->name, newest);
	s = apply(conn, all->module, m, text, reterr);
	if (s != OK)
		error_prefix(reterr, "%s", m->name);
	return s;
}

/* All files of one directory. module: of the runtime; NULL: the service's own. */
static enum status migrate_directory(PGconn *conn, const char *module, const char *directory,
				     int32_t *ret_version, struct error *reterr)
{
	_cleanup_(migrations_done) struct migrations all = {module, directory, NULL, 0};
	_cleanup_(PQclearp) PGresult *applied = NULL;
	int32_t newest = 0;
	enum status s = list_files(&all, reterr);

	if (s == OK)
		s = read_applied(conn, module, &applied, reterr);
	if (s != OK)
		return s;
	if (PQntuples(applied) > 0)
		newest = db_i32(applied, PQntuples(applied) - 1, "version");
	for (size_t i = 0; i < all.n; i++) {
		s = migrate_one(conn, &all, &all.items[i], applied, newest, reterr);
		if (s != OK)
			return s;
	}
	*ret_version = all.n > 0 && all.items[all.n - 1].version > newest
			       ? all.items[all.n - 1].version
			       : newest;
	return OK;
}

/* The modules that have tables: <runtime>/<module>/migrations. */
static enum status migrate_runtime(PGconn *conn, const char *runtime, struct error *reterr)
{
	_cleanup_(globfree) glob_t found = {0};
	_cleanup_(freep) char *pattern = NULL;
	enum status s = OK;

	ensure(asprintf(&pattern, "%s/*/migrations", runtime) > 0);
	if (glob(pattern, 0, NULL, &found) != 0)
		return refuse(reterr, "%s: has no migrations", runtime);
	for (size_t i = 0; s == OK && i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i] + strlen(runtime) + 1;
		_cleanup_(freep) char *module = strndup(path, strcspn(path, "/"));
		int32_t version;

		ensure(module);
		s = migrate_directory(conn, module, found.gl_pathv[i], &version, reterr);
		if (s != OK)
			error_prefix(reterr, "%s", module);
	}
	return s;
}

enum status db_migrate(const char *dsn, const char *schema, const char *directory,
		       const char *runtime, int32_t *ret_version, struct error *reterr)
{
	_cleanup_(pq_finishp) PGconn *conn = PQconnectdb(dsn);
	int32_t version = 0;
	enum status s;

	if (PQstatus(conn) != CONNECTION_OK)
		return db_error_lost(conn, reterr);
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	s = prepare_schema(conn, schema, reterr);
	if (s == OK && directory)
		s = migrate_directory(conn, NULL, directory, &version, reterr);
	/* Last, for old migrations of services make some of these tables themselves. */
	if (s == OK && runtime)
		s = migrate_runtime(conn, runtime, reterr);
	if (s == OK)
		*ret_version = version;
	return s;
}

/* ---------------------------------------------------------------- waiting */

/* On a connection of its own, for that of db would prepare statements on tables that are missing
 * yet. */
static enum status schema_version(const struct db *db, const char *schema, int32_t *ret,
				  struct error *reterr)
{
	_cleanup_(pq_finishp) PGconn *conn = PQconnectdb(db->options.dsn);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(pq_freep) char *name = NULL;
	_cleanup_(freep) char *sql = NULL;

	if (PQstatus(conn) != CONNECTION_OK)
		return db_error_lost(conn, reterr);
	name = PQescapeIdentifier(conn, schema, strlen(schema));
	ensure(name);
	ensure(asprintf(&sql, "SELECT max(version) AS version FROM %s.schema_migration", name) > 0);
	rows = PQexec(conn, sql);
	if (PQresultStatus(rows) != PGRES_TUPLES_OK)
		return db_error_from_result("schema_migration", rows, reterr);
	*ret = db_i32(rows, 0, "version");
	return OK;
}

enum status db_wait_schema(struct db *db, const char *schema, int32_t version, int32_t wait_ms,
			   struct error *reterr)
{
	const struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000L};
	int64_t until = clock_mono_us() + wait_ms * US_PER_MS;
	int32_t found = 0;
	enum status s;

	for (;;) {
		s = schema_version(db, schema, &found, reterr);
		if (s == OK && found >= version)
			return OK;
		if (clock_mono_us() >= until)
			break;
		nanosleep(&step, NULL);
	}
	if (s == UNAVAILABLE)
		return s;
	return error_set(reterr, DEADLINE_EXCEEDED, "deadline",
			 "schema %s is at version %d and must be at %d: run limitless migrate",
			 schema, found, version);
}
