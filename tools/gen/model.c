#include "tools/gen/gen.h"

#include <string.h>

/* Field numbers in descriptor.proto: the steps of a path to a thing's source location. */
enum {
	FILE_MESSAGE = 4,
	FILE_ENUM = 5,
	FILE_SERVICE = 6,
	MESSAGE_FIELD = 2,
	MESSAGE_NESTED = 3,
	MESSAGE_ENUM = 4,
	ENUM_VALUE = 2,
	SERVICE_METHOD = 2,
	PATH_MAX_STEPS = 64,
};

/* Where a walk through a file stands. */
struct walk {
	const Google__Protobuf__FileDescriptorProto *file;
	const char *scope; /* "credits.v1", "credits.v1.Balance" */
	int32_t path[PATH_MAX_STEPS];
	size_t n_path;
};

static struct walk step(const struct gen *gen, const struct walk *from, const char *name,
			int32_t number, size_t index)
{
	struct walk walk = *from;

	walk.path[walk.n_path++] = number;
	walk.path[walk.n_path++] = (int32_t)index;
	if (name)
		walk.scope =
			*from->scope ? arena_printf(gen->arena, "%s.%s", from->scope, name) : name;
	return walk;
}

static struct gen_place place_of(struct gen *gen, const struct walk *walk)
{
	return gen_place(gen, walk->file, walk->path, walk->n_path);
}

static size_t count_messages(const Google__Protobuf__DescriptorProto *message)
{
	size_t n = 1;

	for (size_t i = 0; i < message->n_nested_type; i++)
		n += count_messages(message->nested_type[i]);
	return n;
}

static size_t count_enums(const Google__Protobuf__DescriptorProto *message)
{
	size_t n = message->n_enum_type;

	for (size_t i = 0; i < message->n_nested_type; i++)
		n += count_enums(message->nested_type[i]);
	return n;
}

static void add_enum(struct gen *gen, const Google__Protobuf__EnumDescriptorProto *proto,
		     const struct walk *walk)
{
	struct gen_enum *e = &gen->enums[gen->n_enums++];

	*e = (struct gen_enum){.name = walk->scope, .proto = proto, .place = place_of(gen, walk)};
	e->n_values = proto->n_value;
	e->values = arena_array(gen->arena, e->n_values, sizeof(e->values[0]));
	for (size_t i = 0; i < e->n_values; i++) {
		struct walk value = step(gen, walk, NULL, ENUM_VALUE, i);

		e->values[i] = (struct gen_enum_value){
			.proto = proto->value[i],
			.place = place_of(gen, &value),
			.reason = gen_reason_rule(gen, proto->value[i]->options),
			.cookie = gen_cookie_kind(gen, proto->value[i]->options),
			.id_namespace = gen_id_namespace(gen, proto->value[i]->options),
		};
	}
}

static int compare_number(const void *a, const void *b)
{
	const struct gen_field *x = a, *y = b;

	return (x->proto->number > y->proto->number) - (x->proto->number < y->proto->number);
}

static void add_message(struct gen *gen, const Google__Protobuf__DescriptorProto *proto,
			const struct walk *walk)
{
	struct gen_message *message = &gen->messages[gen->n_messages++];

	*message = (struct gen_message){
		.name = walk->scope,
		.proto = proto,
		.place = place_of(gen, walk),
		.map_entry = proto->options && proto->options->map_entry,
		.n_fields = proto->n_field,
	};
	message->fields = arena_array(gen->arena, proto->n_field, sizeof(message->fields[0]));
	for (size_t i = 0; i < proto->n_field; i++) {
		struct gen_field *field = &message->fields[i];
		struct walk at = step(gen, walk, NULL, MESSAGE_FIELD, i);

		field->proto = proto->field[i];
		field->place = place_of(gen, &at);
		field->json_name = field->proto->json_name;
		field->repeated = field->proto->label ==
				  GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
		field->event =
			field->proto->has_oneof_index &&
			strcmp(proto->oneof_decl[field->proto->oneof_index]->name, "event") == 0;
		gen_field_options(gen, field);
	}
	qsort(message->fields, message->n_fields, sizeof(message->fields[0]), compare_number);
	for (size_t i = 0; i < proto->n_enum_type; i++) {
		struct walk at = step(gen, walk, proto->enum_type[i]->name, MESSAGE_ENUM, i);

		add_enum(gen, proto->enum_type[i], &at);
	}
	for (size_t i = 0; i < proto->n_nested_type; i++) {
		struct walk at = step(gen, walk, proto->nested_type[i]->name, MESSAGE_NESTED, i);

		add_message(gen, proto->nested_type[i], &at);
	}
}

static void add_types(struct gen *gen)
{
	size_t messages = 0, enums = 0;

	for (size_t i = 0; i < gen->set->n_file; i++) {
		const Google__Protobuf__FileDescriptorProto *file = gen->set->file[i];

		enums += file->n_enum_type;
		for (size_t k = 0; k < file->n_message_type; k++) {
			messages += count_messages(file->message_type[k]);
			enums += count_enums(file->message_type[k]);
		}
	}
	gen->messages = arena_array(gen->arena, messages, sizeof(gen->messages[0]));
	gen->enums = arena_array(gen->arena, enums, sizeof(gen->enums[0]));
	for (size_t i = 0; i < gen->set->n_file; i++) {
		const Google__Protobuf__FileDescriptorProto *file = gen->set->file[i];
		struct walk top = {.file = file, .scope = file->package ? file->package : ""};

		for (size_t k = 0; k < file->n_message_type; k++) {
			struct walk at =
				step(gen, &top, file->message_type[k]->name, FILE_MESSAGE, k);

			add_message(gen, file->message_type[k], &at);
		}
		for (size_t k = 0; k < file->n_enum_type; k++) {
			struct walk at = step(gen, &top, file->enum_type[k]->name, FILE_ENUM, k);

			add_enum(gen, file->enum_type[k], &at);
		}
	}
}

static int compare_message(const void *a, const void *b)
{
	return strcmp(((const struct gen_message *)a)->name, ((const struct gen_message *)b)->name);
}

static int compare_enum(const void *a, const void *b)
{
	return strcmp(((const struct gen_enum *)a)->name, ((const struct gen_enum *)b)->name);
}

const struct gen_message *gen_message_find(const struct gen *gen, const char *name)
{
	struct gen_message key = {.name = name};

	return bsearch(&key, gen->messages, gen->n_messages, sizeof(key), compare_message);
}

const struct gen_enum *gen_enum_find(const struct gen *gen, const char *name)
{
	struct gen_enum key = {.name = name};

	return bsearch(&key, gen->enums, gen->n_enums, sizeof(key), compare_enum);
}

bool gen_is(const struct gen_message *message, const char *name)
{
	return message && strcmp(message->name, name) == 0;
}

bool gen_wrapper(const struct gen_message *message)
{
	return strcmp(message->place.file->name, "google/protobuf/wrappers.proto") == 0;
}

bool gen_planned(const struct gen_method *method)
{
	return method->rule->stage == LIMITLESS__METHOD_RULE__STAGE__PLANNED;
}

/* Third-party packages keep their own rules; only ours become tables. */
static bool is_ours(const char *package)
{
	return strncmp(package, "google.", 7) != 0 && strncmp(package, "grpc.", 5) != 0;
}

static void add_method(struct gen *gen, const Google__Protobuf__MethodDescriptorProto *proto,
		       const char *service, const struct walk *walk)
{
	struct gen_method *method = &gen->methods[gen->n_methods++];
	const char *package = walk->file->package;
	const Google__Api__HttpRule *http = gen_http_rule(gen, proto->options);

	*method = (struct gen_method){
		.proto = proto,
		.place = place_of(gen, walk),
		.package = package,
		.service = service,
		.c_name = arena_printf(gen->arena, "%s_%s", gen_underscores(gen, package),
				       gen_snake(gen, proto->name)),
		.req = gen_message_find(gen, proto->input_type + 1),
		.resp = gen_message_find(gen, proto->output_type + 1),
		.rule = gen_method_rule(gen, proto->options),
	};
	if (!method->rule) {
		gen_error(gen, &method->place,
			  "%s.%s has no (limitless.method) option: say at least who may call it, "
			  "access: PUBLIC, USER, ADMIN or SERVICE",
			  service, proto->name);
		method->rule = arena_zalloc(gen->arena, sizeof(*method->rule));
	}
	if (http)
		gen_route(gen, method, http);
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Packages of the methods, each once. */
static void add_packages(struct gen *gen)
{
	gen->packages = arena_array(gen->arena, gen->n_methods, sizeof(gen->packages[0]));
	for (size_t i = 0; i < gen->n_methods; i++) {
		size_t k = 0;

		while (k < gen->n_packages &&
		       strcmp(gen->packages[k], gen->methods[i].package) != 0)
			k++;
		if (k == gen->n_packages)
			gen->packages[gen->n_packages++] = gen->methods[i].package;
	}
	qsort(gen->packages, gen->n_packages, sizeof(gen->packages[0]), compare_text);
}

static void add_methods(struct gen *gen)
{
	size_t n = 0;

	for (size_t i = 0; i < gen->set->n_file; i++)
		for (size_t k = 0; k < gen->set->file[i]->n_service; k++)
			n += gen->set->file[i]->service[k]->n_method;
	gen->methods = arena_array(gen->arena, n, sizeof(gen->methods[0]));
	for (size_t i = 0; i < gen->set->n_file; i++) {
		const Google__Protobuf__FileDescriptorProto *file = gen->set->file[i];
		struct walk top = {.file = file, .scope = file->package ? file->package : ""};

		for (size_t k = 0; k < file->n_service && is_ours(top.scope); k++) {
			const Google__Protobuf__ServiceDescriptorProto *service = file->service[k];
			struct walk at = step(gen, &top, service->name, FILE_SERVICE, k);

			for (size_t m = 0; m < service->n_method; m++) {
				struct walk method = step(gen, &at, NULL, SERVICE_METHOD, m);

				add_method(gen, service->method[m], service->name, &method);
			}
		}
	}
	add_packages(gen);
}

void gen_model(struct gen *gen)
{
	add_types(gen);
	qsort(gen->messages, gen->n_messages, sizeof(gen->messages[0]), compare_message);
	qsort(gen->enums, gen->n_enums, sizeof(gen->enums[0]), compare_enum);
	for (size_t i = 0; i < gen->n_messages; i++) {
		struct gen_message *message = &gen->messages[i];

		for (size_t k = 0; k < message->n_fields; k++) {
			struct gen_field *field = &message->fields[k];

			if (!field->proto->type_name)
				continue;
			field->message = gen_message_find(gen, field->proto->type_name + 1);
			field->enumeration = gen_enum_find(gen, field->proto->type_name + 1);
		}
	}
	add_methods(gen);
}
