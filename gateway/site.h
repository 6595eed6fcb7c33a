/* Static files of the page: everything below one folder, looked up once at start and mapped into
 * memory. */
#ifndef GATEWAY_SITE_H
#define GATEWAY_SITE_H

#include "runtime/httpd/httpd.h"

struct site;

/* Maps every file below root; x.br and x.gz beside x are its compressed forms. A build must replace
 * files, never rewrite them in place. errors: NOT_FOUND when root or its index.html is missing. */
_must_check_ enum status site_open(const char *root, struct site **ret, struct error *reterr);
void site_free(struct site *site);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct site *, site_free);

#define SITE_HEADERS_MAX 4

/* The answer to GET or HEAD of a file, or of index.html for a path of the page (no dot in its last
 * segment). ETag and If-None-Match (RFC 9110 13.1.2), br and gzip by Accept-Encoding; files below
 * /assets/ have their hash in the name and are cached for a year. Its headers stand in headers,
 * the rest lives as long as the site. False: nothing here has this path. */
bool site_find(const struct site *site, const struct httpd_request *req,
	       struct httpd_header headers[SITE_HEADERS_MAX], struct httpd_answer *ret);

#endif
