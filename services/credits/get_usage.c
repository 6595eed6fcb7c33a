#include "credits.h"

#include <string.h>

/* Adds the row to the last day, or begins the next one; rows come in the order of days. */
static void add_day(Credits__V1__Usage *usage, Credits__V1__DayUsage *days, char *day,
		    int64_t amount, int64_t charges)
{
	Credits__V1__DayUsage *last = usage->n_days > 0 ? usage->days[usage->n_days - 1] : NULL;

	if (!last || strcmp(last->day, day) != 0) {
		last = &days[usage->n_days];
		credits__v1__day_usage__init(last);
		last->day = day;
		usage->days[usage->n_days++] = last;
	}
	last->amount_microcredits += amount;
	last->charges += charges;
}

static void add_model(Credits__V1__Usage *usage, Credits__V1__ModelUsage *models, char *name,
		      int64_t amount, int64_t charges)
{
	Credits__V1__ModelUsage *model;
	size_t i = 0;

	while (i < usage->n_models && strcmp(usage->models[i]->model, name) != 0)
		i++;
	model = &models[i];
	if (i == usage->n_models) {
		credits__v1__model_usage__init(model);
		model->model = name;
		usage->models[usage->n_models++] = model;
	}
	model->amount_microcredits += amount;
	model->charges += charges;
}

enum status credits_v1_get_usage(struct rpc_call *call, const Credits__V1__GetUsageRequest *req,
				 Credits__V1__Usage *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	Credits__V1__ModelUsage *models;
	Credits__V1__DayUsage *days;
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
	days = arena_array(arena, n, sizeof *days);
	models = arena_array(arena, n, sizeof *models);
	resp->days = arena_array(arena, n, sizeof *resp->days);
	resp->models = arena_array(arena, n, sizeof *resp->models);
	if (!days || !models || !resp->days || !resp->models)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "%zu rows", n);

	resp->month = db_text(arena, rows, 0, "month");
	for (int i = 0; i < (int)n && !db_is_null(rows, i, "day"); i++) {
		int64_t amount = db_i64(rows, i, "amount"), charges = db_i64(rows, i, "charges");

		add_day(resp, days, db_text(arena, rows, i, "day"), amount, charges);
		add_model(resp, models, db_text(arena, rows, i, "model"), amount, charges);
		resp->total_microcredits += amount;
	}
	return OK;
}
