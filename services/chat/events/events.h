/* Events of users: what happens while a page is open and not by its doing. docs/modules/events.md */
#ifndef CHAT_EVENTS_EVENTS_H
#define CHAT_EVENTS_EVENTS_H

#include "runtime/db/db.h"
#include "runtime/feed/feed.h"
#include "runtime/rpc/rpc.h"

#define EVENT_TYPE_BYTES_MAX 60
#define EVENT_PAYLOAD_BYTES_MAX 4096

struct chat_conf;

/* Tells events to their users, with a connection of chat_worker. conf outlives it. */
struct feed *events_start(const struct chat_conf *conf, const struct db_options *worker);

/* Adds an event for a user; payload is a JSON object. id: a repeat adds nothing, and *ret_sequence
 * is that of the first. NULL: the event has none before. As the last statement of a transaction of
 * chat_worker; feed_wake after it. ret_sequence: NULL allowed. */
_must_check_ enum status events_add(struct db *db, const char *id, const char *user_id,
				    const char *type, const char *payload, int64_t *ret_sequence,
				    struct error *reterr);

/* Tells the pages of the caller what a handler has just changed. They are only late when that fails,
 * so nothing but the log says so. */
void events_tell(struct rpc_call *call, const char *type, const char *payload);

/* A job of runtime/jobs. ctx: struct chat. */
enum status events_purge(struct db *db, void *ctx, struct error *reterr);

#endif
