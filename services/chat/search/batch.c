#include "chat/search/batch.h"

#include "chat/search/words.h"
#include "runtime/base/buf.h"
#include "sql/chat.h"

#include <string.h>

#define BATCH_ROWS "100"
#define BATCH_BYTES "2097152"          /* of text */
#define ERA_MESSAGES "2048"            /* of one user, about */
#define BATCH_MEMORY_MAX (256UL << 20) /* each letter may be a word of its own, with its prefix */

struct batch {
	struct db *db;
	int64_t words_max;
	struct arena *arena;
	bool more;
};

struct lexemes {
	struct buf *out;
	const char *prefix;
	int64_t words_max;
};

static bool add_lexeme(void *ctx, const struct word *word)
{
	const struct lexemes *lexemes = ctx;

	return buf_addf(lexemes->out, "'%s%s':%d ", lexemes->prefix, word->text,
			(int)word->position) &&
	       word->position < lexemes->words_max;
}

/* The rows' words as the arrays of search_store. Rows without an owner, or that are known, are left
 * out. */
static enum status store(struct batch *batch, const PGresult *rows, bool due, struct error *reterr)
{
	static const char *const columns[] = {"message_id", "chat_id", "user_id", "create_time",
					      "model",      NULL,      "era"};
	struct arena *arena = batch->arena;
	const char *params[ARRAY_SIZE(columns)], **values[ARRAY_SIZE(columns)];
	int n_rows = PQntuples(rows);
	size_t n = 0;
	_cleanup_(buf_done) struct buf out;

	buf_init(&out, BATCH_MEMORY_MAX);
	for (size_t c = 0; c < ARRAY_SIZE(columns); c++) {
		values[c] = arena_array(arena, (size_t)n_rows, sizeof *values[c]);
		if (!values[c])
			return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "rows");
	}
	for (int i = 0; i < n_rows; i++) {
		struct lexemes lexemes = {&out, db_peek(rows, i, "prefix"), batch->words_max};
		const char *text = db_peek(rows, i, "text");

		if (db_is_null(rows, i, "user_id") || (!due && db_bool(rows, i, "known")))
			continue;
		buf_clear(&out);
		words_split(text, strlen(text), add_lexeme, &lexemes);
		for (size_t c = 0; c < ARRAY_SIZE(columns); c++) {
			if (!columns[c])
				values[c][n] = arena_strdup(arena, buf_text(&out));
			else if (!db_is_null(rows, i, columns[c]))
				values[c][n] = db_peek(rows, i, columns[c]);
		}
		n++;
	}
	if (n == 0)
		return OK;
	for (size_t c = 0; c < ARRAY_SIZE(columns); c++)
		params[c] = db_param_array(arena, values[c], n);
	if (arena->exhausted)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "%zu texts", n);
	return db_exec(batch->db, &sql_search_store, params, NULL, reterr);
}

static enum status do_due(struct batch *batch, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const asked[] = {BATCH_ROWS, BATCH_BYTES, ERA_MESSAGES};
	const char **seqs, *params[1];
	enum status s = db_query(batch->db, &sql_search_due, asked, &rows, reterr);
	int n;

	if (s != OK || PQntuples(rows) == 0)
		return s;
	n = PQntuples(rows);
	seqs = arena_array(batch->arena, (size_t)n, sizeof *seqs);
	if (!seqs)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "rows");
	for (int i = 0; i < n; i++)
		seqs[i] = db_peek(rows, i, "seq");
	params[0] = db_param_array(batch->arena, seqs, (size_t)n);
	batch->more = true;
	s = store(batch, rows, true, reterr);
	return s == OK ? db_exec(batch->db, &sql_search_done, params, NULL, reterr) : s;
}

/* The next messages of the first indexing, or the next titles. */
static enum status do_start(struct batch *batch, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *now = NULL, *rows = NULL;
	const char *const asked[] = {BATCH_ROWS, BATCH_BYTES, ERA_MESSAGES};
	const char *at[2];
	bool titles;
	enum status s = db_query_one(batch->db, &sql_search_start_get, NULL, &now, reterr);
	int n;

	if (s != OK || (db_is_null(now, 0, "message") && db_is_null(now, 0, "chat")))
		return s;
	titles = !db_is_null(now, 0, "chat"); /* they are few, so they come first */
	s = db_query(batch->db, titles ? &sql_search_start_titles : &sql_search_start_messages,
		     asked, &rows, reterr);
	if (s == OK)
		s = store(batch, rows, false, reterr);
	if (s != OK)
		return s;
	n = PQntuples(rows);
	at[0] = titles ? db_peek(now, 0, "message") : n ? db_peek(rows, n - 1, "message_id") : NULL;
	at[1] = titles && n ? db_peek(rows, n - 1, "chat_id") : NULL;
	batch->more = true;
	return db_exec(batch->db, &sql_search_start_set, at, NULL, reterr);
}

static enum status do_batch(struct db *db, void *ctx, struct error *reterr)
{
	struct batch *batch = ctx;
	_cleanup_(PQclearp) PGresult *lock = NULL;
	enum status s;

	arena_reset(batch->arena);
	batch->more = false;
	s = db_query_one(db, &sql_search_lock, NULL, &lock, reterr);
	if (s != OK || !db_bool(lock, 0, "mine"))
		return s;
	s = do_due(batch, reterr);
	/* What is new comes first, and the rest whenever nothing is. */
	if (s == OK && !batch->more)
		s = do_start(batch, reterr);
	return s;
}

enum status search_batch(struct db *db, int64_t words_max, bool *ret_more, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *work = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, BATCH_MEMORY_MAX);
	struct batch batch = {.db = db, .arena = arena, .words_max = words_max};
	enum status s = db_query_one(db, &sql_search_work, NULL, &work, reterr);

	*ret_more = false;
	if (s != OK || !(db_bool(work, 0, "due") || db_bool(work, 0, "messages") ||
			 db_bool(work, 0, "titles")))
		return s;
	s = db_tx(db, NULL, do_batch, &batch, reterr);
	if (s == OK)
		*ret_more = batch.more;
	return s;
}
