#include "chat/template/template.h"

#define BATCH 100 /* in one transaction */

enum status template_purge(struct db *db, void *ctx, struct error *reterr)
{
	const struct chat_conf *conf = ((const struct chat *)ctx)->conf;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	const char *const params[] = {db_param_i64(arena, conf->bin_lifetime_ms),
				      db_param_i64(arena, BATCH)};
	int64_t n = 1;
	enum status s = OK;

	while (s == OK && n > 0)
		s = db_exec(db, &sql_template_purge, params, &n, reterr);
	return s;
}
