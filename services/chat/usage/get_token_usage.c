#include "chat/usage/usage.h"
#include "runtime/service/list.h"

static enum status read_one(struct rpc_call *call, const PGresult *rows, int row,
			    const char *column, Chat__V1__TokensOf *ret)
{
	ret->key = db_text(call->arena, rows, row, column);
	ret->calls = db_i64(rows, row, "calls");
	ret->charged_microcredits = db_i64(rows, row, "charged");
	return usage_tokens_read(call, rows, row, &ret->tokens);
}

static size_t count_model_days(const PGresult *rows, size_t n)
{
	size_t count = 0;

	for (int i = 0; i < (int)n; i++)
		count += usage_is_model_day(rows, i);
	return count;
}

static enum status read_ways(struct rpc_call *call, const PGresult *rows, size_t n,
			     Chat__V1__TokenUsage *resp)
{
	size_t most = n - count_model_days(rows, n);
	enum status s =
		list_new(call, &chat__v1__tokens_of__descriptor, most, &resp->n_days, &resp->days);

	if (s == OK)
		s = list_new(call, &chat__v1__tokens_of__descriptor, most, &resp->n_models,
			     &resp->models);
	resp->n_days = resp->n_models = 0;
	for (int i = 0; s == OK && i < (int)n; i++) {
		if (usage_is_model_day(rows, i))
			continue;
		if (db_is_null(rows, i, "day"))
			s = read_one(call, rows, i, "model", resp->models[resp->n_models++]);
		else
			s = read_one(call, rows, i, "day", resp->days[resp->n_days++]);
	}
	return s;
}

/* From the last row on: the newest days. */
static enum status read_model_days(struct rpc_call *call, const PGresult *rows, size_t n,
				   Chat__V1__TokenUsage *resp)
{
	size_t all = count_model_days(rows, n), done = 0;
	size_t most = (size_t)chat_of(call)->conf->usage_model_days;
	enum status s = list_new(call, &chat__v1__model_day__descriptor, all < most ? all : most,
				 &resp->n_model_days, &resp->model_days);

	resp->has_more_model_days = all > most;
	for (int i = (int)n - 1; s == OK && done < resp->n_model_days; i--) {
		if (usage_is_model_day(rows, i))
			s = usage_model_day_read(call, rows, i, resp->model_days[done++]);
	}
	return s;
}

enum status chat_v1_get_token_usage(struct rpc_call *call,
				    const Chat__V1__GetTokenUsageRequest *req,
				    Chat__V1__TokenUsage *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = usage_of_user(call, req, &rows);
	size_t n;

	if (s != OK)
		return s;
	resp->month = db_text(call->arena, rows, 0, "month");
	n = db_is_null(rows, 0, "calls") ? 0 : (size_t)PQntuples(rows);
	s = read_ways(call, rows, n, resp);
	return s == OK ? read_model_days(call, rows, n, resp) : s;
}
