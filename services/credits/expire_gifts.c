/* The rest of a gift goes when its time is over. A part that is held goes once it is free again. */
#include "credits.h"

#include <stdio.h>

#define GIFTS_MAX "500" /* of one look */

enum status credits_expire_gifts(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *due = NULL;
	char id[UUID_SIZE], name[80];
	enum status s;

	s = db_query(db, &sql_credits_gifts_due, (const char *[]){GIFTS_MAX}, &due, reterr);
	for (int i = 0; s == OK && i < PQntuples(due); i++) {
		const char *user = db_peek(due, i, "id");

		/* A gift may go in several parts; the place in the chain tells them apart. */
		snprintf(name, sizeof name, "%s:%s", user, db_peek(due, i, "chain_seq"));
		uuid_v5(&CREDITS_V1_ID_EXPIRE, name, id);
		s = db_exec(db, &sql_credits_expire_gift, (const char *[]){id, user}, NULL, reterr);
	}
	return s;
}
