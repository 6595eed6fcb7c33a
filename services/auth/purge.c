#include "auth/auth.h"
#include "sql/auth.h"

#define STEP_ROWS 1000 /* as in the statements */
#define ARENA_BYTES 4096

/* Repeats a statement until it finds fewer rows than a step. */
static enum status purge(struct db *db, const struct sql *sql, const char *const *params,
			 struct error *reterr)
{
	int64_t n = STEP_ROWS;
	enum status s = OK;

	while (s == OK && n == STEP_ROWS)
		s = db_exec(db, sql, params, &n, reterr);
	return s;
}

enum status auth_purge(struct db *db, void *ctx, struct error *reterr)
{
	const struct auth_conf *conf = ((const struct auth *)ctx)->conf;
	_cleanup_(arena_freep) struct arena *arena = arena_new(ARENA_BYTES, ARENA_BYTES);
	const char *const after[] = {db_param_i64(arena, conf->purge_after_ms)};
	const char *const window[] = {db_param_i64(arena, conf->refresh_retry_ms)};
	enum status s;

	s = purge(db, &sql_auth_session_purge, after, reterr);
	if (s == OK)
		s = purge(db, &sql_auth_refresh_purge, NULL, reterr);
	if (s == OK)
		s = purge(db, &sql_auth_successor_purge, window, reterr);
	if (s == OK)
		s = db_exec(db, &sql_auth_revocation_purge, NULL, NULL, reterr);
	return s;
}
