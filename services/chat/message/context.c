/* What the model is asked: the branch of the tree that ends in the user's message, cut to the
 * model's window, oldest first and never inside a message, in turns (turns.h). On the crew's
 * threads.
 */
#include "chat/answer/internal.h"
#include "chat/catalogue/tokens.h"
#include "chat/message/turns.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <inttypes.h>
#include <string.h>

/* Rows come last message first. */
static enum status take_messages(struct generation *generation, const PGresult *rows,
				 struct error *reterr)
{
	struct arena *arena = generation->arena;
	int n = PQntuples(rows);
	struct prompt_message *messages = arena_array(arena, (size_t)n, sizeof *messages);
	struct prompt_message *turns = arena_array(arena, (size_t)n, sizeof *turns);

	if (!messages || !turns)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "%d messages", n);
	for (int i = 0; i < n; i++) {
		int row = n - 1 - i;

		messages[i].role = db_text(arena, rows, row, "role");
		messages[i].text = db_peek(rows, row, "text");
		generation->input_tokens += db_i32(rows, row, "tokens") + TOKENS_PER_MESSAGE;
	}
	generation->prompt.messages = turns;
	generation->prompt.n_messages = turns_make(arena, messages, (size_t)n, turns);
	for (size_t i = 0; i < generation->prompt.n_messages; i++)
		generation->prompt_bytes += (int32_t)strlen(turns[i].text);
	if (arena->exhausted)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large", "%d messages", n);
	if (generation->prompt.n_messages == 0)
		return error_field(reterr, INVALID_ARGUMENT, "field_required", "text",
				   "the message is empty");
	return OK;
}

enum status prompt_read(struct generation *generation, struct db *db, int32_t max_output_tokens,
			struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new(256, 4096);
	const struct facts *facts = &generation->log->facts;
	const struct model *model;
	int64_t budget;
	enum status s;

	catalogue_unref(generation->catalogue);
	generation->catalogue = current_catalogue(generation->engine->options.current);
	generation->input_tokens = generation->prompt_bytes = 0; /* a transaction may repeat it */
	s = chat_model(generation->catalogue, facts->model, "", &model, reterr);
	if (s != OK)
		return s;
	if (max_output_tokens == 0 || max_output_tokens > model->max_output_tokens)
		max_output_tokens = model->max_output_tokens;
	budget = model->window_tokens - max_output_tokens;
	const char *const params[] = {facts->user_message, db_param_i64(arena, budget),
				      db_param_i64(arena, TOKENS_PER_MESSAGE)};
	s = db_query(db, &sql_message_context, params, &rows, reterr);
	if (s != OK)
		return s;
	if (PQntuples(rows) == 0)
		return error_field(reterr, INVALID_ARGUMENT, "context_too_long", "text",
				   "the message does not fit the %" PRId64 " tokens that %s takes",
				   budget, model->name);
	generation->model = model;
	generation->prompt.max_output_tokens = max_output_tokens;
	s = take_messages(generation, rows, reterr);
	if (s != OK)
		return s;
	generation->hold_microcredits =
		price_cost(&model->price, generation->input_tokens, max_output_tokens);
	return OK;
}

static void copy(char *out, size_t size, const PGresult *rows, int row, const char *column)
{
	snprintf(out, size, "%s", db_peek(rows, row, column));
}

#define COPY(member, column) copy(facts->member, sizeof facts->member, rows, row, column)

void generation_read(struct generation *generation, const PGresult *rows, int row)
{
	struct facts *facts = &generation->log->facts;

	COPY(user_id, "user_id");
	COPY(chat_id, "chat_id");
	COPY(user_message, "user_message_id");
	COPY(assistant_message, "assistant_message_id");
	COPY(model, "model");
	COPY(request_id, "request_id");
	facts->attempt = db_i32(rows, row, "attempt");
	facts->create_us = db_i64(rows, row, "create_us");
	generation->log->epoch = facts->attempt;
	generation->lost = db_i32(rows, row, "lost");
	generation->lease_token = db_i64(rows, row, "lease_token");
	generation->lease_us = db_i64(rows, row, "lease_us");
	generation->cancel = db_bool(rows, row, "cancel_requested");
	generation->prompt.has_temperature = !db_is_null(rows, row, "temperature");
	generation->prompt.temperature = db_double(rows, row, "temperature");
	generation->prompt.has_top_p = !db_is_null(rows, row, "top_p");
	generation->prompt.top_p = db_double(rows, row, "top_p");
	snprintf(generation->context.request_id, sizeof generation->context.request_id, "%s",
		 facts->request_id);
}
