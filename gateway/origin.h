/* Where a request comes from: cross-site request forgery, and other origins that the operator lets
 * in (CORS). */
#ifndef GATEWAY_ORIGIN_H
#define GATEWAY_ORIGIN_H

#include "runtime/base/status.h"
#include "runtime/httpd/httpd.h"

struct origins {
	const char *public_origin;  /* scheme and authority of public_url: "https://chat.example" */
	const char *const *allowed; /* CORS allow-list, NULL-terminated */
};

/* Whether an unsafe request may act with the browser's cookies: Sec-Fetch-Site must be same-origin
 * or none; a browser that does not send it is judged by Origin, which must be our public origin,
 * the Host it asked, or one of the list; without either header it is no browser. errors:
 * PERMISSION_DENIED cross_site. */
_must_check_ enum status origin_check(const struct origins *origins,
				      const struct httpd_request *req, struct error *reterr);

/* The request's Origin when the allow-list has it, else NULL: what Access-Control-Allow-Origin
 * answers. */
const char *origin_allowed(const struct origins *origins, const struct httpd_request *req);

#endif
