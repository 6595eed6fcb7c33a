#include "chat/words/failure.h"

#include "limitless/reasons.h"

#include <ctype.h>

static int32_t http_status(const struct error *err)
{
	static const uint16_t by_code[STATUS_N] = {
		[CANCELLED] = 499,
		[UNKNOWN] = 500,
		[INVALID_ARGUMENT] = 400,
		[DEADLINE_EXCEEDED] = 504,
		[NOT_FOUND] = 404,
		[ALREADY_EXISTS] = 409,
		[PERMISSION_DENIED] = 403,
		[RESOURCE_EXHAUSTED] = 429,
		[FAILED_PRECONDITION] = 400,
		[ABORTED] = 409,
		[OUT_OF_RANGE] = 400,
		[UNIMPLEMENTED] = 501,
		[INTERNAL] = 500,
		[UNAVAILABLE] = 503,
		[DATA_LOSS] = 500,
		[UNAUTHENTICATED] = 401,
	};
	const struct reason *reason = reason_find(err->reason);

	if (reason && reason->http)
		return reason->http;
	return by_code[(unsigned)err->code < STATUS_N ? err->code : UNKNOWN];
}

Chat__V1__GenerationError *failure_of(struct arena *arena, const struct error *err,
				      const char *request_id)
{
	const struct reason *reason = reason_find(err->reason);
	Chat__V1__GenerationError *ret = arena_alloc(arena, sizeof *ret);

	if (!ret)
		return NULL;
	chat__v1__generation_error__init(ret);
	ret->status = http_status(err);
	ret->code = arena_strdup(arena, status_name(err->code));
	ret->reason = arena_strdup(arena, reason ? reason->wire : "INTERNAL_ERROR");
	ret->title = arena_strdup(arena, reason ? reason->word : "internal_error");
	for (char *p = ret->title; *p; p++)
		*p = *p == '_' ? ' ' : *p;
	*ret->title = (char)toupper((unsigned char)*ret->title);
	ret->detail = arena_strdup(arena,
				   err->code == INTERNAL ? "something broke inside" : err->message);
	ret->request_id = arena_strdup(arena, request_id);
	return ret;
}
