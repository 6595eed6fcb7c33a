#include "chat/transfer/import.h"
#include "runtime/service/list.h"

#define LAST_ID "ffffffff-ffff-ffff-ffff-ffffffffffff"

enum status chat_v1_list_imports(struct rpc_call *call, const Chat__V1__ListImportsRequest *req,
				 Chat__V1__ListImportsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct page page;
	enum status s = list_begin(call, call->subject, req->page_size, req->page_token, &page);
	size_t n;

	if (s != OK)
		return s;
	const char *const params[] = {call->subject, page_id(&page, LAST_ID),
				      list_limit(call, &page)};
	s = db_query_as(service_db(call), call->subject, &sql_import_list, params, &rows,
			&call->err);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "page_key", &resp->next_page_token);
	s = list_new(call, &chat__v1__import__descriptor, n, &resp->n_imports, &resp->imports);
	for (size_t i = 0; s == OK && i < n; i++)
		import_read(call->arena, rows, (int)i, resp->imports[i]);
	return s;
}
