/* Static files of the page: everything below one folder, looked up once at start and mapped into
 * memory. */
#ifndef GATEWAY_SITE_H
#define GATEWAY_SITE_H

#include "runtime/httpd/httpd.h"

struct site;

/* Maps every file below root. x.br and x.gz beside x are its compressed forms, and routes.txt lists
 * the paths of the page, "/chat/:chat". A path with " private" behind it is a secret: whoever knows it
 * sees what it shows. Files below previous/assets are served too; previous may be "" or missing.
 * A build must replace files, never rewrite them in place. errors: NOT_FOUND when root, its
 * index.html or its routes.txt is missing. */
_must_check_ enum status site_open(const char *root, const char *previous, struct site **ret,
				   struct error *reterr);
void site_free(struct site *site);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct site *, site_free);

#define SITE_HEADERS_MAX 5

/* The answer to GET or HEAD of a file, or index.html for a path of the page. It is 404 for a path
 * that routes.txt does not have. It has ETag and honours If-None-Match (RFC 9110 13.1.2) and
 * Accept-Encoding (br, gzip). Files below /assets/ have their hash in the name and are cached for a
 * year. Its headers stand in headers, and the rest lives as long as the site. *ret_private: the
 * pattern of a private path, for logs; NULL: the path is none. No cache or search engine keeps such a
 * page. False: there is no such path, and it is none for people. */
bool site_find(const struct site *site, const struct httpd_request *req,
	       struct httpd_header headers[SITE_HEADERS_MAX], struct httpd_answer *ret,
	       const char **ret_private);

#endif
