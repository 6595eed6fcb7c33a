/* Holds end by time alone: credits never asks whether their owner lives. */
#include "credits.h"

#include <stdio.h>

enum status credits_expire_holds(struct db *db, void *ctx, struct error *reterr)
{
	const struct credits_conf *conf = ((const struct credits *)ctx)->conf;
	int n, max = (int)conf->sweep_holds_max;
	char limit[24], id[UUID_SIZE];
	enum status s;

	snprintf(limit, sizeof limit, "%d", max);
	do {
		_cleanup_(PQclearp) PGresult *due = NULL;

		s = db_query(db, &sql_credits_holds_due, (const char *[]){limit}, &due, reterr);
		if (s != OK)
			return s;
		n = PQntuples(due);
		for (int i = 0; i < n; i++) {
			const char *hold = db_peek(due, i, "id");

			/* A transaction for each, so that no user waits for another's hold. Nothing
			 * happens when the hold's owner was faster. */
			uuid_v5(&CREDITS_V1_ID_EXPIRE, hold, id);
			s = db_exec(db, &sql_credits_expire_hold, (const char *[]){id, hold}, NULL,
				    reterr);
			if (s != OK)
				return s;
		}
	} while (n == max);
	return OK;
}
