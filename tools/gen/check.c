#include "tools/gen/gen.h"

#include <stdio.h>
#include <string.h>

/* protoc-gen-c makes a struct member of each RPC's name. */
static bool is_keyword(const char *word)
{
	static const char *const keywords[] = {
		"auto",   "break", "case",    "char",   "const",    "continue", "default",
		"do",     "else",  "enum",    "extern", "float",    "goto",     "if",
		"inline", "int",   "long",    "double", "register", "restrict", "return",
		"short",  "for",   "signed",  "sizeof", "static",   "struct",   "switch",
		"union",  "void",  "typedef", "while",  "unsigned", "volatile", "asm",
	};

	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (strcmp(word, keywords[i]) == 0)
			return true;
	return false;
}

static void check_names(struct gen *gen)
{
	for (size_t i = 0; i < gen->n_methods; i++)
		if (is_keyword(gen_snake(gen, gen->methods[i].proto->name)))
			gen_error(gen, &gen->methods[i].place, "%s: its C name is a keyword",
				  gen->methods[i].proto->name);
	for (size_t i = 0; i < gen->n_methods; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(gen->methods[i].c_name, gen->methods[k].c_name) == 0)
				gen_error(gen, &gen->methods[i].place,
					  "%s is the handler of %s too (protos/%s:%d): the name of "
					  "an RPC is unique in its package",
					  gen->methods[i].c_name, gen->methods[k].service,
					  gen->methods[k].place.file->name,
					  gen->methods[k].place.line);
}

/* OpenAPI 3.1, 4.8.10: an operationId is unique, and ours is the name of the RPC. */
static void check_operations(struct gen *gen)
{
	for (size_t i = 0; i < gen->n_methods; i++)
		for (size_t k = 0; gen->methods[i].has_route && k < i; k++)
			if (gen->methods[k].has_route &&
			    strcmp(gen->methods[i].proto->name, gen->methods[k].proto->name) == 0)
				gen_error(
					gen, &gen->methods[i].place,
					"%s is the operation of %s too (protos/%s:%d): the name of "
					"an RPC with a route is unique",
					gen->methods[i].proto->name, gen->methods[k].service,
					gen->methods[k].place.file->name,
					gen->methods[k].place.line);
}

static void check_access(struct gen *gen, const struct gen_method *method)
{
	const Limitless__MethodRule *rule = method->rule;
	bool service = rule->access == LIMITLESS__METHOD_RULE__ACCESS__SERVICE;

	if (rule->access == LIMITLESS__METHOD_RULE__ACCESS__UNSPECIFIED)
		gen_error(gen, &method->place, "%s.%s: access is missing", method->service,
			  method->proto->name);
	else if (!service && !method->has_route)
		gen_error(gen, &method->place,
			  "%s.%s: callable by users and without a google.api.http option",
			  method->service, method->proto->name);
	else if (service && method->has_route)
		gen_error(gen, &method->place, "%s.%s: access SERVICE and a public route",
			  method->service, method->proto->name);
	if (!service && rule->n_callers > 0)
		gen_error(gen, &method->place, "%s.%s: callers belong to access SERVICE",
			  method->service, method->proto->name);
	if (method->has_route && method->proto->client_streaming)
		gen_error(gen, &method->place, "%s.%s: HTTP cannot carry a stream of requests",
			  method->service, method->proto->name);
	if (rule->stream_when == LIMITLESS__METHOD_RULE__STREAM_WHEN__ACCEPT_CSV) {
		if (method->proto->server_streaming || !gen_is(method->resp, "google.api.HttpBody"))
			gen_error(gen, &method->place,
				  "%s.%s: stream_when: ACCEPT_CSV is for a google.api.HttpBody",
				  method->service, method->proto->name);
	} else if (rule->stream_when != LIMITLESS__METHOD_RULE__STREAM_WHEN__ALWAYS &&
		   !method->proto->server_streaming) {
		gen_error(gen, &method->place, "%s.%s: stream_when is for streams", method->service,
			  method->proto->name);
	}
	if (rule->lane != LIMITLESS__METHOD_RULE__LANE__MAIN &&
	    (method->proto->client_streaming || method->proto->server_streaming || rule->inline_))
		gen_error(gen, &method->place, "%s.%s: a lane is for unary methods with workers",
			  method->service, method->proto->name);
}

/* Two methods of one route: a stream under a condition and a plain one. */
static void check_routes(struct gen *gen)
{
	size_t n;
	const struct gen_method **routes = gen_routes(gen, &n);

	for (size_t i = 1; i < n; i++) {
		const struct gen_method *first = routes[i - 1], *second = routes[i];
		bool pair = first->rule->stream_when && !second->rule->stream_when &&
			    (i < 2 || gen_route_compare(routes[i - 2], second) != 0);

		if (gen_route_compare(first, second) == 0 && pair && first->req != second->req)
			gen_error(gen, &second->place, "%s.%s shares its route and not its request",
				  second->service, second->proto->name);
		if (gen_route_compare(first, second) == 0 && !pair)
			gen_error(gen, &second->place, "%s %s is the route of %s.%s too",
				  second->route.http_method, second->route.path, first->service,
				  first->proto->name);
	}
}

/* A query holds texts, numbers and the messages that JSON writes as one value. */
static void check_query(struct gen *gen, const struct gen_method *method)
{
	const struct gen_route *route = &method->route;

	for (int i = 0; i < (int)method->req->n_fields; i++) {
		const struct gen_field *field = &method->req->fields[i];
		bool object = field->message && !gen_wrapper(field->message) &&
			      !gen_is(field->message, "google.protobuf.Timestamp") &&
			      !gen_is(field->message, "google.protobuf.Duration") &&
			      !gen_is(field->message, "google.protobuf.FieldMask");

		if (object && !route->body_all && i != route->body_field)
			gen_error(gen, &method->place, "%s: a query cannot hold it: give a body",
				  field->proto->name);
	}
}

/* The words behind "Errors:" in a method's comment must be listed reasons. */
static void check_errors(struct gen *gen, const struct gen_method *method)
{
	const struct gen_enum *reasons = gen_enum_find(gen, "limitless.Reason");
	const char *text = strstr(method->place.comment, "Errors:");

	while (text && *text) {
		size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
		bool found = !memchr(text, '_', len);

		for (size_t i = 0; !found && i < reasons->n_values; i++) {
			const char *name = reasons->values[i].proto->name;

			found = strlen(name) == len && memcmp(name, text, len) == 0;
		}
		if (!found)
			gen_error(gen, &method->place, "reasons.proto has no %.*s", (int)len, text);
		text += len ? len : 1;
	}
}

/* Marks a message and the messages in it. protobuf-c unpacks to any depth, so a message that can
 * hold itself would let a small input exhaust the stack. */
static void mark(struct gen *gen, const struct gen_message *found)
{
	struct gen_message *message = (struct gen_message *)found;

	if (message->visit == 2)
		return;
	if (message->visit == 1) {
		gen_error(gen, &message->place, "%s can hold itself: recursion is refused",
			  message->name);
		return;
	}
	message->visit = 1;
	message->reachable = true;
	for (size_t i = 0; i < message->n_fields; i++)
		if (message->fields[i].message)
			mark(gen, message->fields[i].message);
	message->visit = 2;
}

static void check_messages(struct gen *gen)
{
	/* Details of errors travel in Any, and no method's message names them. */
	static const char *const always[] = {"google.rpc.", "google.protobuf.Any"};

	for (size_t i = 0; i < gen->n_methods; i++) {
		mark(gen, gen->methods[i].req);
		mark(gen, gen->methods[i].resp);
	}
	for (size_t i = 0; i < gen->n_messages; i++)
		for (size_t k = 0; k < ARRAY_SIZE(always); k++)
			if (strncmp(gen->messages[i].name, always[k], strlen(always[k])) == 0)
				mark(gen, &gen->messages[i]);
}

static bool is_text(const struct gen_field *field)
{
	return field->proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING;
}

static bool is_bytes(const struct gen_field *field)
{
	return field->proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES;
}

static bool is_number(const struct gen_field *field)
{
	return !field->proto->type_name && !is_text(field) && !is_bytes(field) &&
	       field->proto->type != GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BOOL;
}

static void check_cookie(struct gen *gen, const struct gen_message *message,
			 const struct gen_field *field)
{
	const struct gen_field *expire = NULL;

	for (size_t i = 0; i < message->n_fields; i++)
		if (strcmp(message->fields[i].proto->name, field->cookie->expire_field) == 0)
			expire = &message->fields[i];
	if (field->cookie->name == LIMITLESS__COOKIE_RULE__NAME__UNSPECIFIED)
		gen_error(gen, &field->place, "%s: the cookie has no name", field->proto->name);
	if (*field->cookie->expire_field &&
	    (!expire || !gen_is(expire->message, "google.protobuf.Timestamp")))
		gen_error(gen, &field->place, "%s: expire_field %s is no Timestamp of %s",
			  field->proto->name, field->cookie->expire_field, message->name);
}

static void check_field(struct gen *gen, const struct gen_message *message,
			const struct gen_field *field)
{
	const char *name = field->proto->name;
	bool text_only = field->uuid || field->cursor || field->location || field->header ||
			 field->cookie || field->secret;

	if (field->proto->proto3_optional)
		gen_error(gen, &field->place, "%s: protobuf-c has no `optional`: use a wrapper",
			  name);
	if (text_only && !is_text(field))
		gen_error(gen, &field->place,
			  "%s: uuid, cursor, cookie, header, location and secret are for text",
			  name);
	if (field->raw_json && !is_bytes(field))
		gen_error(gen, &field->place, "%s: raw_json is for bytes", name);
	if (field->max_bytes && !is_text(field) && !is_bytes(field))
		gen_error(gen, &field->place, "%s: max_bytes is for text and bytes", name);
	if (field->range && !is_number(field))
		gen_error(gen, &field->place, "%s: range is for numbers", name);
	if (field->range && field->range->min > field->range->max)
		gen_error(gen, &field->place, "%s: range is empty", name);
	if (field->event && !field->message)
		gen_error(gen, &field->place, "%s: a case of `event` is a message", name);
	if (field->cookie)
		check_cookie(gen, message, field);
}

/* Each word is upper-case and has a code; the value 0 is no word. */
static void check_reasons(struct gen *gen)
{
	const struct gen_enum *reasons = gen_enum_find(gen, "limitless.Reason");

	for (size_t i = 0; i < reasons->n_values; i++) {
		const struct gen_enum_value *value = &reasons->values[i];
		const char *name = value->proto->name;

		if (value->proto->number == 0)
			continue;
		if (!value->reason || value->reason->code < 1 || value->reason->code > 16)
			gen_error(gen, &value->place, "%s: (reason) needs a code of 1 to 16", name);
		else if (value->reason->http &&
			 (value->reason->http < 400 || value->reason->http > 599))
			gen_error(gen, &value->place, "%s: http is no error status", name);
		if (strlen(name) > 47)
			gen_error(gen, &value->place, "%s: longer than 47 characters", name);
		if (!*value->place.comment)
			gen_error(gen, &value->place, "%s: has no comment", name);
	}
}

static void check_cookies(struct gen *gen)
{
	const struct gen_enum *names = gen_enum_find(gen, "limitless.CookieRule.Name");

	for (size_t i = 0; i < names->n_values; i++) {
		const struct gen_enum_value *value = &names->values[i];

		if (value->proto->number != 0 &&
		    (!value->cookie || !*value->cookie->name || *value->cookie->path != '/'))
			gen_error(gen, &value->place,
				  "%s: (cookie_kind) needs a name and a path that begins with /",
				  value->proto->name);
	}
}

static void check_codes(struct gen *gen)
{
	const struct gen_enum *codes = gen_enum_find(gen, "google.rpc.Code");

	for (size_t i = 0; i < codes->n_values; i++)
		if (!gen_http_of_code(&codes->values[i]))
			gen_error(gen, &codes->values[i].place,
				  "%s: its comment names no HTTP status",
				  codes->values[i].proto->name);
}

/* 8-4-4-4-12 lower-case hex digits. */
static bool is_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == 'x' ? !text[i] || !strchr("0123456789abcdef", text[i])
				   : text[i] != form[i])
			return false;
	return true;
}

/* Two names for one namespace would let one id mean two things. */
static bool is_namespace_taken(const struct gen *gen, const struct gen_enum_value *value)
{
	for (size_t i = 0; i < gen->n_enums; i++)
		for (size_t k = 0; k < gen->enums[i].n_values; k++) {
			const struct gen_enum_value *other = &gen->enums[i].values[k];

			if (other != value && other->id_namespace &&
			    strcmp(other->id_namespace, value->id_namespace) == 0)
				return true;
		}
	return false;
}

static void check_id_namespaces(struct gen *gen)
{
	for (size_t i = 0; i < gen->n_enums; i++)
		for (size_t k = 0; k < gen->enums[i].n_values; k++) {
			const struct gen_enum_value *value = &gen->enums[i].values[k];

			if (!value->id_namespace)
				continue;
			if (!is_uuid(value->id_namespace))
				gen_error(gen, &value->place,
					  "(id_namespace) is no UUID in lower case");
			else if (is_namespace_taken(gen, value))
				gen_error(gen, &value->place,
					  "(id_namespace) is another value's too");
		}
}

/* Every output is made with these. */
static bool has_needed_enums(struct gen *gen)
{
	static const char *const needed[] = {
		"google.rpc.Code",
		"limitless.CookieRule.Name",
		"limitless.Reason",
	};
	bool all = true;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!gen_enum_find(gen, needed[i])) {
			fprintf(stderr, "the descriptor set lacks %s\n", needed[i]);
			gen->errors++;
			all = false;
		}
	return all;
}

void gen_check(struct gen *gen)
{
	if (!has_needed_enums(gen))
		return;
	for (size_t i = 0; i < gen->n_methods; i++) {
		check_access(gen, &gen->methods[i]);
		check_errors(gen, &gen->methods[i]);
		if (gen->methods[i].has_route)
			check_query(gen, &gen->methods[i]);
	}
	check_names(gen);
	check_operations(gen);
	check_routes(gen);
	check_messages(gen);
	for (size_t i = 0; i < gen->n_messages; i++)
		for (size_t k = 0; gen->messages[i].reachable && k < gen->messages[i].n_fields; k++)
			check_field(gen, &gen->messages[i], &gen->messages[i].fields[k]);
	check_reasons(gen);
	check_codes(gen);
	check_cookies(gen);
	check_id_namespaces(gen);
}
