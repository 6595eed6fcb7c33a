#include "tools/gen/gen.h"

#include <string.h>

static int field_index(const struct gen_message *message, const char *name)
{
	for (size_t i = 0; i < message->n_fields; i++)
		if (strcmp(message->fields[i].proto->name, name) == 0)
			return (int)i;
	return -1;
}

static bool parse_pattern(const Google__Api__HttpRule *http, struct gen_route *route)
{
	switch (http->pattern_case) {
	case GOOGLE__API__HTTP_RULE__PATTERN_GET:
		route->http_method = "GET";
		route->path = http->get;
		return true;
	case GOOGLE__API__HTTP_RULE__PATTERN_PUT:
		route->http_method = "PUT";
		route->path = http->put;
		return true;
	case GOOGLE__API__HTTP_RULE__PATTERN_POST:
		route->http_method = "POST";
		route->path = http->post;
		return true;
	case GOOGLE__API__HTTP_RULE__PATTERN_DELETE:
		route->http_method = "DELETE";
		route->path = http->delete_;
		return true;
	case GOOGLE__API__HTTP_RULE__PATTERN_PATCH:
		route->http_method = "PATCH";
		route->path = http->patch;
		return true;
	default:
		return false;
	}
}

/* {chat}: a text field of the request, as a whole segment. */
static void parse_variable(struct gen *gen, struct gen_method *method, const char *segment)
{
	struct gen_route *route = &method->route;
	size_t len = strlen(segment);
	const char *name;

	if (segment[0] != '{' || segment[len - 1] != '}' || strpbrk(segment, "=.*")) {
		gen_error(gen, &method->place, "%s: a variable is a whole segment {field}",
			  route->path);
		return;
	}
	if (route->variable >= 0) {
		gen_error(gen, &method->place, "%s: one variable is all that a path may have",
			  route->path);
		return;
	}
	name = arena_strndup(gen->arena, segment + 1, len - 2);
	route->variable = field_index(method->req, name);
	if (route->variable < 0)
		gen_error(gen, &method->place, "%s: %s has no field %s", route->path,
			  method->req->name, name);
	else if (method->req->fields[route->variable].repeated ||
		 method->req->fields[route->variable].proto->type !=
			 GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING)
		gen_error(gen, &method->place, "%s: %s is not one text", route->path, name);
}

static void parse_path(struct gen *gen, struct gen_method *method)
{
	struct gen_route *route = &method->route;
	char *rest = arena_strdup(gen->arena, route->path);
	char *colon = strrchr(rest, ':');

	if (rest[0] != '/' || strchr(rest, ' ') || strchr(rest, '?')) {
		gen_error(gen, &method->place, "%s: not a path", route->path);
		return;
	}
	if (colon) {
		*colon = '\0';
		route->verb = colon + 1;
		if (strchr(route->verb, '/') || strchr(rest, ':'))
			gen_error(gen, &method->place, "%s: a verb stands once, at the end",
				  route->path);
	}
	for (char *next; rest; rest = next) {
		char *segment = rest + 1;

		next = strchr(segment, '/');
		if (next)
			*next = '\0';
		if (route->n_segments == GEN_SEGMENTS_MAX) {
			gen_error(gen, &method->place, "%s: more than %d segments", route->path,
				  GEN_SEGMENTS_MAX);
			return;
		}
		if (strpbrk(segment, "{}*"))
			parse_variable(gen, method, segment);
		else
			route->segments[route->n_segments] = segment;
		if (!*segment)
			gen_error(gen, &method->place, "%s: an empty segment", route->path);
		route->n_segments++;
	}
}

static void parse_body(struct gen *gen, struct gen_method *method, const char *body)
{
	struct gen_route *route = &method->route;

	if (strcmp(body, "*") == 0) {
		route->body_all = true;
		return;
	}
	if (!*body)
		return;
	route->body_field = field_index(method->req, body);
	if (route->body_field < 0)
		gen_error(gen, &method->place, "body: %s has no field %s", method->req->name, body);
	else if (!method->req->fields[route->body_field].message)
		gen_error(gen, &method->place, "body: %s is not a message", body);
}

void gen_route(struct gen *gen, struct gen_method *method, const Google__Api__HttpRule *http)
{
	struct gen_route *route = &method->route;

	method->has_route = true;
	*route = (struct gen_route){.variable = -1, .body_field = -1, .stream_field = -1};
	if (!parse_pattern(http, route)) {
		gen_error(gen, &method->place, "google.api.http: get, put, post, delete or patch");
		method->has_route = false;
		return;
	}
	if (http->n_additional_bindings > 0 || *http->response_body)
		gen_error(gen, &method->place,
			  "google.api.http: additional_bindings and response_body are not taken");
	parse_path(gen, method);
	parse_body(gen, method, http->body);
	if (method->rule->stream_when == LIMITLESS__METHOD_RULE__STREAM_WHEN__BODY_FIELD) {
		route->stream_field = field_index(method->req, "stream");
		if (route->stream_field < 0)
			gen_error(gen, &method->place,
				  "stream_when: BODY_FIELD needs a field `stream` in %s",
				  method->req->name);
	}
}

/* NULL (a variable, no verb, the end) comes last. */
static int compare_part(const char *a, const char *b)
{
	if (!a || !b)
		return (a == NULL) - (b == NULL);
	return strcmp(a, b);
}

int gen_route_compare(const struct gen_method *a, const struct gen_method *b)
{
	size_t n = a->route.n_segments < b->route.n_segments ? a->route.n_segments
							     : b->route.n_segments;
	int order;

	for (size_t i = 0; i < n; i++) {
		order = compare_part(a->route.segments[i], b->route.segments[i]);
		if (order)
			return order;
	}
	if (a->route.n_segments != b->route.n_segments)
		return a->route.n_segments < b->route.n_segments ? -1 : 1;
	order = compare_part(a->route.verb, b->route.verb);
	return order ? order : strcmp(a->route.http_method, b->route.http_method);
}

static int compare_entry(const void *a, const void *b)
{
	const struct gen_method *x = *(const struct gen_method *const *)a;
	const struct gen_method *y = *(const struct gen_method *const *)b;
	int order = gen_route_compare(x, y);

	return order ? order : (int)y->rule->stream_when - (int)x->rule->stream_when;
}

const struct gen_method **gen_routes(const struct gen *gen, size_t *ret_n)
{
	const struct gen_method **routes =
		arena_array(gen->arena, gen->n_methods, sizeof(routes[0]));
	size_t n = 0;

	for (size_t i = 0; i < gen->n_methods; i++)
		if (gen->methods[i].has_route)
			routes[n++] = &gen->methods[i];
	qsort(routes, n, sizeof(routes[0]), compare_entry);
	*ret_n = n;
	return routes;
}
