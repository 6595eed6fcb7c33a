#include "chat/answer/facts.h"

#include "chat/words/failure.h"
#include "chat/words/state.h"
#include "runtime/db/timestamp.h"

static void copy(char *out, size_t size, const PGresult *rows, int row, const char *column)
{
	snprintf(out, size, "%s", db_peek(rows, row, column));
}

#define COPY(member, column) copy(facts->member, sizeof facts->member, rows, 0, column)

void facts_read(struct facts *facts, const PGresult *rows)
{
	*facts = (struct facts){
		.attempt = db_i32(rows, 0, "attempt"),
		.create_us = db_i64(rows, 0, "create_us"),
		.accepted = db_bool(rows, 0, "accepted"),
		.state = state_read(db_peek(rows, 0, "state")),
		.stop_reason = stop_read(db_peek(rows, 0, "stop_reason")),
		.prompt_tokens = db_i32(rows, 0, "prompt_tokens"),
		.completion_tokens = db_i32(rows, 0, "completion_tokens"),
		.cached_tokens = db_i32(rows, 0, "cached_tokens"),
		.cache_write_tokens = db_i32(rows, 0, "cache_write_tokens"),
		.reasoning_tokens = db_i32(rows, 0, "reasoning_tokens"),
		.cost_microcredits = db_i64(rows, 0, "cost_microcredits"),
		.end_us = db_i64(rows, 0, "end_us"),
		.background = db_bool(rows, 0, "background"),
		.run_us = db_i64(rows, 0, "run_us"),
		.err.code = (enum status)db_i32(rows, 0, "error_code"),
	};
	COPY(id, "id");
	COPY(user_id, "user_id");
	COPY(chat_id, "chat_id");
	COPY(user_message, "user_message_id");
	COPY(assistant_message, "assistant_message_id");
	COPY(model, "model");
	COPY(request_id, "request_id");
	COPY(err.reason, "error_reason");
	COPY(err.message, "error_message");
}

void family_read(struct family *family, const PGresult *rows, int row)
{
	family->count = db_i32(rows, row, "siblings");
	family->index = db_i32(rows, row, "position");
	copy(family->previous, UUID_SIZE, rows, row, "previous_id");
	copy(family->next, UUID_SIZE, rows, row, "next_id");
}

void facts_generation(const struct facts *facts, struct arena *arena, Chat__V1__Generation *ret)
{
	chat__v1__generation__init(ret);
	ret->id = arena_strdup(arena, facts->id);
	ret->chat = arena_strdup(arena, facts->chat_id);
	ret->user_message = arena_strdup(arena, facts->user_message);
	ret->assistant_message = arena_strdup(arena, facts->assistant_message);
	ret->model = arena_strdup(arena, facts->model);
	ret->state = facts->state;
	ret->attempt = facts->attempt;
	ret->stop_reason = facts->stop_reason;
	ret->prompt_tokens = facts->prompt_tokens;
	ret->completion_tokens = facts->completion_tokens;
	ret->cached_tokens = facts->cached_tokens;
	ret->cache_write_tokens = facts->cache_write_tokens;
	ret->reasoning_tokens = facts->reasoning_tokens;
	ret->credits_used_microcredits = facts->cost_microcredits;
	ret->create_time = timestamp_new(arena, facts->create_us);
	ret->mode = facts->background ? CHAT__V1__MODE__BACKGROUND : CHAT__V1__MODE__INTERACTIVE;
	if (facts->run_us)
		ret->retry_time = timestamp_new(arena, facts->run_us);
	if (facts->end_us)
		ret->end_time = timestamp_new(arena, facts->end_us);
	if (facts->err.code != OK)
		ret->error = failure_of(arena, &facts->err, facts->request_id);
}

void facts_message(const struct facts *facts, struct arena *arena, char *text, char *reasoning,
		   Chat__V1__Message *ret)
{
	chat__v1__message__init(ret);
	ret->id = arena_strdup(arena, facts->assistant_message);
	ret->chat = arena_strdup(arena, facts->chat_id);
	ret->parent = arena_strdup(arena, facts->user_message);
	ret->role = CHAT__V1__MESSAGE__ROLE__ASSISTANT;
	ret->text = text;
	ret->reasoning = reasoning;
	ret->model = arena_strdup(arena, facts->model);
	ret->asked_model = arena_strdup(arena, facts->asked_model);
	ret->credits_used_microcredits = facts->cost_microcredits;
	ret->state = state_of_message(facts->state);
	ret->stop_reason = facts->stop_reason;
	ret->prompt_tokens = facts->prompt_tokens;
	ret->completion_tokens = facts->completion_tokens;
	ret->cached_tokens = facts->cached_tokens;
	ret->cache_write_tokens = facts->cache_write_tokens;
	ret->reasoning_tokens = facts->reasoning_tokens;
	ret->duration_ms = facts->end_us ? (int32_t)((facts->end_us - facts->create_us) / 1000) : 0;
	ret->generation = arena_strdup(arena, facts->id);
	ret->create_time = timestamp_new(arena, facts->create_us);
	ret->sibling_count = facts->family.count;
	ret->sibling_index = facts->family.index;
	ret->previous_sibling = arena_strdup(arena, facts->family.previous);
	ret->next_sibling = arena_strdup(arena, facts->family.next);
	if (facts->err.code != OK)
		ret->error = failure_of(arena, &facts->err, facts->request_id);
}
