#include "credits.h"

#include "runtime/service/list.h"

enum status credits_v1_get_statement(struct rpc_call *call,
				     const Credits__V1__GetStatementRequest *req,
				     Credits__V1__Statement *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	const char *month;
	enum status s;
	size_t n;

	s = credits_month(call, req->month, &month);
	if (s != OK)
		return s;
	s = db_query_as(service_db(call), call->subject, &sql_credits_statement,
			(const char *[]){call->subject, month}, &rows, &call->err);
	if (s != OK)
		return s;

	n = (size_t)PQntuples(rows);
	s = list_new(call, &credits__v1__statement_line__descriptor, n, &resp->n_lines,
		     &resp->lines);
	if (s != OK)
		return s;

	/* From today's balance back to the end of the month, and on to its beginning. */
	resp->month = db_text(arena, rows, 0, "month");
	resp->closing_microcredits = db_i64(rows, 0, "posted");
	for (int i = 0; i < (int)n; i++)
		resp->closing_microcredits -= db_i64(rows, i, "later");
	resp->opening_microcredits = resp->closing_microcredits;
	resp->n_lines = 0; /* kinds without a transaction have no line */
	for (int i = 0; i < (int)n; i++) {
		Credits__V1__StatementLine *line = resp->lines[resp->n_lines];

		if (db_i64(rows, i, "transactions") == 0)
			continue;
		line->kind = credits_kind_read(db_peek(rows, i, "kind"));
		line->amount_microcredits = db_i64(rows, i, "change");
		line->transactions = db_i64(rows, i, "transactions");
		resp->opening_microcredits -= line->amount_microcredits;
		resp->n_lines++;
	}
	return OK;
}
