/* The origin of a request: guards against cross-site request forgery, and lets in origins that the
 * operator allows (CORS). */
#ifndef GATEWAY_ORIGIN_H
#define GATEWAY_ORIGIN_H

#include "runtime/base/status.h"
#include "runtime/httpd/httpd.h"

struct origins {
	const char *public_origin;  /* scheme and authority of public_url: "https://chat.example" */
	const char *const *allowed; /* CORS allow-list, NULL-terminated */
};

/* Whether an unsafe request may act with the browser's cookies. Sec-Fetch-Site must be same-origin
 * or none. Without it Origin must be our public origin, the Host of the request, or on the list. A
 * request with neither header comes from no browser. errors: PERMISSION_DENIED cross_site. */
_must_check_ enum status origin_check(const struct origins *origins,
				      const struct httpd_request *req, struct error *reterr);

/* The request's Origin, for Access-Control-Allow-Origin, when the list has it; else NULL. */
const char *origin_allowed(const struct origins *origins, const struct httpd_request *req);

#endif
