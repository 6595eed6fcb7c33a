#include "chat/template/template.h"
#include "runtime/service/list.h"

enum status chat_v1_list_withheld_templates(struct rpc_call *call,
					    const Chat__V1__ListWithheldTemplatesRequest *req,
					    Chat__V1__ListTemplatesResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct page page;
	struct db *db;
	enum status s =
		list_begin(call, "withheld templates", req->page_size, req->page_token, &page);
	size_t n;

	if (s == OK)
		s = chat_worker_take(call, &db);
	if (s != OK)
		return s;
	const char *const params[] = {page_key(&page, ""), page_id(&page, TEMPLATES_BEGIN),
				      list_limit(call, &page)};
	s = db_query(db, &sql_template_list_withheld, params, &rows, &call->err);
	chat_worker_give(call, db);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "title_key", &resp->next_page_token);
	s = list_new(call, &chat__v1__template__descriptor, n, &resp->n_templates,
		     &resp->templates);
	for (size_t i = 0; s == OK && i < n; i++)
		template_read_short(call->arena, rows, (int)i, resp->templates[i]);
	return s;
}
