#include "tools/gen/gen.h"

#include <ctype.h>
#include <string.h>

const char *gen_snake(const struct gen *gen, const char *camel)
{
	char *out = arena_alloc(gen->arena, 2 * strlen(camel) + 1);
	bool was_upper = true; /* no underscore in front */
	size_t n = 0;

	for (const char *c = camel; *c; c++) {
		bool upper = isupper((unsigned char)*c);

		if (upper && !was_upper)
			out[n++] = '_';
		out[n++] = (char)tolower((unsigned char)*c);
		was_upper = upper;
	}
	out[n] = '\0';
	return out;
}

static const char *map_characters(const struct gen *gen, const char *text, int (*map)(int))
{
	char *out = arena_strdup(gen->arena, text);

	for (char *c = out; *c; c++)
		*c = (char)map((unsigned char)*c);
	return out;
}

const char *gen_lower(const struct gen *gen, const char *text)
{
	return map_characters(gen, text, tolower);
}

const char *gen_upper(const struct gen *gen, const char *text)
{
	return map_characters(gen, text, toupper);
}

static int dot_to_underscore(int c)
{
	return c == '.' ? '_' : c;
}

static int dot_to_slash(int c)
{
	return c == '.' ? '/' : c;
}

const char *gen_underscores(const struct gen *gen, const char *dots)
{
	return map_characters(gen, dots, dot_to_underscore);
}

const char *gen_slashes(const struct gen *gen, const char *dots)
{
	return map_characters(gen, dots, dot_to_slash);
}

/* protobuf-c joins the pieces of a full name by two underscores: as CamelCase for types, as
 * snake_case for functions. */
static const char *join_pieces(const struct gen *gen, const char *full, bool camel)
{
	const char *out = "";

	while (*full) {
		size_t len = strcspn(full, ".");
		char *piece = arena_strndup(gen->arena, full, len);

		if (camel)
			piece[0] = (char)toupper((unsigned char)piece[0]);
		out = arena_printf(gen->arena, "%s%s%s", out, *out ? "__" : "",
				   camel ? piece : gen_snake(gen, piece));
		full += len;
		if (*full == '.')
			full++;
	}
	return out;
}

const char *gen_c_type(const struct gen *gen, const char *full)
{
	return join_pieces(gen, full, true);
}

const char *gen_c_prefix(const struct gen *gen, const char *full)
{
	return join_pieces(gen, full, false);
}

const char *gen_cookie_name(const struct gen *gen, const Limitless__CookieKind *kind)
{
	return arena_printf(gen->arena, "%s%s",
			    strcmp(kind->path, "/") == 0 ? "__Host-" : "__Secure-", kind->name);
}

const char *gen_value_name(const ProtobufCEnumDescriptor *descriptor, int value)
{
	return protobuf_c_enum_descriptor_get_value(descriptor, value)->name;
}
