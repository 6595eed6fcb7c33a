#include "chat/chat.h"
#include "chat/search/gate.h"
#include "chat/search/query.h"
#include "chat/search/snippet.h"
#include "runtime/base/clock.h"
#include "runtime/service/list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TITLES_FIRST 5          /* before the messages of the first page */
#define TEXT_CHARACTERS "60000" /* of a message, in which a snippet is looked for */
#define OLDEST (-32767)         /* all eras down to the end */
#define SIZE_DEFAULT 20
#define SCORE_FIRST "Infinity"

/* One search, as the statements take it. */
struct asked {
	struct query query;
	struct page page;
	const char *project, *model, *since, *before, *archived;
	/* Where the page begins, as its token says it. A window is the eras of one ranking. */
	bool titles;
	int64_t at_us; /* when the search began: scores fall with age */
	const char *newest, *oldest, *score;
};

static enum status check(struct rpc_call *call, const Chat__V1__SearchRequest *req)
{
	const struct chat_conf *conf = chat_of(call)->conf;

	if (strlen(req->q) > (size_t)conf->search_query_bytes)
		return rpc_fail_field(call, "field_too_long", "q",
				      "a search has at most %" PRId64 " bytes",
				      conf->search_query_bytes);
	if (req->scope > CHAT__V1__SEARCH_REQUEST__SCOPE__MESSAGES)
		return rpc_fail_field(call, "field_invalid", "scope",
				      "scope is ALL, TITLES or MESSAGES");
	if (req->archive > CHAT__V1__SEARCH_REQUEST__ARCHIVE__ONLY)
		return rpc_fail_field(call, "field_invalid", "archive",
				      "archive is INCLUDED, EXCLUDED or ONLY");
	if (req->since && req->before && req->since->seconds > req->before->seconds)
		return rpc_fail_field(call, "field_invalid", "before",
				      "before must not be earlier than since");
	return OK;
}

/* "m 1700000000000000 3 -32767 0.5": messages, at, the window's eras ("-": not known), the score. */
static enum status read_token(struct rpc_call *call, struct asked *asked)
{
	char *rest, *word, *words[5];
	size_t n = 0;

	asked->at_us = clock_wall_us();
	asked->newest = asked->oldest = NULL;
	asked->score = SCORE_FIRST;
	if (!asked->page.key)
		return OK;
	rest = arena_strdup(call->arena, asked->page.key);
	while (n < ARRAY_SIZE(words) && (word = strsep(&rest, " ")))
		words[n++] = word;
	if (n < ARRAY_SIZE(words))
		return rpc_fail_field(call, "field_invalid", "page_token",
				      "it is no page of a search");
	asked->titles = *words[0] == 't';
	asked->at_us = strtoll(words[1], NULL, 10);
	asked->newest = *words[2] == '*' ? NULL : words[2];
	asked->oldest = *words[3] == '*' ? NULL : words[3];
	asked->score = words[4];
	return OK;
}

static enum status read_request(struct rpc_call *call, const Chat__V1__SearchRequest *req,
				struct asked *ret)
{
	const struct chat_conf *conf = chat_of(call)->conf;
	struct arena *arena = call->arena;
	const char *archived[] = {NULL, "false", "true"};
	int64_t size = req->page_size ? req->page_size : SIZE_DEFAULT;
	enum status s = check(call, req);

	if (s != OK)
		return s;
	*ret = (struct asked){
		.project = *req->project ? req->project : NULL,
		.model = *req->model ? req->model : NULL,
		.since = req->since ? db_param_time(arena, req->since) : "-infinity",
		.before = req->before ? db_param_time(arena, req->before) : "infinity",
		.archived = archived[req->archive],
		.titles = req->scope == CHAT__V1__SEARCH_REQUEST__SCOPE__TITLES,
	};
	if (size > conf->search_page_max)
		size = conf->search_page_max;
	s = list_begin(call,
		       arena_printf(arena, "%s %d %d %s %s %s %s %s", call->subject,
				    (int)req->scope, (int)req->archive, req->project, req->model,
				    ret->since, ret->before, req->q),
		       (int32_t)size, req->page_token, &ret->page);
	if (s == OK)
		s = read_token(call, ret);
	if (s == OK)
		s = query_read(arena, req->q, conf->search_terms_max, &ret->query, &call->err);
	return s;
}

static const char *token(struct rpc_call *call, const struct asked *asked, const char *newest,
			 const char *oldest, const char *score, const char *id, char **ret)
{
	const char *key =
		arena_printf(call->arena, "%c %" PRId64 " %s %s %s", asked->titles ? 't' : 'm',
			     asked->at_us, newest ? newest : "*", oldest ? oldest : "*", score);

	return *ret = page_next(&asked->page, call->arena, key, id);
}

static void read_hit(struct rpc_call *call, const struct asked *asked, const PGresult *rows,
		     int row, Chat__V1__SearchHit *ret)
{
	struct arena *arena = call->arena;

	ret->chat_title = db_text(arena, rows, row, "title");
	ret->archived = db_bool(rows, row, "archived");
	ret->project = db_text(arena, rows, row, "project_id");
	ret->model = db_text(arena, rows, row, "model");
	ret->create_time = db_time(arena, rows, row, "create_us");
	if (asked->titles) {
		ret->chat = db_text(arena, rows, row, "id");
		ret->snippet = snippet_make(arena, &asked->query, ret->chat_title);
		return;
	}
	ret->chat = db_text(arena, rows, row, "chat_id");
	ret->message = db_text(arena, rows, row, "id");
	ret->question = strcmp(db_peek(rows, row, "role"), "USER") == 0;
	ret->snippet = snippet_make(arena, &asked->query, db_peek(rows, row, "text"));
}

/* Titles that match, at most `size` of them. A list of titles alone goes on behind them. */
static enum status add_titles(struct rpc_call *call, const struct asked *asked, int32_t size,
			      bool alone, Chat__V1__SearchResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	const char *const params[] = {
		asked->query.text,
		db_param_i64(arena, asked->at_us),
		db_param_i64(arena, chat_of(call)->conf->search_titles_max),
		asked->project,
		asked->model,
		asked->since,
		asked->before,
		asked->archived,
		asked->score,
		page_id(&asked->page, PAGE_FIRST_ID),
		db_param_i64(arena, size + 1),
	};
	enum status s = db_query_as(service_db(call), call->subject, &sql_search_titles, params,
				    &rows, &call->err);
	int n;

	if (s != OK)
		return s;
	n = PQntuples(rows) < size ? PQntuples(rows) : size;
	if (alone && PQntuples(rows) > size)
		token(call, asked, NULL, NULL, db_peek(rows, n - 1, "score"),
		      db_peek(rows, n - 1, "id"), &resp->next_page_token);
	for (int i = 0; i < n; i++)
		read_hit(call, asked, rows, i, resp->hits[resp->n_hits++]);
	return OK;
}

/* The next page: in this window of eras, or in the one below it. */
static void go_on(struct rpc_call *call, const struct asked *asked, const PGresult *rows,
		  int32_t size, Chat__V1__SearchResponse *resp)
{
	int last = PQntuples(rows) - 1; /* where the function ended */
	const char *end =
		db_is_null(rows, last, "era") ? NULL : db_text(call->arena, rows, last, "era");

	if (last > size)
		token(call, asked, asked->newest,
		      end ? end : arena_printf(call->arena, "%d", OLDEST),
		      db_peek(rows, size - 1, "score"), db_peek(rows, size - 1, "id"),
		      &resp->next_page_token);
	else if (end && strtol(end, NULL, 10) > OLDEST)
		token(call, asked, arena_printf(call->arena, "%ld", strtol(end, NULL, 10) - 1),
		      NULL, SCORE_FIRST, PAGE_FIRST_ID, &resp->next_page_token);
}

static enum status add_messages(struct rpc_call *call, const struct asked *asked, int32_t size,
				Chat__V1__SearchResponse *resp)
{
	const struct chat_conf *conf = chat_of(call)->conf;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct arena *arena = call->arena;
	const char *const params[] = {
		asked->query.text,
		db_param_i64(arena, asked->at_us),
		asked->newest,
		asked->oldest,
		db_param_i64(arena, conf->search_ranked),
		db_param_i64(arena, conf->search_time_ms),
		asked->project,
		asked->model,
		asked->since,
		asked->before,
		asked->archived,
		asked->score,
		page_id(&asked->page, PAGE_FIRST_ID),
		db_param_i64(arena, size + 1),
		TEXT_CHARACTERS,
	};
	enum status s = db_query_as(service_db(call), call->subject, &sql_search_messages, params,
				    &rows, &call->err);

	if (s != OK)
		return s;
	go_on(call, asked, rows, size, resp);
	for (int i = 0; i < PQntuples(rows) - 1 && i < size; i++) {
		/* A message that was deleted a moment ago has no text. */
		if (*db_peek(rows, i, "text"))
			read_hit(call, asked, rows, i, resp->hits[resp->n_hits++]);
	}
	return OK;
}

static enum status answer(struct rpc_call *call, const Chat__V1__SearchRequest *req,
			  struct asked *asked, Chat__V1__SearchResponse *resp)
{
	bool alone = asked->titles, both = !alone && !asked->page.key &&
					   req->scope != CHAT__V1__SEARCH_REQUEST__SCOPE__MESSAGES;
	int32_t size = asked->page.size, first = size < TITLES_FIRST ? size : TITLES_FIRST;
	enum status s = list_new(call, &chat__v1__search_hit__descriptor, (size_t)(size + first),
				 &resp->n_hits, &resp->hits);

	resp->n_hits = 0;
	if (s != OK || !*asked->query.text)
		return s;
	if (alone || both) {
		asked->titles = true;
		s = add_titles(call, asked, alone ? size : first, alone, resp);
		asked->titles = alone;
	}
	if (s == OK && !alone)
		s = add_messages(call, asked, size, resp);
	return s;
}

enum status chat_v1_search(struct rpc_call *call, const Chat__V1__SearchRequest *req,
			   Chat__V1__SearchResponse *resp)
{
	struct chat *chat = chat_of(call);
	struct asked asked;
	enum status s = read_request(call, req, &asked);

	if (s != OK)
		return s;
	if (!search_gate_enter(chat->search_gate, call->subject, chat->conf->search_per_user))
		return rpc_fail(call, RESOURCE_EXHAUSTED, "rate_limited",
				"you have %" PRId64 " searches under way: wait for one to end",
				chat->conf->search_per_user);
	s = answer(call, req, &asked, resp);
	search_gate_leave(chat->search_gate, call->subject);
	return s;
}
