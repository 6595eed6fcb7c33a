#include "chat/transfer/file.h"

#include "runtime/base/ensure.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <unzip.h>

#define NAME_SIZE 512
#define FREE_BYTES (64 << 20) /* that may come of any file, however small */
#define ENCRYPTED 1

/* A file in the ZIP that matches, so that the next one is not looked for from the beginning. */
struct place {
	bool known;
	unz64_file_pos pos;
	int64_t looked; /* files before it */
	int32_t n;      /* … that match */
};

struct import_file {
	struct import_bytes bytes;
	struct import_limits limits;
	unzFile zip;        /* NULL: it is none */
	int64_t at;         /* of the next byte: in the file, or in the ZIP as its reader goes */
	enum status failed; /* of bytes.read below the ZIP's reader */
	struct error err;
	const char *pattern; /* of the names that are read */
	int32_t entry;       /* that is open; -1: none */
	bool open;
	int64_t unpacked; /* by this run and those before */
	struct place place;
};

/* ---------------------------------------------------------------- below the ZIP's reader */

static voidpf zip_open(voidpf opaque, const void *name, int mode)
{
	return opaque;
}

static uLong zip_read(voidpf opaque, voidpf stream, void *to, uLong len)
{
	struct import_file *file = opaque;
	uLong done = 0;

	while (done < len && file->failed == OK) {
		size_t n = 0;

		file->failed = file->bytes.read(file->bytes.ctx, file->at, (char *)to + done,
						len - done, &n, &file->err);
		if (file->failed != OK || n == 0)
			break;
		file->at += (int64_t)n;
		done += n;
	}
	return done;
}

static uLong zip_write(voidpf opaque, voidpf stream, const void *from, uLong len)
{
	return 0;
}

static ZPOS64_T zip_tell(voidpf opaque, voidpf stream)
{
	return (ZPOS64_T)((struct import_file *)opaque)->at;
}

static long zip_seek(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
	struct import_file *file = opaque;
	int64_t from = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
		       : origin == ZLIB_FILEFUNC_SEEK_CUR ? file->at
							  : file->bytes.size;

	if (offset > (ZPOS64_T)file->bytes.size || from + (int64_t)offset > file->bytes.size)
		return -1;
	file->at = from + (int64_t)offset;
	return 0;
}

static int zip_close(voidpf opaque, voidpf stream)
{
	return 0;
}

static int zip_error(voidpf opaque, voidpf stream)
{
	return ((struct import_file *)opaque)->failed != OK;
}

/* The failure of the bytes beneath, or a file that is damaged. */
static enum status damaged(struct import_file *file, struct error *reterr)
{
	if (file->failed != OK) {
		*reterr = file->err;
		return file->failed;
	}
	return error_set(reterr, INVALID_ARGUMENT, "damaged", "the ZIP is damaged");
}

/* ---------------------------------------------------------------- the list of files */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool matches(const struct import_file *file, const char *path)
{
	/* macOS adds a file about each file. */
	return strncmp(path, "__MACOSX/", 9) != 0 &&
	       fnmatch(file->pattern, base_name(path), FNM_CASEFOLD) == 0;
}

/* What an earlier run read counts, too; the sum stays just above its limit. */
static void count_unpacked(struct import_file *file, uint64_t bytes)
{
	int64_t over = file->limits.unpacked_bytes_max + 1;

	file->unpacked += bytes < (uint64_t)over ? (int64_t)bytes : over;
	if (file->unpacked > over)
		file->unpacked = over;
}

/* Goes to the file of this number among those that match; -1: counts all. Returns how many matched
 * up to it. */
static enum status find(struct import_file *file, int32_t number, int32_t *ret,
			unz_file_info64 *ret_info, struct error *reterr)
{
	bool goes_on = file->place.known && number >= file->place.n;
	char name[NAME_SIZE];
	int64_t looked = goes_on ? file->place.looked : 0;
	int32_t n = goes_on ? file->place.n : 0;
	int step = goes_on ? unzGoToFilePos64(file->zip, &file->place.pos)
			   : unzGoToFirstFile(file->zip);

	for (; step == UNZ_OK; step = unzGoToNextFile(file->zip)) {
		if (++looked > file->limits.zip_files_max)
			return error_set(reterr, INVALID_ARGUMENT, "too_many_files",
					 "the ZIP has more than %" PRId64 " files",
					 file->limits.zip_files_max);
		memset(name, 0, sizeof name);
		if (unzGetCurrentFileInfo64(file->zip, ret_info, name, sizeof name - 1, NULL, 0,
					    NULL, 0) != UNZ_OK)
			return damaged(file, reterr);
		if (!matches(file, name))
			continue;
		if (n++ == number) {
			file->place =
				(struct place){.known = true, .looked = looked - 1, .n = number};
			step = unzGetFilePos64(file->zip, &file->place.pos);
			break;
		}
		if (number >= 0 && !goes_on)
			count_unpacked(file, ret_info->uncompressed_size);
	}
	if (step != UNZ_OK && step != UNZ_END_OF_LIST_OF_FILE)
		return damaged(file, reterr);
	*ret = n;
	return OK;
}

static enum status open_zip(struct import_file *file, struct error *reterr)
{
	zlib_filefunc64_def functions = {zip_open, zip_read,  zip_write, zip_tell,
					 zip_seek, zip_close, zip_error, file};
	unz_file_info64 info = {0};
	int32_t n = 0;
	enum status s;

	file->at = 0;
	file->zip = unzOpen2_64("import", &functions);
	if (!file->zip)
		return damaged(file, reterr);
	file->pattern = "conversations*.json";
	s = find(file, -1, &n, &info, reterr);
	if (s == OK && n == 0)
		file->pattern = "*.json";
	return s;
}

/* ---------------------------------------------------------------- the file */

enum status import_file_open(const struct import_bytes *bytes, const struct import_limits *limits,
			     struct import_file **ret, struct error *reterr)
{
	_cleanup_(import_file_closep) struct import_file *file = calloc(1, sizeof *file);
	char head[4] = "";
	size_t n = 0;
	enum status s;

	ensure(file);
	file->bytes = *bytes;
	file->limits = *limits;
	file->entry = -1;
	s = bytes->read(bytes->ctx, 0, head, sizeof head, &n, reterr);
	if (s == OK && n == sizeof head && memcmp(head, "PK", 2) == 0)
		s = open_zip(file, reterr);
	if (s == OK)
		*ret = TAKE_PTR(file);
	return s;
}

void import_file_close(struct import_file *file)
{
	if (!file)
		return;
	if (file->open)
		unzCloseCurrentFile(file->zip);
	if (file->zip)
		unzClose(file->zip);
	free(file);
}

enum status import_file_enter(struct import_file *file, int32_t entry, bool *ret,
			      struct error *reterr)
{
	unz_file_info64 info = {0};
	int32_t n = 0;
	enum status s;

	if (!file->zip) {
		file->at = 0;
		*ret = entry == 0;
		return OK;
	}
	if (file->open && unzCloseCurrentFile(file->zip) != UNZ_OK) {
		file->open = false;
		return damaged(file, reterr); /* its checksum is wrong */
	}
	file->open = false;
	s = find(file, entry, &n, &info, reterr);
	if (s != OK)
		return s;
	*ret = n > entry;
	if (!*ret)
		return OK;
	if (info.flag & ENCRYPTED)
		return error_set(reterr, INVALID_ARGUMENT, "encrypted",
				 "the ZIP has a password: unpack it first");
	if (unzOpenCurrentFile(file->zip) != UNZ_OK)
		return damaged(file, reterr);
	file->open = true;
	return OK;
}

enum status import_file_read(struct import_file *file, void *to, size_t len, size_t *ret_len,
			     struct error *reterr)
{
	int n;

	*ret_len = 0;
	if (!file->zip) {
		enum status s =
			file->bytes.read(file->bytes.ctx, file->at, to, len, ret_len, reterr);

		file->at += (int64_t)*ret_len;
		return s;
	}
	n = unzReadCurrentFile(file->zip, to, (unsigned)len);
	if (n < 0 || file->failed != OK)
		return damaged(file, reterr);
	file->unpacked += n;
	if (file->unpacked > file->limits.unpacked_bytes_max ||
	    file->unpacked > FREE_BYTES + file->limits.unpack_ratio_max * file->bytes.size)
		return error_set(reterr, INVALID_ARGUMENT, "unpacks_too_large",
				 "the ZIP unpacks to more than an import may have");
	*ret_len = (size_t)n;
	return OK;
}

int64_t import_file_at(const struct import_file *file)
{
	return file->at;
}
