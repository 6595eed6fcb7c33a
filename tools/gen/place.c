#include "tools/gen/gen.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Removes the leading space that each line of a comment has, and blank lines at both ends. */
static const char *trim_comment(const struct gen *gen, const char *text)
{
	char *out = arena_strdup(gen->arena, text);
	char *to = out;
	bool line_start = true;

	for (const char *from = text; *from; from++) {
		if (line_start && *from == ' ') {
			line_start = false;
			continue;
		}
		line_start = *from == '\n';
		*to++ = *from;
	}
	while (to > out && isspace((unsigned char)to[-1]))
		to--;
	*to = '\0';
	while (isspace((unsigned char)*out))
		out++;
	return out;
}

struct gen_place gen_place(struct gen *gen, const Google__Protobuf__FileDescriptorProto *file,
			   const int32_t *path, size_t n_path)
{
	struct gen_place place = {.file = file, .comment = ""};
	const Google__Protobuf__SourceCodeInfo *info = file->source_code_info;

	for (size_t i = 0; info && i < info->n_location; i++) {
		const Google__Protobuf__SourceCodeInfo__Location *location = info->location[i];

		if (location->n_path != n_path ||
		    memcmp(location->path, path, n_path * sizeof(path[0])) != 0)
			continue;
		if (location->n_span > 0)
			place.line = location->span[0] + 1;
		if (location->leading_comments)
			place.comment = trim_comment(gen, location->leading_comments);
		break;
	}
	return place;
}

void gen_error(struct gen *gen, const struct gen_place *place, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "protos/%s:%d: ", place->file->name, place->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	gen->errors++;
}
