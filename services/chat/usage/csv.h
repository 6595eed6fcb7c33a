/* Cells of comma-separated values (RFC 4180). */
#ifndef CHAT_USAGE_CSV_H
#define CHAT_USAGE_CSV_H

#include "runtime/base/buf.h"

#include <stdint.h>

/* A text. One that a spreadsheet would take for a formula gets an apostrophe before it. */
void csv_text(struct buf *out, const char *text);
/* Micro-credits as credits: "-1.5". */
void csv_credits(struct buf *out, int64_t microcredits);

#endif
