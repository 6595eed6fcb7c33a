/* The text of an export, from rows. Each format is written front to back, so no file is ever whole
 * in memory. */
#ifndef CHAT_TRANSFER_EXPORT_WRITE_H
#define CHAT_TRANSFER_EXPORT_WRITE_H

#include "runtime/base/buf.h"
#include "runtime/db/db.h"

struct export_format {
	const char *content_type;
	const char *begin, *end; /* of the file */
	/* NULL: projects are left out. first: nothing stands before it. */
	void (*project)(struct buf *out, const PGresult *rows, int row, bool first);
	void (*chat)(struct buf *out, const PGresult *rows, int row, bool first);
	void (*message)(struct buf *out, const PGresult *rows, int row, bool first);
	const char *chat_end;
};

extern const struct export_format export_json, export_markdown;

#endif
