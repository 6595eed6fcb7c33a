#include "chat/transfer/import.h"

#include <string.h>

static Chat__V1__Import__State state_of(const char *word)
{
	static const char *const words[] = {
		[CHAT__V1__IMPORT__STATE__UPLOADING] = "UPLOADING",
		[CHAT__V1__IMPORT__STATE__QUEUED] = "QUEUED",
		[CHAT__V1__IMPORT__STATE__RUNNING] = "RUNNING",
		[CHAT__V1__IMPORT__STATE__DONE] = "DONE",
		[CHAT__V1__IMPORT__STATE__FAILED] = "FAILED",
		[CHAT__V1__IMPORT__STATE__CANCELLED] = "CANCELLED",
	};

	for (size_t i = 1; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], word) == 0)
			return (Chat__V1__Import__State)i;
	return CHAT__V1__IMPORT__STATE__UNSPECIFIED;
}

void import_read(struct arena *arena, const PGresult *rows, int row, Chat__V1__Import *ret)
{
	chat__v1__import__init(ret);
	ret->id = db_text(arena, rows, row, "id");
	ret->state = state_of(db_peek(rows, row, "state"));
	ret->size = db_i64(rows, row, "size");
	ret->received = db_i64(rows, row, "received");
	ret->read = db_i64(rows, row, "read");
	ret->imported = db_i32(rows, row, "imported");
	ret->unchanged = db_i32(rows, row, "unchanged");
	ret->skipped_count = db_i32(rows, row, "skipped");
	ret->error = db_text(arena, rows, row, "error");
	ret->create_time = db_time(arena, rows, row, "create_us");
	ret->end_time = db_time(arena, rows, row, "end_us");
}

void import_item_read(struct arena *arena, const PGresult *rows, int row, Chat__V1__ImportItem *ret)
{
	const char *outcome = db_peek(rows, row, "outcome");

	chat__v1__import_item__init(ret);
	ret->source = db_text(arena, rows, row, "source");
	ret->program = db_text(arena, rows, row, "program");
	ret->title = db_text(arena, rows, row, "title");
	ret->chat = db_text(arena, rows, row, "chat_id");
	ret->outcome = strcmp(outcome, "IMPORTED") == 0 ? CHAT__V1__IMPORT_ITEM__OUTCOME__IMPORTED
		       : strcmp(outcome, "UNCHANGED") == 0
			       ? CHAT__V1__IMPORT_ITEM__OUTCOME__UNCHANGED
			       : CHAT__V1__IMPORT_ITEM__OUTCOME__SKIPPED;
	ret->reason = db_text(arena, rows, row, "reason");
	ret->attachments = db_i32(rows, row, "attachments");
	ret->hidden = db_i32(rows, row, "hidden");
	ret->unknown = db_i32(rows, row, "unknown");
	ret->split = db_i32(rows, row, "split");
	ret->mended = db_i32(rows, row, "mended");
}

enum status import_get(struct rpc_call *call, const char *id, Chat__V1__Import *ret)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {id};
	enum status s = db_query_as(service_db(call), call->subject, &sql_import_get, params, &rows,
				    &call->err);

	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such import");
	import_read(call->arena, rows, 0, ret);
	return OK;
}
