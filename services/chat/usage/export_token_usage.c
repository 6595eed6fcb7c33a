#include "chat/usage/file.h"

static const char head[] = "day,model,calls," USAGE_FILE_TOKENS ",charged_credits\r\n";

static void write_row(const Chat__V1__ModelDay *row, struct buf *out)
{
	csv_text(out, row->day);
	buf_addc(out, ',');
	csv_text(out, row->model);
	usage_file_counts(out, row->calls, row->tokens);
	buf_addc(out, ',');
	csv_credits(out, row->charged_microcredits);
	buf_adds(out, "\r\n");
}

/* The number of rows, which the limit of a file may forbid. */
static enum status count_rows(struct rpc_call *call, const PGresult *rows, int *ret)
{
	int64_t most = chat_of(call)->conf->usage_csv_rows;
	int n = 0;

	for (int i = 0; i < PQntuples(rows); i++)
		n += usage_is_model_day(rows, i);
	if (n > most)
		return rpc_fail_field(call, "field_invalid", "month",
				      "the file would have more than %lld rows, which the operator "
				      "can allow (usage.csv_rows)",
				      (long long)most);
	*ret = n;
	return OK;
}

enum status chat_v1_export_token_usage(struct rpc_call *call,
				       const Chat__V1__GetTokenUsageRequest *req,
				       Google__Api__HttpBody *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(buf_done) struct buf text = {0};
	enum status s = usage_of_user(call, req, &rows);
	int n = 0;

	if (s == OK)
		s = count_rows(call, rows, &n);
	if (s != OK)
		return s;
	buf_init(&text, usage_file_bytes_max(n));
	buf_adds(&text, head);
	for (int i = 0; s == OK && i < PQntuples(rows); i++) {
		Chat__V1__ModelDay row = CHAT__V1__MODEL_DAY__INIT;

		if (!usage_is_model_day(rows, i))
			continue;
		s = usage_model_day_read(call, rows, i, &row);
		if (s == OK)
			write_row(&row, &text);
	}
	return s == OK ? usage_file_end(call, &text, resp) : s;
}
