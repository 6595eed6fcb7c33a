#include "chat/conversation/conversation.h"
#include "runtime/service/list.h"

enum status chat_v1_list_chats(struct rpc_call *call, const Chat__V1__ListChatsRequest *req,
			       Chat__V1__ListChatsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const struct sql *sql = &sql_chat_list;
	struct arena *arena = call->arena;
	struct page page;
	const char *key;
	enum status s;
	size_t n;

	s = list_begin(call,
		       arena_printf(arena, "%s %s %d %d", call->subject, req->project,
				    req->archived, req->outside_projects),
		       req->page_size, req->page_token, &page);
	if (s != OK)
		return s;
	key = page_key(&page, "t" PAGE_FIRST_TIME);
	const char *const params[] = {
		*req->project ? req->project : call->subject,
		req->archived ? "true" : "false",
		*key == 't' ? "true" : "false",
		key + (*key != '\0'),
		page_id(&page, PAGE_FIRST_ID),
		list_limit(call, &page),
	};
	if (*req->project)
		sql = &sql_chat_list_of_project;
	else if (req->outside_projects)
		sql = &sql_chat_list_outside;
	s = db_query_as(service_db(call), call->subject, sql, params, &rows, &call->err);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "page_key", &resp->next_page_token);
	s = list_new(call, &chat__v1__chat__descriptor, n, &resp->n_chats, &resp->chats);
	for (size_t i = 0; s == OK && i < n; i++)
		chat_read(arena, rows, (int)i, resp->chats[i]);
	return s;
}
