#include "chat/key/take.h"

#include "runtime/base/arena.h"
#include "sql/chat.h"

#include <string.h>
#include <unistd.h>

#define LOCKED_PAUSE_US 2000 /* a row is locked for the time of one commit */
#define LOCKED_TRIES_MAX 500
#define ARENA_BYTES_MAX 65536

/* Index in the ask. */
static size_t find(const struct provider_ask *ask, const char *id)
{
	size_t i = 0;

	while (i < ask->n && strcmp(ask->picks[i].key->id, id) != 0)
		i++;
	return i;
}

static enum status take(struct db *db, struct provider_ask *ask, const char *const *params,
			struct key_taken *ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_provider_key_take, params, &rows, reterr);
	size_t i;

	ret->pick = NULL;
	if (s != OK || PQntuples(rows) == 0)
		return s;
	i = find(ask, db_peek(rows, 0, "id"));
	ret->pick = i < ask->n ? &ask->picks[i] : NULL;
	return OK;
}

/* *ret_locked: one has room, so others hold its row. */
static enum status when(struct db *db, const struct provider_ask *ask, const char *const *params,
			struct key_taken *ret, bool *ret_locked, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_provider_key_when, params, &rows, reterr);

	if (s != OK)
		return s;
	*ret_locked = false;
	for (size_t i = 0; i < ask->n; i++)
		ret->wait_us[i] = -1;
	for (int row = 0; row < PQntuples(rows); row++) {
		size_t i = find(ask, db_peek(rows, row, "id"));

		if (i == ask->n)
			continue;
		ret->wait_us[i] = db_i64(rows, row, "wait_us");
		if (ret->wait_us[i] <= 0)
			*ret_locked = true;
	}
	return OK;
}

enum status key_take(struct db *db, struct provider_ask *ask, struct key_taken *ret,
		     struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, ARENA_BYTES_MAX);
	const char *ids[PROVIDER_KEYS_MAX], *ranks[PROVIDER_KEYS_MAX];
	bool locked = true;
	enum status s = OK;

	for (size_t i = 0; i < ask->n; i++) {
		ids[i] = ask->picks[i].key->id;
		ranks[i] = db_param_i64(arena, ask->ranks[i]);
	}
	const char *const params[] = {db_param_array(arena, ids, ask->n),
				      db_param_array(arena, ranks, ask->n)};
	for (int32_t n = 0; s == OK && locked && n < LOCKED_TRIES_MAX; n++) {
		if (n > 0)
			usleep(LOCKED_PAUSE_US);
		s = take(db, ask, params, ret, reterr);
		if (s != OK || ret->pick)
			return s;
		s = when(db, ask, params, ret, &locked, reterr);
	}
	if (s == OK && locked)
		return error_set(reterr, UNAVAILABLE, "database_unavailable",
				 "the rows of all keys are locked");
	return s;
}
