#include "chat/answer/facts.h"

#include "limitless/reasons.h"
#include "runtime/base/clock.h"

#include <ctype.h>
#include <string.h>

#define STATE(name) CHAT__V1__GENERATION__STATE__##name

static const char *const state_words[] = {
	[STATE(QUEUED)] = "QUEUED", [STATE(RUNNING)] = "RUNNING",     [STATE(WAITING)] = "WAITING",
	[STATE(DONE)] = "DONE",     [STATE(CANCELLED)] = "CANCELLED", [STATE(FAILED)] = "FAILED",
	[STATE(DEAD)] = "DEAD",
};

static const char *const stop_words[] = {
	[CHAT__V1__STOP_REASON__STOP] = "STOP",
	[CHAT__V1__STOP_REASON__LENGTH] = "LENGTH",
	[CHAT__V1__STOP_REASON__CANCELLED] = "CANCELLED",
	[CHAT__V1__STOP_REASON__FILTER] = "FILTER",
};

static int find_word(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 1; word && i < n; i++) {
		if (words[i] && strcmp(words[i], word) == 0)
			return (int)i;
	}
	return 0;
}

Chat__V1__Generation__State facts_state(const char *word)
{
	return (Chat__V1__Generation__State)find_word(state_words, ARRAY_SIZE(state_words), word);
}

Chat__V1__StopReason facts_stop(const char *word)
{
	return (Chat__V1__StopReason)find_word(stop_words, ARRAY_SIZE(stop_words), word);
}

const char *facts_state_word(Chat__V1__Generation__State state)
{
	return state_words[state];
}

const char *facts_stop_word(Chat__V1__StopReason stop)
{
	return stop_words[stop];
}

static void copy(char *out, size_t size, const PGresult *rows, const char *column)
{
	snprintf(out, size, "%s", db_peek(rows, 0, column));
}

#define COPY(member, column) copy(facts->member, sizeof facts->member, rows, column)

void facts_read(struct facts *facts, const PGresult *rows)
{
	*facts = (struct facts){
		.attempt = db_i32(rows, 0, "attempt"),
		.create_us = db_i64(rows, 0, "create_us"),
		.accepted = db_bool(rows, 0, "accepted"),
		.state = facts_state(db_peek(rows, 0, "state")),
		.stop_reason = facts_stop(db_peek(rows, 0, "stop_reason")),
		.prompt_tokens = db_i32(rows, 0, "prompt_tokens"),
		.completion_tokens = db_i32(rows, 0, "completion_tokens"),
		.cost_microcredits = db_i64(rows, 0, "cost_microcredits"),
		.end_us = db_i64(rows, 0, "end_us"),
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

void family_read(struct family *family, const PGresult *rows)
{
	family->count = db_i32(rows, 0, "siblings");
	family->index = db_i32(rows, 0, "position");
	copy(family->previous, UUID_SIZE, rows, "previous_id");
	copy(family->next, UUID_SIZE, rows, "next_id");
}

Google__Protobuf__Timestamp *facts_time(struct arena *arena, int64_t us)
{
	Google__Protobuf__Timestamp *time;

	if (us == 0)
		return NULL;
	time = arena_alloc(arena, sizeof *time);
	if (!time)
		return NULL;
	google__protobuf__timestamp__init(time);
	time->seconds = us / US_PER_S;
	time->nanos = (int32_t)(us % US_PER_S) * 1000;
	return time;
}

static int32_t http_status(const struct error *err)
{
	static const uint16_t by_code[STATUS_N] = {
		[CANCELLED] = 499,
		[UNKNOWN] = 500,
		[INVALID_ARGUMENT] = 400,
		[DEADLINE_EXCEEDED] = 504,
		[NOT_FOUND] = 404,
		[ALREADY_EXISTS] = 409,
		[PERMISSION_DENIED] = 403,
		[RESOURCE_EXHAUSTED] = 429,
		[FAILED_PRECONDITION] = 400,
		[ABORTED] = 409,
		[OUT_OF_RANGE] = 400,
		[UNIMPLEMENTED] = 501,
		[INTERNAL] = 500,
		[UNAVAILABLE] = 503,
		[DATA_LOSS] = 500,
		[UNAUTHENTICATED] = 401,
	};
	const struct reason *reason = reason_find(err->reason);

	if (reason && reason->http)
		return reason->http;
	return by_code[(unsigned)err->code < STATUS_N ? err->code : UNKNOWN];
}

Chat__V1__GenerationError *facts_error(struct arena *arena, const struct error *err,
				       const char *request_id)
{
	const struct reason *reason = reason_find(err->reason);
	Chat__V1__GenerationError *ret = arena_alloc(arena, sizeof *ret);

	if (!ret)
		return NULL;
	chat__v1__generation_error__init(ret);
	ret->status = http_status(err);
	ret->code = arena_strdup(arena, status_name(err->code));
	ret->reason = arena_strdup(arena, reason ? reason->wire : "INTERNAL_ERROR");
	ret->title = arena_strdup(arena, reason ? reason->word : "internal_error");
	for (char *p = ret->title; *p; p++)
		*p = *p == '_' ? ' ' : *p;
	*ret->title = (char)toupper((unsigned char)*ret->title);
	ret->detail = arena_strdup(arena,
				   err->code == INTERNAL ? "something broke inside" : err->message);
	ret->request_id = arena_strdup(arena, request_id);
	return ret;
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
	ret->credits_used_microcredits = facts->cost_microcredits;
	ret->create_time = facts_time(arena, facts->create_us);
	ret->end_time = facts_time(arena, facts->end_us);
	if (facts->err.code != OK)
		ret->error = facts_error(arena, &facts->err, facts->request_id);
}

static Chat__V1__Message__State message_state(Chat__V1__Generation__State state)
{
	switch (state) {
	case STATE(DONE):
		return CHAT__V1__MESSAGE__STATE__DONE;
	case STATE(CANCELLED):
		return CHAT__V1__MESSAGE__STATE__CANCELLED;
	case STATE(FAILED):
	case STATE(DEAD):
		return CHAT__V1__MESSAGE__STATE__FAILED;
	default:
		return CHAT__V1__MESSAGE__STATE__RUNNING;
	}
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
	ret->credits_used_microcredits = facts->cost_microcredits;
	ret->state = message_state(facts->state);
	ret->stop_reason = facts->stop_reason;
	ret->prompt_tokens = facts->prompt_tokens;
	ret->completion_tokens = facts->completion_tokens;
	ret->duration_ms = facts->end_us ? (int32_t)((facts->end_us - facts->create_us) / 1000) : 0;
	ret->generation = arena_strdup(arena, facts->id);
	ret->create_time = facts_time(arena, facts->create_us);
	ret->sibling_count = facts->family.count;
	ret->sibling_index = facts->family.index;
	ret->previous_sibling = arena_strdup(arena, facts->family.previous);
	ret->next_sibling = arena_strdup(arena, facts->family.next);
	if (facts->err.code != OK)
		ret->error = facts_error(arena, &facts->err, facts->request_id);
}
