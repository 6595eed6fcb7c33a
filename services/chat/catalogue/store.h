#ifndef CHAT_CATALOGUE_STORE_H
#define CHAT_CATALOGUE_STORE_H

#include "chat/catalogue/catalogue.h"
#include "runtime/db/db.h"

/* Keeps the price versions of the catalogue in the database. db: of chat_worker. */
_must_check_ enum status catalogue_store(const struct catalogue *catalogue, struct db *db,
					 struct error *reterr);

#endif
