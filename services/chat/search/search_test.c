/* Search over RPC: what is found, of whom, in which order, and when. */
#include "../chat_test.h"
#include "chat/search/gate.h"

#include <signal.h>

#define PAGES_MAX 2000 /* of one search */

static Chat__V1__SearchRequest searching(const char *q)
{
	Chat__V1__SearchRequest req = CHAT__V1__SEARCH_REQUEST__INIT;

	req.q = (char *)q;
	req.page_size = 100;
	return req;
}

/* All hits of all pages. */
static size_t all_hits(struct stage *stage, Chat__V1__SearchRequest req,
		       Chat__V1__SearchHit *const **ret)
{
	Chat__V1__SearchHit **hits = arena_array(stage->arena, 8192, sizeof *hits);
	Chat__V1__SearchResponse *resp;
	size_t n = 0, pages = 0;

	do {
		stage_ok(stage, chat_v1_search, &req, &resp);
		for (size_t i = 0; i < resp->n_hits && n < 8192; i++)
			hits[n++] = resp->hits[i];
		req.page_token = resp->next_page_token;
		assert_true(++pages < PAGES_MAX);
	} while (*resp->next_page_token);
	if (ret)
		*ret = hits;
	return n;
}

static size_t count(struct stage *stage, const char *q)
{
	return all_hits(stage, searching(q), NULL);
}

/* n messages "TEXT 1" … in a chat, as an import would store them. */
static void add_messages(const char *chat, const char *user, int n, const char *text)
{
	static int group;
	char sql[1200];

	group++;
	snprintf(
		sql, sizeof sql,
		"INSERT INTO chat.message (id, chat_id, user_id, depth, role, state, text, tokens, "
		"create_time) SELECT ('01900000-%04x-7000-8000-' || lpad(to_hex(i), 12, "
		"'0'))::uuid, "
		"'%s', '%s', i, 'USER', 'DONE', format('%s', i), 1, "
		"lc.now() - (%d - i) * interval '1 second' FROM generate_series(1, %d) i",
		group, chat, user, text, n, n);
	pg_exec(sql);
}

/* The counters that the statements of others would have kept. */
static void count_anew(void)
{
	pg_exec("UPDATE chat.chat c SET messages = n.messages FROM (SELECT c.id, count(m.id) AS "
		"messages FROM chat.chat c LEFT JOIN chat.message m ON m.chat_id = c.id GROUP BY "
		"c.id) n "
		"WHERE n.id = c.id AND n.messages <> c.messages; "
		"UPDATE chat.user_total t SET chats = (SELECT count(*) FROM chat.chat c WHERE "
		"c.user_id = "
		"t.user_id), bytes = (SELECT coalesce(sum(octet_length(m.text) + "
		"octet_length(m.reasoning) + octet_length(m.items)), 0) FROM chat.message m WHERE "
		"m.user_id = t.user_id)");
}

static bool nothing_due(void)
{
	return *pg_value("SELECT count(*) FROM chat.search_due") == '0';
}

static void questions_and_answers_are_found(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	_cleanup_(reader_freep) struct reader *reader =
		stage_answer(stage, chat, "Wo schläft die Eule? [[say:In the old barn.]]");
	Chat__V1__SearchHit *const *hits;

	eventually(count(stage, "barn ") == 3); /* the title is the question's beginning */
	assert_int_equal(all_hits(stage, searching("eule "), &hits), 2);
	assert_string_equal(hits[0]->chat, chat);
	assert_string_equal(hits[0]->message, "");
	assert_non_null(strstr(hits[0]->snippet, "\2Eule\3"));
	assert_string_equal(hits[1]->message, reader->user_message);
	assert_string_equal(hits[1]->chat, chat);
	assert_true(hits[1]->question);
	assert_non_null(strstr(hits[1]->snippet, "schläft die \2Eule\3?"));
	assert_int_equal(all_hits(stage, searching("\"the old barn\""), &hits), 3);
	assert_string_equal(hits[0]->message, "");
	for (int i = 1; i < 3; i++) {
		if (hits[i]->question)
			continue;
		assert_string_equal(hits[i]->message, reader->assistant_message);
		assert_string_equal(hits[i]->model, FREE);
		assert_string_equal(hits[i]->snippet, "In \2the old barn\3.");
	}
	assert_int_equal(count(stage, "SCHLAFT"), 2);
	assert_int_equal(count(stage, "\"barn old\""), 0);
	assert_int_equal(count(stage, "bar "), 0);
	assert_int_equal(count(stage, "bar"), 3);
	assert_int_equal(count(stage, "bar*  eule "), 2);
	assert_int_equal(count(stage, "!?"), 0);
	stage->as = stage->other;
	assert_int_equal(count(stage, "barn"), 0);
}

static void all_scripts_are_found(void **state)
{
	static const struct {
		const char *text, *found[3], *missed;
	} rows[] = {
		{"私は東京都に住んでいます", {"東京", "京都", "住"}, "都京"},
		{"中华人民共和国", {"人民", "共和国", "国"}, "和共"},
		{"한국어로 검색합니다", {"한국", "검색", "색합니"}, "국한"},
		{"ภาษาไทยไม่เว้นวรรค", {"ไทย", "เว้น", "ภาษา"}, "ทยไท"},
		{"Crème brûlée à l’été", {"creme", "BRULEE", "l'ete"}, "bruler"},
	};
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		add_messages(chat, stage->user, 1, rows[i].text);
	eventually(count(stage, "brulee ") == 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(rows[i].found); k++)
			assert_int_equal(count(stage, rows[i].found[k]), 1);
		assert_int_equal(count(stage, rows[i].missed), 0);
	}
	count_anew();
}

static void filters_narrow_a_search(void **state)
{
	struct stage *stage = *state;
	char *one = stage_new_chat(stage, FREE), *two = stage_new_chat(stage, FREE), sql[300];
	Chat__V1__SearchRequest req = searching("needle ");
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Chat__V1__SearchResponse *resp;

	reader_free(stage_answer(stage, one, "needle one [[say:a needle]]"));
	reader_free(stage_answer(stage, two, "needle two [[say:thread]]"));
	eventually(count(stage, "needle ") == 5); /* both titles, both questions, an answer */
	req.scope = CHAT__V1__SEARCH_REQUEST__SCOPE__TITLES;
	assert_int_equal(all_hits(stage, req, NULL), 2);
	req.page_size = 1;
	assert_int_equal(all_hits(stage, req, NULL), 2);
	req.scope = CHAT__V1__SEARCH_REQUEST__SCOPE__MESSAGES;
	assert_int_equal(all_hits(stage, req, NULL), 3);
	req.model = (char *)FREE;
	assert_int_equal(all_hits(stage, req, NULL), 1);
	req.model = (char *)PLAIN;
	assert_int_equal(all_hits(stage, req, NULL), 0);
	req.model = (char *)"";
	snprintf(sql, sizeof sql,
		 "UPDATE chat.chat SET archived = true, project_id = '%s' WHERE id = '%s'", NOBODY,
		 two);
	pg_exec(sql);
	req.archive = CHAT__V1__SEARCH_REQUEST__ARCHIVE__ONLY;
	assert_int_equal(all_hits(stage, req, NULL), 1);
	req.archive = CHAT__V1__SEARCH_REQUEST__ARCHIVE__EXCLUDED;
	assert_int_equal(all_hits(stage, req, NULL), 2);
	req.archive = CHAT__V1__SEARCH_REQUEST__ARCHIVE__INCLUDED;
	req.project = (char *)NOBODY;
	assert_int_equal(all_hits(stage, req, NULL), 1);
	req.project = (char *)"";
	time.seconds = clock_wall_us() / US_PER_S + 3600 * 24 * 365;
	req.since = &time;
	assert_int_equal(all_hits(stage, req, NULL), 0);
	req.since = NULL;
	req.before = &time;
	assert_int_equal(all_hits(stage, req, NULL), 3);
	time.seconds = 1000000000;
	assert_int_equal(all_hits(stage, req, NULL), 0);
	req = searching(
		"a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a "
		"a a a a a a a a a a a a a a a a a a a a a a a a a a a a");
	stage_fails(stage, chat_v1_search, &req, &resp, INVALID_ARGUMENT, "field_invalid");
	req.q = arena_zalloc(stage->arena, 502);
	memset(req.q, 'a', 501);
	stage_fails(stage, chat_v1_search, &req, &resp, INVALID_ARGUMENT, "field_too_long");
	req = searching("x");
	req.scope = 7;
	stage_fails(stage, chat_v1_search, &req, &resp, INVALID_ARGUMENT, "field_invalid");
}

static void what_is_deleted_is_not_found(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE), sql[300];
	Chat__V1__DeleteChatRequest delete = CHAT__V1__DELETE_CHAT_REQUEST__INIT;
	Chat__V1__UndeleteChatRequest undelete = CHAT__V1__UNDELETE_CHAT_REQUEST__INIT;
	Google__Protobuf__Empty *nothing;
	Chat__V1__Chat *back;
	_cleanup_(reader_freep) struct reader *reader =
		stage_answer(stage, chat, "marmot [[say:a marmot, too]]");

	eventually(count(stage, "marmot ") == 3);
	delete.chat = undelete.chat = chat;
	stage_ok(stage, chat_v1_delete_chat, &delete, &nothing);
	assert_int_equal(count(stage, "marmot "), 0);
	stage_ok(stage, chat_v1_undelete_chat, &undelete, &back);
	assert_int_equal(count(stage, "marmot "), 3);
	/* A message that is deleted keeps its node and has no text. It goes from the list at once, and
	 * soon from the index. */
	snprintf(sql, sizeof sql, "UPDATE chat.message SET text = '' WHERE id = '%s'",
		 reader->assistant_message);
	pg_exec(sql);
	assert_int_equal(count(stage, "marmot "), 2);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM chat.search_message WHERE id = '%s'",
		 reader->assistant_message);
	eventually(strcmp(pg_value(sql), "0") == 0);
	/* Another title, and a text that is another one. */
	snprintf(sql, sizeof sql, "UPDATE chat.chat SET title = 'badger' WHERE id = '%s'", chat);
	pg_exec(sql);
	eventually(count(stage, "marmot ") == 1 && count(stage, "badger ") == 1);
	snprintf(sql, sizeof sql, "UPDATE chat.message SET text = 'otter' WHERE id = '%s'",
		 reader->user_message);
	pg_exec(sql);
	eventually(count(stage, "marmot ") == 0 && count(stage, "otter ") == 1);
	/* Nothing stays when the chat is erased. */
	snprintf(sql, sizeof sql, "DELETE FROM chat.chat WHERE id = '%s'", chat);
	pg_exec(sql);
	snprintf(sql, sizeof sql,
		 "SELECT (SELECT count(*) FROM chat.search_message WHERE chat_id = '%s') + "
		 "(SELECT count(*) FROM chat.search_title WHERE chat_id = '%s')",
		 chat, chat);
	assert_string_equal(pg_value(sql), "0");
	count_anew();
}

static int by_message(const void *a, const void *b)
{
	return strcmp((*(Chat__V1__SearchHit *const *)a)->message,
		      (*(Chat__V1__SearchHit *const *)b)->message);
}

/* Many eras, each message once, although others come meanwhile. */
static void pages_have_each_message_once(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	Chat__V1__SearchRequest req = searching("pebble ");
	Chat__V1__SearchHit **hits = arena_array(stage->arena, 8192, sizeof *hits);
	Chat__V1__SearchResponse *resp;
	size_t n = 0, pages = 0, old = 0;
	char sql[900];

	add_messages(chat, stage->user, 5000, "pebble %s of the beach");
	eventually(nothing_due());
	do {
		stage_ok(stage, chat_v1_search, &req, &resp);
		for (size_t i = 0; i < resp->n_hits && n < 8192; i++)
			hits[n++] = resp->hits[i];
		req.page_token = resp->next_page_token;
		if (pages++ % 20 == 0)
			add_messages(chat, stage->user, 30, "pebble %s, a late one");
	} while (*resp->next_page_token);
	qsort(hits, n, sizeof *hits, by_message);
	for (size_t i = 1; i < n; i++)
		assert_string_not_equal(hits[i - 1]->message, hits[i]->message);
	for (size_t i = 0; i < n; i++)
		old += strstr(hits[i]->snippet, "beach") != NULL;
	assert_int_equal(old, 5000);
	/* The index alone is read, and not the table. */
	snprintf(sql, sizeof sql,
		 "DO $$ BEGIN PERFORM set_config('lc.user', '%s', true); "
		 "PERFORM chat.search_messages('@pebble', lc.now(), NULL, -32767, 200, 1000, NULL, "
		 "NULL, "
		 "'-infinity', 'infinity', NULL); "
		 "IF pg_stat_get_xact_numscans('chat.search_message'::regclass) > 0 OR "
		 "pg_stat_get_xact_numscans('chat.search_message_words'::regclass) < 3 OR "
		 "pg_stat_get_xact_numscans('chat.chat'::regclass) > 0 THEN "
		 "RAISE EXCEPTION 'a table was read whole'; END IF; END $$",
		 stage->user);
	pg_exec(sql);
	count_anew();
}

/* 10,000 searches with words that all users have, each compared with what the texts say. */
static void others_are_never_found(void **state)
{
	struct stage *stage = *state;
	const char *const users[] = {stage->user, stage->other};
	unsigned seed = (unsigned)clock_wall_us() % 1000000;
	char sql[3600];

	print_message("seed %u\n", seed);
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		stage->as = users[i];
		add_messages(stage_new_chat(stage, FREE), users[i], 150,
			     "w%1$s wa wb%1$s' || i % 7 || ' wc' || i % 5 || ' wd' || i % 3 || '");
	}
	eventually(nothing_due());
	snprintf(sql, sizeof sql,
		 "DO $$ DECLARE owner uuid; ids uuid[]; a text; b text; q text; n integer; "
		 "foreign_ones "
		 "integer; expected "
		 "integer; BEGIN PERFORM setseed(%u / 1000000.0); FOR i IN 1..10000 LOOP "
		 "owner := (ARRAY['%s', '%s'])[1 + floor(random() * 2)::integer]; "
		 "a := (ARRAY['wa', 'wb', 'wc', 'wd', 'w'])[1 + floor(random() * 5)::integer] || "
		 "(ARRAY['', '1', '2', '3'])[1 + floor(random() * 4)::integer]; "
		 "b := (ARRAY['wa', 'wc1', 'wd2', 'wd0'])[1 + floor(random() * 4)::integer]; "
		 "q := CASE floor(random() * 4)::integer WHEN 0 THEN format('(''@%%s'')', a) "
		 "WHEN 1 THEN format('(''@%%s'':*)', a) "
		 "WHEN 2 THEN format('(''@%%s'') & (''@%%s'':*)', a, b) "
		 "ELSE format('(''@%%s'' <1> ''@%%s'')', b, a) END; "
		 "PERFORM set_config('lc.user', owner::text, true); SET LOCAL ROLE chat_app; "
		 "SELECT array_agg(f.id) INTO ids FROM chat.search_messages(q, lc.now(), NULL, "
		 "-32767, "
		 "10000, "
		 "1000, NULL, NULL, '-infinity', 'infinity', NULL) f WHERE f.id IS NOT NULL; "
		 "RESET ROLE; "
		 "SELECT count(*), count(*) FILTER (WHERE m.user_id <> owner) INTO n, foreign_ones "
		 "FROM unnest(ids) g (id) JOIN chat.message m ON m.id = g.id; "
		 "SELECT count(*) INTO expected FROM chat.message m WHERE m.user_id = owner AND "
		 "to_tsvector('simple', m.text) @@ replace(q, '@', '')::tsquery; "
		 "IF foreign_ones > 0 OR n <> expected THEN RAISE EXCEPTION 'search %%: %% of %%: "
		 "%% foreign, "
		 "%% of %%', i, q, owner, foreign_ones, n, expected; END IF; END LOOP; END $$",
		 seed, stage->user, stage->other);
	pg_exec(sql);
	/* And by the way that readers take. */
	for (int i = 0; i < 200; i++) {
		Chat__V1__SearchHit *const *hits;
		size_t n;

		snprintf(sql, sizeof sql, "w%c%d", 'a' + rand_r(&seed) % 4, rand_r(&seed) % 4);
		stage->as = users[rand_r(&seed) % 2];
		n = all_hits(stage, searching(sql), &hits);
		for (size_t k = 0; k < n && k < 1; k++) {
			snprintf(sql, sizeof sql,
				 "SELECT user_id FROM chat.message WHERE id = '%s'",
				 hits[k]->message);
			assert_string_equal(pg_value(sql), stage->as);
		}
	}
	/* Without a user there is nothing, and the tables are closed. */
	assert_string_equal(
		pg_value("SELECT count(*) FROM chat.search_messages('@wa', lc.now(), NULL, "
			 "NULL, 10, 100, NULL, NULL, '-infinity', 'infinity', NULL) f WHERE "
			 "f.id IS NOT NULL"),
		"0");
	assert_string_equal(pg_value("SELECT bool_or(has_table_privilege('chat_app', 'chat.' || t, "
				     "'SELECT')) FROM "
				     "unnest(ARRAY['search_message', 'search_title', 'search_era', "
				     "'search_due']) t"),
			    "f");
	count_anew();
}

static bool all_indexed(void)
{
	return *pg_value(
		       "SELECT (SELECT count(*) FROM chat.message m WHERE m.state <> 'RUNNING' AND "
		       "m.text ~ '[[:alnum:]]' AND NOT EXISTS (SELECT FROM chat.search_message s "
		       "WHERE "
		       "s.id = m.id)) + (SELECT count(*) FROM chat.search_due) + (SELECT count(*) "
		       "FROM "
		       "chat.search_start WHERE message IS NOT NULL OR chat IS NOT NULL) + (SELECT "
		       "count(*) FROM chat.chat c WHERE c.title ~ '[[:alnum:]]' AND NOT EXISTS "
		       "(SELECT "
		       "FROM chat.search_title s WHERE s.chat_id = c.id))") == '0';
}

/* After the upgrade all is indexed, although replicas die over it, and new messages come first. */
static void what_was_there_is_indexed(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE), sql[200];

	add_messages(chat, stage->user, 3000, "cobble %s");
	eventually(nothing_due());
	pg_exec("TRUNCATE chat.search_message, chat.search_title, chat.search_era; UPDATE "
		"chat.search_start SET message = 'ffffffff-ffff-ffff-ffff-ffffffffffff', chat = "
		"'ffffffff-ffff-ffff-ffff-ffffffffffff'");
	for (int i = 0; i < 3; i++) {
		usleep(20000); /* any time is as good */
		process_kill(CHAT_A, SIGKILL);
		process_kill(CHAT_B, SIGKILL);
		process_start(CHAT_A);
		process_start(CHAT_B);
	}
	reader_free(stage_answer(stage, chat, "cobble last [[say:yes]]"));
	eventually(all_indexed());
	assert_int_equal(count(stage, "cobble "), 3002); /* and the title */
	/* Old messages have eras below those of new ones. */
	snprintf(sql, sizeof sql,
		 "SELECT max(era) || ' ' || min(era) FROM chat.search_era WHERE user_id = '%s'",
		 stage->user);
	assert_string_equal(pg_value(sql), "0 -2");
	count_anew();
}

static void searches_of_a_user_are_few(void **state)
{
	static struct search_gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER};
	(void)state;

	assert_true(search_gate_enter(&gate, "a", 2));
	assert_true(search_gate_enter(&gate, "a", 2));
	assert_false(search_gate_enter(&gate, "a", 2));
	assert_true(search_gate_enter(&gate, "b", 2));
	search_gate_leave(&gate, "a");
	assert_true(search_gate_enter(&gate, "a", 2));
	search_gate_leave(&gate, "a");
	search_gate_leave(&gate, "a");
	search_gate_leave(&gate, "b");
	assert_int_equal(gate.n, 0);
}

int search_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(questions_and_answers_are_found), TEST(all_scripts_are_found),
		TEST(filters_narrow_a_search),         TEST(what_is_deleted_is_not_found),
		TEST(pages_have_each_message_once),    TEST(others_are_never_found),
		TEST(what_was_there_is_indexed),       TEST(searches_of_a_user_are_few),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
