#include "chat/chat.h"
#include "runtime/db/timestamp.h"
#include "runtime/service/list.h"

static void read_row(struct arena *arena, const PGresult *rows, int row,
		     Chat__V1__TokenFactor *factor)
{
	factor->family = db_text(arena, rows, row, "family");
	factor->factor = db_double(rows, row, "factor");
	factor->margin = db_double(rows, row, "margin");
	factor->prompts = db_i64(rows, row, "prompts");
	factor->update_time = timestamp_new(arena, db_i64(rows, row, "update_us"));
}

enum status chat_v1_list_token_factors(struct rpc_call *call,
				       _unused_ const Chat__V1__ListTokenFactorsRequest *req,
				       Chat__V1__ListTokenFactorsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct db *db;
	enum status s = chat_worker_take(call, &db);
	size_t n;

	if (s != OK)
		return s;
	s = db_query(db, &sql_token_factor_list, NULL, &rows, &call->err);
	chat_worker_give(call, db);
	if (s != OK)
		return s;
	n = (size_t)PQntuples(rows);
	s = list_new(call, &chat__v1__token_factor__descriptor, n, &resp->n_factors,
		     &resp->factors);
	for (size_t i = 0; s == OK && i < n; i++)
		read_row(call->arena, rows, (int)i, resp->factors[i]);
	return s;
}
