/* The readers' side. */
#include "chat/share/share.h"
#include "runtime/service/list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum status share_not_found(struct rpc_call *call)
{
	return rpc_fail(call, NOT_FOUND, "not_found", "there is no such link, or it has ended");
}

/* A page goes on behind a message of one snapshot: "SNAPSHOT POSITION". */
static void read_key(const struct page *page, int64_t *ret_snapshot, int64_t *ret_above)
{
	char *end;

	*ret_snapshot = *ret_above = 0;
	if (!page->key)
		return;
	*ret_snapshot = strtoll(page->key, &end, 10);
	*ret_above = strtoll(end, NULL, 10);
}

static enum status query(struct rpc_call *call, const char *token, int64_t above, int64_t size,
			 PGresult **ret)
{
	struct arena *arena = call->arena;
	const char *const params[] = {share_hash(arena, token), db_param_i64(arena, above),
				      db_param_i64(arena, size),
				      db_param_i64(arena, SHARE_PAGE_BYTES)};

	/* The function looks whether there is a user. */
	if (*call->subject)
		return db_query_as(service_db(call), call->subject, &sql_shared_page, params, ret,
				   &call->err);
	return db_query(service_db(call), &sql_shared_page, params, ret, &call->err);
}

static void read_message(struct arena *arena, const PGresult *rows, int row, Chat__V1__Message *ret)
{
	bool user = strcmp(db_peek(rows, row, "role"), "USER") == 0;

	ret->role = user ? CHAT__V1__MESSAGE__ROLE__USER : CHAT__V1__MESSAGE__ROLE__ASSISTANT;
	ret->state = CHAT__V1__MESSAGE__STATE__DONE;
	ret->text = db_text(arena, rows, row, "text");
	ret->model = db_text(arena, rows, row, "model");
}

enum status shared_answer(struct rpc_call *call, const Chat__V1__GetSharedRequest *req,
			  Chat__V1__SharedChat *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	int64_t snapshot, above, last;
	struct page page;
	enum status s;
	int n;

	s = list_begin(call, req->token, req->page_size, req->page_token, &page);
	if (s != OK)
		return s;
	read_key(&page, &snapshot, &above);
	s = query(call, req->token, above, page.size, &rows);
	if (s != OK)
		return s;
	n = PQntuples(rows);
	if (n == 0)
		return share_not_found(call);
	if (page.key && db_i64(rows, 0, "snapshot_us") != snapshot)
		return rpc_fail_field(call, "page_token_mismatch", "page_token",
				      "the snapshot was taken anew meanwhile: read it from its "
				      "start");
	resp->title = db_text(arena, rows, 0, "title");
	resp->author = db_text(arena, rows, 0, "author");
	resp->audience = share_audience_read(db_peek(rows, 0, "audience"));
	resp->create_time = db_time(arena, rows, 0, "snapshot_us");
	resp->expire_time = db_time(arena, rows, 0, "expire_us");
	resp->message_count = db_i32(rows, 0, "messages");
	last = db_i32(rows, n - 1, "position");
	if (last < resp->message_count)
		resp->next_page_token =
			page_next(&page, arena,
				  arena_printf(arena, "%" PRId64 " %" PRId64,
					       db_i64(rows, 0, "snapshot_us"), last),
				  PAGE_FIRST_ID);
	s = list_new(call, &chat__v1__message__descriptor, (size_t)n, &resp->n_messages,
		     &resp->messages);
	for (int i = 0; s == OK && i < n; i++)
		read_message(arena, rows, i, resp->messages[i]);
	return s;
}
