#include "chat/conversation/conversation.h"

#include "runtime/base/text.h"

#include <string.h>

void chat_read(struct arena *arena, const PGresult *rows, int row, Chat__V1__Chat *ret)
{
	chat__v1__chat__init(ret);
	ret->id = db_text(arena, rows, row, "id");
	ret->title = db_text(arena, rows, row, "title");
	ret->project = db_text(arena, rows, row, "project_id");
	ret->model = db_text(arena, rows, row, "model");
	ret->pinned = db_bool(rows, row, "pinned");
	ret->archived = db_bool(rows, row, "archived");
	ret->unread = db_bool(rows, row, "unread");
	ret->leaf = db_text(arena, rows, row, "leaf_id");
	ret->create_time = db_time(arena, rows, row, "create_us");
	ret->update_time = db_time(arena, rows, row, "update_us");
	if (!db_is_null(rows, row, "delete_us"))
		ret->delete_time = db_time(arena, rows, row, "delete_us");
	ret->running_generation = db_text(arena, rows, row, "running_id");
}

enum status title_read(struct rpc_call *call, const char *title, const char **ret)
{
	if (strlen(title) > TITLE_BYTES_MAX)
		return rpc_fail_field(call, "field_too_long", "title",
				      "a title has at most %d bytes", TITLE_BYTES_MAX);
	for (const char *p = title; *p; p++) {
		if ((unsigned char)*p < ' ')
			return rpc_fail_field(call, "field_invalid", "title",
					      "a title is one line of text");
	}
	*ret = text_line(call->arena, title);
	return OK;
}
