#include "chat/usage/usage.h"
#include "runtime/base/text.h"
#include "runtime/service/list.h"
#include "sql/chat.h"

#include <string.h>

static bool is_month(const char *month)
{
	int64_t number;

	return strlen(month) == 7 && month[4] == '-' &&
	       text_parse_i64(month, 4, 2000, 9998, &number) &&
	       text_parse_i64(month + 5, 2, 1, 12, &number);
}

static enum status read_rows(struct rpc_call *call, const char *month, PGresult **ret)
{
	const char *const params[] = {call->subject, *month ? month : NULL};
	struct db *db;
	enum status s = chat_worker_take(call, &db);

	if (s != OK)
		return s;
	s = db_query(db, &sql_usage_of_user, params, ret, &call->err);
	chat_worker_give(call, db);
	return s;
}

static enum status read_one(struct rpc_call *call, const PGresult *rows, int row,
			    const char *column, Chat__V1__TokensOf *ret)
{
	ret->key = db_text(call->arena, rows, row, column);
	ret->calls = db_i64(rows, row, "calls");
	return usage_tokens_read(call, rows, row, &ret->tokens);
}

enum status chat_v1_get_token_usage(struct rpc_call *call,
				    const Chat__V1__GetTokenUsageRequest *req,
				    Chat__V1__TokenUsage *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s;
	size_t n;

	if (*req->month && !is_month(req->month))
		return rpc_fail_field(call, "field_invalid", "month",
				      "month must look like 2026-11, from 2000 on");
	s = read_rows(call, req->month, &rows);
	if (s != OK)
		return s;
	n = (size_t)PQntuples(rows);
	s = list_new(call, &chat__v1__tokens_of__descriptor, n, &resp->n_days, &resp->days);
	if (s == OK)
		s = list_new(call, &chat__v1__tokens_of__descriptor, n, &resp->n_models,
			     &resp->models);
	if (s != OK)
		return s;
	resp->n_days = resp->n_models = 0;
	resp->month = db_text(call->arena, rows, 0, "month");
	for (int i = 0; s == OK && i < (int)n && !db_is_null(rows, i, "calls"); i++) {
		if (db_is_null(rows, i, "day"))
			s = read_one(call, rows, i, "model", resp->models[resp->n_models++]);
		else
			s = read_one(call, rows, i, "day", resp->days[resp->n_days++]);
	}
	return s;
}
