#include "chat/usage/rollup.h"

#include "sql/chat.h"

enum status usage_roll_up(struct db *db, _unused_ void *ctx, struct error *reterr)
{
	enum status s = db_exec(db, &sql_usage_rollup_check, NULL, NULL, reterr);

	if (s == OK)
		s = db_exec(db, &sql_usage_roll_up, NULL, NULL, reterr);
	return s == OK ? db_exec(db, &sql_usage_roll_users_up, NULL, NULL, reterr) : s;
}
