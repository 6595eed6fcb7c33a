/* build/gen/limitless/json_rules.h and .c: tables of services/runtime/json/rules.h. */
#include "tools/gen/gen.h"

#include <inttypes.h>
#include <string.h>

static const char *form_of(const struct gen_message *message)
{
	static const struct {
		const char *name, *form;
	} forms[] = {
		{"google.protobuf.Timestamp", "JSON_FORM_TIMESTAMP"},
		{"google.protobuf.Duration", "JSON_FORM_DURATION"},
		{"google.protobuf.FieldMask", "JSON_FORM_FIELD_MASK"},
		{"google.protobuf.Any", "JSON_FORM_ANY"},
		{"google.api.HttpBody", "JSON_FORM_HTTP_BODY"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (gen_is(message, forms[i].name))
			return forms[i].form;
	if (gen_wrapper(message))
		return "JSON_FORM_WRAPPER";
	return "JSON_FORM_OBJECT";
}

static void put_flags(struct gen_file *file, const struct gen_field *field)
{
	const struct {
		bool set;
		const char *name;
	} flags[] = {
		{field->uuid, "JSON_UUID"},
		{field->required, "JSON_REQUIRED"},
		{field->raw_json, "JSON_RAW"},
		{field->cursor, "JSON_CURSOR"},
		{field->cookie, "JSON_COOKIE"},
		{field->header, "JSON_HEADER"},
		{field->location, "JSON_LOCATION"},
		{field->secret, "JSON_SECRET"},
		{field->message && field->message->map_entry, "JSON_MAP"},
		{field->event, "JSON_EVENT"},
	};
	const char *separator = "";

	gen_put(file, ", .flags = ");
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!flags[i].set)
			continue;
		gen_put(file, "%s%s", separator, flags[i].name);
		separator = " | ";
	}
	if (!*separator)
		gen_put(file, "0");
}

static int index_of(const struct gen_message *message, const char *name)
{
	for (size_t i = 0; i < message->n_fields; i++)
		if (strcmp(message->fields[i].proto->name, name) == 0)
			return (int)i;
	return -1;
}

static void put_field(struct gen *gen, struct gen_file *file, const struct gen_message *message,
		      const struct gen_field *field)
{
	gen_put(file, "\t{.json_name = \"%s\"", field->json_name);
	put_flags(file, field);
	if (field->max_bytes)
		gen_put(file, ", .max_bytes = %" PRIu32, field->max_bytes);
	if (field->range)
		gen_put(file,
			", .ranged = true, .min = INT64_C(%" PRId64 "), .max = INT64_C(%" PRId64
			")",
			field->range->min, field->range->max);
	if (field->cookie)
		gen_put(file, ", .cookie = JSON_COOKIE_%s",
			gen_value_name(&limitless__cookie_rule__name__descriptor,
				       (int)field->cookie->name));
	if (field->header)
		gen_put(file, ", .header = \"%s\"", field->header);
	gen_put(file, ", .expire_field = %d",
		field->cookie ? index_of(message, field->cookie->expire_field) : -1);
	if (field->message)
		gen_put(file, ", .message = &json_rule_%s",
			gen_c_prefix(gen, field->message->name));
	gen_put(file, "},\n");
}

static int first_of(const struct gen_message *message, bool (*test)(const struct gen_field *field))
{
	for (size_t i = 0; i < message->n_fields; i++)
		if (test(&message->fields[i]))
			return (int)i;
	return -1;
}

static bool is_cursor(const struct gen_field *field)
{
	return field->cursor;
}

static bool is_location(const struct gen_field *field)
{
	return field->location;
}

static bool is_event(const struct gen_field *field)
{
	return field->event;
}

static bool is_update_mask(const struct gen_field *field)
{
	return strcmp(field->proto->name, "update_mask") == 0 &&
	       gen_is(field->message, "google.protobuf.FieldMask");
}

static void put_message(struct gen *gen, struct gen_file *file, const struct gen_message *message)
{
	const char *c = gen_c_prefix(gen, message->name);

	if (message->n_fields > 0) {
		gen_put(file, "static const struct json_field_rule fields_%s[] = {\n", c);
		for (size_t i = 0; i < message->n_fields; i++)
			put_field(gen, file, message, &message->fields[i]);
		gen_put(file, "};\n");
	}
	gen_put(file,
		"const struct json_message_rule json_rule_%s = {\n"
		"\t.descriptor = &%s__descriptor,\n\t.form = %s,\n",
		c, c, form_of(message));
	if (message->n_fields > 0)
		gen_put(file, "\t.fields = fields_%s,\n", c);
	gen_put(file,
		"\t.cursor_field = %d,\n\t.location_field = %d,\n\t.update_mask_field = %d,\n"
		"\t.has_event = %s,\n};\n\n",
		first_of(message, is_cursor), first_of(message, is_location),
		first_of(message, is_update_mask),
		first_of(message, is_event) >= 0 ? "true" : "false");
}

static bool file_is_reachable(const struct gen *gen,
			      const Google__Protobuf__FileDescriptorProto *proto)
{
	for (size_t i = 0; i < gen->n_messages; i++)
		if (gen->messages[i].reachable && gen->messages[i].place.file == proto)
			return true;
	return false;
}

static void write_header(struct gen *gen)
{
	struct gen_file file;

	gen_file_begin(&file, "limitless/json_rules.h");
	gen_put(&file, "/* Made from protos/ by tools/gen. */\n#ifndef LIMITLESS_JSON_RULES_H\n"
		       "#define LIMITLESS_JSON_RULES_H\n\n#include \"runtime/json/rules.h\"\n\n");
	for (size_t i = 0; i < gen->n_messages; i++)
		if (gen->messages[i].reachable)
			gen_put(&file, "extern const struct json_message_rule json_rule_%s;\n",
				gen_c_prefix(gen, gen->messages[i].name));
	gen_put(&file, "\n#endif\n");
	gen_file_end(gen, &file);
}

void gen_write_json_rules(struct gen *gen)
{
	struct gen_file file;

	write_header(gen);
	gen_file_begin(&file, "limitless/json_rules.c");
	gen_put(&file,
		"/* Made from protos/ by tools/gen. */\n#include \"limitless/json_rules.h\"\n");
	for (size_t i = 0; i < gen->set->n_file; i++) {
		const Google__Protobuf__FileDescriptorProto *proto = gen->set->file[i];

		if (file_is_reachable(gen, proto))
			gen_put(&file, "#include \"%.*s.pb-c.h\"\n",
				(int)(strlen(proto->name) - strlen(".proto")), proto->name);
	}
	gen_put(&file, "\n");
	for (size_t i = 0; i < gen->n_messages; i++)
		if (gen->messages[i].reachable)
			put_message(gen, &file, &gen->messages[i]);
	gen_put(&file, "const struct json_message_rule *const json_rules[] = {\n");
	for (size_t i = 0; i < gen->n_messages; i++)
		if (gen->messages[i].reachable)
			gen_put(&file, "\t&json_rule_%s,\n",
				gen_c_prefix(gen, gen->messages[i].name));
	gen_put(&file,
		"};\nconst size_t json_rules_n = sizeof(json_rules) / sizeof(json_rules[0]);\n");
	gen_file_end(gen, &file);
}
