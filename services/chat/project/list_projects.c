#include "chat/project/project.h"
#include "runtime/service/list.h"

#define BEFORE_ALL "00000000-0000-0000-0000-000000000000"

enum status chat_v1_list_projects(struct rpc_call *call, const Chat__V1__ListProjectsRequest *req,
				  Chat__V1__ListProjectsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct page page;
	enum status s = list_begin(call, call->subject, req->page_size, req->page_token, &page);
	size_t n;

	if (s != OK)
		return s;
	const char *const params[] = {call->subject, page_key(&page, ""),
				      page_id(&page, BEFORE_ALL), list_limit(call, &page)};
	s = db_query_as(service_db(call), call->subject, &sql_project_list, params, &rows,
			&call->err);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "name_key", &resp->next_page_token);
	s = list_new(call, &chat__v1__project__descriptor, n, &resp->n_projects, &resp->projects);
	for (size_t i = 0; s == OK && i < n; i++)
		project_read(call->arena, rows, (int)i, resp->projects[i]);
	return s;
}
