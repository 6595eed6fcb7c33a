#include "chat/title/naming.h"

#include "chat/catalogue/groups.h"
#include "chat/key/take.h"
#include "chat/title/named.h"
#include "chat/title/naming_state.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/feed/feed.h"
#include "runtime/log/log.h"

#include <string.h>

#define ARENA_BYTES (1 << 20)
#define BODY_BYTES (1 << 20)
#define EXCERPT_CHARACTERS 2000 /* of the question, and of the answer */
#define EVENT_BYTES (1 << 20)
#define ANSWER_TEXT_BYTES 2048
#define OUTPUT_TOKENS 64 /* some models think before they write */

#define INSTRUCTION                                                                             \
	"Write a title of at most six words for the conversation that the user quotes, in the " \
	"language of the conversation. Answer with the title alone: one line, no quotation marks."

static void naming_free(struct naming *naming)
{
	struct engine *engine = naming->engine;
	struct naming **here = &engine->namings;

	while (*here != naming)
		here = &(*here)->next;
	*here = naming->next;
	answer_done(&naming->answer);
	buf_done(&naming->text);
	catalogue_unref(naming->catalogue);
	arena_free(naming->arena);
	free(naming);
}

static void stored(struct work *work)
{
	struct naming *naming = (struct naming *)work;

	if (work->status != OK)
		log_warn("title_not_stored", LOG_S("chat", naming->chat),
			 LOG_S("reason", work->err.reason), LOG_S("message", work->err.message));
	else if (naming->named)
		feed_wake(naming->engine->options.events);
	naming_free(naming);
}

static void submit(struct naming *naming,
		   void (*run)(struct crew_member *member, struct work *work),
		   void (*done)(struct work *work))
{
	naming->work.run = run;
	naming->work.done = done;
	naming->work.user_id = naming->user;
	engine_submit(naming->engine, &naming->work);
}

/* ---------------------------------------------------------------- the model's answer */

static void on_text(void *ctx, const char *text, size_t len)
{
	struct naming *naming = ctx;

	if (!buf_add(&naming->text, text, len))
		naming->answer.stream.full = true;
}

static void on_reasoning(_unused_ void *ctx, _unused_ const char *text, _unused_ size_t len)
{
}

static void on_head(_unused_ struct http_transfer *transfer, int32_t status, void *ctx)
{
	((struct naming *)ctx)->status = status;
}

static bool is_answer(const struct naming *naming)
{
	return naming->status >= 200 && naming->status < 300;
}

static bool on_data(struct http_transfer *transfer, const void *data, size_t len, void *ctx)
{
	struct naming *naming = ctx;

	if (!is_answer(naming))
		return false;
	if (!answer_feed(&naming->answer, data, len) && !naming->answer.stream.done)
		return false;
	if (answer_finished(&naming->answer))
		http_deadline(transfer, naming->engine->conf->usage_wait_ms);
	return true;
}

/* Whatever came was metered, also when time was over. */
static void on_end(_unused_ struct http_transfer *transfer, enum status status,
		   const struct error *err, void *ctx)
{
	struct naming *naming = ctx;

	answer_end(&naming->answer);
	naming->whole = answer_finished(&naming->answer);
	if (!naming->whole)
		log_info("title_not_made", LOG_S("chat", naming->chat),
			 LOG_S("provider", naming->pick.route->provider->name),
			 LOG_I("status", naming->status),
			 LOG_S("message", status == OK ? "no title came" : err->message));
	if (naming->engine->stopping || !(naming->text.len > 0 || naming->answer.stream.has_usage))
		naming_free(naming);
	else
		submit(naming, naming_store, stored);
}

static enum status send(struct naming *naming, struct error *reterr)
{
	static const struct http_hooks hooks = {on_head, on_data, on_end};
	const struct chat_conf *conf = naming->engine->conf;
	const struct provider_route *route = naming->pick.route;
	_cleanup_(buf_done) struct buf body;
	struct http_request request;
	enum status s;

	buf_init(&body, BODY_BYTES);
	answer_init(&naming->answer, route->provider->api, EVENT_BYTES);
	naming->answer.stream.on_text = on_text;
	naming->answer.stream.on_reasoning = on_reasoning;
	naming->answer.stream.ctx = naming;
	s = route->provider->api->request(&naming->pick, &naming->prompt, route->state->refused,
					  naming->arena, &body, &request, reterr);
	if (s != OK)
		return s;
	request.connect_timeout_ms = (int32_t)conf->connect_timeout_ms;
	request.first_byte_timeout_ms = (int32_t)conf->title_timeout_ms;
	request.idle_timeout_ms = (int32_t)conf->title_timeout_ms;
	request.total_timeout_ms = (int32_t)conf->title_timeout_ms;
	request.answer_bytes_max = EVENT_BYTES;
	http_start(naming->engine->http, &request, &hooks, naming);
	return OK;
}

static void ask_model(struct naming *naming)
{
	struct error err;

	/* A sample of the demo is no title. */
	if (naming->engine->stopping || naming->pick.route->provider->demo ||
	    send(naming, &err) != OK)
		naming_free(naming);
}

/* ---------------------------------------------------------------- a key */

static void run_take(struct crew_member *member, struct work *work)
{
	struct naming *naming = (struct naming *)work;

	work->status = key_take(member->worker, &naming->ask, &naming->taken, &work->err);
}

static void taken(struct work *work)
{
	struct naming *naming = (struct naming *)work;

	provider_unpick(&naming->pick);
	if (work->status != OK || !naming->taken.pick) {
		naming_free(naming);
		return;
	}
	naming->pick = *naming->taken.pick;
	naming->pick.key->used_us = clock_mono_us();
	ask_model(naming);
}

/* No title is worth a wait for a key. */
static void find_way(struct naming *naming)
{
	static const struct provider_avoid nothing;
	int64_t wait_us;

	if (!provider_pick(naming->model->routes, naming->model->n_routes, clock_mono_us(),
			   &nothing, &naming->pick, &naming->ask, &wait_us))
		naming_free(naming);
	else if (naming->ask.n > 0)
		submit(naming, run_take, taken);
	else
		ask_model(naming);
}

/* ---------------------------------------------------------------- whether it is due */

static enum status read_prompt(struct naming *naming, const PGresult *rows)
{
	struct tokens *tokens = naming->engine->options.tokens;
	struct prompt_message *messages = arena_array(naming->arena, 2, sizeof *messages);
	const char *text =
		arena_printf(naming->arena, "<question>\n%s\n</question>\n<answer>\n%s\n</answer>",
			     db_peek(rows, 0, "question"), db_peek(rows, 0, "answer"));
	int32_t max = naming->model->max_output_tokens;

	if (!messages || !text)
		return RESOURCE_EXHAUSTED;
	messages[0] = (struct prompt_message){.role = "system", .text = INSTRUCTION};
	messages[1] = (struct prompt_message){.role = "user", .text = text};
	naming->prompt.messages = messages;
	naming->prompt.n_messages = 2;
	naming->prompt.max_output_tokens = max < OUTPUT_TOKENS ? max : OUTPUT_TOKENS;
	naming->counted = tokens_count(tokens, INSTRUCTION, strlen(INSTRUCTION)) +
			  tokens_count(tokens, text, strlen(text)) + 2 * TOKENS_PER_MESSAGE;
	return OK;
}

static void run_look(struct crew_member *member, struct work *work)
{
	struct naming *naming = (struct naming *)work;
	const struct engine *engine = naming->engine;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {naming->chat, naming->question, naming->reply,
				      db_param_i64(naming->arena, EXCERPT_CHARACTERS)};

	work->status = model_for(engine->options.groups, naming->catalogue, &naming->subject,
				 engine->conf->title_model, "", &naming->model, &work->err);
	if (work->status == OK)
		work->status = db_query(member->worker, &sql_title_due, params, &rows, &work->err);
	if (work->status != OK)
		return;
	work->status = PQntuples(rows) == 0 ? NOT_FOUND : read_prompt(naming, rows);
}

static void looked(struct work *work)
{
	struct naming *naming = (struct naming *)work;

	if (work->status == OK && !naming->engine->stopping)
		find_way(naming);
	else
		naming_free(naming);
}

/* Titles are few and free, so nobody may have all their places. */
static bool has_room(const struct engine *engine, const char *user_id)
{
	int64_t all = 0, own = 0;

	for (const struct naming *n = engine->namings; n; n = n->next) {
		all++;
		own += strcmp(n->user, user_id) == 0;
	}
	return all < engine->conf->titles_max && own < engine->conf->titles_per_user;
}

static bool may_be_due(const struct generation *generation)
{
	const struct facts *facts = &generation->log->facts;

	if (generation_is_call(generation) || facts->state != CHAT__V1__GENERATION__STATE__DONE)
		return false;
	return generation->before.untitled || generation->background || facts->attempt > 1;
}

void naming_begin(const struct generation *generation)
{
	struct engine *engine = generation->engine;
	const struct facts *facts = &generation->log->facts;
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue = NULL;
	const struct model *model;
	struct naming *naming;

	if (!*engine->conf->title_model || engine->draining || !may_be_due(generation) ||
	    !has_room(engine, facts->user_id))
		return;
	catalogue = current_catalogue(engine->options.current);
	model = catalogue_find(catalogue, engine->conf->title_model);
	if (!model || model->demo)
		return;
	naming = calloc(1, sizeof *naming);
	ensure(naming);
	naming->engine = engine;
	naming->catalogue = TAKE_PTR(catalogue);
	naming->arena = arena_new(16384, ARENA_BYTES);
	naming->subject = generation->context.subject;
	snprintf(naming->subject.user_id, UUID_SIZE, "%s", facts->user_id);
	snprintf(naming->user, UUID_SIZE, "%s", facts->user_id);
	snprintf(naming->chat, UUID_SIZE, "%s", facts->chat_id);
	snprintf(naming->question, UUID_SIZE, "%s", facts->user_message);
	snprintf(naming->reply, UUID_SIZE, "%s", facts->assistant_message);
	buf_init(&naming->text, ANSWER_TEXT_BYTES);
	naming->next = engine->namings;
	engine->namings = naming;
	submit(naming, run_look, looked);
}
