/* Rows that nobody needs any more. */
#ifndef AUTH_PURGE_H
#define AUTH_PURGE_H

#include "runtime/db/db.h"

/* A job: forgets ended sessions, expired refresh tokens and revocations, in steps of 1,000 rows. */
_must_check_ enum status purge_run(struct db *db, void *ctx, struct error *reterr);

#endif
