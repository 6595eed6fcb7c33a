#include "chat/words/failure.h"

#include "limitless/reasons.h"

Chat__V1__GenerationError *failure_of(struct arena *arena, const struct error *err,
				      const char *request_id)
{
	const struct reason *reason = reason_find(err->reason);
	Chat__V1__GenerationError *ret = arena_alloc(arena, sizeof *ret);

	if (!ret)
		return NULL;
	chat__v1__generation_error__init(ret);
	ret->status = reason_http(err);
	ret->code = arena_strdup(arena, status_name(err->code));
	ret->reason = arena_strdup(arena, reason ? reason->wire : "INTERNAL_ERROR");
	ret->title = arena_strdup(arena, reason_title(err));
	ret->detail = arena_strdup(arena,
				   err->code == INTERNAL ? "something broke inside" : err->message);
	ret->request_id = arena_strdup(arena, request_id);
	return ret;
}
