/* What administrators and users see of the usage. Rows are written by hand, in a year of their own. */
#include "chat/usage/csv.h"

#include "../chat_test.h"
#include "google/api/httpbody.pb-c.h"

#include <stdlib.h>
#include <time.h>

#define MODELS 60
#define BY(what) CHAT__V1__LIST_USAGE_REQUEST__BY__##what

static void sql(const char *text)
{
	pg_value(text);
}

/* 2024: of MODELS models one row each in January, on the same day; model 0 has another in March.
 * Odd models have a list price. */
static void write_rows(const char *user)
{
	static bool written;
	char text[1400];

	if (written)
		return;
	written = true;
	snprintf(text, sizeof text,
		 "WITH made AS (INSERT INTO chat.usage (generation_id, attempt, user_id, model, "
		 "provider, "
		 "prompt_tokens, completion_tokens, source, price_version, cost_microcredits, "
		 "create_time, "
		 "cached_input_tokens, reasoning_tokens, cache_write_1h_tokens, tool_calls, "
		 "list_cost_microcredits, api_key_id) SELECT gen_random_uuid(), 1, '%s', "
		 "'m' || lpad(n::text, 2, '0'), CASE WHEN n < 20 THEN 'a' ELSE 'b' END, 100, 10, "
		 "'PROVIDER', 'v', 1000 + n / 2, '2024-01-31 23:59:59.999Z', 30, 4, 5, 1, "
		 "CASE WHEN n %% 2 = 1 THEN 1500 END, CASE WHEN n = 3 THEN '" NOBODY
		 "'::uuid END FROM generate_series(0, %d) n RETURNING 1), "
		 "more AS (INSERT INTO chat.usage (generation_id, attempt, user_id, model, "
		 "provider, "
		 "prompt_tokens, completion_tokens, source, price_version, cost_microcredits, "
		 "create_time) "
		 "VALUES (gen_random_uuid(), 1, '%s', '=m00', 'a', 7, 3, 'COUNTED', 'v', 2500000, "
		 "'2024-03-01Z') RETURNING 1) SELECT count(*) FROM made, more",
		 user, MODELS - 1, user);
	sql(text);
}

static Chat__V1__ListUsageResponse *list(struct stage *stage, Chat__V1__ListUsageRequest__By by,
					 char *from, char *to, int32_t size, char *token)
{
	Chat__V1__ListUsageRequest req = CHAT__V1__LIST_USAGE_REQUEST__INIT;
	Chat__V1__ListUsageResponse *resp;

	req.by = by;
	req.from = from;
	req.to = to;
	req.page_size = size;
	req.page_token = token;
	stage->admin = true;
	stage_ok(stage, chat_v1_list_usage, &req, &resp);
	return resp;
}

static void rows_have_all_dimensions(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListUsageResponse *resp;
	const Chat__V1__UsageRow *row;

	write_rows(stage->user);
	resp = list(stage, BY(PROVIDER), "2024-01-31", "2024-01-31", 0, "");
	assert_int_equal(resp->n_rows, 2);
	row = resp->rows[1];
	assert_string_equal(row->key, "a");
	assert_int_equal(row->calls, 20);
	assert_int_equal(row->tokens->input, 20 * 65);
	assert_int_equal(row->tokens->cached_input, 20 * 30);
	assert_int_equal(row->tokens->cache_write, 20 * 5);
	assert_int_equal(row->tokens->output, 20 * 6);
	assert_int_equal(row->tokens->reasoning, 20 * 4);
	assert_int_equal(row->tokens->tool_calls, 20);
	assert_int_equal(row->charged_microcredits, 20 * 1000 + 90);
	assert_int_equal(row->listed_calls, 10);
	assert_int_equal(row->listed_charged_microcredits, 10 * 1000 + 45);
	assert_int_equal(row->list_cost_microcredits, 10 * 1500);
	assert_int_equal(row->margin_microcredits, 10045 - 15000);
	assert_string_equal(resp->from, "2024-01-31");
}

static void each_way_to_group_has_its_keys(void **state)
{
	static const struct {
		Chat__V1__ListUsageRequest__By by;
		size_t n;
		const char *first, *last;
	} rows[] = {
		{BY(BY_UNSPECIFIED), 61, "=m00", "m01"},
		{BY(MODEL), 61, "=m00", "m01"},
		{BY(KEY), 2, "", NOBODY},
		{BY(DAY), 2, "2024-03-01", "2024-01-31"},
		{BY(PROVIDER), 2, "a", "b"},
		{BY(TOTAL), 1, "", ""},
	};
	struct stage *stage = *state;
	Chat__V1__ListUsageResponse *resp;

	write_rows(stage->user);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		resp = list(stage, rows[i].by, "2024-01-01", "2024-12-31", 100, "");
		assert_int_equal(resp->n_rows, rows[i].n);
		assert_string_equal(resp->rows[0]->key, rows[i].first);
		assert_string_equal(resp->rows[resp->n_rows - 1]->key, rows[i].last);
	}
	resp = list(stage, BY(USER), "2024-01-01", "2024-12-31", 100, "");
	assert_int_equal(resp->n_rows, 1);
	assert_int_equal(resp->rows[0]->calls, MODELS + 1);
	assert_int_equal(list(stage, BY(TOTAL), "2023-01-01", "2023-12-31", 0, "")->n_rows, 0);
	assert_int_equal(list(stage, BY(DAY), "2024-02-01", "2024-02-29", 0, "")->n_rows, 0);
}

/* Pages of 7 rows, several of which cost the same, have each row once. */
static void pages_have_each_row_once(void **state)
{
	struct stage *stage = *state;
	char seen[MODELS] = {0}, *token = "";
	int n = 0;

	write_rows(stage->user);
	do {
		Chat__V1__ListUsageResponse *resp =
			list(stage, BY(MODEL), "2024-01-01", "2024-01-31", 7, token);

		for (size_t i = 0; i < resp->n_rows; i++, n++)
			assert_int_equal(seen[strtol(resp->rows[i]->key + 1, NULL, 10)]++, 0);
		token = resp->next_page_token;
	} while (*token);
	assert_int_equal(n, MODELS);
}

static void a_bad_range_names_its_field(void **state)
{
	static const struct {
		char *from, *to, *field;
	} rows[] = {
		{"2024-02-30", "", "from"},         {"2024-1-01", "", "from"},
		{"1999-12-31", "", "from"},         {"", "yesterday", "to"},
		{"2024-02-01", "2024-01-31", "to"}, {"2023-01-01", "2024-12-31", "from"},
	};
	struct stage *stage = *state;

	stage->admin = true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		Chat__V1__ListUsageRequest req = CHAT__V1__LIST_USAGE_REQUEST__INIT;
		Chat__V1__ListUsageResponse *resp;

		req.from = rows[i].from;
		req.to = rows[i].to;
		stage_fails(stage, chat_v1_list_usage, &req, &resp, INVALID_ARGUMENT,
			    "field_invalid");
		assert_string_equal(stage->err.field, rows[i].field);
	}
	/* "2024-02-29" is a day. */
	list(stage, BY(DAY), "2024-02-29", "2024-02-29", 0, "");
	list(stage, BY(DAY), "", "", 0, "");
}

static void a_file_has_all_rows(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListUsageRequest req = CHAT__V1__LIST_USAGE_REQUEST__INIT;
	Google__Api__HttpBody *resp;
	const char *text;
	int lines = 0;

	write_rows(stage->user);
	stage->admin = true;
	req.from = "2024-01-01";
	req.to = "2024-12-31";
	stage_ok(stage, chat_v1_export_usage, &req, &resp);
	text = arena_strndup(stage->arena, (const char *)resp->data.data, resp->data.len);
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, 1 + MODELS + 1);
	assert_true(strncmp(text, "key,calls,input_tokens,", 23) == 0);
	assert_non_null(strstr(text, "\r\n'=m00,1,7,0,0,0,3,0,0,0,0,2.5,0,,,\r\n"));
	assert_non_null(strstr(text, "\r\nm03,1,65,30,5,0,6,4,0,0,1,0.001001,1,0.001001,0.0015,"
				     "-0.000499\r\n"));
	assert_true(strncmp(resp->content_type, "text/csv", 8) == 0);
	req.to = "2023-12-31";
	stage_fails(stage, chat_v1_export_usage, &req, &resp, INVALID_ARGUMENT, "field_invalid");
}

static void no_cell_is_a_formula(void **state)
{
	static const struct {
		const char *text, *cell;
	} rows[] = {
		{"", ""},
		{"gpt-4o", "gpt-4o"},
		{"=1+1", "'=1+1"},
		{"+1", "'+1"},
		{"-1", "'-1"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"\t=1", "'\t=1"},
		{"a,b", "\"a,b\""},
		{"a\"b", "\"a\"\"b\""},
		{"=\"a\"", "\"'=\"\"a\"\"\""},
	};
	static const struct {
		int64_t amount;
		const char *cell;
	} amounts[] = {
		{0, "0"},           {1, "0.000001"},   {1000000, "1"},
		{-1500000, "-1.5"}, {-1, "-0.000001"}, {INT64_MIN, "-9223372036854.775808"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_done) struct buf buf;

		buf_init(&buf, 100);
		csv_text(&buf, rows[i].text);
		assert_string_equal(buf_text(&buf), rows[i].cell);
	}
	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++) {
		_cleanup_(buf_done) struct buf buf;

		buf_init(&buf, 100);
		csv_credits(&buf, amounts[i].amount);
		assert_string_equal(buf_text(&buf), amounts[i].cell);
	}
}

static void a_user_sees_tokens_of_a_month(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GetTokenUsageRequest req = CHAT__V1__GET_TOKEN_USAGE_REQUEST__INIT;
	Chat__V1__TokenUsage *resp;
	_cleanup_(reader_freep) struct reader *reader =
		stage_answer(stage, stage_new_chat(stage, PLAIN), "how many tokens");

	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	stage_ok(stage, chat_v1_get_token_usage, &req, &resp);
	assert_int_equal(resp->n_models, 1);
	assert_int_equal(resp->n_days, 1);
	assert_string_equal(resp->models[0]->key, PLAIN);
	assert_int_equal(resp->models[0]->calls, 1);
	assert_int_equal(resp->models[0]->tokens->input, reader->prompt_tokens);
	assert_int_equal(resp->days[0]->tokens->output, reader->completion_tokens);
	assert_true(strncmp(resp->days[0]->key, resp->month, 7) == 0);
	assert_int_equal(resp->days[0]->charged_microcredits, 2 * CREDIT);
	assert_int_equal(resp->n_model_days, 1);
	assert_string_equal(resp->model_days[0]->day, resp->days[0]->key);
	assert_string_equal(resp->model_days[0]->model, PLAIN);
	assert_int_equal(resp->model_days[0]->calls, 1);
	assert_int_equal(resp->model_days[0]->charged_microcredits, 2 * CREDIT);
	assert_int_equal(resp->model_days[0]->tokens->input, reader->prompt_tokens);
	assert_false(resp->has_more_model_days);
	stage->as = stage->other;
	stage_ok(stage, chat_v1_get_token_usage, &req, &resp);
	assert_int_equal(resp->n_models + resp->n_days + resp->n_model_days, 0);
	req.month = "2024-13";
	stage_fails(stage, chat_v1_get_token_usage, &req, &resp, INVALID_ARGUMENT, "field_invalid");
}

static const char *own_file(struct stage *stage, char *month)
{
	Chat__V1__GetTokenUsageRequest req = CHAT__V1__GET_TOKEN_USAGE_REQUEST__INIT;
	Google__Api__HttpBody *resp;

	req.month = month;
	stage_ok(stage, chat_v1_export_token_usage, &req, &resp);
	assert_true(strncmp(resp->content_type, "text/csv", 8) == 0);
	return arena_strndup(stage->arena, (const char *)resp->data.data, resp->data.len);
}

/* Every dimension, a model whose name is a formula, and nothing of anybody else. */
static void a_user_gets_a_file_of_a_month(void **state)
{
	static const char head[] = "day,model,calls,input_tokens,cached_input_tokens,"
				   "cache_write_tokens,image_input_tokens,output_tokens,"
				   "reasoning_tokens,images,audio_seconds,tool_calls,"
				   "charged_credits\r\n";
	struct stage *stage = *state;
	Chat__V1__GetTokenUsageRequest req = CHAT__V1__GET_TOKEN_USAGE_REQUEST__INIT;
	Google__Api__HttpBody *resp;

	sql(arena_printf(
		stage->arena,
		"WITH made AS (INSERT INTO chat.usage (generation_id, attempt, user_id, model, "
		"provider, prompt_tokens, completion_tokens, source, price_version, "
		"cost_microcredits, create_time, cached_input_tokens, reasoning_tokens, "
		"cache_write_5m_tokens, cache_write_1h_tokens, image_input_tokens, images, "
		"audio_seconds, tool_calls) SELECT gen_random_uuid(), 1, u, m, 'p', 1000, 100, "
		"'PROVIDER', 'v', 1500000, t, 300, 40, 5, 6, 70, 2, 9, 1 FROM (VALUES ('%s'::uuid, "
		"'=m', timestamptz '2023-05-31 23:59:59.9Z'), ('%s', '=m', '2023-05-31Z'), ('%s', "
		"'b,\"c\"', '2023-05-01Z'), ('%s', 'x', '2023-06-01Z'), ('%s', 'theirs', "
		"'2023-05-02Z')) r(u, m, t) RETURNING 1) SELECT count(*) FROM made",
		stage->user, stage->user, stage->user, stage->user, stage->other));
	assert_string_equal(
		own_file(stage, "2023-05"),
		arena_printf(stage->arena,
			     "%s2023-05-01,\"b,\"\"c\"\"\",1,619,300,11,70,60,40,2,9,1,1.5\r\n"
			     "2023-05-31,'=m,2,1238,600,22,140,120,80,4,18,2,3\r\n",
			     head));
	assert_string_equal(own_file(stage, "2023-04"), head);
	stage->as = stage->other;
	assert_string_equal(own_file(stage, "2023-05"),
			    arena_printf(stage->arena,
					 "%s2023-05-02,theirs,1,619,300,11,70,60,40,2,9,1,1.5\r\n",
					 head));
	req.month = "2023-5";
	stage_fails(stage, chat_v1_export_token_usage, &req, &resp, INVALID_ARGUMENT,
		    "field_invalid");
	assert_string_equal(stage->err.field, "month");
}

/* ---------------------------------------------------------------- sums of days */

/* 2025, which no other test has. Rows by chance: times are of any day, so most are late. */
static void add_rows(unsigned *seed, const char *user, bool slowly)
{
	char text[2000];

	snprintf(
		text, sizeof text,
		"BEGIN; SELECT setseed(%d / 2147483647.0);"
		"INSERT INTO chat.usage (generation_id, attempt, user_id, model, provider, "
		"prompt_tokens, completion_tokens, source, price_version, cost_microcredits, "
		"create_time, cached_input_tokens, reasoning_tokens, list_cost_microcredits, "
		"api_key_id) SELECT gen_random_uuid(), 1, CASE WHEN random() < 0.5 THEN '%s'::uuid "
		"ELSE gen_random_uuid() END, 'r' || (random() * 4)::int, 'p' || (random() * "
		"2)::int, 100 + (random() * 50)::int, 20, 'PROVIDER', 'v', (random() * "
		"1000)::int, timestamptz '2025-01-01Z' + random() * interval '59 days', (random() "
		"* 50)::int, (random() * 9)::int, CASE WHEN random() < 0.7 THEN (random() * "
		"900)::int END, CASE WHEN random() < 0.3 THEN '" NOBODY
		"'::uuid END FROM generate_series(1, %d); %s COMMIT; SELECT 1",
		rand_r(seed), user, 1 + rand_r(seed) % 60, slowly ? "SELECT pg_sleep(0.1);" : "");
	sql(text);
}

#define PLAIN_KEYS                                                                   \
	"VALUES (1, 'MODEL', u.model), (2, 'USER', u.user_id::text), (3, 'KEY', "    \
	"coalesce(u.api_key_id::text, '')), (4, 'DAY', (u.create_time AT TIME ZONE " \
	"'UTC')::date::text), (5, 'PROVIDER', u.provider), (6, 'TOTAL', '')"

/* Whether a plain sum over all rows says the same. */
static bool is_plain_sum(struct stage *stage, int by, const char *from, const char *to,
			 const char *listed)
{
	const char *same = pg_value(arena_printf(
		stage->arena,
		"SELECT coalesce(string_agg(line, '' ORDER BY line COLLATE \"C\"), '') = '%s' FROM "
		"("
		"SELECT g.key || ' ' || count(*) || ' ' || sum(prompt_tokens - "
		"cached_input_tokens) "
		"|| ' ' || sum(cached_input_tokens) || ' ' || sum(completion_tokens - "
		"reasoning_tokens) || ' ' || sum(reasoning_tokens) || ' ' || "
		"sum(cost_microcredits) "
		"|| ' ' || count(list_cost_microcredits) || ' ' || coalesce(sum(cost_microcredits) "
		"FILTER (WHERE list_cost_microcredits IS NOT NULL), 0) || ' ' || "
		"coalesce(sum(list_cost_microcredits), 0) || E'\\n' AS line FROM chat.usage u, "
		"LATERAL (" PLAIN_KEYS ") g(by, word, key) WHERE g.by = %d AND (u.create_time AT "
		"TIME ZONE 'UTC')::date BETWEEN '%s' AND '%s' GROUP BY g.key) lines",
		listed, by, from, to));

	return strcmp(same, "t") == 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *listed_sums(struct stage *stage, int by, char *from, char *to)
{
	char **lines = arena_array(stage->arena, 10000, sizeof *lines), *token = "";
	_cleanup_(buf_done) struct buf all;
	size_t n = 0;

	do {
		Chat__V1__ListUsageResponse *resp =
			list(stage, (Chat__V1__ListUsageRequest__By)by, from, to, 100, token);

		for (size_t i = 0; i < resp->n_rows; i++) {
			const Chat__V1__UsageRow *row = resp->rows[i];

			lines[n++] = arena_printf(
				stage->arena, "%s %lld %lld %lld %lld %lld %lld %lld %lld %lld\n",
				row->key, (long long)row->calls, (long long)row->tokens->input,
				(long long)row->tokens->cached_input,
				(long long)row->tokens->output, (long long)row->tokens->reasoning,
				(long long)row->charged_microcredits, (long long)row->listed_calls,
				(long long)row->listed_charged_microcredits,
				(long long)row->list_cost_microcredits);
		}
		token = resp->next_page_token;
	} while (*token);
	qsort(lines, n, sizeof *lines, by_text);
	buf_init(&all, 64 << 20);
	for (size_t i = 0; i < n; i++)
		buf_adds(&all, lines[i]);
	return arena_strdup(stage->arena, buf_text(&all));
}

/* Rows of the kinds that a user sees, as text: "day model: numbers". */
static char *own_sums(struct stage *stage, char *month)
{
	Chat__V1__GetTokenUsageRequest req = CHAT__V1__GET_TOKEN_USAGE_REQUEST__INIT;
	_cleanup_(buf_done) struct buf all;
	Chat__V1__TokenUsage *resp;

	req.month = month;
	stage_ok(stage, chat_v1_get_token_usage, &req, &resp);
	buf_init(&all, 1 << 20);
	for (size_t i = 0; i < resp->n_model_days; i++) {
		const Chat__V1__ModelDay *row = resp->model_days[i];

		buf_addf(&all, "%s %s: %lld %lld %lld %lld %lld %lld\n", row->day, row->model,
			 (long long)row->calls, (long long)row->tokens->input,
			 (long long)row->tokens->cached_input, (long long)row->tokens->output,
			 (long long)row->tokens->reasoning, (long long)row->charged_microcredits);
	}
	return arena_strdup(stage->arena, buf_text(&all));
}

/* A user's sums of both months against plain sums. */
static void check_own_sums(struct stage *stage, unsigned first)
{
	static char *const months[] = {"2025-01", "2025-02"};

	for (size_t i = 0; i < ARRAY_SIZE(months); i++) {
		const char *own = own_sums(stage, months[i]);
		const char *same = pg_value(arena_printf(
			stage->arena,
			"SELECT coalesce(string_agg(line, '' ORDER BY day DESC, model DESC), '') = "
			"'%s' FROM (SELECT day, model, day || ' ' || model || ': ' || count(*) || "
			"' ' || sum(prompt_tokens - cached_input_tokens) || ' ' || "
			"sum(cached_input_tokens) || ' ' || sum(completion_tokens - "
			"reasoning_tokens) || ' ' || sum(reasoning_tokens) || ' ' || "
			"sum(cost_microcredits) || E'\\n' AS line FROM chat.usage u, LATERAL "
			"(SELECT "
			"(u.create_time AT TIME ZONE 'UTC')::date AS day) d WHERE user_id = '%s' "
			"AND to_char(day, 'YYYY-MM') = '%s' GROUP BY day, model) lines",
			own, stage->user, months[i]));

		if (strcmp(same, "t") != 0)
			fail_msg("seed %u, %s: %.2000s", first, months[i], own);
	}
}

static void check_sums(struct stage *stage, unsigned first, unsigned *seed)
{
	check_own_sums(stage, first);
	for (int by = 1; by <= 6; by++) {
		/* Whole months, too. */
		int day = rand_r(seed) % 2 ? 1 : rand_r(seed) % 31 + 1;
		int last = rand_r(seed) % 2 ? 28 : rand_r(seed) % 28 + 1;
		char *from = arena_printf(stage->arena, "2025-01-%02d", day);
		char *to = rand_r(seed) % 4 ? arena_printf(stage->arena, "2025-02-%02d", last)
					    : "2025-01-31";
		char *listed = listed_sums(stage, by, from, to);

		if (!is_plain_sum(stage, by, from, to, listed))
			fail_msg("seed %u, by %d, %s to %s: %.2000s", first, by, from, to, listed);
	}
}

/* A transaction that has written a row and goes on. */
static PGconn *begin_row(void)
{
	PGconn *open = PQconnectdb(pg_dsn("chat_worker"));
	PGresult *result = PQexec(
		open,
		"BEGIN; INSERT INTO chat.usage (generation_id, attempt, user_id, model, provider, "
		"prompt_tokens, completion_tokens, source, price_version, cost_microcredits, "
		"create_time) VALUES (gen_random_uuid(), 1, gen_random_uuid(), 'r0', 'p0', 9, 9, "
		"'PROVIDER', 'v', 7, '2025-01-20Z')");

	assert_string_equal(PQresultErrorMessage(result), "");
	PQclear(result);
	return open;
}

/* Until a run of the job has begun and ended: the first one may have begun before. */
static void wait_for_job(struct stage *stage)
{
	const char *end = "SELECT success_time FROM chat.job WHERE name = 'roll_usage_up'";

	for (int i = 0; i < 2; i++) {
		const char *last = arena_strdup(stage->arena, pg_value(end));

		eventually(strcmp(pg_value(end), last) != 0);
	}
}

/* Each month is what its days are. */
static void check_months(void)
{
	assert_string_equal(
		pg_value("SELECT count(*) FROM (SELECT kind, date_trunc('month', start), key, "
			 "sum(calls) FILTER (WHERE span = 'DAY') = sum(calls) FILTER (WHERE span = "
			 "'MONTH') AND sum(charged) FILTER (WHERE span = 'DAY') = sum(charged) "
			 "FILTER (WHERE span = 'MONTH') AS same FROM chat.usage_sum GROUP BY 1, 2, "
			 "3) m WHERE same IS NOT TRUE"),
		"0");
}

/* Rows come late, their transactions overlap with the job, the job is killed, the database is
 * restored from a dump: usage is what a plain sum is, at any moment. */
static void sums_of_days_are_plain_sums(void **state)
{
	struct stage *stage = *state;
	unsigned first = (unsigned)time(NULL), seed = first;

	for (int round = 0; round < 12; round++) {
		PGconn *open = round % 3 == 1 ? begin_row() : NULL;

		add_rows(&seed, stage->user, round % 3 == 1);
		if (open) {
			wait_for_job(stage);
			check_sums(stage, first, &seed);
			PQclear(PQexec(open, "COMMIT"));
			PQfinish(open);
		}
		if (round % 4 == 2)
			sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
			    "WHERE query LIKE '%usage_sum%' AND pid <> pg_backend_pid()");
		if (round == 6) /* as after a restore, where transactions begin anew */
			sql("UPDATE chat.usage_rollup SET xid = 9223372036854775807 RETURNING 1");
		check_sums(stage, first, &seed);
	}
	/* All of it is in the sums in the end. */
	eventually(strcmp(pg_value("SELECT count(*) FROM chat.usage u, chat.usage_rollup r "
				   "WHERE u.xid >= least(r.xid, r.user_xid)"),
			  "0") == 0);
	check_sums(stage, first, &seed);
	check_months();
	assert_string_not_equal(
		pg_value("SELECT count(*) FROM chat.usage_sum "
			 "WHERE span = 'MONTH' AND start BETWEEN '2025-01-01' AND '2025-02-28'"),
		"0");
}

int usage_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_have_all_dimensions),      TEST(each_way_to_group_has_its_keys),
		TEST(pages_have_each_row_once),      TEST(a_bad_range_names_its_field),
		TEST(a_file_has_all_rows),           TEST(no_cell_is_a_formula),
		TEST(a_user_sees_tokens_of_a_month), TEST(a_user_gets_a_file_of_a_month),
		TEST(sums_of_days_are_plain_sums),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
