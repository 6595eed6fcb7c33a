/* The bytes of an import's file, from its pieces in the database; and the files in it when it is a
 * ZIP. */
#ifndef CHAT_TRANSFER_FILE_H
#define CHAT_TRANSFER_FILE_H

#include "runtime/db/db.h"

struct import_limits {
	int64_t unpacked_bytes_max; /* of all files in a ZIP that are read */
	int64_t unpack_ratio_max;   /* bytes for a byte of the ZIP */
	int64_t zip_files_max;      /* … in a ZIP */
};

/* Where bytes come from; the database, or memory in tests. */
struct import_bytes {
	int64_t size;
	/* Up to len bytes from at; 0: the end. errors: those of db. */
	enum status (*read)(void *ctx, int64_t at, void *to, size_t len, size_t *ret_len,
			    struct error *reterr);
	void *ctx;
};

struct import_file;

/* error words: not_an_export, damaged, encrypted, unpacks_too_large, too_many_files; all as
 * INVALID_ARGUMENT. Others are those of bytes->read. */
_must_check_ enum status import_file_open(const struct import_bytes *bytes,
					  const struct import_limits *limits,
					  struct import_file **ret, struct error *reterr);
void import_file_close(struct import_file *file);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct import_file *, import_file_close);

/* Goes to a file in it: its first byte is read next. *ret false: there are no so many. */
_must_check_ enum status import_file_enter(struct import_file *file, int32_t entry, bool *ret,
					   struct error *reterr);
/* The next bytes; 0: the end of this file. */
_must_check_ enum status import_file_read(struct import_file *file, void *to, size_t len,
					  size_t *ret_len, struct error *reterr);
/* How far the whole was read, for the reader's eye. */
int64_t import_file_at(const struct import_file *file);

#endif
