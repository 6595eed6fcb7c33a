/* The thread that reads imports: takes one that is due, goes on where the last run stopped, and keeps
 * it by a lease. */
#include "chat/transfer/batch.h"
#include "chat/transfer/file.h"
#include "chat/transfer/import.h"
#include "chat/transfer/project_copy.h"
#include "chat/transfer/split.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define READ_BYTES 65536
#define PIECES 2 /* of a ZIP: where its list is read, and where its files are */
#define BATCH_CHATS 200
#define POOL_WAIT_MS 5000
#define PAUSE_MS 1000   /* between two looks for imports */
#define ATTEMPTS_MAX 5  /* runs in a row that do not get on */
#define REPAIR_FACTOR 3 /* a mended text may be so much longer than it was */
#define REPAIR_BYTES (8 << 20)

struct imports {
	const struct chat_conf *conf;
	struct db_pool *pool;
	const struct tokens *tokens;
	struct db *app; /* for projects, as their owner */
	pthread_t thread;
	pthread_mutex_t lock; /* guards what is below */
	pthread_cond_t changed;
	bool stopping, woken;
};

struct piece {
	struct arena *arena;
	uint8_t *data;
	int64_t at;
	size_t len;
};

/* One run. */
struct work {
	struct imports *imports;
	struct import_run run;
	struct db *db;
	struct import_file *file;
	struct batch batch;
	struct piece pieces[PIECES]; /* the one that was read last is the first */
	int64_t size, begun_us, kept_us;
	bool json; /* a list or an object was found */
};

/* A batch with chats in projects. */
struct shared {
	struct work *work;
	const char *projects;
	bool stored;
};

/* ---------------------------------------------------------------- bytes of the file */

static bool is_stopping(struct imports *imports)
{
	bool stopping;

	pthread_mutex_lock(&imports->lock);
	stopping = imports->stopping;
	pthread_mutex_unlock(&imports->lock);
	return stopping;
}

/* Says that the run lives, and how far it is. */
static enum status keep(struct work *work, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	const char *const params[] = {work->run.id, work->run.lease,
				      db_param_i64(arena, work->imports->conf->import_lease_ms),
				      db_param_i64(arena, work->run.read)};
	int64_t now = clock_mono_us();
	enum status s;

	if (is_stopping(work->imports))
		return error_set(reterr, CANCELLED, "import_yields", "this process ends");
	if (now - work->kept_us < work->imports->conf->import_lease_ms * US_PER_MS / 8)
		return OK;
	work->kept_us = now;
	s = db_query(work->db, &sql_import_keep, params, &rows, reterr);
	if (s == OK && PQntuples(rows) == 0)
		return error_set(reterr, ABORTED, "import_lost", "the import goes on elsewhere");
	return s;
}

static bool has(const struct piece *piece, int64_t at)
{
	return at >= piece->at && at < piece->at + (int64_t)piece->len;
}

static enum status fetch(struct work *work, struct piece *piece, int64_t at, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s;

	arena_reset(piece->arena);
	piece->len = 0;
	const char *const params[] = {work->run.id, db_param_i64(piece->arena, at)};
	s = db_query(work->db, &sql_import_piece, params, &rows, reterr);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0) /* it was cancelled */
		return error_set(reterr, ABORTED, "import_lost", "the import goes on elsewhere");
	piece->at = db_i64(rows, 0, "at");
	piece->data = db_bytes(piece->arena, rows, 0, "data", &piece->len);
	return has(piece, at) ? OK
			      : error_set(reterr, ABORTED, "import_lost",
					  "a piece of the file is missing");
}

/* Makes the piece with this byte the first. */
static enum status find_piece(struct work *work, int64_t at, struct error *reterr)
{
	struct piece *pieces = work->pieces, found;
	enum status s = OK;
	size_t i = 0;

	while (i < PIECES - 1 && !has(&pieces[i], at))
		i++;
	if (!has(&pieces[i], at)) {
		s = keep(work, reterr);
		if (s == OK)
			s = fetch(work, &pieces[i], at, reterr);
	}
	found = pieces[i];
	memmove(pieces + 1, pieces, i * sizeof *pieces);
	pieces[0] = found;
	return s;
}

static enum status read_bytes(void *ctx, int64_t at, void *to, size_t len, size_t *ret_len,
			      struct error *reterr)
{
	struct work *work = ctx;
	const struct piece *piece = work->pieces;
	enum status s;
	size_t skip, rest;

	*ret_len = 0;
	if (at >= work->size)
		return OK;
	s = find_piece(work, at, reterr);
	if (s != OK)
		return s;
	skip = (size_t)(at - piece->at);
	rest = piece->len - skip;
	*ret_len = len < rest ? len : rest;
	memcpy(to, piece->data + skip, *ret_len);
	return OK;
}

/* ---------------------------------------------------------------- chats of a file */

/* Inside a transaction of the owner, so that no project of the chats goes to the bin before they are in it. */
static enum status store_shared(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct shared *shared = ctx;
	enum status s;

	if (shared->stored) /* the transaction is repeated */
		return OK;
	s = db_query(db, &sql_import_project_share, &shared->projects, &rows, reterr);
	if (s == OK)
		s = batch_store(&shared->work->batch, shared->work->db, &shared->work->run, reterr);
	shared->stored = s == OK;
	return s;
}

static enum status store_batch(struct work *work, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	struct shared shared = {.work = work, .projects = batch_projects(&work->batch, arena)};

	if (shared.projects)
		return db_tx(work->imports->app, work->run.user_id, store_shared, &shared, reterr);
	return batch_store(&work->batch, work->db, &work->run, reterr);
}

static enum status store(struct work *work, struct error *reterr)
{
	int32_t items = work->run.items;
	enum status s;

	if (items > work->imports->conf->import_chats_max)
		return error_set(reterr, INVALID_ARGUMENT, "too_many_chats",
				 "the file has too many chats");
	s = store_batch(work, reterr);
	if (s == OK)
		work->kept_us = clock_mono_us();
	return s;
}

/* Whether the run has had its time. */
static bool is_over(const struct work *work)
{
	return clock_mono_us() - work->begun_us >= work->imports->conf->import_slice_ms * US_PER_MS;
}

static bool others_wait(struct work *work)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct error err;

	if (!is_over(work))
		return false;
	work->begun_us = clock_mono_us();
	return db_query(work->db, &sql_import_others, NULL, &rows, &err) == OK &&
	       db_bool(rows, 0, "due");
}

/* After each batch others may go first: so every run gets on. */
static enum status store_and_yield(struct work *work, struct error *reterr)
{
	enum status s = store(work, reterr);

	if (s == OK && others_wait(work))
		return error_set(reterr, CANCELLED, "import_yields", "others wait");
	return s;
}

/* A project comes at once, for the chats that are in it follow. */
static enum status take_project(struct work *work, const struct buf *text, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena =
		arena_new(65536, REPAIR_FACTOR * text->len + REPAIR_BYTES);
	struct error err = {0};
	enum status s = project_copy_store(arena, work->imports->app, &work->run, buf_text(text),
					   text->len, &err);

	if (s == INVALID_ARGUMENT || strcmp(err.reason, "projects_full") == 0) {
		batch_skip(&work->batch, &work->run,
			   s == INVALID_ARGUMENT ? "NOT_A_CHAT" : "PROJECTS_FULL");
		return OK;
	}
	if (s != OK)
		*reterr = err;
	return s;
}

static enum status take_element(struct work *work, struct split *split, struct error *reterr)
{
	enum status s = OK;

	work->json = true;
	if (split->too_large)
		batch_skip(&work->batch, &work->run, "TOO_LARGE");
	else if (project_copy_is(buf_text(&split->text), split->text.len))
		s = take_project(work, &split->text, reterr);
	else
		batch_add(&work->batch, &work->run, buf_text(&split->text), split->text.len);
	split_next(split);
	work->run.at = split->at;
	work->run.read = import_file_at(work->file);
	return s == OK && batch_is_full(&work->batch) ? store_and_yield(work, reterr) : s;
}

static enum status take_bytes(struct work *work, struct split *split, const char *data, size_t len,
			      bool *ret_json, struct error *reterr)
{
	enum status s = OK;

	while (s == OK && len > 0) {
		size_t used = 0;
		enum split_end end = split_feed(split, data, len, &used);

		if (end == SPLIT_NO_JSON) {
			*ret_json = false;
			return OK;
		}
		if (end == SPLIT_ELEMENT)
			s = take_element(work, split, reterr);
		data += used;
		len -= used;
	}
	return s;
}

/* Reads from where the run is to the end of the file in the ZIP. */
static enum status read_entry(struct work *work, struct split *split, struct error *reterr)
{
	char *data = malloc(READ_BYTES);
	int64_t skip = work->run.at;
	bool json = true;
	size_t n = 1;
	enum status s = OK;

	ensure(data);
	while (s == OK && json && n > 0) {
		size_t want = skip > 0 && skip < READ_BYTES ? (size_t)skip : READ_BYTES;

		s = import_file_read(work->file, data, want, &n, reterr);
		if (s == OK && skip > 0) {
			skip -= (int64_t)n;
			work->begun_us = clock_mono_us(); /* its time is for what is new */
		} else if (s == OK && n > 0) {
			s = take_bytes(work, split, data, n, &json, reterr);
		}
		if (s == OK)
			s = keep(work, reterr);
	}
	free(data);
	work->json |= split->begun;
	if (s == OK && split_is_inside(split))
		batch_skip(&work->batch, &work->run, "CUT_OFF");
	return s;
}

static enum status read_entries(struct work *work, struct error *reterr)
{
	bool there = true;
	enum status s = OK;

	while (s == OK) {
		struct split split;

		s = import_file_enter(work->file, work->run.entry, &there, reterr);
		if (s != OK || !there)
			break;
		split_init(&split, (size_t)work->imports->conf->import_chat_bytes_max,
			   work->run.at);
		s = read_entry(work, &split, reterr);
		split_done(&split);
		if (s == OK) {
			work->run.entry++;
			work->run.at = 0;
			if (batch_is_full(&work->batch) || is_over(work))
				s = store_and_yield(work, reterr);
		}
	}
	if (s == OK)
		s = store(work, reterr);
	if (s == OK && !work->json && work->run.items == 0)
		return error_set(reterr, INVALID_ARGUMENT, "not_an_export",
				 "the file has no chats of a program that is known");
	return s;
}

/* ---------------------------------------------------------------- a run and its end */

static void upper(const char *word, char out[64])
{
	size_t i = 0;

	for (; word[i] && i < 63; i++)
		out[i] = (char)(word[i] >= 'a' && word[i] <= 'z' ? word[i] - 32 : word[i]);
	out[i] = '\0';
}

static enum status end(struct work *work, const char *error, struct error *reterr)
{
	const char *const params[] = {work->run.id, work->run.lease, error};

	log_info("import_ended", LOG_S("import", work->run.id), LOG_S("error", error),
		 LOG_I("chats", work->run.items));
	return db_exec(work->db, &sql_import_end, params, NULL, reterr);
}

/* After another failure the lease ends, and another run goes on. */
static void conclude(struct work *work, enum status s, const struct error *why)
{
	const char *const params[] = {work->run.id, work->run.lease};
	struct error err = *why;
	char word[64];

	if (s == INVALID_ARGUMENT) {
		upper(why->reason, word);
		s = store(work, &err); /* chats that were whole come */
		s = s == OK || s == INVALID_ARGUMENT ? end(work, word, &err) : s;
	} else if (s == OK) {
		s = end(work, NULL, &err);
	} else if (s == CANCELLED) {
		s = db_exec(work->db, &sql_import_yield, params, NULL, &err);
	}
	if (s != OK)
		log_warn("import_broken_off", LOG_S("import", work->run.id),
			 LOG_S("reason", err.reason), LOG_S("message", err.message));
}

static void read_import(struct work *work, int32_t attempts)
{
	const struct chat_conf *conf = work->imports->conf;
	const struct import_limits limits = {.unpacked_bytes_max = conf->import_unpacked_bytes_max,
					     .unpack_ratio_max = conf->import_unpack_ratio_max,
					     .zip_files_max = conf->import_zip_files_max};
	const struct import_bytes bytes = {work->size, read_bytes, work};
	size_t chat_bytes = (size_t)conf->import_chat_bytes_max;
	struct error err = {0};
	enum status s;

	for (size_t i = 0; i < PIECES; i++)
		work->pieces[i].arena = arena_new(4096, 4 * IMPORT_PIECE_BYTES);
	batch_init(&work->batch, BATCH_CHATS, REPAIR_FACTOR * chat_bytes + REPAIR_BYTES);
	work->begun_us = work->kept_us = clock_mono_us();
	if (attempts > ATTEMPTS_MAX)
		s = error_set(&err, INVALID_ARGUMENT, "given_up", "no run got on");
	else
		s = import_file_open(&bytes, &limits, &work->file, &err);
	if (s == OK)
		s = read_entries(work, &err);
	conclude(work, s, &err);
	import_file_close(work->file);
	batch_done(&work->batch);
	for (size_t i = 0; i < PIECES; i++)
		arena_free(work->pieces[i].arena);
	malloc_trim(0);
}

/* False: nothing is due. */
static bool work_once(struct imports *imports)
{
	struct work work = {.imports = imports};
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	const char *const params[] = {work.run.lease,
				      db_param_i64(arena, imports->conf->import_lease_ms)};
	struct error err;
	bool due;

	uuid_v4(work.run.lease);
	if (db_pool_take(imports->pool, POOL_WAIT_MS, &work.db, &err) != OK)
		return false;
	due = db_query(work.db, &sql_import_claim, params, &rows, &err) == OK &&
	      PQntuples(rows) > 0;
	if (due) {
		work.run.conf = imports->conf;
		work.run.tokens = imports->tokens;
		snprintf(work.run.id, UUID_SIZE, "%s", db_peek(rows, 0, "id"));
		snprintf(work.run.user_id, UUID_SIZE, "%s", db_peek(rows, 0, "user_id"));
		snprintf(work.run.model, sizeof work.run.model, "%s", db_peek(rows, 0, "model"));
		work.size = db_i64(rows, 0, "size");
		work.run.entry = db_i32(rows, 0, "entry");
		work.run.at = db_i64(rows, 0, "at");
		work.run.items = db_i32(rows, 0, "items");
		read_import(&work, db_i32(rows, 0, "attempts"));
	}
	db_pool_give(imports->pool, work.db);
	return due;
}

/* ---------------------------------------------------------------- the thread */

/* Until there may be something. False: the process ends. */
static bool rest(struct imports *imports)
{
	struct timespec until;
	bool goes_on;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PAUSE_MS / 1000;
	pthread_mutex_lock(&imports->lock);
	while (!imports->stopping && !imports->woken)
		if (pthread_cond_timedwait(&imports->changed, &imports->lock, &until) != 0)
			break;
	imports->woken = false;
	goes_on = !imports->stopping;
	pthread_mutex_unlock(&imports->lock);
	return goes_on;
}

static void *run_thread(void *arg)
{
	struct imports *imports = arg;

	while (rest(imports))
		while (!is_stopping(imports) && work_once(imports))
			continue;
	return NULL;
}

struct imports *imports_start(const struct chat_conf *conf, struct db_pool *pool,
			      const struct db_options *app, const struct tokens *tokens)
{
	struct imports *imports = calloc(1, sizeof *imports);
	pthread_condattr_t monotonic;

	ensure(imports);
	imports->conf = conf;
	imports->pool = pool;
	imports->tokens = tokens;
	imports->app = db_new(app);
	pthread_mutex_init(&imports->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&imports->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	ensure(pthread_create(&imports->thread, NULL, run_thread, imports) == 0);
	return imports;
}

void imports_wake(struct imports *imports)
{
	pthread_mutex_lock(&imports->lock);
	imports->woken = true;
	pthread_cond_signal(&imports->changed);
	pthread_mutex_unlock(&imports->lock);
}

void imports_stop(struct imports *imports)
{
	if (!imports)
		return;
	pthread_mutex_lock(&imports->lock);
	imports->stopping = true;
	pthread_cond_broadcast(&imports->changed);
	pthread_mutex_unlock(&imports->lock);
	pthread_join(imports->thread, NULL);
	db_free(imports->app);
	pthread_cond_destroy(&imports->changed);
	pthread_mutex_destroy(&imports->lock);
	free(imports);
}

enum status imports_purge(struct db *db, void *ctx, struct error *reterr)
{
	const struct chat_conf *conf = ((const struct chat *)ctx)->conf;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 1024);
	const char *const params[] = {db_param_i64(arena, conf->import_idle_ms),
				      db_param_i64(arena, conf->import_keep_ms)};

	return db_exec(db, &sql_import_purge, params, NULL, reterr);
}
