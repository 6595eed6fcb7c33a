/* build/gen/gateway/routes.c: the table of gateway/route_table.h. */
#include "tools/gen/gen.h"

#include <string.h>

static const char *body_of(const struct gen_route *route)
{
	if (route->body_all)
		return "ROUTE_BODY_ALL";
	return route->body_field >= 0 ? "ROUTE_BODY_FIELD" : "ROUTE_BODY_NONE";
}

static void put_route(struct gen *gen, struct gen_file *file, const struct gen_method *method)
{
	const struct gen_route *route = &method->route;
	const Limitless__MethodRule *rule = method->rule;

	gen_put(file, "\t{\n\t\t.http_method = \"%s\",\n\t\t.path = \"%s\",\n\t\t.segments = {",
		route->http_method, route->path);
	for (size_t i = 0; i < route->n_segments; i++)
		if (route->segments[i])
			gen_put(file, "\"%s\", ", route->segments[i]);
		else
			gen_put(file, "NULL, ");
	gen_put(file, "},\n\t\t.n_segments = %zu,\n", route->n_segments);
	if (route->verb)
		gen_put(file, "\t\t.verb = \"%s\",\n", route->verb);
	gen_put(file,
		"\t\t.variable_field = %d,\n\t\t.body = %s,\n\t\t.body_field = %d,\n"
		"\t\t.stream_field = %d,\n\t\t.package = \"%s\",\n\t\t.method = &%s_method,\n"
		"\t\t.req = &json_rule_%s,\n\t\t.resp = &json_rule_%s,\n",
		route->variable, body_of(route), route->body_field, route->stream_field,
		method->package, method->c_name, gen_c_prefix(gen, method->req->name),
		gen_c_prefix(gen, method->resp->name));
	gen_put(file,
		"\t\t.limit = ROUTE_LIMIT_%s,\n\t\t.dialect = ROUTE_DIALECT_%s,\n"
		"\t\t.stream_when = ROUTE_STREAM_%s,\n\t\t.http_status = %u,\n",
		gen_value_name(&limitless__method_rule__rate_limit__descriptor,
			       (int)rule->rate_limit),
		gen_value_name(&limitless__method_rule__dialect__descriptor, (int)rule->dialect),
		gen_value_name(&limitless__method_rule__stream_when__descriptor,
			       (int)rule->stream_when),
		rule->http_status ? rule->http_status : 200);
	gen_put(file, "\t\t.timeout_ms = %u,\n\t\t.body_bytes_max = %u,\n", rule->timeout_ms,
		gen_body_bytes_max(method));
	gen_put(file, "\t\t.api_key = %s,\n\t\t.clear_cookies = %s,\n\t\t.planned = %s,\n\t},\n",
		rule->api_key ? "true" : "false", rule->clear_cookies ? "true" : "false",
		gen_planned(method) ? "true" : "false");
}

static void put_cookies(struct gen *gen, struct gen_file *file)
{
	const struct gen_enum *names = gen_enum_find(gen, "limitless.CookieRule.Name");

	gen_put(file, "\nconst struct route_cookie route_cookies[] = {\n");
	for (size_t i = 0; i < names->n_values; i++) {
		const struct gen_enum_value *value = &names->values[i];

		if (value->cookie)
			gen_put(file, "\t[JSON_COOKIE_%s] = {\"%s\", \"%s\", \"%s\"},\n",
				value->proto->name, gen_cookie_name(gen, value->cookie),
				value->cookie->name, value->cookie->path);
	}
	gen_put(file, "};\nconst size_t route_cookies_n = sizeof(route_cookies) / "
		      "sizeof(route_cookies[0]);\n");
}

void gen_write_routes(struct gen *gen)
{
	struct gen_file file;
	size_t n;
	const struct gen_method **routes = gen_routes(gen, &n);

	gen_file_begin(&file, "gateway/routes.c");
	gen_put(&file,
		"/* Made from protos/ by tools/gen. */\n#include \"gateway/route_table.h\"\n");
	for (size_t i = 0; i < gen->n_packages; i++)
		gen_put(&file, "#include \"%s/rpc.h\"\n", gen_slashes(gen, gen->packages[i]));
	gen_put(&file, "#include \"limitless/json_rules.h\"\n\nconst struct route routes[] = {\n");
	for (size_t i = 0; i < n; i++)
		put_route(gen, &file, routes[i]);
	gen_put(&file, "};\nconst size_t routes_n = sizeof(routes) / sizeof(routes[0]);\n");
	put_cookies(gen, &file);
	gen_file_end(gen, &file);
}
