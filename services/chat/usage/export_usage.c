#include "chat/usage/file.h"

#include <inttypes.h>

static const char head[] =
	"key,calls," USAGE_FILE_TOKENS ",charged_credits,"
	"listed_calls,listed_charged_credits,list_cost_credits,margin_credits\r\n";

static void write_row(const Chat__V1__UsageRow *row, struct buf *out)
{
	const int64_t amounts[] = {row->listed_charged_microcredits, row->list_cost_microcredits,
				   row->margin_microcredits};

	csv_text(out, row->key);
	usage_file_counts(out, row->calls, row->tokens);
	buf_addc(out, ',');
	csv_credits(out, row->charged_microcredits);
	buf_addf(out, ",%" PRId64, row->listed_calls);
	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++) {
		buf_addc(out, ',');
		if (row->listed_calls > 0)
			csv_credits(out, amounts[i]);
	}
	buf_adds(out, "\r\n");
}

static enum status write_rows(struct rpc_call *call, const PGresult *rows, struct buf *out)
{
	enum status s = OK;

	buf_adds(out, head);
	for (int i = 0; s == OK && i < PQntuples(rows); i++) {
		Chat__V1__UsageRow row = CHAT__V1__USAGE_ROW__INIT;

		s = usage_row_read(call, rows, i, &row);
		if (s == OK)
			write_row(&row, out);
	}
	return s;
}

static enum status read_rows(struct rpc_call *call, const Chat__V1__ListUsageRequest *req,
			     int64_t rows_max, PGresult **ret)
{
	struct usage_range range;
	struct db *db;
	enum status s = chat_worker_take(call, &db);

	if (s != OK)
		return s;
	s = usage_range(call, db, req, &range);
	if (s == OK)
		s = usage_rows(call, db, req->by, &range, USAGE_FIRST_RANK, USAGE_FIRST_KEY,
			       db_param_i64(call->arena, rows_max + 1), ret);
	chat_worker_give(call, db);
	return s;
}

enum status chat_v1_export_usage(struct rpc_call *call, const Chat__V1__ListUsageRequest *req,
				 Google__Api__HttpBody *resp)
{
	int64_t rows_max = chat_of(call)->conf->usage_csv_rows;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(buf_done) struct buf text = {0};
	enum status s = read_rows(call, req, rows_max, &rows);

	if (s != OK)
		return s;
	if (PQntuples(rows) > rows_max)
		return rpc_fail_field(call, "field_invalid", "from",
				      "the file would have more than %lld rows: ask for fewer days",
				      (long long)rows_max);
	buf_init(&text, usage_file_bytes_max(PQntuples(rows)));
	s = write_rows(call, rows, &text);
	return s == OK ? usage_file_end(call, &text, resp) : s;
}
