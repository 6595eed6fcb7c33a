#include "chat/usage/usage.h"

#include "runtime/base/text.h"
#include "sql/chat.h"

#include <string.h>

static const char *const words[] = {
	[CHAT__V1__LIST_USAGE_REQUEST__BY__BY_UNSPECIFIED] = "MODEL",
	[CHAT__V1__LIST_USAGE_REQUEST__BY__MODEL] = "MODEL",
	[CHAT__V1__LIST_USAGE_REQUEST__BY__USER] = "USER",
	[CHAT__V1__LIST_USAGE_REQUEST__BY__KEY] = "KEY",
	[CHAT__V1__LIST_USAGE_REQUEST__BY__DAY] = "DAY",
	[CHAT__V1__LIST_USAGE_REQUEST__BY__PROVIDER] = "PROVIDER",
	[CHAT__V1__LIST_USAGE_REQUEST__BY__TOTAL] = "TOTAL",
};

/* "2026-11-30", a day that there is; "" too. */
static bool is_date(const char *text)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t year, month, day;
	bool leap;

	if (!*text)
		return true;
	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' ||
	    !text_parse_i64(text, 4, 2000, 9998, &year) ||
	    !text_parse_i64(text + 5, 2, 1, 12, &month) ||
	    !text_parse_i64(text + 8, 2, 1, 31, &day))
		return false;
	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return day <= lengths[month - 1] + (month == 2 && leap);
}

enum status usage_range(struct rpc_call *call, struct db *db, const Chat__V1__ListUsageRequest *req,
			struct usage_range *ret)
{
	const char *const params[] = {*req->from ? req->from : NULL, *req->to ? req->to : NULL};
	int64_t days_max = chat_of(call)->conf->usage_days_max;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s;

	if (!is_date(req->from))
		return rpc_fail_field(call, "field_invalid", "from",
				      "from must be a day such as 2026-11-01, from 2000 on");
	if (!is_date(req->to))
		return rpc_fail_field(call, "field_invalid", "to",
				      "to must be a day such as 2026-11-30, from 2000 on");
	s = db_query_one(db, &sql_usage_range, params, &rows, &call->err);
	if (s != OK)
		return s;
	if (db_i32(rows, 0, "days") < 1)
		return rpc_fail_field(call, "field_invalid", "to", "to must not be before from");
	if (db_i32(rows, 0, "days") > days_max)
		return rpc_fail_field(call, "field_invalid", "from",
				      "at most %lld days can be asked for", (long long)days_max);
	ret->from = db_text(call->arena, rows, 0, "first");
	ret->to = db_text(call->arena, rows, 0, "last");
	return OK;
}

enum status usage_rows(struct rpc_call *call, struct db *db, Chat__V1__ListUsageRequest__By by,
		       const struct usage_range *range, const char *rank, const char *key,
		       const char *limit, PGresult **ret)
{
	const char *params[] = {range->from, range->to, rank, key, limit, NULL};

	if ((size_t)by >= ARRAY_SIZE(words))
		return rpc_fail_field(call, "field_invalid", "by",
				      "by is MODEL, USER, KEY, DAY, PROVIDER or TOTAL");
	params[5] = words[by];
	return db_query(db, &sql_usage_list, params, ret, &call->err);
}

enum status usage_tokens_read(struct rpc_call *call, const PGresult *rows, int row,
			      Chat__V1__UsageTokens **ret)
{
	Chat__V1__UsageTokens *tokens = arena_alloc(call->arena, sizeof *tokens);

	if (!tokens)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "usage");
	chat__v1__usage_tokens__init(tokens);
	tokens->input = db_i64(rows, row, "input");
	tokens->cached_input = db_i64(rows, row, "cached_input");
	tokens->cache_write = db_i64(rows, row, "cache_write");
	tokens->image_input = db_i64(rows, row, "image_input");
	tokens->output = db_i64(rows, row, "output");
	tokens->reasoning = db_i64(rows, row, "reasoning");
	tokens->images = db_i64(rows, row, "images");
	tokens->audio_seconds = db_i64(rows, row, "audio_seconds");
	tokens->tool_calls = db_i64(rows, row, "tool_calls");
	*ret = tokens;
	return OK;
}

enum status usage_row_read(struct rpc_call *call, const PGresult *rows, int row,
			   Chat__V1__UsageRow *ret)
{
	ret->key = db_text(call->arena, rows, row, "id");
	ret->calls = db_i64(rows, row, "calls");
	ret->charged_microcredits = db_i64(rows, row, "charged");
	ret->listed_calls = db_i64(rows, row, "listed_calls");
	ret->listed_charged_microcredits = db_i64(rows, row, "listed_charged");
	ret->list_cost_microcredits = db_i64(rows, row, "list_cost");
	ret->margin_microcredits = ret->listed_charged_microcredits - ret->list_cost_microcredits;
	return usage_tokens_read(call, rows, row, &ret->tokens);
}
