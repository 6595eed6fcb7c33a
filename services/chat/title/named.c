#include "chat/title/named.h"

#include "chat/answer/title.h"
#include "chat/events/events.h"
#include "chat/title/naming_state.h"

/* As the provider says it, or by our count. */
static struct usage usage_of(const struct naming *naming, const char **ret_source)
{
	const struct provider_stream *stream = &naming->answer.stream;
	struct tokens *tokens = naming->engine->options.tokens;
	const char *family = naming->model->family;

	if (stream->has_usage && !stream->usage_begun && price_usage_valid(&stream->usage)) {
		*ret_source = "PROVIDER";
		return stream->usage;
	}
	*ret_source = "COUNTED";
	return (struct usage){
		.input = tokens_expected(tokens, family, naming->counted),
		.output =
			tokens_count_of(tokens, family, buf_text(&naming->text), naming->text.len),
	};
}

static enum status store_usage(struct db *db, const struct naming *naming, struct arena *arena,
			       struct error *reterr)
{
	const struct price *list = list_price_find(naming->catalogue->list, naming->model->id);
	const char *source;
	struct usage usage = usage_of(naming, &source);
	char id[UUID_SIZE];

	uuid_v7(id);
	const char *const params[] = {
		id,
		naming->user,
		naming->model->id,
		naming->pick.route->provider->name,
		db_param_i64(arena, usage_prompt(&usage)),
		db_param_i64(arena, usage_completion(&usage)),
		source,
		naming->model->price_version,
		db_param_i64(arena, usage.cached_input),
		list ? db_param_i64(arena, price_cost(list, &usage)) : NULL,
		db_param_i64(arena, usage.reasoning),
	};

	return db_exec(db, &sql_title_usage, params, NULL, reterr);
}

static enum status store_tx(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 16384);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct naming *naming = ctx;
	char title[TITLE_BYTES_MAX + 1] = "";
	const char *const params[] = {naming->chat, title};
	enum status s = store_usage(db, naming, arena, reterr);

	naming->named = false;
	if (naming->whole)
		title_of_model(buf_text(&naming->text), title);
	if (s != OK || !*title)
		return s;
	s = db_query(db, &sql_title_set, params, &rows, reterr);
	if (s != OK || PQntuples(rows) == 0)
		return s;
	naming->named = true;
	return events_add(db, NULL, naming->user, "chat.changed",
			  arena_printf(arena, "{\"chat\":\"%s\"}", naming->chat), NULL, reterr);
}

void naming_store(struct crew_member *member, struct work *work)
{
	work->status = db_tx(member->worker, NULL, store_tx, work, &work->err);
}
