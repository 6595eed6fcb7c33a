/* From an empty cluster to migrated schemas. */
#ifndef TOOLS_LIMITLESS_SCHEMA_H
#define TOOLS_LIMITLESS_SCHEMA_H

#include "tools/limitless/cluster.h"

/* Creates the database when it is missing. */
_must_check_ enum status schema_create_database(const struct cluster *cluster,
						struct error *reterr);

/* Runs a file of SQL statements in the database that dsn names. errors: FAILED_PRECONDITION with
 * file and PostgreSQL's message. */
_must_check_ enum status schema_run_file(const char *dsn, const char *path, struct error *reterr);

/* Runs root/deploy/postgres/bootstrap.sql, then adds schema and roles of each service. A repeat
 * changes nothing. dsn: as the superuser. */
_must_check_ enum status schema_bootstrap(const char *dsn, const char *root, struct error *reterr);

/* Migrates one service from root/services/<service>/migrations and the runtime's modules; dsn: as
 * its owner. ret_version: of its own, 0 when it has none. */
_must_check_ enum status schema_migrate(const char *dsn, const char *root, const char *service,
					int *ret_version, struct error *reterr);

#endif
