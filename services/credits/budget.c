/* Budgets, set by their user or by a service for a user. */
#include "credits.h"

#include <string.h>

static const struct {
	Credits__V1__Budget__Period period;
	const char *word; /* of SQL */
} periods[] = {
	{CREDITS__V1__BUDGET__PERIOD__FIVE_HOURS, "five_hours"},
	{CREDITS__V1__BUDGET__PERIOD__DAY, "day"},
	{CREDITS__V1__BUDGET__PERIOD__WEEK, "week"},
	{CREDITS__V1__BUDGET__PERIOD__MONTH, "month"},
	{CREDITS__V1__BUDGET__PERIOD__TOTAL, "total"},
};

Credits__V1__Budget__Period credits_period_read(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(periods); i++)
		if (strcmp(word, periods[i].word) == 0)
			return periods[i].period;
	return CREDITS__V1__BUDGET__PERIOD__PERIOD_UNSPECIFIED;
}

/* NULL: it is none. */
static const char *period_word(Credits__V1__Budget__Period period)
{
	for (size_t i = 0; i < ARRAY_SIZE(periods); i++)
		if (periods[i].period == period)
			return periods[i].word;
	return NULL;
}

enum status credits_budget_read(struct rpc_call *call, const PGresult *rows, int row,
				Credits__V1__Budget *ret)
{
	struct arena *arena = call->arena;

	ret->id = db_text(arena, rows, row, "subject_id");
	ret->kind = strcmp(db_peek(rows, row, "kind"), "api_key") == 0
			    ? CREDITS__V1__BUDGET__KIND__API_KEY
			    : CREDITS__V1__BUDGET__KIND__PROJECT;
	ret->display_name = db_text(arena, rows, row, "display_name");
	ret->period = credits_period_read(db_peek(rows, row, "period"));
	ret->used_microcredits = db_i64(rows, row, "used");
	ret->held_microcredits = db_i64(rows, row, "held");
	ret->reset_time = db_time(arena, rows, row, "reset_us");
	if (db_is_null(rows, row, "limit_microcredits"))
		return OK;
	ret->limit_microcredits = arena_alloc(arena, sizeof *ret->limit_microcredits);
	if (!ret->limit_microcredits)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "budgets");
	google__protobuf__int64_value__init(ret->limit_microcredits);
	ret->limit_microcredits->value = db_i64(rows, row, "limit_microcredits");
	return OK;
}

static enum status check(struct rpc_call *call, const Credits__V1__SetBudgetRequest *req)
{
	enum status s = OK;

	if (req->kind != CREDITS__V1__BUDGET__KIND__API_KEY &&
	    req->kind != CREDITS__V1__BUDGET__KIND__PROJECT)
		s = rpc_fail_field(call, "field_required", "kind", "kind is API_KEY or PROJECT");
	else if (!period_word(req->period))
		s = rpc_fail_field(call, "field_required", "period",
				   "period is FIVE_HOURS, DAY, WEEK, MONTH or TOTAL");
	else if (req->limit_microcredits)
		s = credits_amount(call, "limit", req->limit_microcredits->value, 0);
	if (s == OK)
		s = credits_text(call, "display_name", req->display_name, 100);
	return s;
}

enum status credits_set_budget(struct rpc_call *call, const char *user_id,
			       const Credits__V1__SetBudgetRequest *req, Credits__V1__Budget *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	struct db *db = service_db(call);
	char id[UUID_SIZE], subject[UUID_SIZE];
	const char *period = period_word(req->period);
	enum status s;

	s = credits_uuid(call, "budget", req->budget, subject);
	if (s == OK)
		s = check(call, req);
	if (s == OK)
		s = credits_open_account(call, user_id);
	if (s != OK)
		return s;

	uuid_v5(&CREDITS_V1_ID_BUDGET, arena_printf(arena, "%s:%s", subject, period), id);
	const char *const params[] = {
		id,
		user_id,
		subject,
		req->kind == CREDITS__V1__BUDGET__KIND__API_KEY ? "api_key" : "project",
		req->display_name,
		req->limit_microcredits ? db_param_i64(arena, req->limit_microcredits->value)
					: NULL,
		period,
		db_param_i64(arena, credits_of(call)->conf->budgets_max),
	};
	s = db_query_one(db, &sql_credits_set_budget, params, &rows, &call->err);
	if (s != OK)
		return s;
	return credits_budget_read(call, rows, 0, resp);
}
