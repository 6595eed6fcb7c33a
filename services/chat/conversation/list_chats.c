#include "chat/conversation/conversation.h"
#include "runtime/service/list.h"

static enum status read_list(struct rpc_call *call, const Chat__V1__ListChatsRequest *req,
			     const struct page *page, PGresult **ret)
{
	const char *key = page_key(page, "t" PAGE_FIRST_TIME);
	const struct sql *sql = *req->project           ? &sql_chat_list_of_project
				: req->outside_projects ? &sql_chat_list_outside
							: &sql_chat_list;
	const char *const params[] = {
		*req->project ? req->project : call->subject,
		req->archived ? "true" : "false",
		*key == 't' ? "true" : "false",
		key + (*key != '\0'),
		page_id(page, PAGE_FIRST_ID),
		list_limit(call, page),
	};

	return db_query_as(service_db(call), call->subject, sql, params, ret, &call->err);
}

static enum status read_bin(struct rpc_call *call, const struct page *page, PGresult **ret)
{
	const char *const params[] = {
		call->subject,
		page_key(page, PAGE_FIRST_TIME),
		page_id(page, PAGE_FIRST_ID),
		list_limit(call, page),
		db_param_i64(call->arena, chat_of(call)->conf->bin_lifetime_ms),
	};

	return db_query_as(service_db(call), call->subject, &sql_chat_bin, params, ret, &call->err);
}

enum status chat_v1_list_chats(struct rpc_call *call, const Chat__V1__ListChatsRequest *req,
			       Chat__V1__ListChatsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	struct page page;
	enum status s;
	size_t n;

	s = list_begin(call,
		       arena_printf(arena, "%s %s %d %d %d", call->subject, req->project,
				    req->archived, req->outside_projects, req->deleted),
		       req->page_size, req->page_token, &page);
	if (s != OK)
		return s;
	s = req->deleted ? read_bin(call, &page, &rows) : read_list(call, req, &page, &rows);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "page_key", &resp->next_page_token);
	s = list_new(call, &chat__v1__chat__descriptor, n, &resp->n_chats, &resp->chats);
	for (size_t i = 0; s == OK && i < n; i++)
		chat_read(arena, rows, (int)i, resp->chats[i]);
	return s;
}
