#include "tools/gen/gen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	FILE_MAX_BYTES = 1 << 26,
};

static _Noreturn void fail(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	exit(1);
}

void gen_file_begin(struct gen_file *file, const char *name)
{
	file->name = name;
	buf_init(&file->text, FILE_MAX_BYTES);
}

void gen_put(struct gen_file *file, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0 || !buf_add(&file->text, text, (size_t)n))
		fail(file->name);
	free(text);
}

void gen_put_comment(struct gen_file *file, const char *indent, const char *text)
{
	const char *line = text;

	if (!*text)
		return;
	gen_put(file, "%s/* ", indent);
	while (*line) {
		size_t len = strcspn(line, "\n");

		gen_put(file, "%.*s", (int)len, line);
		line += len;
		if (*line == '\n') {
			line++;
			gen_put(file, "\n%s * ", indent);
		}
	}
	gen_put(file, " */\n");
}

static void make_parents(char *path)
{
	for (char *c = strchr(path + 1, '/'); c; c = strchr(c + 1, '/')) {
		*c = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			fail(path);
		*c = '/';
	}
}

static bool has_text(const char *path, const struct buf *text)
{
	FILE *f = fopen(path, "rb");
	char *old;
	bool same;

	if (!f)
		return false;
	old = malloc(text->len + 1);
	same = old && fread(old, 1, text->len + 1, f) == text->len &&
	       memcmp(old, buf_text(text), text->len) == 0;
	free(old);
	fclose(f);
	return same;
}

void gen_file_end(struct gen *gen, struct gen_file *file)
{
	char *path = arena_printf(gen->arena, "%s/%s", gen->out, file->name);
	char *fresh = arena_printf(gen->arena, "%s.new", path);

	if (!has_text(path, &file->text)) {
		FILE *f;

		make_parents(path);
		f = fopen(fresh, "wb");
		if (!f || fwrite(buf_text(&file->text), 1, file->text.len, f) != file->text.len ||
		    fclose(f) != 0 || rename(fresh, path) < 0)
			fail(path);
	}
	buf_done(&file->text);
}
