/* A sequence of rows, told to everybody who follows it from a cursor on. One thread reads what is
 * new once for all readers. It polls, because rows are written on any replica; feed_wake spares the
 * wait for those that were written here. docs/modules/feed.md */
#ifndef RUNTIME_FEED_FEED_H
#define RUNTIME_FEED_FEED_H

#include "runtime/db/db.h"
#include "runtime/rpc/rpc.h"

#define FEED_FROM_NOW (-1) /* instead of a cursor: only rows that come later */

struct feed_options {
	const char *name;     /* "revocations", in log lines; static storage */
	struct db_options db; /* its texts outlive the feed */
	int64_t poll_ms;      /* pause between two looks; also the heartbeat */

	/* Reads at most rows_max rows after a sequence, in order, with the columns `sequence` and
	 * `head`, the newest sequence of all; one row without a sequence says that there is none.
	 * Sequences are given in the order of commits, so that none appears below a cursor later.
	 */
	enum status (*poll)(struct db *db, int64_t after, int32_t rows_max, PGresult **ret,
			    struct error *reterr);
	/* The message of a row, in arena, never NULL. */
	const ProtobufCMessage *(*encode)(struct arena *arena, const PGresult *rows, int row);
	/* The message that says: all up to head was told, and the database was asked just now. */
	const ProtobufCMessage *(*heartbeat)(struct arena *arena, int64_t head);
	/* Only the first heartbeat goes to a reader, with the rest of what it missed. */
	bool quiet;
	/* Whether a row is for this reader. NULL: all are for all. */
	bool (*concerns)(const struct rpc_call *reader, const PGresult *rows, int row);
	/* Readers with the same subject; one more is refused as RESOURCE_EXHAUSTED streams_full. 0: no
	 * limit. */
	int32_t readers_per_subject_max;

	/* Something else that each replica reads now and then, on the same thread and connection.
	 * NULL: nothing. */
	enum status (*also)(struct db *db, void *ctx, struct error *reterr);
	void *also_ctx;
	const char *also_name; /* in log lines; static storage */
	int64_t also_ms;
};

struct feed *feed_start(const struct feed_options *options);

/* Ends all streams with UNAVAILABLE, and the thread. Later readers get UNAVAILABLE too. NULL
 * allowed. */
void feed_stop(struct feed *feed);
/* Stops it, if it runs. After the last feed_watch and feed_wake. NULL allowed. */
void feed_free(struct feed *feed);

/* A row was committed here: do not wait for the next poll. Any thread. NULL allowed. */
void feed_wake(struct feed *feed);

/* Takes over a server streaming call, which gets every row after the cursor, and returns RPC_LATER
 * for its handler; UNAVAILABLE when the feed has stopped. A reader whose queue is full gets the
 * rest at a later turn; it delays nobody. after: a cursor, or FEED_FROM_NOW. A cursor beyond the head begins anew, for its database
 * was restored from a backup. Does not block. */
_must_check_ enum status feed_watch(struct feed *feed, struct rpc_call *call, int64_t after);

#endif
