/* Source: OWASP Cross-Site Request Forgery Prevention, Fetch Metadata; W3C Fetch Metadata Request
 * Headers. */
#include "gateway/origin.h"

#include <string.h>

static bool listed(const char *const *list, const char *origin)
{
	for (; list && *list; list++)
		if (strcmp(*list, origin) == 0)
			return true;
	return false;
}

const char *origin_allowed(const struct origins *origins, const struct httpd_request *req)
{
	const char *origin = httpd_header(req, "origin");

	return origin && listed(origins->allowed, origin) ? origin : NULL;
}

/* Whether the origin's authority is that of the request's Host. A proxy in front may end TLS, so
 * the scheme does not count. */
static bool is_host(const char *origin, const struct httpd_request *req)
{
	const char *host = httpd_header(req, "host");
	const char *authority = strstr(origin, "://");

	return host && authority && strcmp(authority + 3, host) == 0;
}

enum status origin_check(const struct origins *origins, const struct httpd_request *req,
			 struct error *reterr)
{
	const char *site = httpd_header(req, "sec-fetch-site");
	const char *origin = httpd_header(req, "origin");

	if (origin && listed(origins->allowed, origin))
		return OK;
	if (site) {
		if (strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)
			return OK;
		return error_set(reterr, PERMISSION_DENIED, "cross_site",
				 "the request comes from another site");
	}
	if (!origin || strcmp(origin, origins->public_origin) == 0 || is_host(origin, req))
		return OK;
	return error_set(reterr, PERMISSION_DENIED, "cross_site",
			 "the request comes from another origin");
}
