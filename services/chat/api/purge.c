#include "chat/api/purge.h"

#include "chat/chat.h"

#define BATCH 1000 /* in one transaction */
#define LOOKS 20   /* in the time that answers are kept */
#define PAUSE_MIN_MS 10
#define PAUSE_MAX_MS 30000

int64_t call_purge_pause_ms(int64_t kept_ms)
{
	int64_t ms = kept_ms / LOOKS;

	if (ms < PAUSE_MIN_MS)
		return PAUSE_MIN_MS;
	return ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
}

enum status call_purge(struct db *db, void *ctx, struct error *reterr)
{
	const struct chat_conf *conf = ((const struct chat *)ctx)->conf;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	const char *const params[] = {db_param_i64(arena, conf->call_kept_ms),
				      db_param_i64(arena, BATCH)};
	int64_t n = BATCH;
	enum status s = OK;

	while (s == OK && n >= BATCH)
		s = db_exec(db, &sql_api_call_purge, params, &n, reterr);
	return s;
}
