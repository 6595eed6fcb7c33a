/* build/gen/<package>/rpc.h, client.c and server.c: the typed face of a package's RPCs. */
#include "tools/gen/gen.h"

#include <string.h>

/* The C texts of one method. */
struct method_names {
	const char *c;   /* credits_v1_hold */
	const char *req; /* Credits__V1__HoldRequest */
	const char *resp;
};

static struct method_names names_of(const struct gen *gen, const struct gen_method *method)
{
	return (struct method_names){
		.c = method->c_name,
		.req = gen_c_type(gen, method->req->name),
		.resp = gen_c_type(gen, method->resp->name),
	};
}

static bool is_unary(const struct gen_method *method)
{
	return !method->proto->client_streaming && !method->proto->server_streaming;
}

static const char *kind_of(const struct gen_method *method)
{
	if (method->proto->client_streaming)
		return method->proto->server_streaming ? "RPC_BIDI_STREAM" : "RPC_CLIENT_STREAM";
	return method->proto->server_streaming ? "RPC_SERVER_STREAM" : "RPC_UNARY";
}

static void put_handler_prototype(struct gen *gen, struct gen_file *file,
				  const struct gen_method *method, const char *end)
{
	struct method_names names = names_of(gen, method);

	if (method->proto->client_streaming)
		gen_put(file, "enum status %s(struct rpc_call *call)%s", names.c, end);
	else if (method->proto->server_streaming)
		gen_put(file, "enum status %s(struct rpc_call *call, const %s *req)%s", names.c,
			names.req, end);
	else
		gen_put(file,
			"enum status %s(struct rpc_call *call, const %s *req,\n\t\t%s *resp)%s",
			names.c, names.req, names.resp, end);
}

static void put_call_prototype(struct gen *gen, struct gen_file *file,
			       const struct gen_method *method, const char *end)
{
	struct method_names names = names_of(gen, method);

	gen_put(file,
		"_must_check_ enum status %s_call(struct rpc_channel *channel,\n"
		"\t\tconst struct rpc_call_options *options, const %s *req,\n"
		"\t\tstruct arena *arena, %s **ret, struct error *reterr)%s",
		names.c, names.req, names.resp, end);
}

static void put_async_prototype(struct gen *gen, struct gen_file *file,
				const struct gen_method *method, const char *end)
{
	struct method_names names = names_of(gen, method);

	gen_put(file,
		"struct rpc_client_call *%s_async(struct rpc_channel *channel,\n"
		"\t\tconst struct rpc_call_options *options, const %s *req,\n"
		"\t\trpc_reply_fn *reply, void *ctx)%s",
		names.c, names.req, end);
}

static void put_open_prototype(struct gen *gen, struct gen_file *file,
			       const struct gen_method *method, const char *end)
{
	struct method_names names = names_of(gen, method);

	gen_put(file,
		"struct rpc_client_call *%s_open(struct rpc_channel *channel,\n"
		"\t\tconst struct rpc_call_options *options,",
		names.c);
	if (!method->proto->client_streaming)
		gen_put(file, " const %s *req,", names.req);
	gen_put(file, "\n\t\tconst struct rpc_client_hooks *hooks, void *ctx)%s", end);
}

static void put_method_declarations(struct gen *gen, struct gen_file *file,
				    const struct gen_method *method)
{
	gen_put_comment(file, "", method->place.comment);
	if (!gen_planned(method))
		put_handler_prototype(gen, file, method, ";\n");
	gen_put(file, "extern const struct rpc_method %s_method;\n", method->c_name);
	if (is_unary(method)) {
		put_call_prototype(gen, file, method, ";\n");
		put_async_prototype(gen, file, method, ";\n\n");
	} else {
		put_open_prototype(gen, file, method, ";\n\n");
	}
}

/* The namespaces of derived ids in the package's enums. */
static void put_id_namespaces(struct gen *gen, struct gen_file *file, const char *package)
{
	for (size_t i = 0; i < gen->n_enums; i++) {
		const struct gen_enum *e = &gen->enums[i];

		if (strcmp(e->place.file->package, package) != 0)
			continue;
		for (size_t k = 0; k < e->n_values; k++) {
			const struct gen_enum_value *value = &e->values[k];

			if (!value->id_namespace)
				continue;
			gen_put_comment(file, "", value->place.comment);
			gen_put(file, "static const struct uuid %s_%s = {{",
				gen_upper(gen, gen_underscores(gen, package)), value->proto->name);
			for (const char *hex = value->id_namespace; *hex; hex += 2) {
				hex += *hex == '-';
				gen_put(file, "0x%.2s, ", hex);
			}
			gen_put(file, "}};\n");
		}
	}
	gen_put(file, "\n");
}

static void write_header(struct gen *gen, const char *package)
{
	struct gen_file file;
	const char *path = gen_slashes(gen, package);
	const char *c = gen_underscores(gen, package);
	const char *guard = gen_upper(gen, c);

	gen_file_begin(&file, arena_printf(gen->arena, "%s/rpc.h", path));
	gen_put(&file,
		"/* Made from protos/%s by tools/gen. Per RPC: its handler, which the service "
		"defines; its\n * method row; its clients. */\n#ifndef %s_RPC_H\n"
		"#define %s_RPC_H\n\n",
		path, guard, guard);
	for (size_t i = 0; i < gen->set->n_file; i++) {
		const Google__Protobuf__FileDescriptorProto *proto = gen->set->file[i];

		if (strcmp(proto->package, package) == 0)
			gen_put(&file, "#include \"%.*s.pb-c.h\"\n",
				(int)(strlen(proto->name) - strlen(".proto")), proto->name);
	}
	gen_put(&file, "#include \"runtime/base/uuid.h\"\n#include \"runtime/rpc/rpc.h\"\n\n");
	put_id_namespaces(gen, &file, package);
	for (size_t i = 0; i < gen->n_methods; i++)
		if (strcmp(gen->methods[i].package, package) == 0)
			put_method_declarations(gen, &file, &gen->methods[i]);
	gen_put(&file,
		"/* For rpc_server_register, in a process that serves %s. */\n"
		"extern const struct rpc_handler %s_handlers[];\n"
		"extern const size_t %s_handlers_n;\n\n#endif\n",
		package, c, c);
	gen_file_end(gen, &file);
}

static void put_method_row(struct gen *gen, struct gen_file *file, const struct gen_method *method)
{
	const Limitless__MethodRule *rule = method->rule;

	if (rule->n_callers > 0) {
		gen_put(file, "static const char *const %s_callers[] = {", method->c_name);
		for (size_t i = 0; i < rule->n_callers; i++)
			gen_put(file, "\"%s\", ", rule->callers[i]);
		gen_put(file, "NULL};\n");
	}
	gen_put(file,
		"const struct rpc_method %s_method = {\n"
		"\t.path = \"/%s.%s/%s\",\n\t.kind = %s,\n"
		"\t.req = &%s__descriptor,\n\t.resp = &%s__descriptor,\n\t.access = "
		"RPC_ACCESS_%s,\n",
		method->c_name, method->package, method->service, method->proto->name,
		kind_of(method), gen_c_prefix(gen, method->req->name),
		gen_c_prefix(gen, method->resp->name),
		gen_value_name(&limitless__method_rule__access__descriptor, (int)rule->access));
	if (rule->n_callers > 0)
		gen_put(file, "\t.callers = %s_callers,\n", method->c_name);
	gen_put(file,
		"\t.timeout_ms = %u,\n\t.idempotent = %s,\n\t.run_inline = %s,\n"
		"\t.pipelined = %s,\n\t.lane = RPC_LANE_%s,\n};\n\n",
		rule->timeout_ms || !is_unary(method) ? rule->timeout_ms : 10000,
		rule->idempotent ? "true" : "false", rule->inline_ ? "true" : "false",
		rule->pipelined ? "true" : "false",
		gen_value_name(&limitless__method_rule__lane__descriptor, (int)rule->lane));
}

static void put_clients(struct gen *gen, struct gen_file *file, const struct gen_method *method)
{
	struct method_names names = names_of(gen, method);

	if (!is_unary(method)) {
		put_open_prototype(gen, file, method, "\n{\n");
		gen_put(file,
			"\treturn rpc_stream_open(channel, &%s_method, options, %s, hooks, "
			"ctx);\n}\n\n",
			names.c, method->proto->client_streaming ? "NULL" : "&req->base");
		return;
	}
	put_call_prototype(gen, file, method, "\n{\n");
	gen_put(file,
		"\tProtobufCMessage *resp = NULL;\n"
		"\tenum status s = rpc_call_blocking(channel, &%s_method, options, &req->base,\n"
		"\t\t\tarena, &resp, reterr);\n\n"
		"\tif (s == OK)\n\t\t*ret = (%s *)resp;\n\treturn s;\n}\n\n",
		names.c, names.resp);
	put_async_prototype(gen, file, method, "\n{\n");
	gen_put(file,
		"\treturn rpc_call_async(channel, &%s_method, options, &req->base, reply, "
		"ctx);\n}\n\n",
		names.c);
}

static void write_client(struct gen *gen, const char *package)
{
	struct gen_file file;
	const char *path = gen_slashes(gen, package);

	gen_file_begin(&file, arena_printf(gen->arena, "%s/client.c", path));
	gen_put(&file, "/* Made from protos/%s by tools/gen. */\n#include \"%s/rpc.h\"\n\n", path,
		path);
	for (size_t i = 0; i < gen->n_methods; i++) {
		if (strcmp(gen->methods[i].package, package) != 0)
			continue;
		put_method_row(gen, &file, &gen->methods[i]);
		put_clients(gen, &file, &gen->methods[i]);
	}
	gen_file_end(gen, &file);
}

/* The messages are cast, and never the function pointer: a call through another type is
 * undefined. */
static void put_thunk(struct gen *gen, struct gen_file *file, const struct gen_method *method)
{
	struct method_names names = names_of(gen, method);

	gen_put(file,
		"static enum status thunk_%s(struct rpc_call *call, const ProtobufCMessage *req,\n"
		"\t\tProtobufCMessage *resp)\n{\n\treturn %s(call",
		gen_snake(gen, method->proto->name), names.c);
	if (!method->proto->client_streaming)
		gen_put(file, ", (const %s *)req", names.req);
	if (is_unary(method))
		gen_put(file, ", (%s *)resp", names.resp);
	gen_put(file, ");\n}\n\n");
}

static void write_server(struct gen *gen, const char *package)
{
	struct gen_file file;
	const char *path = gen_slashes(gen, package);
	const char *c = gen_underscores(gen, package);

	gen_file_begin(&file, arena_printf(gen->arena, "%s/server.c", path));
	gen_put(&file, "/* Made from protos/%s by tools/gen. */\n#include \"%s/rpc.h\"\n\n", path,
		path);
	for (size_t i = 0; i < gen->n_methods; i++)
		if (strcmp(gen->methods[i].package, package) == 0 && !gen_planned(&gen->methods[i]))
			put_thunk(gen, &file, &gen->methods[i]);
	gen_put(&file, "const struct rpc_handler %s_handlers[] = {\n", c);
	for (size_t i = 0; i < gen->n_methods; i++) {
		const struct gen_method *method = &gen->methods[i];

		if (strcmp(method->package, package) != 0)
			continue;
		gen_put(&file, "\t{&%s_method, %s%s},\n", method->c_name,
			gen_planned(method) ? "NULL" : "thunk_",
			gen_planned(method) ? "" : gen_snake(gen, method->proto->name));
	}
	gen_put(&file,
		"};\nconst size_t %s_handlers_n = sizeof(%s_handlers) / sizeof(%s_handlers[0]);\n",
		c, c, c);
	gen_file_end(gen, &file);
}

void gen_write_rpc(struct gen *gen)
{
	for (size_t i = 0; i < gen->n_packages; i++) {
		write_header(gen, gen->packages[i]);
		write_client(gen, gen->packages[i]);
		write_server(gen, gen->packages[i]);
	}
}
