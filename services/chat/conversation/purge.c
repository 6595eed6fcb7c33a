#include "chat/conversation/purge.h"

#include "chat/chat.h"

#define BATCH_MESSAGES 10000 /* in one transaction */

enum status chat_purge(struct db *db, void *ctx, struct error *reterr)
{
	const struct chat_conf *conf = ((const struct chat *)ctx)->conf;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	const char *const params[] = {
		db_param_i64(arena, conf->bin_lifetime_ms),
		db_param_i64(arena, conf->user_chats_max),
		db_param_i64(arena, conf->user_bytes_max),
		db_param_i64(arena, BATCH_MESSAGES),
	};
	const char *const expired[] = {params[0]};
	int64_t n = 1;
	enum status s = OK;

	while (s == OK && n > 0)
		s = db_exec(db, &sql_chat_purge, params, &n, reterr);
	for (n = 1; s == OK && n > 0;)
		s = db_exec(db, &sql_share_purge, expired, &n, reterr);
	return s;
}
