/* The caller's own usage, for the page and for the file. */
#include "chat/usage/usage.h"
#include "runtime/base/text.h"
#include "sql/chat.h"

#include <string.h>

static bool is_month(const char *month)
{
	int64_t number;

	return strlen(month) == 7 && month[4] == '-' &&
	       text_parse_i64(month, 4, 2000, 9998, &number) &&
	       text_parse_i64(month + 5, 2, 1, 12, &number);
}

enum status usage_of_user(struct rpc_call *call, const Chat__V1__GetTokenUsageRequest *req,
			  PGresult **ret)
{
	const char *const params[] = {call->subject, *req->month ? req->month : NULL};
	struct db *db;
	enum status s;

	if (*req->month && !is_month(req->month))
		return rpc_fail_field(call, "field_invalid", "month",
				      "month must look like 2026-11, from 2000 on");
	s = chat_worker_take(call, &db);
	if (s != OK)
		return s;
	s = db_query(db, &sql_usage_of_user, params, ret, &call->err);
	chat_worker_give(call, db);
	return s;
}

bool usage_is_model_day(const PGresult *rows, int row)
{
	return !db_is_null(rows, row, "day") && !db_is_null(rows, row, "model");
}

enum status usage_model_day_read(struct rpc_call *call, const PGresult *rows, int row,
				 Chat__V1__ModelDay *ret)
{
	ret->day = db_text(call->arena, rows, row, "day");
	ret->model = db_text(call->arena, rows, row, "model");
	ret->calls = db_i64(rows, row, "calls");
	ret->charged_microcredits = db_i64(rows, row, "charged");
	return usage_tokens_read(call, rows, row, &ret->tokens);
}
