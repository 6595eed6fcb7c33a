#include "credits.h"

#include "runtime/service/list.h"

#include <string.h>

/* Adds the row to the last day, or begins the next one; rows come in the order of days. */
static void add_day(Credits__V1__Usage *usage, char *day, int64_t amount, int64_t charges)
{
	Credits__V1__DayUsage *last;

	if (usage->n_days == 0 || strcmp(usage->days[usage->n_days - 1]->day, day) != 0)
		usage->days[usage->n_days++]->day = day;
	last = usage->days[usage->n_days - 1];
	last->amount_microcredits += amount;
	last->charges += charges;
}

static void add_model(Credits__V1__Usage *usage, char *name, int64_t amount, int64_t charges)
{
	Credits__V1__ModelUsage *model;
	size_t i = 0;

	while (i < usage->n_models && strcmp(usage->models[i]->model, name) != 0)
		i++;
	model = usage->models[i];
	if (i == usage->n_models) {
		model->model = name;
		usage->n_models++;
	}
	model->amount_microcredits += amount;
	model->charges += charges;
}

enum status credits_v1_get_usage(struct rpc_call *call, const Credits__V1__GetUsageRequest *req,
				 Credits__V1__Usage *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	const char *month;
	enum status s;
	size_t n;

	s = credits_month(call, req->month, &month);
	if (s != OK)
		return s;
	s = db_query_as(service_db(call), call->subject, &sql_credits_usage,
			(const char *[]){call->subject, month}, &rows, &call->err);
	if (s != OK)
		return s;

	n = (size_t)PQntuples(rows);
	s = list_new(call, &credits__v1__day_usage__descriptor, n, &resp->n_days, &resp->days);
	if (s == OK)
		s = list_new(call, &credits__v1__model_usage__descriptor, n, &resp->n_models,
			     &resp->models);
	if (s != OK)
		return s;

	resp->n_days = resp->n_models = 0; /* as many as the rows make, n at most */
	resp->month = db_text(arena, rows, 0, "month");
	for (int i = 0; i < (int)n && !db_is_null(rows, i, "day"); i++) {
		int64_t amount = db_i64(rows, i, "amount"), charges = db_i64(rows, i, "charges");

		add_day(resp, db_text(arena, rows, i, "day"), amount, charges);
		add_model(resp, db_text(arena, rows, i, "model"), amount, charges);
		resp->total_microcredits += amount;
	}
	return OK;
}
