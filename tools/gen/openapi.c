#include "tools/gen/gen.h"
void gen_write_openapi(struct gen *gen)
{
	struct gen_file file;
	gen_file_begin(&file, "openapi.json");
	gen_put(&file, "{}\n");
	gen_file_end(gen, &file);
}
