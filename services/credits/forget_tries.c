#include "credits.h"

enum status credits_forget_tries(struct db *db, void *ctx, struct error *reterr)
{
	return db_exec(db, &sql_credits_forget_tries, NULL, NULL, reterr);
}
