#include "gateway/site.h"

#include "gateway/encoding.h"
#include "runtime/base/arena.h"
#include "runtime/base/digest.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define ETAG_BYTES 12 /* of SHA-256: enough to tell builds apart */
#define ETAG_SIZE (2 * ETAG_BYTES + 8)
#define ASSETS "/assets/"
#define ROUTES_FILE "/routes.txt"
#define PRIVATE " private" /* behind a path in that file */

enum encoding {
	PLAIN,
	GZIP,
	BROTLI,
	ENCODINGS_N,
};

static const char *const encoding_names[] = {NULL, "gzip", "br"};
static const char *const suffixes[] = {"", ".gz", ".br"};

struct form {
	void *data; /* NULL: there is no such form */
	size_t len;
	char etag[ETAG_SIZE];
};

struct file {
	char *path; /* "/assets/index-1a2b.js" */
	const char *content_type;
	struct form forms[ENCODINGS_N];
};

/* A path of the page. */
struct page_path {
	const char *pattern; /* "/chat/:chat" */
	bool private;
};

struct site {
	struct file *files; /* sorted by path */
	size_t n;
	const struct file *index;
	struct page_path *paths;
	size_t n_paths;
	char *routes; /* the text of paths' patterns */
};

static const char *content_type_of(const char *path)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{".html", "text/html; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".json", "application/json"},
		{".webmanifest", "application/manifest+json"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{".ico", "image/x-icon"},
		{".woff2", "font/woff2"},
		{".wasm", "application/wasm"},
		{".txt", "text/plain; charset=utf-8"},
	};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(types); i++)
		if (strcmp(dot, types[i].suffix) == 0)
			return types[i].type;
	return "application/octet-stream";
}

static void etag_of(const struct form *form, enum encoding encoding, char out[ETAG_SIZE])
{
	uint8_t digest[DIGEST_SHA256_SIZE];
	char hex[2 * ETAG_BYTES + 1];

	digest_sha256(form->data, form->len, digest);
	hex_encode(digest, ETAG_BYTES, hex);
	snprintf(out, ETAG_SIZE, "\"%s%s%s\"", hex, encoding == PLAIN ? "" : "-",
		 encoding == PLAIN ? "" : encoding_names[encoding]);
}

/* Maps one file. An empty file has a pointer, too. errors: NOT_FOUND. */
static enum status form_map(const char *path, enum encoding encoding, struct form *ret,
			    struct error *reterr)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(reterr, NOT_FOUND, "not_found", "%s: %s", path, strerror(errno));
	ret->len = (size_t)st.st_size;
	ret->data = mmap(NULL, ret->len ? ret->len : 1, PROT_READ, MAP_PRIVATE, fd, 0);
	if (ret->data == MAP_FAILED) {
		ret->data = NULL;
		return error_set(reterr, UNAVAILABLE, "service_unavailable", "%s: %s", path,
				 strerror(errno));
	}
	etag_of(ret, encoding, ret->etag);
	/* Hashing read all of it, so its pages leave memory until a client asks for them. */
	madvise(ret->data, ret->len ? ret->len : 1, MADV_DONTNEED);
	return OK;
}

static bool is_compressed_form(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (strcmp(dot, ".br") == 0 || strcmp(dot, ".gz") == 0);
}

/* A file with its compressed forms. name: its path within the site. */
static enum status add_file(struct site *site, const char *path, const char *name,
			    struct error *reterr)
{
	struct file *file;

	site->files = reallocarray(site->files, site->n + 1, sizeof *site->files);
	ensure(site->files);
	file = &site->files[site->n++];
	*file = (struct file){.path = strdup(name), .content_type = content_type_of(path)};
	ensure(file->path);
	for (int e = PLAIN; e < ENCODINGS_N; e++) {
		char *form;
		enum status s;

		ensure(asprintf(&form, "%s%s", path, suffixes[e]) > 0);
		s = form_map(form, (enum encoding)e, &file->forms[e], reterr);
		free(form);
		if (s != OK && (e == PLAIN || s != NOT_FOUND))
			return s;
	}
	return OK;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static void sort(struct site *site)
{
	if (site->n)
		qsort(site->files, site->n, sizeof *site->files, by_path);
}

static const struct file *find_among(const struct file *files, size_t n, const char *path)
{
	const struct file key = {.path = (char *)path};

	return n ? bsearch(&key, files, n, sizeof *files, by_path) : NULL;
}

static const struct file *find(const struct site *site, const char *path)
{
	return find_among(site->files, site->n, path);
}

static enum status add_tree(struct site *site, const char *root, struct error *reterr)
{
	char *const paths[] = {(char *)root, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	enum status s = OK;
	FTSENT *entry;

	if (!tree)
		return error_set(reterr, NOT_FOUND, "not_found", "%s: %s", root, strerror(errno));
	while (s == OK && (entry = fts_read(tree)))
		if (entry->fts_info == FTS_F && !is_compressed_form(entry->fts_path))
			s = add_file(site, entry->fts_path, entry->fts_path + strlen(root), reterr);
	fts_close(tree);
	sort(site);
	return s;
}

/* Adds assets of the build before, for tabs that still run it. A name holds the hash of its
 * content, so files of both builds are the same. Files that cannot be read do not stop the
 * start. */
static void add_previous(struct site *site, const char *root)
{
	_cleanup_(site_freep) struct site *previous = calloc(1, sizeof *previous);
	size_t own = site->n;
	struct error err;

	ensure(previous);
	if (add_tree(previous, root, &err) != OK)
		log_warn("previous_assets_not_served", LOG_S("message", err.message));
	for (size_t i = 0; i < previous->n; i++) {
		struct file *file = &previous->files[i];

		if (strncmp(file->path, ASSETS, strlen(ASSETS)) != 0 || !file->forms[PLAIN].data ||
		    find_among(site->files, own, file->path))
			continue;
		site->files = reallocarray(site->files, site->n + 1, sizeof *site->files);
		ensure(site->files);
		site->files[site->n++] = *file;
		*file = (struct file){0}; /* it is the site's now */
	}
	sort(site);
}

static void add_path(struct site *site, char *line)
{
	char *mark = strstr(line, PRIVATE);

	site->paths = reallocarray(site->paths, site->n_paths + 1, sizeof *site->paths);
	ensure(site->paths);
	if (mark)
		*mark = '\0';
	site->paths[site->n_paths++] = (struct page_path){line, mark != NULL};
}

/* The lines of routes.txt. */
static enum status take_routes(struct site *site, const char *root, struct error *reterr)
{
	const struct file *file = find(site, ROUTES_FILE);
	const struct form *list = file ? &file->forms[PLAIN] : NULL;

	if (!list)
		return error_set(reterr, NOT_FOUND, "not_found",
				 "%s" ROUTES_FILE " is missing: run `make web`", root);
	site->routes = calloc(1, list->len + 1);
	ensure(site->routes);
	memcpy(site->routes, list->data, list->len);
	for (char *line = site->routes, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		add_path(site, line);
	}
	return OK;
}

enum status site_open(const char *root, const char *previous, struct site **ret,
		      struct error *reterr)
{
	_cleanup_(site_freep) struct site *site = calloc(1, sizeof *site);
	enum status s;

	ensure(site);
	s = add_tree(site, root, reterr);
	if (s != OK)
		return s;
	if (*previous)
		add_previous(site, previous);
	site->index = find(site, "/index.html");
	if (!site->index)
		return error_set(reterr, NOT_FOUND, "not_found",
				 "%s/index.html is missing: run `make web`", root);
	s = take_routes(site, root, reterr);
	if (s == OK)
		*ret = TAKE_PTR(site);
	return s;
}

void site_free(struct site *site)
{
	if (!site)
		return;
	for (size_t i = 0; i < site->n; i++) {
		for (int e = PLAIN; e < ENCODINGS_N; e++) {
			const struct form *form = &site->files[i].forms[e];

			if (form->data)
				munmap(form->data, form->len ? form->len : 1);
		}
		free(site->files[i].path);
	}
	free(site->files);
	free(site->paths);
	free(site->routes);
	free(site);
}

/* The smallest form that the client takes. */
static enum encoding choose(const struct httpd_request *req, const struct file *file)
{
	const char *list = httpd_header(req, "accept-encoding");

	for (int e = BROTLI; list && e > PLAIN; e--)
		if (file->forms[e].data && encoding_accepted(list, encoding_names[e]))
			return (enum encoding)e;
	return PLAIN;
}

/* If-None-Match: "*", or a list of tags of which one is ours; weak comparison. */
static bool unchanged(const struct httpd_request *req, const char *etag)
{
	const char *list = httpd_header(req, "if-none-match");
	size_t len = strlen(etag);

	for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',') {
		p += strspn(p, " \t");
		if (*p == '*')
			return true;
		if (strncmp(p, "W/", 2) == 0)
			p += 2;
		if (strncmp(p, etag, len) == 0)
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ paths of the page */

/* Whether the path fits a pattern such as "/settings/:section?". As in the page's router, the case
 * of letters does not count, and one slash may stand at the end. */
static bool pattern_fits(const char *pattern, const char *path)
{
	if (strcmp(pattern, "/") == 0)
		return strcmp(path, "/") == 0;
	while (*pattern) {
		size_t n = strcspn(pattern + 1, "/"), m = *path ? strcspn(path + 1, "/") : 0;
		bool variable = pattern[1] == ':';

		if (variable && m == 0)
			return pattern[n] == '?' && (!*path || !path[1]);
		if (!*path || (!variable && (n != m || strncasecmp(pattern, path, n + 1) != 0)))
			return false;
		pattern += n + 1;
		path += m + 1;
	}
	return !*path || strcmp(path, "/") == 0;
}

static const struct page_path *page_path_of(const struct site *site, const char *path)
{
	for (size_t i = 0; i < site->n_paths; i++)
		if (pattern_fits(site->paths[i].pattern, path))
			return &site->paths[i];
	return NULL;
}

/* Whether a person looks at the path, to whom the page says that it does not exist. Scripts,
 * pictures and programs get a plain error. */
static bool wants_page(const struct httpd_request *req, const char *path)
{
	const char *accept = httpd_header(req, "accept");

	if (strncmp(path, ASSETS, strlen(ASSETS)) == 0)
		return false;
	return !strchr(strrchr(path, '/'), '.') || (accept && strcasestr(accept, "text/html"));
}

/* The file of a path, or the page. *ret_status: 404 for a path that the page does not have. NULL:
 * there is nothing to show. */
static const struct file *resolve(const struct site *site, const struct httpd_request *req,
				  const char *path, int32_t *ret_status, const char **ret_private)
{
	const struct file *file = find(site, path);
	const struct page_path *page = file ? NULL : page_path_of(site, path);

	*ret_private = page && page->private ? page->pattern : NULL;
	*ret_status = 200;
	if (file)
		return file;
	if (page)
		return site->index;
	*ret_status = 404;
	return wants_page(req, path) ? site->index : NULL;
}

static const char *caching(const struct file *file, int32_t status, const char *private)
{
	if (status != 200 || private)
		return "no-store";
	return strncmp(file->path, ASSETS, strlen(ASSETS)) == 0
		       ? "public, max-age=31536000, immutable"
		       : "no-cache";
}

bool site_find(const struct site *site, const struct httpd_request *req,
	       struct httpd_header headers[SITE_HEADERS_MAX], struct httpd_answer *ret,
	       const char **ret_private)
{
	bool get = strcmp(req->method, "GET") == 0 || strcmp(req->method, "HEAD") == 0;
	const char *path = httpd_decode(req->arena, req->path, strlen(req->path), false);
	int32_t status = 404;
	const struct file *file =
		get && path ? resolve(site, req, path, &status, ret_private) : NULL;
	const struct form *form;
	enum encoding encoding;
	size_t n = 0;

	if (!file)
		return false;
	encoding = choose(req, file);
	form = &file->forms[encoding];
	headers[n++] = (struct httpd_header){"vary", "accept-encoding"};
	headers[n++] = (struct httpd_header){"cache-control", caching(file, status, *ret_private)};
	if (*ret_private)
		headers[n++] = (struct httpd_header){"x-robots-tag", "noindex, nofollow"};
	if (status == 200 && !*ret_private)
		headers[n++] = (struct httpd_header){"etag", form->etag};
	if (encoding != PLAIN)
		headers[n++] = (struct httpd_header){"content-encoding", encoding_names[encoding]};
	*ret = (struct httpd_answer){
		.status = status,
		.content_type = file->content_type,
		.headers = headers,
		.n_headers = n,
		.body_lives = true,
	};
	if (status == 200 && !*ret_private && unchanged(req, form->etag)) {
		ret->status = 304;
	} else {
		ret->body = form->data;
		ret->body_len = form->len;
	}
	return true;
}
