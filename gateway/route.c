/* Finds the method of a request. The generated table is small and sorted, so it is walked. */
#include "gateway/gateway.h"

#include <string.h>

/* A path in pieces, as it was sent. */
struct path {
	const char *segments[ROUTE_SEGMENTS_MAX];
	size_t lengths[ROUTE_SEGMENTS_MAX];
	uint8_t n;
};

static bool split(const char *path, struct path *ret)
{
	ret->n = 0;
	while (*path == '/') {
		size_t len = strcspn(++path, "/");

		if (ret->n == ROUTE_SEGMENTS_MAX)
			return false;
		ret->segments[ret->n] = path;
		ret->lengths[ret->n++] = len;
		path += len;
	}
	return true;
}

/* Length of the last segment without ":verb"; SIZE_MAX when it has not this verb. */
static size_t without_verb(const struct path *path, const char *verb)
{
	size_t len = path->lengths[path->n - 1], verb_len;
	const char *segment = path->segments[path->n - 1];

	if (!verb)
		return len;
	verb_len = strlen(verb);
	if (len <= verb_len || segment[len - verb_len - 1] != ':' ||
	    memcmp(segment + len - verb_len, verb, verb_len) != 0)
		return SIZE_MAX;
	return len - verb_len - 1;
}

/* Whether the path fits. *ret_variable: the text of its variable, and its length. */
static bool matches(const struct route *route, const struct path *path, const char **ret_variable,
		    size_t *ret_len)
{
	size_t last;

	if (route->n_segments != path->n || path->n == 0)
		return false;
	last = without_verb(path, route->verb);
	if (last == SIZE_MAX)
		return false;
	for (uint8_t i = 0; i < path->n; i++) {
		size_t len = i == path->n - 1 ? last : path->lengths[i];
		const char *wanted = route->segments[i];

		if (!wanted) {
			*ret_variable = path->segments[i];
			*ret_len = len;
		} else if (strncmp(wanted, path->segments[i], len) != 0 || wanted[len]) {
			return false;
		}
	}
	return true;
}

/* HEAD is GET without a body (RFC 9110 9.3.2). */
static bool method_matches(const struct route *route, const char *http_method)
{
	return strcmp(route->http_method, http_method) == 0 ||
	       (strcmp(http_method, "HEAD") == 0 && strcmp(route->http_method, "GET") == 0);
}

enum status route_find(const char *http_method, const char *path, struct arena *arena,
		       const struct route **ret, const char **ret_variable, struct error *reterr)
{
	const char *variable = NULL;
	struct path pieces;
	bool known = false;
	size_t len = 0;

	for (size_t i = 0; split(path, &pieces) && i < routes_n; i++) {
		if (!matches(&routes[i], &pieces, &variable, &len))
			continue;
		known = true;
		if (!method_matches(&routes[i], http_method))
			continue;
		*ret = &routes[i];
		*ret_variable = variable ? httpd_decode(arena, variable, len, false) : NULL;
		if (variable && (!*ret_variable || !**ret_variable))
			return error_set(reterr, NOT_FOUND, "not_found", "there is no such thing");
		return OK;
	}
	if (known)
		return error_set(reterr, UNIMPLEMENTED, "method_not_allowed",
				 "%s is not allowed here", http_method);
	return error_set(reterr, NOT_FOUND, "route_unknown", "there is nothing at this path");
}

const char *route_methods(const char *path, struct arena *arena)
{
	const char *list = "", *last = "", *variable;
	struct path pieces;
	size_t len;

	for (size_t i = 0; split(path, &pieces) && i < routes_n; i++) {
		if (!matches(&routes[i], &pieces, &variable, &len) ||
		    strcmp(routes[i].http_method, last) == 0)
			continue;
		last = routes[i].http_method;
		list = arena_printf(arena, "%s%s%s%s", list, *list ? ", " : "", last,
				    strcmp(last, "GET") == 0 ? ", HEAD" : "");
	}
	return list;
}
