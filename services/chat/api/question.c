#include "chat/api/question.h"

#include "runtime/base/ensure.h"

#include <string.h>

#define ARENA_BYTES (64u << 20) /* beside copies of the body */
#define BODY_COPIES 6           /* that a dialect may make of it, with what it needs meanwhile */
/* Some models count an image as tens of thousands of tokens: such reports are believed. */
#define BYTES_PER_IMAGE 65536

static const struct api_dialect *const dialects[] = {
	&dialect_chat_completions,
	&dialect_responses,
	&dialect_messages,
	&dialect_embeddings,
};

static const struct api_dialect *dialect_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(dialects); i++) {
		if (strcmp(dialects[i]->name, name) == 0)
			return dialects[i];
	}
	return NULL;
}

void question_done(struct question *question)
{
	if (question->arena)
		arena_free(TAKE_PTR(question->arena));
}

/* ---------------------------------------------------------------- counted */

struct count {
	const struct tokens *table;
	int64_t tokens, bytes;
};

static void count_text(struct count *count, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	count->tokens += tokens_count(count->table, text ? text : "", len);
	count->bytes += (int64_t)len;
}

static void count_part(struct count *count, const struct prompt_part *part)
{
	if (part->kind == PROMPT_IMAGE) {
		count->tokens += TOKENS_PER_IMAGE;
		count->bytes += BYTES_PER_IMAGE;
		return;
	}
	count_text(count, part->text);
	count_text(count, part->tool_name);
	count_text(count, part->arguments);
	count_text(count, part->data);
}

static int32_t bounded(int64_t n)
{
	return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

/* A token of the caller's is one of the provider's. */
static void count_inputs(struct question *question, const struct tokens *table)
{
	struct prompt_embedding *embedding = &question->request.prompt.embedding;
	struct count all = {.tokens = embedding->tokens, .bytes = embedding->tokens};

	for (size_t i = 0; embedding->texts && i < embedding->n; i++) {
		struct count one = {.table = table};

		count_text(&one, embedding->texts[i]);
		all.tokens += one.tokens;
		all.bytes += one.bytes;
		if (one.tokens > embedding->longest)
			embedding->longest = one.tokens;
	}
	question->tokens = bounded(all.tokens);
	question->bytes = bounded(all.bytes);
}

static void count_prompt(struct question *question, const struct tokens *table)
{
	const struct prompt *prompt = &question->request.prompt;
	struct count count = {.table = table};

	for (size_t i = 0; i < prompt->n_messages; i++) {
		const struct prompt_message *message = &prompt->messages[i];

		count.tokens += TOKENS_PER_MESSAGE;
		if (message->n_parts == 0)
			count_text(&count, message->text);
		for (size_t k = 0; k < message->n_parts; k++)
			count_part(&count, &message->parts[k]);
	}
	for (size_t i = 0; i < prompt->n_tools; i++) {
		count.tokens += TOKENS_PER_TOOL;
		count_text(&count, prompt->tools[i].name);
		count_text(&count, prompt->tools[i].description);
		count_text(&count, prompt->tools[i].schema);
	}
	count_text(&count, prompt->schema);
	question->tokens = bounded(count.tokens);
	question->bytes = bounded(count.bytes);
}

/* ---------------------------------------------------------------- read */

static void make_room(struct question *question, size_t len)
{
	question_done(question);
	question->arena = arena_new(4096, BODY_COPIES * len + ARENA_BYTES);
}

static enum status read_body(struct question *question, const struct tokens *tokens,
			     const struct api_body *body, struct error *reterr)
{
	enum status s;

	question->request = (struct api_request){0};
	s = question->dialect->read(body, question->arena, &question->request, reterr);
	if (s != OK)
		return s;
	if (question->arena->exhausted)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "%zu bytes",
				 body->len);
	if (question->request.prompt.embedding.input)
		count_inputs(question, tokens);
	else
		count_prompt(question, tokens);
	return OK;
}

enum status question_read(struct question *question, const struct api_dialect *dialect,
			  struct tokens *tokens, const struct api_body *body, struct error *reterr)
{
	make_room(question, body->len);
	question->dialect = dialect;
	return read_body(question, tokens, body, reterr);
}

enum status question_stored(struct db *db, const char *generation, struct tokens *tokens,
			    const struct api_limits *limits, struct question *ret,
			    struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = NULL; /* of the body */
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {generation};
	struct api_body body = {.limits = limits};
	enum status s = db_query_one(db, &sql_api_call_question, params, &rows, reterr);

	if (s != OK)
		return s;
	ret->dialect = dialect_find(db_peek(rows, 0, "dialect"));
	if (!ret->dialect)
		return error_set(reterr, INTERNAL, "internal_error", "the dialect of %s is unknown",
				 generation);
	arena = arena_new(4096, strlen(db_peek(rows, 0, "body")) + 4096);
	body.text = (const char *)db_bytes(arena, rows, 0, "body", &body.len);
	if (!body.text)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "%s", generation);
	make_room(ret, body.len);
	ret->cancel_unread = db_bool(rows, 0, "cancel_unread");
	snprintf(ret->api_key_id, UUID_SIZE, "%s", db_peek(rows, 0, "api_key_id"));
	return read_body(ret, tokens, &body, reterr);
}
