#include "chat/queue/queue.h"
#include "runtime/service/list.h"

enum status chat_v1_list_dead_letters(struct rpc_call *call,
				      const Chat__V1__ListDeadLettersRequest *req,
				      Chat__V1__ListDeadLettersResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct page page;
	struct db *db;
	enum status s = list_begin(call, "", req->page_size, req->page_token, &page);
	size_t n;

	if (s == OK)
		s = chat_worker_take(call, &db);
	if (s != OK)
		return s;
	const char *const params[] = {page_key(&page, PAGE_FIRST_TIME),
				      page_id(&page, PAGE_FIRST_ID), list_limit(call, &page)};
	s = db_query(db, &sql_queue_dead, params, &rows, &call->err);
	chat_worker_give(call, db);
	if (s != OK)
		return s;
	n = list_end(call, &page, rows, "page_key", &resp->next_page_token);
	s = list_new(call, &chat__v1__dead_letter__descriptor, n, &resp->n_dead_letters,
		     &resp->dead_letters);
	for (size_t i = 0; s == OK && i < n; i++)
		dead_letter_read(call->arena, rows, (int)i, resp->dead_letters[i]);
	return s;
}
