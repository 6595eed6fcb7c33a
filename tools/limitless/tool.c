#include "tools/limitless/tool.h"

#include "runtime/base/ensure.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FILE_BYTES_MAX (1024 * 1024)

enum status tool_fail(struct error *reterr, const char *format, ...)
{
	char message[sizeof reterr->message];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	return error_set(reterr, FAILED_PRECONDITION, "internal_error", "%s", message);
}

void tool_pause_ms(int ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};

	nanosleep(&t, NULL);
}

void tool_path(char out[TOOL_PATH_MAX], const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(out, TOOL_PATH_MAX, format, args);
	va_end(args);
	if (n >= 0 && n < TOOL_PATH_MAX)
		return;
	fprintf(stderr, "limitless: a path is longer than %d bytes\n", TOOL_PATH_MAX - 1);
	exit(1);
}

enum status tool_make_directory(const char *path, mode_t mode, struct error *reterr)
{
	char part[TOOL_PATH_MAX];

	tool_path(part, "%s", path);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return tool_fail(reterr, "%s: %s", part, strerror(errno));
		*p = '/';
	}
	if (mkdir(part, mode) != 0 && errno != EEXIST)
		return tool_fail(reterr, "%s: %s", part, strerror(errno));
	return OK;
}

static int remove_one(const char *path, _unused_ const struct stat *info, _unused_ int type,
		      _unused_ struct FTW *ftw)
{
	return remove(path);
}

void tool_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

enum status tool_read_file(const char *path, char **ret, struct error *reterr)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t len;

	if (!file)
		return tool_fail(reterr, "%s: %s", path, strerror(errno));
	text = calloc(1, FILE_BYTES_MAX + 1);
	ensure(text);
	len = fread(text, 1, FILE_BYTES_MAX, file);
	fclose(file);
	if (len < FILE_BYTES_MAX) {
		*ret = text;
		return OK;
	}
	free(text);
	return tool_fail(reterr, "%s: is larger than %d bytes", path, FILE_BYTES_MAX);
}

enum status tool_write_file(const char *path, const char *text, mode_t mode, struct error *reterr)
{
	char fresh[TOOL_PATH_MAX];
	size_t len = strlen(text);
	ssize_t n = -1;
	int fd;

	tool_path(fresh, "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd >= 0) {
		n = write(fd, text, len);
		close(fd);
	}
	if (n != (ssize_t)len || rename(fresh, path) != 0)
		return tool_fail(reterr, "%s: %s", path, strerror(errno));
	return OK;
}
