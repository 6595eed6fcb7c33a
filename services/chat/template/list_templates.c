#include "chat/template/template.h"
#include "runtime/service/list.h"

enum status chat_v1_list_templates(struct rpc_call *call, const Chat__V1__ListTemplatesRequest *req,
				   Chat__V1__ListTemplatesResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	struct page page;
	enum status s = list_begin(call,
				   arena_printf(arena, "%s %d %s %s", call->subject,
						(int)req->scope, req->category, req->query),
				   req->page_size, req->page_token, &page);
	size_t n;

	if (s != OK)
		return s;
	const char *const params[] = {
		call->subject,
		req->scope == CHAT__V1__LIST_TEMPLATES_REQUEST__SCOPE__OTHERS ? "false" : "true",
		req->scope == CHAT__V1__LIST_TEMPLATES_REQUEST__SCOPE__OWN ? "false" : "true",
		req->category,
		req->query,
		page_key(&page, ""),
		page_id(&page, TEMPLATES_BEGIN),
		list_limit(call, &page),
	};
	s = db_query_as(service_db(call), call->subject, &sql_template_list, params, &rows,
			&call->err);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "title_key", &resp->next_page_token);
	s = list_new(call, &chat__v1__template__descriptor, n, &resp->n_templates,
		     &resp->templates);
	for (size_t i = 0; s == OK && i < n; i++)
		template_read_short(arena, rows, (int)i, resp->templates[i]);
	return s;
}
