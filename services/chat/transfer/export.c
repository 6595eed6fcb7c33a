#include "chat/transfer/export.h"

#include "chat/transfer/export_write.h"
#include "google/api/httpbody.pb-c.h"
#include "runtime/base/ensure.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#define PAGE_MESSAGES 200
#define PAGE_BYTES (256 << 10)       /* of rows; the last of a page may be longer */
#define PENDING_BYTES_MAX (32 << 20) /* a message of 3 MiB, each byte escaped, fits */
#define PIECE_BYTES (256 << 10)
#define FIRST_ID "00000000-0000-0000-0000-000000000000"

/* A file on its way to its reader. It is in the queue, with the thread, or blocked. */
struct export
{
	struct export *next;
	struct exports *exports;
	struct rpc_call *call;
	const struct export_format *format;
	char user[UUID_SIZE];
	char only[UUID_SIZE];                  /* the one chat; "": all */
	char project[UUID_SIZE];               /* that was written last; "": none yet */
	char chat[UUID_SIZE], leaf[UUID_SIZE]; /* that is written now; "": none yet */
	char message[UUID_SIZE];               /* its last one that was written */
	int32_t depth;                         /* … on the branch */
	bool inside;                           /* a chat is not ended */
	bool any;                              /* a project or a chat was written */
	bool projects_written;
	bool first_message, begun, all_written, sent;
	struct buf pending;
	bool blocked, writable, cancelled; /* guarded by exports->lock */
};

struct exports {
	const struct chat_conf *conf;
	struct db *db;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what is below, and the marked members of exports */
	pthread_cond_t changed;
	struct export *first, **last; /* that have something to do */
	struct export **open;         /* all that are not over */
	size_t n_open, room;
	bool stopping;
};

/* ---------------------------------------------------------------- pages */

static void add_begin(struct export *export)
{
	if (!export->begun)
		buf_adds(&export->pending, export->format->begin);
	export->begun = true;
}

/* Projects stand before the chats that are in them. */
static enum status next_project(struct export *export, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const next[] = {export->user, *export->project ? export->project : FIRST_ID};
	enum status s = db_query_as(export->exports->db, export->user, &sql_export_project, next,
				    &rows, reterr);

	if (s != OK)
		return s;
	export->projects_written = PQntuples(rows) == 0;
	if (export->projects_written)
		return OK;
	add_begin(export);
	export->format->project(&export->pending, rows, 0, !export->any);
	export->any = true;
	snprintf(export->project, UUID_SIZE, "%s", db_peek(rows, 0, "id"));
	return OK;
}

/* Goes on with the next chat. */
static enum status next_chat(struct export *export, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const one[] = {export->only};
	const char *const next[] = {export->user, *export->chat ? export->chat : FIRST_ID};
	bool single = *export->only;
	enum status s = OK;

	if (single && export->any) {
		export->all_written = true;
		return OK;
	}
	s = db_query_as(export->exports->db, export->user,
			single ? &sql_export_chat : &sql_export_next, single ? one : next, &rows,
			reterr);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0) {
		export->all_written = true;
		return single ? error_set(reterr, NOT_FOUND, "not_found", "there is no such chat")
			      : OK;
	}
	add_begin(export);
	export->format->chat(&export->pending, rows, 0, !export->any);
	snprintf(export->chat, UUID_SIZE, "%s", db_peek(rows, 0, "id"));
	snprintf(export->leaf, UUID_SIZE, "%s", db_peek(rows, 0, "leaf_id"));
	snprintf(export->message, UUID_SIZE, "%s", FIRST_ID);
	export->depth = -1;
	export->any = export->inside = export->first_message = true;
	return OK;
}

static enum status ask_messages(struct export *export, PGresult **ret, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 4096);
	const char *n = db_param_i64(arena, PAGE_MESSAGES);
	const char *bytes = db_param_i64(arena, PAGE_BYTES);
	const char *const tree[] = {export->chat, export->message, n, bytes};
	const char *const branch[] = {export->chat, *export->leaf ? export->leaf : FIRST_ID,
				      db_param_i64(arena, export->depth), n, bytes};
	bool all = export->format == &export_json;

	return db_query_as(export->exports->db, export->user,
			   all ? &sql_export_messages : &sql_message_branch, all ? tree : branch,
			   ret, reterr);
}

static enum status next_messages(struct export *export, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = ask_messages(export, &rows, reterr);
	int n = s == OK ? PQntuples(rows) : 0;

	for (int i = 0; i < n; i++) {
		export->format->message(&export->pending, rows, i, export->first_message);
		export->first_message = false;
	}
	if (n > 0) {
		snprintf(export->message, UUID_SIZE, "%s", db_peek(rows, n - 1, "id"));
		if (export->format == &export_markdown)
			export->depth = db_i32(rows, n - 1, "depth");
	} else if (s == OK) {
		buf_adds(&export->pending, export->format->chat_end);
		export->inside = false;
	}
	return s;
}

/* Writes until there is a piece to send, or all is written. */
static enum status write_piece(struct export *export, struct error *reterr)
{
	enum status s = OK;

	while (s == OK && !export->all_written && export->pending.len < PIECE_BYTES)
		s = export->inside             ? next_messages(export, reterr)
		    : export->projects_written ? next_chat(export, reterr)
					       : next_project(export, reterr);
	if (s == OK && export->pending.overflow)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "a message");
	if (s == OK && export->all_written) {
		add_begin(export);
		buf_adds(&export->pending, export->format->end);
	}
	return s;
}

/* ---------------------------------------------------------------- the queue, under the lock */

static void enqueue(struct export *export)
{
	struct exports *exports = export->exports;

	export->next = NULL;
	*exports->last = export;
	exports->last = &export->next;
	pthread_cond_signal(&exports->changed);
}

static struct export *dequeue(struct exports *exports)
{
	struct export *export = exports->first;

	if (!export)
		return NULL;
	exports->first = export->next;
	if (!exports->first)
		exports->last = &exports->first;
	return export;
}

static void forget(struct export *export)
{
	struct exports *exports = export->exports;

	for (size_t i = 0; i < exports->n_open; i++)
		if (exports->open[i] == export) {
			exports->open[i] = exports->open[--exports->n_open];
			return;
		}
}

/* ---------------------------------------------------------------- out */

/* The export is over: on_done frees it. */
static void finish(struct export *export, enum status s, const struct error *err)
{
	struct exports *exports = export->exports;

	pthread_mutex_lock(&exports->lock);
	forget(export);
	pthread_mutex_unlock(&exports->lock);
	if (s != OK)
		export->call->err = *err;
	rpc_finish(export->call, s, NULL);
}

static enum status send_piece(struct export *export)
{
	Google__Api__HttpBody body = GOOGLE__API__HTTP_BODY__INIT;
	size_t len = export->pending.len < PIECE_BYTES ? export->pending.len : PIECE_BYTES;
	enum status s;

	if (!export->sent)
		body.content_type = (char *)export->format->content_type;
	body.data.data = export->pending.data;
	body.data.len = len;
	s = rpc_stream_send(export->call, &body.base);
	if (s == OK) {
		export->sent = true;
		buf_consume(&export->pending, len);
	}
	return s;
}

/* The reader has no room: on_writable brings the export back, if it has not been there already. */
static void block(struct export *export)
{
	struct exports *exports = export->exports;

	pthread_mutex_lock(&exports->lock);
	if (export->writable || export->cancelled || exports->stopping)
		enqueue(export);
	else
		export->blocked = true;
	pthread_mutex_unlock(&exports->lock);
}

static void go_on(struct export *export)
{
	pthread_mutex_lock(&export->exports->lock);
	enqueue(export);
	pthread_mutex_unlock(&export->exports->lock);
}

/* One turn. */
static void step(struct export *export)
{
	struct error err = {0};
	enum status s = OK;

	if (export->pending.len == 0)
		s = write_piece(export, &err);
	if (s != OK) {
		finish(export, s, &err);
		return;
	}
	pthread_mutex_lock(&export->exports->lock);
	export->writable = false;
	pthread_mutex_unlock(&export->exports->lock);
	s = export->pending.len ? send_piece(export) : OK;
	if (s == RESOURCE_EXHAUSTED) {
		block(export);
	} else if (s != OK) {
		s = error_set(&err, CANCELLED, "call_cancelled", "nobody reads");
		finish(export, s, &err);
	} else if (export->all_written && export->pending.len == 0) {
		finish(export, OK, NULL);
	} else {
		go_on(export);
	}
}

/* ---------------------------------------------------------------- hooks */

static void wake(struct export *export)
{
	if (export->blocked)
		enqueue(export);
	export->blocked = false;
}

static void on_writable(_unused_ struct rpc_call *call, void *ctx)
{
	struct export *export = ctx;

	pthread_mutex_lock(&export->exports->lock);
	export->writable = true;
	wake(export);
	pthread_mutex_unlock(&export->exports->lock);
}

static void on_cancel(_unused_ struct rpc_call *call, void *ctx)
{
	struct export *export = ctx;

	pthread_mutex_lock(&export->exports->lock);
	export->cancelled = true;
	wake(export);
	pthread_mutex_unlock(&export->exports->lock);
}

static void on_done(void *ctx)
{
	struct export *export = ctx;

	buf_done(&export->pending);
	free(export);
}

static const struct rpc_stream_hooks hooks = {
	.on_writable = on_writable, .on_cancel = on_cancel, .on_done = on_done};

/* Under the lock. False: the user has as many as one may have. */
static bool open_one(struct exports *exports, struct export *export)
{
	int64_t mine = 0;

	for (size_t i = 0; i < exports->n_open; i++)
		mine += strcmp(exports->open[i]->user, export->user) == 0;
	if (mine >= exports->conf->exports_per_user || exports->stopping)
		return false;
	if (exports->n_open == exports->room) {
		exports->room = exports->room ? 2 * exports->room : 16;
		exports->open = reallocarray(exports->open, exports->room, sizeof(struct export *));
		ensure(exports->open);
	}
	exports->open[exports->n_open++] = export;
	return true;
}

enum status exports_begin(struct rpc_call *call, const char *chat, bool markdown)
{
	struct exports *exports = chat_of(call)->exports;
	struct export *export = calloc(1, sizeof *export);
	bool room;

	ensure(export);
	export->exports = exports;
	export->call = call;
	export->format = markdown ? &export_markdown : &export_json;
	snprintf(export->user, UUID_SIZE, "%s", call->subject);
	snprintf(export->only, UUID_SIZE, "%s", chat);
	export->projects_written = *chat || !export->format->project;
	buf_init(&export->pending, PENDING_BYTES_MAX);
	pthread_mutex_lock(&exports->lock);
	room = open_one(exports, export);
	pthread_mutex_unlock(&exports->lock);
	if (!room) {
		free(export);
		return rpc_fail(call, RESOURCE_EXHAUSTED, "exports_full",
				"%" PRId64 " exports of yours are under way, as many as may be",
				exports->conf->exports_per_user);
	}
	rpc_stream_hooks_set(call, &hooks, export);
	go_on(export);
	return RPC_LATER;
}

/* ---------------------------------------------------------------- the thread */

static struct export *take(struct exports *exports, bool *ret_cancelled, bool *ret_stopping)
{
	struct export *export;

	pthread_mutex_lock(&exports->lock);
	while (!(export = dequeue(exports)) && !exports->stopping)
		pthread_cond_wait(&exports->changed, &exports->lock);
	*ret_cancelled = export && export->cancelled;
	*ret_stopping = exports->stopping;
	pthread_mutex_unlock(&exports->lock);
	return export;
}

static void *run_thread(void *arg)
{
	struct exports *exports = arg;
	struct export *export;
	struct error err;
	bool cancelled, stopping;

	while ((export = take(exports, &cancelled, &stopping))) {
		if (cancelled)
			finish(export, error_set(&err, CANCELLED, "call_cancelled", "nobody reads"),
			       &err);
		else if (stopping)
			finish(export,
			       error_set(&err, UNAVAILABLE, "service_unavailable",
					 "this process ends"),
			       &err);
		else
			step(export);
	}
	return NULL;
}

struct exports *exports_start(const struct chat_conf *conf, const struct db_options *app)
{
	struct exports *exports = calloc(1, sizeof *exports);

	ensure(exports);
	exports->conf = conf;
	exports->db = db_new(app);
	exports->last = &exports->first;
	pthread_mutex_init(&exports->lock, NULL);
	pthread_cond_init(&exports->changed, NULL);
	ensure(pthread_create(&exports->thread, NULL, run_thread, exports) == 0);
	return exports;
}

void exports_stop(struct exports *exports)
{
	if (!exports)
		return;
	pthread_mutex_lock(&exports->lock);
	exports->stopping = true;
	for (size_t i = 0; i < exports->n_open; i++)
		wake(exports->open[i]);
	pthread_cond_broadcast(&exports->changed);
	pthread_mutex_unlock(&exports->lock);
	pthread_join(exports->thread, NULL);
	db_free(exports->db);
	pthread_mutex_destroy(&exports->lock);
	pthread_cond_destroy(&exports->changed);
	free(exports->open);
	free(exports);
}
