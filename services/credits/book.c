/* Changes that need no hold: adjustments by administrators, bookings of payments, and reversals. */
#include "credits.h"

enum status credits_book(struct rpc_call *call, const struct credits_booking *booking,
			 PGresult **ret)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct db *db = service_db(call);
	char loss[UUID_SIZE];
	enum status s;

	uuid_v5(&CREDITS_V1_ID_LOSS, booking->id, loss);
	const char *const params[] = {
		booking->id,
		booking->user_id,
		booking->kind,
		db_param_i64(call->arena, booking->change_microcredits),
		booking->reference,
		booking->actor_id,
		loss,
	};
	s = db_query(db, &sql_credits_book, params, &rows, &call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0) { /* the first that credits hears of this user */
		s = credits_open_account(call, booking->user_id);
		if (s != OK)
			return s;
		PQclear(TAKE_PTR(rows));
		s = db_query_one(db, &sql_credits_book, params, &rows, &call->err);
		if (s != OK)
			return s;
	}
	*ret = TAKE_PTR(rows);
	return OK;
}

enum status credits_reverse(struct rpc_call *call, const char *id, const char *original,
			    const char *kinds, const char *reference, const char *actor_id,
			    PGresult **ret)
{
	char loss[UUID_SIZE], original_loss[UUID_SIZE];

	uuid_v5(&CREDITS_V1_ID_LOSS, id, loss);
	uuid_v5(&CREDITS_V1_ID_LOSS, original, original_loss);
	const char *const params[] = {
		id, original, original_loss, loss, kinds, reference, actor_id,
	};
	return db_query_one(service_db(call), &sql_credits_reverse, params, ret, &call->err);
}
