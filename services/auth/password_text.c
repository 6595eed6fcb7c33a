/* Passwords as they are hashed and compared: RFC 8265. */
#include "auth/password.h"

#include "runtime/base/cleanup.h"

#include <utf8proc.h>

static utf8proc_int32_t map_space(utf8proc_int32_t c, _unused_ void *ctx)
{
	return utf8proc_category(c) == UTF8PROC_CATEGORY_ZS ? ' ' : c;
}

const char *password_prepare(struct arena *arena, const char *password)
{
	static const utf8proc_option_t nfc = UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE;
	_cleanup_(freep) utf8proc_uint8_t *made = NULL;

	/* Below 0: no memory, or no UTF-8; the edge has refused the latter. */
	if (utf8proc_map_custom((const utf8proc_uint8_t *)password, 0, &made, nfc, map_space,
				NULL) < 0)
		return NULL;
	return arena_strdup(arena, (const char *)made);
}
