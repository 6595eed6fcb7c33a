#include "chat/transfer/batch.h"

#include "chat/transfer/project_copy.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <string.h>

#define FULL_BYTES (4u << 20)
#define SLICE_BYTES (1 << 20) /* of messages in one statement */
#define SLICE_MESSAGES 2000
#define PARAMS_BYTES_MAX (64u << 20)

/* ---------------------------------------------------------------- what is in it */

void batch_init(struct batch *batch, size_t chats_max, size_t arena_bytes_max)
{
	*batch = (struct batch){
		.arena = arena_new(65536, arena_bytes_max),
		.items = calloc(chats_max, sizeof *batch->items),
		.max = chats_max,
	};
	ensure(batch->items);
}

void batch_done(struct batch *batch)
{
	arena_free(batch->arena);
	free(batch->items);
}

bool batch_is_full(const struct batch *batch)
{
	return batch->n == batch->max || batch->arena->used_bytes >= FULL_BYTES;
}

static struct batch_item *new_item(struct batch *batch, struct import_run *run)
{
	struct batch_item *item = &batch->items[batch->n++];

	*item = (struct batch_item){.program = "",
				    .source = "",
				    .title = "",
				    .model = "",
				    .outcome = "SKIPPED",
				    .reason = ""};
	run->items++;
	return item;
}

void batch_skip(struct batch *batch, struct import_run *run, const char *reason)
{
	new_item(batch, run)->reason = reason;
}

static void set_times(struct batch_item *item, const struct import_chat *chat)
{
	const struct plant *plant = &item->plant;
	int64_t now = clock_wall_us();
	int64_t created = chat->create_us ? chat->create_us : plant->first_us;
	int64_t updated = chat->update_us ? chat->update_us : plant->last_us;
	int64_t before;

	item->create_us = created ? created : updated ? updated : now;
	item->update_us = updated ? updated : item->create_us;
	before = item->create_us;
	for (size_t i = 0; i < plant->n; i++) {
		if (!plant->messages[i].time_us)
			plant->messages[i].time_us = before;
		before = plant->messages[i].time_us;
	}
}

static const char *title_of(struct arena *arena, const char *title)
{
	const char *line = text_line(arena, title);
	size_t len = strlen(line);

	if (len <= TITLE_BYTES_MAX)
		return line;
	for (len = TITLE_BYTES_MAX; len > 0 && ((unsigned char)line[len] & 0xC0) == 0x80;)
		len--;
	return arena_strndup(arena, line, len);
}

static const char *reason_of(enum plant_result result)
{
	return result == PLANT_EMPTY      ? "EMPTY"
	       : result == PLANT_TOO_MANY ? "TOO_MANY_MESSAGES"
					  : "TOO_LARGE";
}

/* A chat without an id of its own is known by all that it says. */
static const char *source_of(struct arena *arena, const char *source, const char *text, size_t len)
{
	static const struct uuid files = {{0x8b, 0x1d, 0x0a, 0x52, 0x4c, 0x6e, 0x4f, 0x11, 0x9d,
					   0x3a, 0x6f, 0x27, 0x58, 0x90, 0xc4, 0x7e}};
	char id[UUID_SIZE], *copy;

	if (*source)
		return source;
	copy = arena_strndup(arena, text, len);
	uuid_v5(&files, copy, id);
	return arena_printf(arena, "content:%s", id);
}

void batch_add(struct batch *batch, struct import_run *run, const char *text, size_t len)
{
	struct batch_item *item = new_item(batch, run);
	struct arena *arena = batch->arena;
	struct import_chat chat;
	enum plant_result result;

	if (!import_chat_read(arena, text, len, &chat)) {
		item->reason = arena->exhausted ? "TOO_LARGE" : "NOT_A_CHAT";
		arena->exhausted = false;
		return;
	}
	result = arena->exhausted
			 ? PLANT_NO_ROOM
			 : plant_make(arena, &chat, run->conf->chat_messages_max, &item->plant);
	item->program = chat.program;
	item->title = title_of(arena, chat.title);
	item->source = source_of(arena, chat.source, text, len);
	if (arena->exhausted)
		result = PLANT_NO_ROOM;
	if (result != PLANT_GROWN) {
		arena->exhausted = false;
		item->plant = (struct plant){0};
		item->reason = reason_of(result);
		return;
	}
	uuid_v7(item->chat);
	item->model = strcmp(chat.program, "LIMITLESS") == 0 ? chat.model : "";
	if (uuid_valid(chat.project)) {
		snprintf(item->project, UUID_SIZE, "%s", chat.project);
		project_copy_id(run->user_id, chat.project, item->project_copy);
	}
	item->outcome = "IMPORTED";
	item->pinned = chat.pinned;
	item->archived = chat.archived;
	item->attachments = chat.attachments;
	item->hidden = chat.hidden;
	item->unknown = chat.unknown;
	set_times(item, &chat);
}

const char *batch_projects(const struct batch *batch, struct arena *arena)
{
	const char **ids = arena_array(arena, 2 * batch->n + 1, sizeof *ids);
	size_t n = 0;

	ensure(ids);
	for (size_t i = 0; i < batch->n; i++)
		if (*batch->items[i].project) {
			ids[n++] = batch->items[i].project;
			ids[n++] = batch->items[i].project_copy;
		}
	return n ? db_param_array(arena, ids, n) : NULL;
}

/* ---------------------------------------------------------------- lists for statements */

#define COLUMNS_MAX 15

/* The columns of n rows, as lists for a statement. */
struct table {
	struct arena *arena;
	size_t n, n_columns;
	const char **cells;
	const char *params[COLUMNS_MAX];
};

static void table_init(struct table *table, struct arena *arena, size_t n, size_t n_columns)
{
	*table = (struct table){.arena = arena, .n = n, .n_columns = n_columns};
	table->cells = arena_array(arena, n * n_columns, sizeof *table->cells);
	ensure(table->cells);
}

static void table_row(struct table *table, size_t row, const char *const *values)
{
	for (size_t i = 0; i < table->n_columns; i++)
		table->cells[i * table->n + row] = values[i];
}

/* Fills the params from `first` on. */
static void table_lists(struct table *table, size_t first)
{
	for (size_t i = 0; i < table->n_columns; i++)
		table->params[first + i] =
			db_param_array(table->arena, table->cells + i * table->n, table->n);
	ensure(!table->arena->exhausted);
}

static const char *boolean(bool value)
{
	return value ? "true" : "false";
}

/* ---------------------------------------------------------------- the transaction */

struct store {
	struct batch *batch;
	struct import_run *run;
	const struct batch_item **come; /* those that come, n */
	size_t n;
	struct arena *params; /* of one statement */
	int64_t chats, bytes; /* of the user, with those that come */
	int64_t more_bytes;
};

static bool is_new(const struct batch_item *item)
{
	return *item->chat && *item->outcome == 'I';
}

static void set_outcome(struct batch_item *item, const char *outcome, const char *reason)
{
	item->outcome = outcome;
	item->reason = reason;
}

/* A chat that stands twice in the batch. */
static bool came_before(const struct batch *batch, size_t i)
{
	const struct batch_item *item = &batch->items[i];

	for (size_t k = 0; k < i; k++)
		if (is_new(&batch->items[k]) && strcmp(batch->items[k].source, item->source) == 0 &&
		    strcmp(batch->items[k].program, item->program) == 0)
			return true;
	return false;
}

static enum status ask_known(struct store *store, struct db *db, struct error *reterr)
{
	struct batch *batch = store->batch;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct table table;
	enum status s;

	table_init(&table, store->params, batch->n, 2);
	for (size_t i = 0; i < batch->n; i++) {
		const char *const values[] = {batch->items[i].program, batch->items[i].source};

		table_row(&table, i, values);
	}
	table.params[0] = store->run->user_id;
	table_lists(&table, 1);
	s = db_query(db, &sql_import_known, table.params, &rows, reterr);
	for (int i = 0; s == OK && i < PQntuples(rows); i++) {
		int32_t n = db_i32(rows, i, "n");
		struct batch_item *item = &batch->items[n - 1];

		if (*item->program && *item->chat) {
			set_outcome(item, "UNCHANGED", "ALREADY_THERE");
			snprintf(item->chat, UUID_SIZE, "%s", db_peek(rows, i, "chat_id"));
		}
	}
	return s;
}

/* Which chats come: new ones for which there is room. */
static void choose(struct store *store)
{
	const struct chat_conf *conf = store->run->conf;
	struct batch *batch = store->batch;

	for (size_t i = 0; i < batch->n; i++) {
		struct batch_item *item = &batch->items[i];

		if (!is_new(item))
			continue;
		if (came_before(batch, i))
			set_outcome(item, "UNCHANGED", "ALREADY_THERE");
		else if (store->chats >= conf->user_chats_max)
			set_outcome(item, "SKIPPED", "CHATS_FULL");
		else if (store->bytes + item->plant.bytes > conf->user_bytes_max)
			set_outcome(item, "SKIPPED", "STORAGE_FULL");
		if (!is_new(item)) {
			*item->chat = '\0';
			continue;
		}
		store->chats++;
		store->bytes += item->plant.bytes;
		store->more_bytes += item->plant.bytes;
		store->come[store->n++] = item;
	}
}

/* ---------------------------------------------------------------- its statements */

static enum status write_chats(struct store *store, struct db *db, struct error *reterr)
{
	struct arena *arena = store->params;
	struct table table;

	table_init(&table, arena, store->n, 11);
	for (size_t i = 0; i < store->n; i++) {
		const struct batch_item *item = store->come[i];
		const char *const values[] = {
			item->chat,
			item->title,
			*item->model ? item->model : store->run->model,
			boolean(item->pinned),
			boolean(item->archived),
			item->plant.messages[item->plant.leaf].id,
			db_param_i64(arena, item->create_us),
			db_param_i64(arena, item->update_us),
			db_param_i64(arena, (int64_t)item->plant.n),
			item->project,
			item->project_copy,
		};

		table_row(&table, i, values);
	}
	table.params[0] = store->run->user_id;
	table_lists(&table, 1);
	return db_exec(db, &sql_import_chats, table.params, NULL, reterr);
}

static enum status remember(struct store *store, struct db *db, struct error *reterr)
{
	struct table table;

	table_init(&table, store->params, store->n, 3);
	for (size_t i = 0; i < store->n; i++) {
		const struct batch_item *item = store->come[i];
		const char *const values[] = {item->chat, item->program, item->source};

		table_row(&table, i, values);
	}
	table.params[0] = store->run->user_id;
	table_lists(&table, 1);
	return db_exec(db, &sql_import_remember, table.params, NULL, reterr);
}

static const char *role_word(enum node_role role)
{
	return role == NODE_USER ? "USER" : role == NODE_SYSTEM ? "SYSTEM" : "ASSISTANT";
}

/* A message and its chat. */
struct sheet {
	const struct batch_item *item;
	size_t message;
};

static void message_row(struct store *store, struct table *table, size_t row,
			const struct sheet *sheet)
{
	const struct plant_message *all = sheet->item->plant.messages;
	const struct plant_message *message = &all[sheet->message];
	struct arena *arena = store->params;
	int32_t tokens = tokens_count(store->run->tokens, message->text, strlen(message->text));
	const char *const values[] = {
		message->id,
		sheet->item->chat,
		message->parent < 0 ? "" : all[message->parent].id,
		message->jump < 0 ? "" : all[message->jump].id,
		db_param_i64(arena, message->depth),
		db_param_i64(arena, message->position),
		role_word(message->role),
		message->state,
		message->text,
		message->reasoning,
		message->items,
		db_param_i64(arena, tokens),
		message->model,
		db_param_i64(arena, message->time_us),
	};

	table_row(table, row, values);
}

/* The next messages, as many as fit a statement. */
static size_t next_sheets(const struct store *store, struct sheet *at, struct sheet *ret,
			  size_t *chat)
{
	size_t n = 0, bytes = 0;

	while (*chat < store->n && n < SLICE_MESSAGES && (n == 0 || bytes < SLICE_BYTES)) {
		const struct plant *plant = &store->come[*chat]->plant;
		const struct plant_message *message;

		if (at->message == plant->n) {
			at->message = 0;
			++*chat;
			continue;
		}
		message = &plant->messages[at->message];
		ret[n++] = (struct sheet){store->come[*chat], at->message++};
		bytes +=
			strlen(message->text) + strlen(message->reasoning) + strlen(message->items);
	}
	return n;
}

static enum status write_messages(struct store *store, struct db *db, struct error *reterr)
{
	struct sheet at = {0}, *sheets = calloc(SLICE_MESSAGES, sizeof *sheets);
	size_t chat = 0, n;
	enum status s = OK;

	ensure(sheets);
	while (s == OK && (n = next_sheets(store, &at, sheets, &chat)) > 0) {
		struct table table;

		arena_reset(store->params);
		table_init(&table, store->params, n, 14);
		for (size_t i = 0; i < n; i++)
			message_row(store, &table, i, &sheets[i]);
		table.params[0] = store->run->user_id;
		table_lists(&table, 1);
		s = db_exec(db, &sql_import_messages, table.params, NULL, reterr);
	}
	free(sheets);
	arena_reset(store->params);
	return s;
}

static enum status write_notes(struct store *store, struct db *db, struct error *reterr)
{
	const struct batch *batch = store->batch;
	struct arena *arena = store->params;
	struct table table;

	table_init(&table, arena, batch->n, 11);
	for (size_t i = 0; i < batch->n; i++) {
		const struct batch_item *item = &batch->items[i];
		const char *const values[] = {
			item->program,
			item->source,
			item->title,
			item->chat,
			item->outcome,
			item->reason,
			db_param_i64(arena, item->attachments),
			db_param_i64(arena, item->hidden),
			db_param_i64(arena, item->unknown),
			db_param_i64(arena, item->plant.split),
			db_param_i64(arena, item->plant.mended),
		};

		table_row(&table, i, values);
	}
	table.params[0] = store->run->id;
	table.params[1] = store->run->user_id;
	table.params[2] = db_param_i64(arena, store->run->items - (int64_t)batch->n);
	table_lists(&table, 3);
	return db_exec(db, &sql_import_note, table.params, NULL, reterr);
}

/* The import's row first: another run, or the user who cancels, waits at it. */
static enum status advance(struct store *store, struct db *db, struct error *reterr)
{
	const struct import_run *run = store->run;
	struct arena *arena = store->params;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	int64_t unchanged = 0, skipped = 0;
	enum status s;

	for (size_t i = 0; i < store->batch->n; i++) {
		unchanged += *store->batch->items[i].outcome == 'U';
		skipped += *store->batch->items[i].outcome == 'S';
	}
	const char *const params[] = {
		run->id,
		run->lease,
		db_param_i64(arena, run->conf->import_lease_ms),
		db_param_i64(arena, run->entry),
		db_param_i64(arena, run->at),
		db_param_i64(arena, run->items),
		db_param_i64(arena, run->read),
		db_param_i64(arena, (int64_t)store->n),
		db_param_i64(arena, unchanged),
		db_param_i64(arena, skipped),
	};
	s = db_query(db, &sql_import_advance, params, &rows, reterr);
	if (s == OK && PQntuples(rows) == 0)
		return error_set(reterr, ABORTED, "import_lost", "the import goes on elsewhere");
	return s;
}

static enum status add_total(struct store *store, struct db *db, struct error *reterr)
{
	const char *const params[] = {store->run->user_id,
				      db_param_i64(store->params, (int64_t)store->n),
				      db_param_i64(store->params, store->more_bytes)};

	return db_exec(db, &sql_import_total, params, NULL, reterr);
}

/* What a run of this function before has set is set anew: the transaction may be repeated. */
static void restart(struct store *store)
{
	store->n = 0;
	store->more_bytes = 0;
	arena_reset(store->params);
}

static enum status store_all(struct db *db, void *ctx, struct error *reterr)
{
	struct store *store = ctx;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const user[] = {store->run->user_id};
	enum status s;

	restart(store);
	if (store->batch->n == 0)
		return advance(store, db, reterr);
	s = db_query_one(db, &sql_import_lock, user, &rows, reterr);
	if (s != OK)
		return s;
	store->chats = db_i64(rows, 0, "chats");
	store->bytes = db_i64(rows, 0, "bytes");
	s = ask_known(store, db, reterr);
	if (s != OK)
		return s;
	choose(store);
	s = advance(store, db, reterr);
	if (s == OK && store->n > 0)
		s = write_chats(store, db, reterr);
	if (s == OK && store->n > 0)
		s = write_messages(store, db, reterr);
	if (s == OK && store->n > 0)
		s = remember(store, db, reterr);
	if (s == OK && store->n > 0)
		s = add_total(store, db, reterr);
	return s == OK ? write_notes(store, db, reterr) : s;
}

enum status batch_store(struct batch *batch, struct db *db, struct import_run *run,
			struct error *reterr)
{
	struct store store = {.batch = batch, .run = run};
	enum status s = OK;

	store.come = calloc(batch->n + 1, sizeof *store.come);
	store.params = arena_new(65536, PARAMS_BYTES_MAX);
	ensure(store.come);
	s = db_tx(db, NULL, store_all, &store, reterr);
	arena_free(store.params);
	free(store.come);
	if (s == OK) {
		arena_reset(batch->arena);
		batch->n = 0;
	}
	return s;
}
