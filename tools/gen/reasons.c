/* build/gen/limitless/reasons.h and .c from protos/limitless/reasons.proto. */
#include "tools/gen/gen.h"

#include <strings.h>

static int compare_word(const void *a, const void *b)
{
	const struct gen_enum_value *x = a, *y = b;

	return strcasecmp(x->proto->name, y->proto->name);
}

static void write_header(struct gen *gen)
{
	struct gen_file file;

	gen_file_begin(&file, "limitless/reasons.h");
	gen_put(&file,
		"/* Made from protos/limitless/reasons.proto by tools/gen. */\n"
		"#ifndef LIMITLESS_REASONS_H\n#define LIMITLESS_REASONS_H\n\n"
		"#include \"runtime/base/status.h\"\n#include <stdbool.h>\n#include <stddef.h>\n"
		"#include <stdint.h>\n\n"
		"struct reason {\n"
		"\tconst char *word; /* lower snake_case: struct error */\n"
		"\tconst char *wire; /* UPPER_SNAKE: gRPC's ErrorInfo and problem+json */\n"
		"\tenum status code;\n"
		"\tuint16_t http; /* status where it differs from that of the code; 0: the code's "
		"*/\n"
		"\tbool retryable;\n"
		"};\n\n"
		"/* By word. */\n"
		"extern const struct reason reasons[];\nextern const size_t reasons_n;\n\n"
		"/* The reason of a word in either spelling, or NULL. */\n"
		"const struct reason *reason_find(const char *word);\n\n#endif\n");
	gen_file_end(gen, &file);
}

void gen_write_reasons(struct gen *gen)
{
	const struct gen_enum *reasons = gen_enum_find(gen, "limitless.Reason");
	struct gen_file file;

	write_header(gen);
	qsort(reasons->values, reasons->n_values, sizeof(reasons->values[0]), compare_word);
	gen_file_begin(&file, "limitless/reasons.c");
	gen_put(&file, "/* Made from protos/limitless/reasons.proto by tools/gen. */\n"
		       "#include \"limitless/reasons.h\"\n\n#include <strings.h>\n\n"
		       "const struct reason reasons[] = {\n");
	for (size_t i = 0; i < reasons->n_values; i++) {
		const struct gen_enum_value *value = &reasons->values[i];

		if (value->proto->number == 0)
			continue;
		gen_put(&file, "\t{\"%s\", \"%s\", %u, %u, %s},\n",
			gen_lower(gen, value->proto->name), value->proto->name, value->reason->code,
			value->reason->http, value->reason->retryable ? "true" : "false");
	}
	gen_put(&file, "};\nconst size_t reasons_n = sizeof(reasons) / sizeof(reasons[0]);\n\n"
		       "static int compare(const void *key, const void *element)\n{\n"
		       "\treturn strcasecmp(key, ((const struct reason *)element)->word);\n}\n\n"
		       "const struct reason *reason_find(const char *word)\n{\n"
		       "\treturn bsearch(word, reasons, reasons_n, sizeof(reasons[0]), compare);\n"
		       "}\n");
	gen_file_end(gen, &file);
}
