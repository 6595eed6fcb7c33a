/* List methods (AIP-158): a page of rows goes out as a repeated field and a token.
 *
 *	struct page page;
 *	enum status s = list_begin(call, call->subject, req->page_size, req->page_token, &page);
 *	…
 *	const char *const params[] = {call->subject, page_key(&page, PAGE_FIRST_TIME),
 *				      page_id(&page, PAGE_FIRST_ID), list_limit(call, &page)};
 *	s = db_query_as(service_db(call), call->subject, &sql_images_list, params, &rows, &call->err);
 *	…
 *	n = list_end(call, &page, rows, "create_time", &resp->next_page_token);
 *	s = list_new(call, &images__v1__image__descriptor, n, &resp->n_images, &resp->images);
 *	if (s != OK)
 *		return s;
 *	for (size_t i = 0; i < n; i++)
 *		image_read(call->arena, rows, (int)i, resp->images[i]);
 */
#ifndef RUNTIME_SERVICE_LIST_H
#define RUNTIME_SERVICE_LIST_H

#include "runtime/base/page.h"
#include "runtime/db/db.h"
#include "runtime/rpc/rpc.h"

/* The page that a request asks for. filter, page_size (rows), page_token and errors: as page_begin.
 */
_must_check_ enum status list_begin(struct rpc_call *call, const char *filter, int32_t page_size,
				    const char *page_token, struct page *ret);

/* LIMIT of the statement as text: one row more than the page has tells that there is a next page. */
const char *list_limit(struct rpc_call *call, const struct page *page);

/* How many of the rows belong to the page. When there are more, *ret_next becomes the token of the
 * next page. The rows have the column `key` that they are sorted by, and `id`. */
size_t list_end(struct rpc_call *call, const struct page *page, const PGresult *rows,
		const char *key, char **ret_next);

/* Makes a repeated field of n initialised messages of this type. ret: the address of the field,
 * that of a pointer to an array of pointers. All of it lives as long as the call; nobody frees it.
 * errors: RESOURCE_EXHAUSTED call_too_large. */
_must_check_ enum status list_new(struct rpc_call *call, const ProtobufCMessageDescriptor *type,
				  size_t n, size_t *ret_n, void *ret);

#endif
