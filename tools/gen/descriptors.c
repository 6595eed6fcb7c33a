/* build/gen/limitless/descriptors.h and .c: the contract itself, for gRPC reflection. */
#include "tools/gen/gen.h"

static void put_bytes(struct gen_file *file, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		gen_put(file, "%s%u,", i % 24 == 0 ? "\n" : "", data[i]);
}

void gen_write_descriptors(struct gen *gen)
{
	struct gen_file file;
	size_t len;
	uint8_t *bytes;

	for (size_t i = 0; i < gen->set->n_file; i++)
		gen->set->file[i]->source_code_info = NULL;
	len = protobuf_c_message_get_packed_size(&gen->set->base);
	bytes = arena_alloc(gen->arena, len);
	protobuf_c_message_pack(&gen->set->base, bytes);
	gen_file_begin(&file, "limitless/descriptors.h");
	gen_put(&file, "/* Made from protos/ by tools/gen. */\n"
		       "#ifndef LIMITLESS_DESCRIPTORS_H\n#define LIMITLESS_DESCRIPTORS_H\n\n"
		       "#include <stddef.h>\n#include <stdint.h>\n\n"
		       "/* google.protobuf.FileDescriptorSet of all protos, imports first, without "
		       "comments. */\n"
		       "extern const uint8_t limitless_descriptors[];\n"
		       "extern const size_t limitless_descriptors_len;\n\n#endif\n");
	gen_file_end(gen, &file);
	gen_file_begin(&file, "limitless/descriptors.c");
	gen_put(&file, "/* Made from protos/ by tools/gen. */\n"
		       "#include \"limitless/descriptors.h\"\n\n"
		       "const uint8_t limitless_descriptors[] = {");
	put_bytes(&file, bytes, len);
	gen_put(&file, "\n};\nconst size_t limitless_descriptors_len = %zu;\n", len);
	gen_file_end(gen, &file);
}
