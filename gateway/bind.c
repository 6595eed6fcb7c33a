/* Makes the request message. Body, query, path, cookies and headers each have their fields. */
#include "gateway/gateway.h"
#include "google/api/httpbody.pb-c.h"
#include "limitless/json_rules.h"
#include "runtime/json/json.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_wanted(const struct httpd_request *http, const char *type)
{
	const char *accept = httpd_header(http, "accept");

	return accept && strcasestr(accept, type);
}

/* ------------------------------------------------------------------ body */

/* Whether the content type is that of JSON, with any parameters. */
static bool is_json(const char *type)
{
	size_t len = type ? strcspn(type, "; \t") : 0;

	return len == strlen("application/json") && strncasecmp(type, "application/json", len) == 0;
}

static ProtobufCMessage *field_message(const struct json_message_rule *rule,
				       ProtobufCMessage *message, int32_t field,
				       struct arena *arena)
{
	ProtobufCMessage *inner = json_message_new(rule->fields[field].message, arena);

	if (inner)
		*(ProtobufCMessage **)((uint8_t *)message +
				       rule->descriptor->fields[field].offset) = inner;
	return inner;
}

/* Puts raw bytes into google.api.HttpBody. */
static enum status bind_raw(const struct request *request, ProtobufCMessage *message,
			    struct error *reterr)
{
	const struct httpd_request *http = request->http;
	const struct route *route = request->route;
	const char *type = httpd_header(http, "content-type");
	Google__Api__HttpBody *body;

	body = (Google__Api__HttpBody *)field_message(route->req, message, route->body_field,
						      http->arena);
	if (route->dialect != ROUTE_DIALECT_PROTO3 && !is_json(type))
		return error_set(reterr, INVALID_ARGUMENT, "content_type_unsupported",
				 "the body must be JSON: send Content-Type: application/json");
	if (!body)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large",
				 "the request is too large");
	body->content_type = arena_strdup(http->arena, type ? type : "application/octet-stream");
	body->data.data = (uint8_t *)http->body;
	body->data.len = http->body_len;
	return OK;
}

bool route_is_raw(const struct route *route)
{
	return route->body == ROUTE_BODY_FIELD &&
	       route->req->fields[route->body_field].message->form == JSON_FORM_HTTP_BODY;
}

static enum status bind_body(const struct request *request, ProtobufCMessage *message,
			     struct error *reterr)
{
	const struct httpd_request *http = request->http;
	const struct route *route = request->route;
	const struct json_read_options options = {
		.ignore_unknown = route->dialect != ROUTE_DIALECT_PROTO3,
		.update_mask = strcmp(http->method, "PATCH") == 0,
		.skip_field = route->variable_field,
		.elements_max = (size_t)request->gateway->conf->json_elements_max,
	};
	ProtobufCMessage *nothing;

	if (route_is_raw(route))
		return bind_raw(request, message, reterr);
	if (http->body_len > 0 && !is_json(httpd_header(http, "content-type")))
		return error_set(reterr, INVALID_ARGUMENT, "content_type_unsupported",
				 "the body must be application/json");
	if (route->body == ROUTE_BODY_ALL)
		return json_read(route->req, message, http->body, http->body_len, &options,
				 http->arena, reterr);
	if (route->body == ROUTE_BODY_FIELD)
		return json_read_field(route->req, message, route->body_field,
				       http->body_len ? (const void *)http->body : "{}",
				       http->body_len ? http->body_len : 2, &options, http->arena,
				       reterr);
	/* The method takes no body. An empty object counts as none, and anything else is a
	 * mistake. */
	nothing = json_message_new(&json_rule_google__protobuf__empty, http->arena);
	return json_read(&json_rule_google__protobuf__empty, nothing, http->body, http->body_len,
			 &(struct json_read_options){.skip_field = -1}, http->arena, reterr);
}

/* ------------------------------------------------------------------ query, path, cookies, headers
 */

static enum status bind_query(const struct request *request, ProtobufCMessage *message,
			      struct error *reterr)
{
	const struct httpd_request *http = request->http;
	const struct json_message_rule *rule = request->route->req;
	bool resumes = httpd_header(http, "last-event-id");
	const char *query = http->query, *name, *value;
	enum status s;

	while (httpd_query_next(http->arena, &query, &name, &value)) {
		if (!name)
			return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
					 "the query has a broken escape");
		if (request->route->body == ROUTE_BODY_ALL)
			return error_field(reterr, INVALID_ARGUMENT, "field_unknown", name,
					   "this route takes its fields in the body");
		/* A browser that comes back repeats the query of its first visit, so Last-Event-ID
		 * wins. */
		if (resumes && rule->cursor_field >= 0 &&
		    strcmp(name, rule->fields[rule->cursor_field].json_name) == 0)
			continue;
		s = json_bind(rule, message, name, value, http->arena, reterr);
		/* Programs of others may send more than is known here, such as `?beta=true`. */
		if (s != OK && request->route->dialect != ROUTE_DIALECT_PROTO3 &&
		    strcmp(reterr->reason, "field_unknown") == 0)
			continue;
		if (s != OK)
			return s;
	}
	return OK;
}

static enum status bind_variable(const struct request *request, ProtobufCMessage *message,
				 struct error *reterr)
{
	if (!request->variable ||
	    json_bind_field(request->route->req, message, request->route->variable_field,
			    request->variable, request->http->arena, NULL) == OK)
		return OK;
	return error_set(reterr, NOT_FOUND, "not_found", "there is no such thing");
}

static enum status bind_headers_and_cookies(const struct request *request,
					    ProtobufCMessage *message, struct error *reterr)
{
	const struct json_message_rule *rule = request->route->req;

	for (unsigned i = 0; i < rule->descriptor->n_fields; i++) {
		const char *value = NULL;
		enum status s = OK;

		if (rule->fields[i].flags & JSON_COOKIE)
			value = cookie_find(request->gateway, request->http,
					    rule->fields[i].cookie);
		else if (rule->fields[i].flags & JSON_HEADER)
			value = httpd_header(request->http, rule->fields[i].header);
		if (value)
			s = json_bind_field(rule, message, (int32_t)i, value, request->http->arena,
					    reterr);
		if (s != OK && rule->fields[i].flags & JSON_HEADER)
			snprintf(reterr->field, sizeof reterr->field, "%s", rule->fields[i].header);
		if (s != OK)
			return s;
	}
	return OK;
}

static enum status bind_cursor(const struct request *request, ProtobufCMessage *message,
			       struct error *reterr)
{
	const char *cursor = httpd_header(request->http, "last-event-id");
	const struct json_message_rule *rule = request->route->req;

	if (!cursor || request->route->method->kind != RPC_SERVER_STREAM)
		return OK;
	if (strcmp(request->http->method, "GET") != 0 || rule->cursor_field < 0)
		return error_field(reterr, INVALID_ARGUMENT, "cursor_invalid", "Last-Event-ID",
				   "only a GET of a stream goes on where it was left");
	return json_bind_field(rule, message, rule->cursor_field, cursor, request->http->arena,
			       reterr);
}

/* Chooses between two methods on one route: a stream or a file, if the client wants it. */
static void choose_of_pair(struct request *request, const ProtobufCMessage *message)
{
	const struct route *route = request->route;
	bool stream = true;

	if (route->stream_when == ROUTE_STREAM_ACCEPT)
		stream = is_wanted(request->http, "text/event-stream");
	else if (route->stream_when == ROUTE_STREAM_ACCEPT_CSV)
		stream = is_wanted(request->http, "text/csv");
	else if (route->stream_when == ROUTE_STREAM_BODY_FIELD)
		stream = json_get_bool(route->req, message, route->stream_field);
	if (!stream)
		request->route++; /* the plain one stands right behind it */
}

enum status bind_message(struct request *request, ProtobufCMessage **ret, struct error *reterr)
{
	ProtobufCMessage *message = json_message_new(request->route->req, request->http->arena);
	enum status s;

	if (!message)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large",
				 "the request is too large");
	s = bind_body(request, message, reterr);
	if (s == OK)
		s = bind_query(request, message, reterr);
	if (s == OK)
		s = bind_variable(request, message, reterr);
	if (s == OK)
		s = bind_headers_and_cookies(request, message, reterr);
	choose_of_pair(request, message);
	if (s == OK)
		s = bind_cursor(request, message, reterr);
	if (s == OK)
		s = json_check_required(request->route->req, message, reterr);
	*ret = message;
	return s;
}
