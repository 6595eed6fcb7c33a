#include "chat/message/message.h"
#include "runtime/service/list.h"

#include <string.h>

#define PAGE_BYTES_MAX (1 << 20)     /* of text, so that long messages fit one answer */
#define NEWEST_BYTES_MAX (256 << 10) /* the same where a screen waits for its first messages */
#define NEWEST CHAT__V1__LIST_MESSAGES_REQUEST__ORDER__NEWEST_FIRST
#define TREE CHAT__V1__LIST_MESSAGES_REQUEST__VIEW__TREE

/* A page of the branch goes on below a depth, on the branch of the first page. A page of the tree
 * goes on after an id. */
static enum status query(struct rpc_call *call, const Chat__V1__ListMessagesRequest *req,
			 const struct page *page, const char *leaf, PGresult **ret)
{
	struct arena *arena = call->arena;
	const char *limit = list_limit(call, page);
	const char *bytes = db_param_i64(arena, PAGE_BYTES_MAX);
	const char *const branch[] = {req->chat, page_id(page, leaf), page_key(page, "-1"), limit,
				      bytes};
	const char *const tree[] = {
		req->chat, page_id(page, "00000000-0000-0000-0000-000000000000"), limit, bytes};
	bool all = req->view == TREE;

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
	enum status s = list_new(call, &chat__v1__message__descriptor, (size_t)n, &resp->n_messages,
				 &resp->messages);

	for (int i = 0; s == OK && i < n; i++)
		message_read(call->arena, rows, i, resp->messages[i]);
	return s;
}

static enum status oldest_first(struct rpc_call *call, const Chat__V1__ListMessagesRequest *req,
				const struct page *page, const char *leaf,
				Chat__V1__ListMessagesResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	bool all = req->view == TREE;
	enum status s = query(call, req, page, leaf, &rows);
	int n;

	if (s != OK)
		return s;
	n = fit(rows, page->size);
	if (n < PQntuples(rows)) {
		const char *last = db_peek(rows, n - 1, "id");
		const char *depth = db_peek(rows, n - 1, "depth");

		if (!all)
			last = page_id(page, leaf);
		resp->next_page_token = page_next(page, call->arena, all ? last : depth, last);
	}
	return answer(call, rows, n, resp);
}

/* The next page begins with the parent of this one's last message. */
static enum status newest_first(struct rpc_call *call, const Chat__V1__ListMessagesRequest *req,
				const struct page *page, const char *leaf,
				Chat__V1__ListMessagesResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->chat, page_id(page, leaf),
				      db_param_i64(call->arena, page->size),
				      db_param_i64(call->arena, NEWEST_BYTES_MAX)};
	enum status s = db_query_as(service_db(call), call->subject, &sql_message_newest, params,
				    &rows, &call->err);
	int n;

	if (s != OK)
		return s;
	n = PQntuples(rows);
	if (n > 0 && !db_is_null(rows, n - 1, "parent_id"))
		resp->next_page_token =
			page_next(page, call->arena, "", db_peek(rows, n - 1, "parent_id"));
	return answer(call, rows, n, resp);
}

enum status chat_v1_list_messages(struct rpc_call *call, const Chat__V1__ListMessagesRequest *req,
				  Chat__V1__ListMessagesResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {req->chat};
	const char *leaf;
	struct page page;
	enum status s;

	if (req->order == NEWEST && req->view == TREE)
		return rpc_fail_field(
			call, "field_invalid", "order",
			"NEWEST_FIRST needs the view BRANCH: a tree has no one way up");
	s = list_begin(call,
		       arena_printf(call->arena, "%s %s %d %d", call->subject, req->chat,
				    req->view == TREE, req->order == NEWEST),
		       req->page_size, req->page_token, &page);
	if (s == OK)
		s = db_query_as(service_db(call), call->subject, &sql_chat_get, params, &rows,
				&call->err);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such chat");
	leaf = db_is_null(rows, 0, "leaf_id") ? NULL : db_peek(rows, 0, "leaf_id");
	return (req->order == NEWEST ? newest_first : oldest_first)(call, req, &page, leaf, resp);
}
