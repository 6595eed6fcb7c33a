#include "chat/message/context.h"

#include "chat/catalogue/tokens.h"
#include "chat/message/turns.h"

#include <string.h>

/* Rows come last message first. */
static enum status take_rows(const PGresult *rows, struct arena *arena, struct context *ret,
			     struct error *reterr)
{
	int n = PQntuples(rows);
	struct prompt_message *messages = arena_array(arena, (size_t)n, sizeof *messages);

	ret->turns = arena_array(arena, (size_t)n, sizeof *ret->turns);
	if (!messages || !ret->turns)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "%d messages", n);
	for (int i = 0; i < n; i++) {
		int row = n - 1 - i;

		messages[i].role = db_text(arena, rows, row, "role");
		messages[i].text = db_peek(rows, row, "text");
		messages[i].items = db_peek(rows, row, "items");
		if (*messages[i].text)
			ret->tokens += db_i32(rows, row, "tokens") + TOKENS_PER_MESSAGE;
	}
	/* The branch comes before its project: without one of its messages it does not fit. */
	snprintf(ret->project, sizeof ret->project, "%s", db_peek(rows, n - 1, "project_id"));
	if (!db_is_null(rows, 0, "project_id"))
		return OK;
	ret->n = turns_make(arena, messages, (size_t)n, ret->turns);
	for (size_t i = 0; i < ret->n; i++)
		ret->bytes += (int32_t)strlen(ret->turns[i].text);
	if (arena->exhausted)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "%d messages", n);
	if (ret->n == 0)
		return error_field(reterr, INVALID_ARGUMENT, "field_required", "text",
				   "the message is empty");
	return OK;
}

enum status context_read(struct db *db, const char *message, int64_t tokens_max,
			 struct arena *arena, struct context *ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(arena_freep) struct arena *numbers = arena_new(256, 4096);
	const char *const params[] = {message, db_param_i64(numbers, tokens_max),
				      db_param_i64(numbers, TOKENS_PER_MESSAGE)};
	enum status s = db_query(db, &sql_message_context, params, &rows, reterr);

	*ret = (struct context){0};
	if (s != OK || PQntuples(rows) == 0)
		return s;
	return take_rows(rows, arena, ret, reterr);
}

enum status context_measure(struct db *db, const char *user_id, const struct context_ask *ask,
			    struct context_size *ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(arena_freep) struct arena *numbers = arena_new(256, 4096);
	const char *const params[] = {
		ask->chat, *ask->parent ? ask->parent : NULL, db_param_i64(numbers, ask->room),
		db_param_i64(numbers, TOKENS_PER_MESSAGE), db_param_i64(numbers, ask->text_tokens)};
	enum status s = db_query_as(db, user_id, &sql_message_measure, params, &rows, reterr);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "there is no such chat");
	if (db_bool(rows, 0, "unknown"))
		return error_field(reterr, INVALID_ARGUMENT, "parent_unknown", "parent",
				   "the chat has no such message");
	ret->project_tokens = db_i32(rows, 0, "project_tokens");
	ret->tokens = db_i32(rows, 0, "tokens");
	ret->messages = db_i32(rows, 0, "messages");
	ret->cut = db_i32(rows, 0, "cut");
	return OK;
}
