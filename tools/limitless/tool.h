/* Small things that all subcommands need. */
#ifndef TOOLS_LIMITLESS_TOOL_H
#define TOOLS_LIMITLESS_TOOL_H

#include "runtime/base/status.h"

#include <sys/types.h>

#define TOOL_PATH_MAX 1024 /* bytes of a path, with the NUL */

/* Fails with FAILED_PRECONDITION. The message names the problem and the way out. */
_must_check_ _printf_(2, 3) enum status tool_fail(struct error *reterr, const char *format, ...);

void tool_pause_ms(int ms);

/* Joins into out; ends the program when the path is too long for any file system. */
_printf_(2, 3) void tool_path(char out[TOOL_PATH_MAX], const char *format, ...);

/* Makes the directory, and its parents, when they are missing. */
_must_check_ enum status tool_make_directory(const char *path, mode_t mode, struct error *reterr);

/* Removes a file, or a directory with all in it. It may be missing. */
void tool_remove(const char *path);

/* The whole file as text, freed by the caller; at most 1 MiB. */
_must_check_ enum status tool_read_file(const char *path, char **ret, struct error *reterr);

/* Replaces the file at once: readers see the old text or the new. */
_must_check_ enum status tool_write_file(const char *path, const char *text, mode_t mode,
					 struct error *reterr);

#endif
