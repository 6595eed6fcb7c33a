#include "chat/conversation/conversation.h"
#include "runtime/base/page.h"

#include <string.h>

#define PAGE_BYTES_MAX (1 << 20) /* of text, so that long messages fit one answer */

/* A page of the branch goes on below a depth, on the branch that the first page showed; a page of
 * the tree goes on after an id. */
static enum status query(struct rpc_call *call, const Chat__V1__ListMessagesRequest *req,
			 const struct page *page, const char *leaf, PGresult **ret)
{
	struct arena *arena = call->arena;
	const char *limit = db_param_i64(arena, page->size + 1);
	const char *const branch[] = {req->chat, page->id ? page->id : leaf,
				      page->key ? page->key : "-1", limit};
	const char *const tree[] = {
		req->chat, page->id ? page->id : "00000000-0000-0000-0000-000000000000", limit};
	bool all = req->view == CHAT__V1__LIST_MESSAGES_REQUEST__VIEW__TREE;

	return db_query_as(service_db(call), call->subject,
			   all ? &sql_message_tree : &sql_message_branch, all ? tree : branch, ret,
			   &call->err);
}

/* As many as fit the page, at least one. */
static int fit(const PGresult *rows, int size)
{
	int n = PQntuples(rows) < size ? PQntuples(rows) : size;
	size_t bytes = 0;

	for (int i = 0; i < n; i++) {
		bytes += strlen(db_peek(rows, i, "text")) + strlen(db_peek(rows, i, "reasoning"));
		if (i > 0 && bytes > PAGE_BYTES_MAX)
			return i;
	}
	return n;
}

static enum status answer(struct rpc_call *call, const PGresult *rows, int n,
			  Chat__V1__ListMessagesResponse *resp)
{
	Chat__V1__Message *messages = arena_array(call->arena, (size_t)n, sizeof *messages);

	resp->messages = arena_array(call->arena, (size_t)n, sizeof *resp->messages);
	if (!messages || !resp->messages)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "%d messages", n);
	for (int i = 0; i < n; i++) {
		message_read(call->arena, rows, i, &messages[i]);
		resp->messages[i] = &messages[i];
	}
	resp->n_messages = (size_t)n;
	return OK;
}

enum status chat_v1_list_messages(struct rpc_call *call, const Chat__V1__ListMessagesRequest *req,
				  Chat__V1__ListMessagesResponse *resp)
{
	_cleanup_(PQclearp) PGresult *chat_rows = NULL, *rows = NULL;
	const char *const chat_params[] = {req->chat};
	bool all = req->view == CHAT__V1__LIST_MESSAGES_REQUEST__VIEW__TREE;
	struct arena *arena = call->arena;
	const char *leaf;
	struct page page;
	enum status s;
	int n;

	s = page_begin(&page, arena, call->method->path,
		       arena_printf(arena, "%s %s %d", call->subject, req->chat, all),
		       req->page_size, req->page_token, &call->err);
	if (s == OK)
		s = db_query_as(service_db(call), call->subject, &sql_chat_get, chat_params,
				&chat_rows, &call->err);
	if (s != OK)
		return s;
	if (PQntuples(chat_rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such chat");
	leaf = db_is_null(chat_rows, 0, "leaf_id") ? NULL : db_peek(chat_rows, 0, "leaf_id");
	s = query(call, req, &page, leaf, &rows);
	if (s != OK)
		return s;
	n = fit(rows, page.size);
	if (n < PQntuples(rows)) {
		const char *last = db_peek(rows, n - 1, "id");
		const char *depth = db_peek(rows, n - 1, "depth");

		if (!all)
			last = page.id ? page.id : leaf;
		resp->next_page_token = page_next(&page, arena, all ? last : depth, last);
	}
	return answer(call, rows, n, resp);
}
