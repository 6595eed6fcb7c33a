#include "runtime/service/list.h"

#include <string.h>

enum status list_begin(struct rpc_call *call, const char *filter, int32_t page_size,
		       const char *page_token, struct page *ret)
{
	return page_begin(ret, call->arena, call->method->path, filter, page_size, page_token,
			  &call->err);
}

const char *list_limit(struct rpc_call *call, const struct page *page)
{
	return db_param_i64(call->arena, page->size + 1);
}

size_t list_end(struct rpc_call *call, const struct page *page, const PGresult *rows,
		const char *key, char **ret_next)
{
	int n = PQntuples(rows);

	if (n <= page->size)
		return (size_t)n;
	n = page->size;
	*ret_next =
		page_next(page, call->arena, db_peek(rows, n - 1, key), db_peek(rows, n - 1, "id"));
	return (size_t)n;
}

enum status list_new(struct rpc_call *call, const ProtobufCMessageDescriptor *type, size_t n,
		     size_t *ret_n, void *ret)
{
	char *messages = arena_array(call->arena, n, type->sizeof_message);
	ProtobufCMessage **list = arena_array(call->arena, n, sizeof *list);

	if (!messages || !list)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "%zu of %s", n,
				type->name);
	for (size_t i = 0; i < n; i++) {
		list[i] = (ProtobufCMessage *)(messages + i * type->sizeof_message);
		type->message_init(list[i]);
	}
	memcpy(ret, &list, sizeof list); /* the field's own type is none that C converts to */
	*ret_n = n;
	return OK;
}
