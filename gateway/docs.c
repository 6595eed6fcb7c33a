/* /docs: the routes for people, from the table that serves them. */
#include "gateway/gateway.h"
#include "runtime/base/buf.h"

#define PAGE_BYTES_MAX (1024 * 1024)

static const char *who(const struct route *route)
{
	switch (route->method->access) {
	case RPC_ACCESS_PUBLIC:
		return "anyone";
	case RPC_ACCESS_USER:
		return route->api_key ? "signed in, or an API key" : "signed in";
	default:
		return "administrator";
	}
}

static const char *what(const struct route *route)
{
	if (route->planned)
		return "planned";
	if (route->method->kind != RPC_SERVER_STREAM)
		return "JSON";
	return route->resp->form == JSON_FORM_HTTP_BODY ? "JSON or server-sent events"
							: "server-sent events";
}

const char *docs_page(struct arena *arena)
{
	const char *page;
	struct buf out;

	buf_init(&out, PAGE_BYTES_MAX);
	buf_adds(&out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		       "<title>API</title></head><body>\n<h1>API</h1>\n"
		       "<p>In full: <a href=\"/openapi.json\">openapi.json</a> (OpenAPI 3.1). "
		       "Errors are <code>application/problem+json</code>. Below <code>/v1</code> "
		       "bodies and errors are those of OpenAI and Anthropic, and the key goes "
		       "into <code>Authorization: Bearer</code> or <code>x-api-key</code>.</p>\n"
		       "<table><thead><tr><th>Method</th><th>Path</th><th>For</th><th>Answer</th>"
		       "</tr></thead><tbody>\n");
	for (size_t i = 0; i < routes_n; i++)
		buf_addf(&out,
			 "<tr><td>%s</td><td><code>%s</code></td><td>%s</td><td>%s</td></tr>\n",
			 routes[i].http_method, routes[i].path, who(&routes[i]), what(&routes[i]));
	buf_adds(&out, "</tbody></table>\n</body></html>\n");
	page = arena_strndup(arena, buf_text(&out), out.len);
	buf_done(&out);
	return page;
}
