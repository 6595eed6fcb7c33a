#include "chat/queue/queue.h"
#include "runtime/db/timestamp.h"

#include <jansson.h>

static void read_failures(struct arena *arena, const char *text, Chat__V1__DeadLetter *ret)
{
	json_t *list = json_loads(text, 0, NULL);
	size_t n = json_array_size(list);

	ret->failures = arena_array(arena, n, sizeof *ret->failures);
	for (size_t i = 0; ret->failures && i < n; i++) {
		const json_t *item = json_array_get(list, i);
		Chat__V1__DeadLetter__Failure *failure = arena_alloc(arena, sizeof *failure);

		if (!failure)
			break;
		chat__v1__dead_letter__failure__init(failure);
		failure->reason =
			arena_strdup(arena, json_string_value(json_object_get(item, "reason")));
		failure->message =
			arena_strdup(arena, json_string_value(json_object_get(item, "message")));
		failure->provider =
			arena_strdup(arena, json_string_value(json_object_get(item, "provider")));
		failure->attempt = (int32_t)json_integer_value(json_object_get(item, "attempt"));
		failure->time =
			arena_strdup(arena, json_string_value(json_object_get(item, "time")));
		ret->failures[ret->n_failures++] = failure;
	}
	json_decref(list);
}

void dead_letter_read(struct arena *arena, const PGresult *rows, int row, Chat__V1__DeadLetter *ret)
{
	ret->generation = db_text(arena, rows, row, "id");
	ret->user = db_text(arena, rows, row, "user_id");
	ret->model = db_text(arena, rows, row, "model");
	ret->attempts = db_i32(rows, row, "attempt");
	ret->last_error = db_text(arena, rows, row, "error_reason");
	ret->input = db_text(arena, rows, row, "input");
	ret->create_time = timestamp_new(arena, db_i64(rows, row, "create_us"));
	if (!db_is_null(rows, row, "end_us"))
		ret->dead_time = timestamp_new(arena, db_i64(rows, row, "end_us"));
	read_failures(arena, db_peek(rows, row, "failures"), ret);
}
