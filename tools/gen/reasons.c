/* build/gen/limitless/reasons.h and .c: the words of protos/limitless/reasons.proto, and what HTTP
 * says of gRPC's codes, which google/rpc/code.proto has in its comments. */
#include "tools/gen/gen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAPPING "HTTP Mapping: "

unsigned gen_http_of_code(const struct gen_enum_value *code)
{
	const char *mapping = strstr(code->place.comment, MAPPING);

	return mapping ? (unsigned)strtoul(mapping + strlen(MAPPING), NULL, 10) : 0;
}

static int compare_word(const void *a, const void *b)
{
	const struct gen_enum_value *x = a, *y = b;

	return strcasecmp(x->proto->name, y->proto->name);
}

/* CHAT_FULL → Chat full. */
static const char *title_of(const struct gen *gen, const char *name)
{
	char *title = arena_strdup(gen->arena, gen_lower(gen, name));

	title[0] = (char)toupper((unsigned char)title[0]);
	for (char *p = title; *p; p++)
		*p = *p == '_' ? ' ' : *p;
	return title;
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
		"\tconst char *title; /* for people: \"Chat full\" */\n"
		"\tenum status code;\n"
		"\tuint16_t http; /* status where it differs from that of the code; 0: the code's "
		"*/\n"
		"\tbool retryable;\n"
		"};\n\n"
		"/* By word. */\n"
		"extern const struct reason reasons[];\nextern const size_t reasons_n;\n\n"
		"/* The reason of a word in either spelling, or NULL. */\n"
		"const struct reason *reason_find(const char *word);\n\n"
		"/* HTTP status and title of an error: of its word, else of its code. A newer peer "
		"may "
		"send words\n * that are not listed here. */\n"
		"uint16_t reason_http(const struct error *err);\n"
		"const char *reason_title(const struct error *err);\n\n#endif\n");
	gen_file_end(gen, &file);
}

static void put_codes(struct gen *gen, struct gen_file *file)
{
	const struct gen_enum *codes = gen_enum_find(gen, "google.rpc.Code");

	gen_put(file, "static const struct {\n\tuint16_t http;\n\tconst char *title;\n"
		      "} codes[STATUS_N] = {\n");
	for (size_t i = 0; i < codes->n_values; i++)
		gen_put(file, "\t[%d] = {%u, \"%s\"},\n", codes->values[i].proto->number,
			gen_http_of_code(&codes->values[i]),
			title_of(gen, codes->values[i].proto->name));
	gen_put(file, "};\n\n");
}

static void put_reasons(struct gen *gen, struct gen_file *file)
{
	const struct gen_enum *reasons = gen_enum_find(gen, "limitless.Reason");

	qsort(reasons->values, reasons->n_values, sizeof(reasons->values[0]), compare_word);
	gen_put(file, "const struct reason reasons[] = {\n");
	for (size_t i = 0; i < reasons->n_values; i++) {
		const struct gen_enum_value *value = &reasons->values[i];
		const char *name = value->proto->name;

		if (value->proto->number == 0)
			continue;
		gen_put(file, "\t{\"%s\", \"%s\", \"%s\", %u, %u, %s},\n", gen_lower(gen, name),
			name, title_of(gen, name), value->reason->code, value->reason->http,
			value->reason->retryable ? "true" : "false");
	}
	gen_put(file, "};\nconst size_t reasons_n = sizeof(reasons) / sizeof(reasons[0]);\n\n");
}

void gen_write_reasons(struct gen *gen)
{
	struct gen_file file;

	write_header(gen);
	gen_file_begin(&file, "limitless/reasons.c");
	gen_put(&file, "/* Made from protos/limitless/reasons.proto by tools/gen. */\n"
		       "#include \"limitless/reasons.h\"\n\n#include <stdlib.h>\n"
		       "#include <strings.h>\n\n");
	put_codes(gen, &file);
	put_reasons(gen, &file);
	gen_put(&file,
		"static int compare(const void *key, const void *element)\n{\n"
		"\treturn strcasecmp(key, ((const struct reason *)element)->word);\n}\n\n"
		"const struct reason *reason_find(const char *word)\n{\n"
		"\treturn bsearch(word, reasons, reasons_n, sizeof(reasons[0]), compare);\n}\n\n"
		"static size_t code_of(const struct error *err)\n{\n"
		"\treturn (unsigned)err->code < STATUS_N ? err->code : UNKNOWN;\n}\n\n"
		"uint16_t reason_http(const struct error *err)\n{\n"
		"\tconst struct reason *reason = reason_find(err->reason);\n\n"
		"\treturn reason && reason->http ? reason->http : codes[code_of(err)].http;\n}\n\n"
		"const char *reason_title(const struct error *err)\n{\n"
		"\tconst struct reason *reason = reason_find(err->reason);\n\n"
		"\treturn reason ? reason->title : codes[code_of(err)].title;\n}\n");
	gen_file_end(gen, &file);
}
