#include "chat/conversation/conversation.h"
#include "runtime/base/page.h"

#include <string.h>

/* A page's key is "t" or "f" for pinned and the time behind it. */
static const char *key_of(struct arena *arena, const PGresult *rows, int row)
{
	return arena_printf(arena, "%c%s", db_bool(rows, row, "pinned") ? 't' : 'f',
			    db_peek(rows, row, "update_text"));
}

enum status chat_v1_list_chats(struct rpc_call *call, const Chat__V1__ListChatsRequest *req,
			       Chat__V1__ListChatsResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	Chat__V1__Chat *chats;
	struct page page;
	enum status s;
	int n;

	s = page_begin(&page, arena, call->method->path,
		       arena_printf(arena, "%s %s %d", call->subject, req->project, req->archived),
		       req->page_size, req->page_token, &call->err);
	if (s != OK)
		return s;
	const char *const params[] = {
		call->subject,
		req->archived ? "true" : "false",
		*req->project ? req->project : NULL,
		!page.key || page.key[0] == 't' ? "true" : "false",
		page.key ? page.key + (page.key[0] != '\0') : PAGE_FIRST_TIME,
		page.key ? page.id : PAGE_FIRST_ID,
		db_param_i64(arena, page.size + 1),
	};
	s = db_query_as(service_db(call), call->subject, &sql_chat_list, params, &rows, &call->err);
	if (s != OK)
		return s;

	n = PQntuples(rows);
	if (n > page.size) {
		n = page.size;
		resp->next_page_token = page_next(&page, arena, key_of(arena, rows, n - 1),
						  db_peek(rows, n - 1, "id"));
	}
	chats = arena_array(arena, (size_t)n, sizeof *chats);
	resp->chats = arena_array(arena, (size_t)n, sizeof *resp->chats);
	if (!chats || !resp->chats)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "%d chats", n);
	for (int i = 0; i < n; i++) {
		chat_read(arena, rows, i, &chats[i]);
		resp->chats[i] = &chats[i];
	}
	resp->n_chats = (size_t)n;
	return OK;
}
