#include "chat/usage/usage.h"
#include "runtime/service/list.h"

static enum status read_rows(struct rpc_call *call, const Chat__V1__ListUsageRequest *req,
			     struct page *page, struct db *db, struct usage_range *range,
			     PGresult **ret)
{
	enum status s = usage_range(call, db, req, range);
	const char *filter;

	if (s != OK)
		return s;
	filter = arena_printf(call->arena, "%s %s %d", range->from, range->to, (int)req->by);
	s = list_begin(call, filter, req->page_size, req->page_token, page);
	if (s != OK)
		return s;
	return usage_rows(call, db, req->by, range, page_key(page, USAGE_FIRST_RANK),
			  page_id(page, USAGE_FIRST_KEY), list_limit(call, page), ret);
}

enum status chat_v1_list_usage(struct rpc_call *call, const Chat__V1__ListUsageRequest *req,
			       Chat__V1__ListUsageResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct usage_range range;
	struct page page;
	struct db *db;
	enum status s = chat_worker_take(call, &db);
	size_t n;

	if (s != OK)
		return s;
	s = read_rows(call, req, &page, db, &range, &rows);
	chat_worker_give(call, db);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "rank", &resp->next_page_token);
	s = list_new(call, &chat__v1__usage_row__descriptor, n, &resp->n_rows, &resp->rows);
	for (size_t i = 0; s == OK && i < n; i++)
		s = usage_row_read(call, rows, (int)i, resp->rows[i]);
	resp->from = (char *)range.from;
	resp->to = (char *)range.to;
	return s;
}
