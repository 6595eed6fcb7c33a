#include "tools/limitless/web.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_BYTES_MAX (64LL << 20)
#define INDEX "index.html" /* names the assets of its build by their hashes */

static enum status copy_file(const char *from, const char *to, struct error *reterr)
{
	_cleanup_(closep) int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_(closep) int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n = 1;

	/* Opens the folder for the gateway, which may be another user, whatever the umask is. */
	if (in < 0 || out < 0 || fchmod(out, 0644) != 0)
		return tool_fail(reterr, "%s: %s", in < 0 ? from : to, strerror(errno));
	while (n > 0)
		n = sendfile(out, in, NULL, KEPT_BYTES_MAX);
	return n == 0 ? OK : tool_fail(reterr, "%s: %s", to, strerror(errno));
}

/* Bytes of all files below path. */
static int64_t size_of(const char *path)
{
	char *const paths[] = {(char *)path, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	int64_t total = 0;
	FTSENT *entry;

	if (!tree)
		return 0;
	while ((entry = fts_read(tree)))
		if (entry->fts_info == FTS_F)
			total += entry->fts_statp->st_size;
	fts_close(tree);
	return total;
}

static enum status open_directory(const char *path, struct error *reterr)
{
	enum status s = tool_make_directory(path, 0755, reterr);

	if (s == OK && chmod(path, 0755) != 0)
		s = tool_fail(reterr, "%s: %s", path, strerror(errno));
	return s;
}

/* Copies assets/ and index.html of a build. The index comes last: with it the copy is whole. */
static enum status copy_build(const char *web, const char *to, struct error *reterr)
{
	char assets[TOOL_PATH_MAX], path[TOOL_PATH_MAX], index[TOOL_PATH_MAX];
	char *const paths[] = {assets, NULL};
	enum status s = OK;
	FTS *tree;
	FTSENT *entry;

	tool_path(assets, "%s/assets", web);
	tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (s == OK && !tree)
		s = tool_fail(reterr, "%s: %s", assets, strerror(errno));
	while (s == OK && (entry = fts_read(tree))) {
		tool_path(path, "%s/assets%s", to, entry->fts_path + strlen(assets));
		if (entry->fts_info == FTS_D)
			s = open_directory(path, reterr);
		else if (entry->fts_info == FTS_F)
			s = copy_file(entry->fts_path, path, reterr);
	}
	if (tree)
		fts_close(tree);
	tool_path(index, "%s/" INDEX, web);
	tool_path(path, "%s/" INDEX, to);
	return s == OK ? copy_file(index, path, reterr) : s;
}

static bool same_build(const char *web, const char *kept)
{
	_cleanup_(freep) char *a = NULL, *b = NULL;
	char path[TOOL_PATH_MAX];
	struct error err;

	tool_path(path, "%s/" INDEX, web);
	if (tool_read_file(path, &a, &err) != OK)
		return true; /* no page was built: there is nothing to keep */
	tool_path(path, "%s/" INDEX, kept);
	return tool_read_file(path, &b, &err) == OK && strcmp(a, b) == 0;
}

enum status web_keep(const struct place *place, const char *web, struct error *reterr)
{
	char current[TOOL_PATH_MAX], previous[TOOL_PATH_MAX], fresh[TOOL_PATH_MAX];
	char index[TOOL_PATH_MAX];
	enum status s;

	tool_path(current, "%s/web-current", place->dir);
	tool_path(previous, "%s/web-previous", place->dir);
	tool_path(fresh, "%s/web-new", place->dir);
	tool_path(index, "%s/" INDEX, current);
	if (same_build(web, current))
		return OK;
	tool_remove(fresh);
	s = open_directory(fresh, reterr);
	if (s == OK && size_of(web) <= KEPT_BYTES_MAX)
		s = copy_build(web, fresh, reterr);
	if (s != OK)
		return s;
	/* After a start that was killed between the two renames there is no current one. Then the
	 * previous one stays. */
	if (access(index, R_OK) == 0) {
		tool_remove(previous);
		if (rename(current, previous) != 0)
			return tool_fail(reterr, "%s: %s", previous, strerror(errno));
	}
	tool_remove(current);
	if (rename(fresh, current) != 0)
		return tool_fail(reterr, "%s: %s", current, strerror(errno));
	return OK;
}
