/* build/gen/openapi.json: OpenAPI 3.1 of the routes whose methods are READY. */
#include "tools/gen/openapi.h"

#include <ctype.h>
#include <string.h>

static json_t *object_at(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!value) {
		value = json_object();
		json_object_set_new(object, key, value);
	}
	return value;
}

static const char *lower_method(const struct gen *gen, const struct gen_method *method)
{
	return gen_lower(gen, method->route.http_method);
}

static bool is_openai(const struct gen_method *method)
{
	return method->rule->dialect == LIMITLESS__METHOD_RULE__DIALECT__OPENAI;
}

static bool is_anthropic(const struct gen_method *method)
{
	return method->rule->dialect == LIMITLESS__METHOD_RULE__DIALECT__ANTHROPIC;
}

static bool of_others(const struct gen_method *method)
{
	return is_openai(method) || is_anthropic(method);
}

/* In a dialect of others the body is JSON whose members its own documentation has. */
static json_t *raw_content(const struct gen_method *method)
{
	if (of_others(method))
		return json_pack("{s:{s:{s:s}}}", "application/json", "schema", "type", "object");
	return json_pack("{s:{}}", "*/*");
}

static bool is_query_field(const struct gen_method *method, int i)
{
	return openapi_is_member(&method->req->fields[i]) && i != method->route.variable &&
	       i != method->route.body_field && !method->route.body_all;
}

static void put_parameters(struct openapi *api, json_t *operation, const struct gen_method *method)
{
	json_t *parameters = json_array();

	for (int i = 0; i < (int)method->req->n_fields; i++) {
		const struct gen_field *field = &method->req->fields[i];
		bool path = i == method->route.variable;
		const char *name =
			path || is_openai(method) ? field->proto->name : field->json_name;

		if (field->cursor || field->header)
			json_array_append_new(
				parameters,
				json_pack("{s:s, s:s, s:s, s:o}", "name",
					  field->cursor ? "Last-Event-ID" : field->header, "in",
					  "header", "description", field->place.comment, "schema",
					  openapi_field(api, field, OPENAPI_REQUEST, false)));
		else if (path || is_query_field(method, i))
			json_array_append_new(
				parameters,
				json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in",
					  path ? "path" : "query", "required",
					  path || field->required, "schema",
					  openapi_field(api, field, OPENAPI_REQUEST, false)));
	}
	if (strcmp(method->route.http_method, "GET") != 0 &&
	    method->rule->access != LIMITLESS__METHOD_RULE__ACCESS__PUBLIC)
		json_array_append_new(parameters, json_pack("{s:s}", "$ref",
							    "#/components/parameters/"
							    "IdempotencyKey"));
	if (json_array_size(parameters) > 0)
		json_object_set(operation, "parameters", parameters);
	json_decref(parameters);
}

/* An absent body counts as {}. */
static bool needs_body(const struct gen_message *message)
{
	for (size_t i = 0; i < message->n_fields; i++)
		if (message->fields[i].required)
			return true;
	return false;
}

static void put_body(struct openapi *api, json_t *operation, const struct gen_method *method)
{
	const struct gen_route *route = &method->route;
	const struct gen_message *message = method->req;
	json_t *content;

	if (route->body_field >= 0)
		message = method->req->fields[route->body_field].message;
	else if (!route->body_all)
		return;
	if (gen_is(message, "google.api.HttpBody"))
		content = raw_content(method);
	else
		content =
			json_pack("{s:{s:o}}", "application/json", "schema",
				  openapi_message(api, message, OPENAPI_REQUEST, is_openai(method),
						  route->body_all ? route->variable : -1));
	json_object_set_new(operation, "requestBody",
			    json_pack("{s:b, s:o}", "required",
				      of_others(method) || needs_body(message), "content",
				      content));
}

/* Names of the SSE events and the schema of their data. */
static json_t *event_map(struct openapi *api, const struct gen_method *method)
{
	json_t *events = json_object();

	for (size_t i = 0; i < method->resp->n_fields; i++) {
		const struct gen_field *field = &method->resp->fields[i];

		if (field->event)
			json_object_set_new(events, field->json_name,
					    openapi_message(api, field->message, OPENAPI_RESPONSE,
							    is_openai(method), -1));
	}
	return events;
}

static void put_content(struct openapi *api, json_t *content, const struct gen_method *method)
{
	json_t *events;

	if (method->rule->stream_when == LIMITLESS__METHOD_RULE__STREAM_WHEN__ACCEPT_CSV) {
		json_object_set_new(content, "text/csv",
				    json_pack("{s:{s:s}}", "schema", "type", "string"));
		return;
	}
	if (gen_is(method->resp, "google.api.HttpBody")) {
		json_object_update_new(content, raw_content(method));
		if (method->proto->server_streaming)
			json_object_set_new(content, "text/event-stream",
					    json_pack("{s:{s:s}}", "schema", "type", "string"));
		return;
	}
	if (!method->proto->server_streaming) {
		json_object_set_new(content, "application/json",
				    json_pack("{s:o}", "schema",
					      openapi_message(api, method->resp, OPENAPI_RESPONSE,
							      is_openai(method), -1)));
		return;
	}
	events = event_map(api, method);
	if (json_object_size(events) > 0)
		json_object_set_new(content, "text/event-stream",
				    json_pack("{s:o, s:O}", "schema",
					      openapi_event(api, method->resp, is_openai(method)),
					      "x-events", events));
	else
		json_object_set_new(content, "text/event-stream",
				    json_pack("{s:o}", "schema",
					      openapi_message(api, method->resp, OPENAPI_RESPONSE,
							      is_openai(method), -1)));
	json_decref(events);
}

static bool redirects(const struct gen_method *method)
{
	for (size_t i = 0; i < method->resp->n_fields; i++)
		if (method->resp->fields[i].location)
			return true;
	return false;
}

static void put_responses(struct openapi *api, json_t *operation, const struct gen_method *method)
{
	json_t *responses = object_at(operation, "responses");
	const char *status = arena_printf(
		api->gen->arena, "%u", method->rule->http_status ? method->rule->http_status : 200);

	if (redirects(method)) {
		json_object_set_new(responses, "303",
				    json_pack("{s:s, s:{s:{s:b, s:{s:s}}}}", "description",
					      "See the Location header.", "headers", "Location",
					      "required", 1, "schema", "type", "string"));
	} else {
		json_t *success = object_at(responses, status);

		json_object_set_new(success, "description", json_string("Success."));
		put_content(api, object_at(success, "content"), method);
	}
	json_object_set_new(responses, "default",
			    json_pack("{s:s}", "$ref",
				      is_openai(method) ? "#/components/responses/OpenAiError"
				      : is_anthropic(method)
					      ? "#/components/responses/AnthropicError"
					      : "#/components/responses/Problem"));
}

static void put_security(json_t *operation, const struct gen_method *method)
{
	json_t *security = json_array();

	if (method->rule->access != LIMITLESS__METHOD_RULE__ACCESS__PUBLIC) {
		if (!of_others(method)) /* programs have no cookies */
			json_array_append_new(security, json_pack("{s:[]}", "session"));
		json_array_append_new(security, json_pack("{s:[]}", "bearer"));
	}
	if (method->rule->api_key)
		json_array_append_new(security, json_pack("{s:[]}", "apiKey"));
	json_object_set_new(operation, "security", security);
	if (method->rule->access == LIMITLESS__METHOD_RULE__ACCESS__ADMIN)
		json_object_set_new(operation, "x-role", json_string("ADMIN"));
}

/* The comment's first sentence; the whole is the description. */
static const char *summary(const struct gen *gen, const char *comment)
{
	const char *end = strstr(comment, ". ");
	const char *line = strchr(comment, '\n');

	if (!end || (line && line < end))
		end = line ? line : comment + strlen(comment);
	while (end > comment && (end[-1] == '.' || isspace((unsigned char)end[-1])))
		end--;
	return arena_strndup(gen->arena, comment, (size_t)(end - comment));
}

/* Two methods of one route are one operation, with the name of the plain one and the answers of
 * both. */
static void put_operation(struct openapi *api, json_t *paths, const struct gen_method *method)
{
	const struct gen *gen = api->gen;
	json_t *path = object_at(paths, method->route.path);
	json_t *operation = object_at(path, lower_method(gen, method));
	const char *before = json_string_value(json_object_get(operation, "description"));
	const char *tag = arena_strndup(gen->arena, method->package, strcspn(method->package, "."));

	json_object_set_new(operation, "operationId", json_string(method->proto->name));
	json_object_set_new(operation, "tags", json_pack("[s]", tag));
	if (!before)
		json_object_set_new(operation, "summary",
				    json_string(summary(gen, method->place.comment)));
	json_object_set_new(operation, "description",
			    json_string(arena_printf(gen->arena, "%s%s%s", before ? before : "",
						     before ? "\n\n" : "", method->place.comment)));
	put_parameters(api, operation, method);
	put_body(api, operation, method);
	put_responses(api, operation, method);
	put_security(operation, method);
}

static void put_problem(struct openapi *api)
{
	static const char *const codes[] = {
		"CANCELLED",
		"UNKNOWN",
		"INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED",
		"NOT_FOUND",
		"ALREADY_EXISTS",
		"PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION",
		"ABORTED",
		"OUT_OF_RANGE",
		"UNIMPLEMENTED",
		"INTERNAL",
		"UNAVAILABLE",
		"DATA_LOSS",
		"UNAUTHENTICATED",
	};
	const struct gen_enum *reasons = gen_enum_find(api->gen, "limitless.Reason");
	json_t *words = json_array(), *names = json_array();
	json_t *reason = json_pack("{s:s, s:o}", "type", "string", "enum", words);
	const char *about = "";

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		json_array_append_new(names, json_string(codes[i]));
	for (size_t i = 0; i < reasons->n_values; i++) {
		const struct gen_enum_value *value = &reasons->values[i];

		if (value->proto->number == 0)
			continue;
		json_array_append_new(words, json_string(value->proto->name));
		about = arena_printf(api->gen->arena, "%s- %s: %s\n", about, value->proto->name,
				     value->place.comment);
	}
	json_object_set_new(reason, "description", json_string(about));
	json_object_set_new(api->schemas, "Reason", reason);
	json_object_set_new(
		api->schemas, "Problem",
		json_pack("{s:s, s:s, s:[s, s, s, s, s, s, s], s:{s:{s:s}, s:{s:s}, s:{s:s}, "
			  "s:{s:s}, s:{s:s, s:o}, s:{s:s}, s:{s:s}, s:{s:s, s:s}}}",
			  "type", "object", "description",
			  "An error (RFC 9457). Switch on reason; detail is for people.",
			  "required", "type", "title", "status", "detail", "code", "reason",
			  "requestId", "properties", "type", "type", "string", "title", "type",
			  "string", "status", "type", "integer", "detail", "type", "string", "code",
			  "type", "string", "enum", names, "reason", "$ref",
			  "#/components/schemas/Reason", "requestId", "type", "string", "field",
			  "type", "string", "description", "Path of the input field at fault."));
}

static void put_openai_error(struct openapi *api)
{
	json_object_set_new(
		api->schemas, "OpenAiError",
		json_pack("{s:s, s:[s], s:{s:{s:s, s:[s, s], s:{s:{s:s}, s:{s:s}, s:{s:[s, s]}, "
			  "s:{s:[s, s]}}}}}",
			  "type", "object", "required", "error", "properties", "error", "type",
			  "object", "required", "message", "type", "properties", "message", "type",
			  "string", "type", "type", "string", "param", "type", "string", "null",
			  "code", "type", "string", "null"));
}

static void put_anthropic_error(struct openapi *api)
{
	json_object_set_new(
		api->schemas, "AnthropicError",
		json_pack("{s:s, s:[s, s], s:{s:{s:s}, s:{s:s, s:[s, s], s:{s:{s:s}, s:{s:s}}}, "
			  "s:{s:s}}}",
			  "type", "object", "required", "type", "error", "properties", "type",
			  "const", "error", "error", "type", "object", "required", "type",
			  "message", "properties", "type", "type", "string", "message", "type",
			  "string", "request_id", "type", "string"));
}

static json_t *error_response(const char *type, const char *schema)
{
	return json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", "An error.", "content", type,
			 "schema", "$ref", schema);
}

/* Name of the cookie that holds the access token. */
static const char *session_cookie(const struct gen *gen)
{
	const struct gen_enum *names = gen_enum_find(gen, "limitless.CookieRule.Name");

	return gen_cookie_name(gen, names->values[LIMITLESS__COOKIE_RULE__NAME__ACCESS].cookie);
}

static json_t *components(struct openapi *api, bool others)
{
	json_t *responses = json_pack(
		"{s:o}", "Problem",
		error_response("application/problem+json", "#/components/schemas/Problem"));
	json_t *schemes = json_pack(
		"{s:{s:s, s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}, s:{s:s, s:s, s:s}}", "session",
		"type", "apiKey", "in", "cookie", "name", session_cookie(api->gen), "description",
		"Set by signing in; without the prefix on plain http.", "bearer", "type", "http",
		"scheme", "bearer", "bearerFormat", "JWT", "description",
		"accessToken of a session.", "apiKey", "type", "http", "scheme", "bearer",
		"description", "An API key. The header x-api-key carries it as well.");
	json_t *parameters = json_pack(
		"{s:{s:s, s:s, s:s, s:{s:s, s:i}}}", "IdempotencyKey", "name", "Idempotency-Key",
		"in", "header", "description",
		"A repeat with the same key and body has no further effect; another body is 409.",
		"schema", "type", "string", "maxLength", 255);

	put_problem(api);
	if (others) {
		put_openai_error(api);
		put_anthropic_error(api);
		json_object_set_new(
			responses, "OpenAiError",
			error_response("application/json", "#/components/schemas/OpenAiError"));
		json_object_set_new(
			responses, "AnthropicError",
			error_response("application/json", "#/components/schemas/AnthropicError"));
	}
	return json_pack("{s:o, s:o, s:o, s:O}", "securitySchemes", schemes, "parameters",
			 parameters, "responses", responses, "schemas", api->schemas);
}

void gen_write_openapi(struct gen *gen)
{
	struct openapi api = {
		.gen = gen,
		.schemas = json_object(),
		.in_response = arena_zalloc(gen->arena, gen->n_messages * sizeof(bool)),
	};
	json_t *paths = json_object(), *document;
	struct gen_file file;
	bool others = false;
	size_t n;
	const struct gen_method **routes = gen_routes(gen, &n);
	char *text;

	for (size_t i = 0; i < n; i++)
		if (!gen_planned(routes[i]))
			openapi_mark_response(&api, routes[i]->resp);
	for (size_t i = 0; i < n; i++) {
		if (gen_planned(routes[i]))
			continue;
		put_operation(&api, paths, routes[i]);
		others |= of_others(routes[i]);
	}
	document =
		json_pack("{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:[{s:s}], s:o, s:o}", "openapi",
			  "3.1.0", "info", "title", "Limitless Chat", "version", "1", "description",
			  "Chat with many language models and pay with credits. All money is "
			  "micro-credits: 1 credit is 1,000,000.",
			  "license", "name", "Apache-2.0", "identifier", "Apache-2.0", "servers",
			  "url", "/", "paths", paths, "components", components(&api, others));
	text = json_dumps(document, JSON_INDENT(2));
	gen_file_begin(&file, "openapi.json");
	gen_put(&file, "%s\n", text);
	gen_file_end(gen, &file);
	free(text);
	json_decref(document);
	json_decref(api.schemas);
}
