#include "chat/share/share.h"
#include "runtime/service/list.h"

enum status chat_v1_list_shares(struct rpc_call *call, const Chat__V1__ListSharesRequest *req,
				Chat__V1__ListSharesResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	struct page page;
	enum status s;
	size_t n;

	s = list_begin(call, arena_printf(arena, "%s %s", call->subject, req->chat), req->page_size,
		       req->page_token, &page);
	if (s != OK)
		return s;
	const char *const params[] = {call->subject, *req->chat ? req->chat : NULL,
				      page_key(&page, PAGE_FIRST_TIME),
				      page_id(&page, PAGE_FIRST_ID), list_limit(call, &page)};
	s = db_query_as(service_db(call), call->subject, &sql_share_list, params, &rows,
			&call->err);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "page_key", &resp->next_page_token);
	s = list_new(call, &chat__v1__share__descriptor, n, &resp->n_shares, &resp->shares);
	for (size_t i = 0; s == OK && i < n; i++)
		share_read(chat_of(call)->conf, arena, rows, (int)i, resp->shares[i]);
	return s;
}
