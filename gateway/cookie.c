/* The session's cookies (RFC 6265bis). Over https their names carry prefixes whose rules browsers
 * enforce. Browsers refuse these names over plain http, so there they are bare. */
#include "gateway/gateway.h"

#include "runtime/base/clock.h"

#include <inttypes.h>
#include <string.h>

static const char *name_of(const struct gateway *gateway, enum json_cookie cookie)
{
	return gateway->secure ? route_cookies[cookie].secure_name
			       : route_cookies[cookie].plain_name;
}

const char *cookie_find(const struct gateway *gateway, const struct httpd_request *http,
			enum json_cookie cookie)
{
	const char *name = name_of(gateway, cookie);
	size_t name_len = strlen(name);

	for (size_t i = 0; i < http->n_headers; i++) {
		const char *p = http->headers[i].value;

		if (strcmp(http->headers[i].name, "cookie") != 0)
			continue;
		while (*p) {
			size_t len = strcspn(p, ";");

			if (len > name_len && p[name_len] == '=' && strncmp(p, name, name_len) == 0)
				return arena_strndup(http->arena, p + name_len + 1,
						     len - name_len - 1);
			p += len;
			p += strspn(p, "; \t");
		}
	}
	return NULL;
}

const char *cookie_format(const struct gateway *gateway, enum json_cookie cookie, const char *value,
			  int64_t expire_seconds, struct arena *arena)
{
	int64_t left = expire_seconds - clock_wall_us() / US_PER_S;
	const char *age = "";

	if (!*value)
		age = "; Max-Age=0";
	else if (expire_seconds)
		age = arena_printf(arena, "; Max-Age=%" PRId64, left > 0 ? left : 0);
	return arena_printf(arena, "%s=%s; Path=%s; HttpOnly; SameSite=Lax%s%s",
			    name_of(gateway, cookie), value, route_cookies[cookie].path,
			    gateway->secure ? "; Secure" : "", age);
}
