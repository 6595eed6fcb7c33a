/* Sums of usage by day and by month. */
#ifndef CHAT_USAGE_ROLLUP_H
#define CHAT_USAGE_ROLLUP_H

#include "runtime/db/db.h"

/* A job: adds rows that are new to the sums of their days and months. */
enum status usage_roll_up(struct db *db, void *ctx, struct error *reterr);

#endif
