/* A real PostgreSQL for the tests of one program, in a folder of /tmp, gone with the process.
 *
 *   static int group_set_up(void **state) { pg_start(); pg_migrate("credits"); return 0; }
 *
 * When something fails, every function ends the program with a clear line: a test needs its
 * database. */
#ifndef TESTS_LIB_PG_H
#define TESTS_LIB_PG_H

#include "runtime/db/db.h"

/* Starts the server at the first call, with schemas and roles as in production
 * (deploy/postgres/bootstrap.sql). The program's working directory is the root of the repository,
 * or LIMITLESS_ROOT names it. */
void pg_start(void);

/* The same with other settings ("name=value", NULL-terminated) in place of those for tests.
 * sync: on a disk that is synchronised and with production's clock, for measurements. */
void pg_start_with(const char *const *settings, bool sync);

/* Before the start: names of variables that reach the server too, NULL-terminated. It has only
 * variables on a list otherwise, as in production. */
void pg_let_in(const char *const *names);

/* Applies services/<service>/migrations as its owner. */
void pg_migrate(const char *service);

/* Stops the server and removes it; also done at exit. */
void pg_stop(void);

/* Conninfo of a role: "credits_app", "credits_owner", "limitless_admin". Valid until the next call
 * for the same role's place: copy it. */
const char *pg_dsn(const char *role);

/* A connection; not connected yet. statements: sql_<service>_all, or NULL. */
struct db *pg_db(const char *role, const struct sql *const *statements);

/* Runs SQL as superuser, to arrange and to look. Each call commits by itself. */
void pg_exec(const char *sql);

/* The single value of a query as superuser, "" for NULL or no row; valid until the next call. */
const char *pg_value(const char *sql);

/* Moves lc.now() of all sessions: "+1 hour", "-3 days". pg_clock_reset: back to the true time. */
void pg_clock_add(const char *interval);
void pg_clock_reset(void);

/* The server goes away at once, as in a crash, and comes back with its data. */
void pg_crash(void);
void pg_restart(void);

#endif
