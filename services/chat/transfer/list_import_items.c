#include "chat/transfer/import.h"
#include "runtime/service/list.h"

enum status chat_v1_list_import_items(struct rpc_call *call,
				      const Chat__V1__ListImportItemsRequest *req,
				      Chat__V1__ListImportItemsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	Chat__V1__Import import;
	struct page page;
	enum status s = import_get(call, req->import, &import);
	size_t n;

	if (s == OK)
		s = list_begin(call, arena_printf(call->arena, "%s %s", call->subject, req->import),
			       req->page_size, req->page_token, &page);
	if (s != OK)
		return s;
	const char *const params[] = {req->import, page_key(&page, "-1"), list_limit(call, &page)};
	s = db_query_as(service_db(call), call->subject, &sql_import_items, params, &rows,
			&call->err);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "page_key", &resp->next_page_token);
	s = list_new(call, &chat__v1__import_item__descriptor, n, &resp->n_items, &resp->items);
	for (size_t i = 0; s == OK && i < n; i++)
		import_item_read(call->arena, rows, (int)i, resp->items[i]);
	return s;
}
