/* The keys as all replicas know them. A thread of its own looks into the database: it reads the
 * providers anew when a key was added, and tells the engine of rests and of keys that are off. */
#ifndef CHAT_KEY_BOOK_H
#define CHAT_KEY_BOOK_H

#include "chat/catalogue/current.h"
#include "chat/key/vault.h"

struct book;

struct book_options {
	struct db_pool *pool; /* of chat_worker */
	const struct vault *vault;
	struct current *current;
	int32_t wait_ms; /* for a connection */
	int32_t sync_ms;
	/* Makes a catalogue with the keys that book_read finds now. */
	enum status (*load)(void *ctx, struct error *reterr);
	/* Runs fn(arg) on the thread that uses the keys. */
	void (*post)(void *ctx, void (*fn)(void *arg), void *arg);
	void *ctx;
	uint64_t loaded; /* fingerprint of the keys that the first catalogue has */
};

/* What was read of the table; owns its secrets. */
struct book_keys {
	struct arena *arena;
	struct provider_secret *secrets;
	size_t n;
	uint64_t fingerprint; /* of their rows; also of those that do not open */
};

_must_check_ enum status book_read(struct db *db, const struct vault *vault, struct book_keys *ret,
				   struct error *reterr);
void book_keys_done(struct book_keys *keys);
/* Makes rows for the keys that chat.yaml has. anew: those that were refused may be tried again. */
_must_check_ enum status book_see(struct db *db, const struct provider_set *set, bool anew,
				  struct error *reterr);

struct book *book_start(const struct book_options *options);
void book_stop(struct book *book);

#endif
