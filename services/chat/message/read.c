#include "chat/message/message.h"
#include "chat/words/failure.h"
#include "chat/words/state.h"

#include <stdio.h>
#include <string.h>

static Chat__V1__Message__Role role_of(const char *word)
{
	if (strcmp(word, "USER") == 0)
		return CHAT__V1__MESSAGE__ROLE__USER;
	if (strcmp(word, "ASSISTANT") == 0)
		return CHAT__V1__MESSAGE__ROLE__ASSISTANT;
	return CHAT__V1__MESSAGE__ROLE__SYSTEM;
}

static Chat__V1__Message__State state_of(const char *word)
{
	if (strcmp(word, "RUNNING") == 0)
		return CHAT__V1__MESSAGE__STATE__RUNNING;
	if (strcmp(word, "DONE") == 0)
		return CHAT__V1__MESSAGE__STATE__DONE;
	if (strcmp(word, "FAILED") == 0)
		return CHAT__V1__MESSAGE__STATE__FAILED;
	return CHAT__V1__MESSAGE__STATE__CANCELLED;
}

/* The members that come from the generation that wrote it. */
static void read_generation(struct arena *arena, const PGresult *rows, int row,
			    Chat__V1__Message *ret)
{
	struct error err = {.code = (enum status)db_i32(rows, row, "error_code")};

	ret->stop_reason = stop_read(db_peek(rows, row, "stop_reason"));
	ret->credits_used_microcredits = db_i64(rows, row, "cost_microcredits");
	ret->prompt_tokens = db_i32(rows, row, "prompt_tokens");
	ret->completion_tokens = db_i32(rows, row, "completion_tokens");
	ret->cached_tokens = db_i32(rows, row, "cached_tokens");
	ret->cache_write_tokens = db_i32(rows, row, "cache_write_tokens");
	ret->reasoning_tokens = db_i32(rows, row, "reasoning_tokens");
	ret->duration_ms = db_i32(rows, row, "duration_ms");
	if (err.code == OK)
		return;
	snprintf(err.reason, sizeof err.reason, "%s", db_peek(rows, row, "error_reason"));
	snprintf(err.message, sizeof err.message, "%s", db_peek(rows, row, "error_message"));
	ret->error = failure_of(arena, &err, db_peek(rows, row, "request_id"));
}

void message_read(struct arena *arena, const PGresult *rows, int row, Chat__V1__Message *ret)
{
	chat__v1__message__init(ret);
	ret->id = db_text(arena, rows, row, "id");
	ret->chat = db_text(arena, rows, row, "chat_id");
	ret->parent = db_text(arena, rows, row, "parent_id");
	ret->role = role_of(db_peek(rows, row, "role"));
	ret->state = state_of(db_peek(rows, row, "state"));
	ret->text = db_text(arena, rows, row, "text");
	ret->reasoning = db_text(arena, rows, row, "reasoning");
	ret->model = db_text(arena, rows, row, "model");
	ret->asked_model = db_text(arena, rows, row, "asked_model");
	ret->generation = db_text(arena, rows, row, "generation_id");
	ret->sibling_count = db_i32(rows, row, "siblings");
	ret->sibling_index = db_i32(rows, row, "position");
	ret->previous_sibling = db_text(arena, rows, row, "previous_id");
	ret->next_sibling = db_text(arena, rows, row, "next_id");
	ret->create_time = db_time(arena, rows, row, "create_us");
	read_generation(arena, rows, row, ret);
}
