/* Links to snapshots: what they show, to whom, and until when. */
#include "../chat_test.h"

#define DAY_S 86400

/* The totals of the user for rows that the test wrote. */
static void recount(const struct stage *stage)
{
	char sql[600];

	snprintf(sql, sizeof sql,
		 "UPDATE chat.user_total t SET chats = (SELECT count(*) FROM chat.chat c WHERE "
		 "c.user_id = t.user_id), bytes = (SELECT coalesce(sum(octet_length(m.text) + "
		 "octet_length(m.reasoning) + octet_length(m.items)), 0) FROM chat.message m WHERE "
		 "m.user_id = t.user_id) WHERE t.user_id = '%s'",
		 stage->user);
	pg_exec(sql);
}

/* Runs a statement with %1$s: the user, %2$s: the chat. */
static void exec(const struct stage *stage, const char *chat, const char *format)
{
	char sql[3000];

	snprintf(sql, sizeof sql, format, stage->user, chat);
	pg_exec(sql);
	recount(stage);
}

static const char *value(const char *format, ...)
{
	char sql[1000];
	va_list list;

	va_start(list, format);
	vsnprintf(sql, sizeof sql, format, list);
	va_end(list);
	return pg_value(sql);
}

/* A chat with all that a snapshot must not have: instructions, another branch, thoughts, items, a
 * deleted text, an answer that is being written. */
static char *full_chat(struct stage *stage)
{
	char *chat = stage_new_chat(stage, FREE);

	exec(stage, chat,
	     "WITH ids AS (SELECT array_agg(gen_random_uuid()) AS i FROM generate_series(1, 8)), "
	     "made AS (INSERT INTO chat.message (id, chat_id, user_id, parent_id, depth, role, "
	     "state, text, reasoning, items, tokens, model) SELECT ids.i[n], '%2$s', '%1$s', "
	     "ids.i[up], d, role, state, text, thought, CASE WHEN thought = '' THEN '' ELSE "
	     "'{\"type\":\"OPAQUE\"}' END, 1, model FROM ids, (VALUES "
	     "(1, NULL, 0, 'SYSTEM', 'DONE', 'INSTRUCTION', '', ''), "
	     "(2, 1, 1, 'USER', 'DONE', 'question', '', ''), "
	     "(3, 2, 2, 'ASSISTANT', 'DONE', 'OTHER BRANCH', '', 'free'), "
	     "(4, 2, 2, 'ASSISTANT', 'DONE', 'answer', 'THOUGHT', 'free'), "
	     "(5, 4, 3, 'USER', 'DONE', '', '', ''), "
	     "(6, 5, 4, 'ASSISTANT', 'CANCELLED', 'half an ans', '', 'plain'), "
	     "(7, 6, 5, 'USER', 'DONE', 'more', '', ''), "
	     "(8, 7, 6, 'ASSISTANT', 'RUNNING', 'WRITING', '', 'free')"
	     ") v (n, up, d, role, state, text, thought, model)) "
	     "UPDATE chat.chat SET leaf_id = ids.i[8], title = 'Owls', messages = 8 FROM ids "
	     "WHERE chat.id = '%2$s'");
	return chat;
}

/* A chat with n messages of so many bytes, "1…", "2…". */
static char *long_chat(struct stage *stage, int n, int bytes)
{
	char *chat = stage_new_chat(stage, FREE), sql[1200];

	snprintf(sql, sizeof sql,
		 "WITH m AS (SELECT n, ('0190a000-0000-7000-8000-' || lpad(to_hex(n), 4, '0') || "
		 "right('%1$s', 8))::uuid AS id FROM generate_series(1, %3$d) n), made AS (INSERT "
		 "INTO chat.message (id, chat_id, user_id, parent_id, depth, role, state, text, "
		 "tokens) SELECT m.id, '%1$s', '%2$s', up.id, m.n - 1, CASE WHEN m.n %% 2 = 1 THEN "
		 "'USER' ELSE 'ASSISTANT' END, 'DONE', rpad(m.n || ' ', %4$d, 'x'), 1 FROM m LEFT "
		 "JOIN m up ON up.n = m.n - 1) UPDATE chat.chat SET messages = %3$d, leaf_id = "
		 "(SELECT id FROM m WHERE n = %3$d) WHERE id = '%1$s'",
		 chat, stage->user, n, bytes);
	pg_exec(sql);
	recount(stage);
	return chat;
}

static Chat__V1__ShareChatResponse *share_as(struct stage *stage, char *chat,
					     Chat__V1__Share__Audience audience)
{
	Chat__V1__ShareChatRequest req = CHAT__V1__SHARE_CHAT_REQUEST__INIT;
	Chat__V1__ShareChatResponse *resp;

	req.chat = chat;
	req.audience = audience;
	stage_ok(stage, chat_v1_share_chat, &req, &resp);
	return resp;
}

static Chat__V1__ShareChatResponse *share(struct stage *stage, char *chat)
{
	return share_as(stage, chat, CHAT__V1__SHARE__AUDIENCE__EVERYBODY);
}

static Chat__V1__SharedChat *read_page(struct stage *stage, const char *as, const char *token,
				       int32_t size, char *page_token)
{
	Chat__V1__GetSharedRequest req = CHAT__V1__GET_SHARED_REQUEST__INIT;
	const char *before = stage->as;
	Chat__V1__SharedChat *shared;

	req.token = (char *)token;
	req.page_size = size;
	req.page_token = page_token;
	stage->as = as;
	if (*as)
		stage_ok(stage, chat_v1_get_shared_signed_in, &req, &shared);
	else
		stage_ok(stage, chat_v1_get_shared, &req, &shared);
	stage->as = before;
	return shared;
}

/* as "": a visitor. */
static Chat__V1__SharedChat *read_shared(struct stage *stage, const char *as, const char *token)
{
	return read_page(stage, as, token, 0, (char *)"");
}

/* One answer for everything that is not there. */
static void nothing_for(struct stage *stage, const char *as, const char *token)
{
	Chat__V1__GetSharedRequest req = CHAT__V1__GET_SHARED_REQUEST__INIT;
	const char *before = stage->as;
	Chat__V1__SharedChat *shared;

	req.token = (char *)token;
	stage->as = as;
	if (*as)
		stage_fails(stage, chat_v1_get_shared_signed_in, &req, &shared, NOT_FOUND,
			    "not_found");
	else
		stage_fails(stage, chat_v1_get_shared, &req, &shared, NOT_FOUND, "not_found");
	assert_string_equal(stage->err.message, "there is no such link, or it has ended");
	stage->as = before;
}

static void nothing(struct stage *stage, const char *token)
{
	nothing_for(stage, "", token);
	nothing_for(stage, stage->other, token);
	nothing_for(stage, stage->user, token);
}

static void a_link_shows_the_branch_and_nothing_else(void **state)
{
	static const char *const texts[] = {"question", "answer", "half an ans", "more"};
	struct stage *stage = *state;
	Chat__V1__ShareChatResponse *made = share(stage, full_chat(stage));
	Chat__V1__SharedChat *shared = read_shared(stage, "", made->token);

	assert_int_equal(strlen(made->token), 48);
	assert_string_equal(made->url + strlen("/shared/"), made->token);
	assert_string_equal(shared->title, "Owls");
	assert_string_equal(shared->author, "");
	assert_non_null(shared->create_time);
	assert_null(shared->expire_time);
	assert_int_equal(shared->message_count, ARRAY_SIZE(texts));
	assert_int_equal(shared->n_messages, ARRAY_SIZE(texts));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		Chat__V1__Message only, *m = shared->messages[i];

		chat__v1__message__init(&only);
		assert_string_equal(m->text, texts[i]);
		only.role = m->role;
		only.state = m->state;
		only.text = m->text;
		only.model = m->model;
		/* No other field has a value. */
		assert_int_equal(chat__v1__message__get_packed_size(m),
				 chat__v1__message__get_packed_size(&only));
	}
	assert_int_equal(shared->messages[0]->role, CHAT__V1__MESSAGE__ROLE__USER);
	assert_string_equal(shared->messages[2]->model, PLAIN);
	/* Only the hash of the token is stored. */
	assert_string_equal(
		value("SELECT count(*) FROM chat.share s WHERE s::text LIKE '%%%s%%' OR "
		      "s.token_hash = sha256('%s')",
		      made->token, made->token),
		"1");
	assert_string_equal(
		value("SELECT count(*) FROM chat.share s WHERE s::text LIKE '%%%s%%'", made->token),
		"0");
}

static void tokens_that_open_nothing_are_alike(void **state)
{
	struct stage *stage = *state;
	char *chat = full_chat(stage);
	Chat__V1__ShareChatResponse *made =
		share_as(stage, chat, CHAT__V1__SHARE__AUDIENCE__SIGNED_IN);
	char longest[129], near[64];
	const char *const odd[] = {"x",     "%", "' OR '1'='1", "\\x00", chat, made->share->id,
				   longest, near};

	memset(longest, 'A', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	snprintf(near, sizeof near, "%s", made->token);
	near[47] = near[47] == 'a' ? 'b' : 'a';
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		nothing(stage, odd[i]);
	nothing_for(stage, "", made->token); /* for signed-in users only */
	assert_int_equal(read_shared(stage, stage->other, made->token)->n_messages, 4);
	assert_int_equal(read_shared(stage, stage->user, made->token)->n_messages, 4);
}

static void end_share(struct stage *stage, char *chat)
{
	Chat__V1__UnshareChatRequest req = CHAT__V1__UNSHARE_CHAT_REQUEST__INIT;
	Google__Protobuf__Empty *empty;

	req.chat = chat;
	stage_ok(stage, chat_v1_unshare_chat, &req, &empty);
	stage_ok(stage, chat_v1_unshare_chat, &req, &empty); /* twice: the same */
}

static void delete_chat(struct stage *stage, char *chat)
{
	Chat__V1__DeleteChatRequest req = CHAT__V1__DELETE_CHAT_REQUEST__INIT;
	Google__Protobuf__Empty *empty;

	req.chat = chat;
	stage_ok(stage, chat_v1_delete_chat, &req, &empty);
}

static void delete_all(struct stage *stage, char *chat)
{
	exec(stage, chat, "UPDATE chat.chat SET delete_time = lc.now() WHERE user_id = '%1$s'");
}

static void erase(struct stage *stage, char *chat)
{
	exec(stage, chat, "DELETE FROM chat.chat WHERE user_id = '%1$s'");
}

static void expire(struct stage *stage, char *chat)
{
	exec(stage, chat, "UPDATE chat.share SET expire_time = lc.now() WHERE chat_id = '%2$s'");
}

static void every_end_is_at_once(void **state)
{
	static void (*const ends[])(struct stage * stage, char *chat) = {end_share, delete_chat,
									 delete_all, erase, expire};
	struct stage *stage = *state;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		char *chat = full_chat(stage);
		const char *token = share(stage, chat)->token;

		assert_int_equal(read_shared(stage, "", token)->n_messages, 4);
		ends[i](stage, chat);
		nothing(stage, token);
		if (ends[i] != expire)
			assert_string_equal(value("SELECT count(*) FROM chat.share WHERE user_id = "
						  "'%s'",
						  stage->user),
					    "0");
	}
}

static void undo_brings_no_link_back(void **state)
{
	struct stage *stage = *state;
	Chat__V1__UndeleteChatRequest undelete = CHAT__V1__UNDELETE_CHAT_REQUEST__INIT;
	char *chat = full_chat(stage);
	const char *token = share(stage, chat)->token;
	Chat__V1__Chat *back;

	delete_chat(stage, chat);
	undelete.chat = chat;
	stage_ok(stage, chat_v1_undelete_chat, &undelete, &back);
	nothing(stage, token);
	assert_string_not_equal(share(stage, chat)->token, token);
	nothing(stage, token);
}

static Chat__V1__ListSharesResponse *list(struct stage *stage, const char *chat)
{
	Chat__V1__ListSharesRequest req = CHAT__V1__LIST_SHARES_REQUEST__INIT;
	Chat__V1__ListSharesResponse *resp;

	req.chat = (char *)chat;
	stage_ok(stage, chat_v1_list_shares, &req, &resp);
	return resp;
}

static void a_snapshot_stays_until_its_owner_says_so(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ShareChatRequest terms = CHAT__V1__SHARE_CHAT_REQUEST__INIT;
	Google__Protobuf__Timestamp expire_time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Chat__V1__ShareChatResponse *made, *again;
	char *chat = stage_new_chat(stage, FREE);
	Chat__V1__SharedChat *shared;

	reader_free(stage_answer(stage, chat, "a [[say:b]]"));
	made = share(stage, chat);
	assert_false(list(stage, chat)->shares[0]->outdated);
	reader_free(stage_answer(stage, chat, "c [[say:d]]"));
	assert_int_equal(read_shared(stage, "", made->token)->n_messages, 2);
	assert_true(list(stage, chat)->shares[0]->outdated);
	assert_string_equal(list(stage, chat)->shares[0]->url, made->url);

	/* New terms alone. */
	expire_time.seconds = made->share->snapshot_time->seconds + DAY_S;
	terms.chat = chat;
	terms.author = (char *)" Ada\xe2\x80\xae ";
	terms.expire_time = &expire_time;
	terms.keep_snapshot = true;
	stage_ok(stage, chat_v1_share_chat, &terms, &again);
	shared = read_shared(stage, "", made->token);
	assert_int_equal(shared->n_messages, 2);
	assert_string_equal(shared->author, "Ada");
	assert_int_equal(shared->expire_time->seconds, expire_time.seconds);

	/* The snapshot anew: the link is the same. */
	terms.keep_snapshot = false;
	stage_ok(stage, chat_v1_share_chat, &terms, &again);
	assert_string_equal(again->token, made->token);
	assert_string_equal(again->share->id, made->share->id);
	assert_false(again->share->outdated);
	assert_int_equal(read_shared(stage, "", made->token)->n_messages, 4);
	assert_true(again->share->snapshot_time->seconds > made->share->snapshot_time->seconds ||
		    again->share->snapshot_time->nanos != made->share->snapshot_time->nanos);

	pg_clock_add("25 hours");
	nothing(stage, made->token);
	assert_true(list(stage, chat)->shares[0]->expired);
	pg_clock_reset();
}

static void begins_with(const char *text, size_t number)
{
	char expected[24];

	snprintf(expected, sizeof expected, "%zu ", number);
	assert_memory_equal(text, expected, strlen(expected));
}

static void pages_are_of_one_snapshot(void **state)
{
	struct stage *stage = *state;
	char *chat = long_chat(stage, 90, 100);
	Chat__V1__GetSharedRequest req = CHAT__V1__GET_SHARED_REQUEST__INIT;
	Chat__V1__SharedChat *shared;
	size_t seen = 0;

	req.token = share(stage, chat)->token;
	req.page_token = (char *)"";
	do {
		shared = read_page(stage, "", req.token, 40, req.page_token);
		for (size_t i = 0; i < shared->n_messages; i++)
			begins_with(shared->messages[i]->text, ++seen);
		req.page_token = shared->next_page_token;
	} while (*shared->next_page_token);
	assert_int_equal(seen, 90);

	req.page_token = read_page(stage, "", req.token, 40, (char *)"")->next_page_token;
	share(stage, chat);
	stage->as = "";
	stage_fails(stage, chat_v1_get_shared, &req, &shared, INVALID_ARGUMENT,
		    "page_token_mismatch");
	req.page_token = (char *)"nonsense";
	stage_fails(stage, chat_v1_get_shared, &req, &shared, INVALID_ARGUMENT, "field_invalid");
	stage->as = stage->user;
}

static void others_share_nothing_of_mine(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ShareChatRequest share_req = CHAT__V1__SHARE_CHAT_REQUEST__INIT;
	Chat__V1__UnshareChatRequest unshare_req = CHAT__V1__UNSHARE_CHAT_REQUEST__INIT;
	char *chat = full_chat(stage);
	Chat__V1__ShareChatResponse *made = share(stage, chat), *resp;
	Google__Protobuf__Empty *empty;

	stage->as = stage->other;
	for (int i = 0; i < 2; i++) {
		share_req.chat = unshare_req.chat = i ? (char *)NOBODY : chat;
		stage_fails(stage, chat_v1_share_chat, &share_req, &resp, NOT_FOUND, "not_found");
		share_req.keep_snapshot = !share_req.keep_snapshot;
		stage_fails(stage, chat_v1_unshare_chat, &unshare_req, &empty, NOT_FOUND,
			    "not_found");
		assert_int_equal(list(stage, share_req.chat)->n_shares, 0);
	}
	assert_int_equal(list(stage, "")->n_shares, 0);
	stage->as = stage->user;
	assert_int_equal(list(stage, "")->n_shares, 1);
	assert_int_equal(read_shared(stage, "", made->token)->n_messages, 4);
}

/* The database's own wall: what the service's role can read without the service's statements. */
static void rows_are_behind_a_second_wall(void **state)
{
	static const struct sql count_shares = {"count_shares", "SELECT count(*) AS n FROM share",
						0};
	static const struct sql count_texts = {"count_texts",
					       "SELECT count(*) AS n FROM share_message", 0};
	static const struct sql *const all[] = {&count_shares, &count_texts, NULL};
	struct stage *stage = *state;
	const char *token = share(stage, full_chat(stage))->token;
	struct db *db = pg_db("chat_app", all);
	struct error err;

	for (size_t i = 0; all[i]; i++) {
		PGresult *rows;

		assert_int_equal(db_query(db, all[i], NULL, &rows, &err), OK);
		assert_int_equal(db_i64(rows, 0, "n"), 0);
		PQclear(rows);
		assert_int_equal(db_query_as(db, stage->other, all[i], NULL, &rows, &err), OK);
		assert_int_equal(db_i64(rows, 0, "n"), 0);
		PQclear(rows);
		assert_int_equal(db_query_as(db, stage->user, all[i], NULL, &rows, &err), OK);
		assert_true(db_i64(rows, 0, "n") > 0);
		PQclear(rows);
	}
	db_free(db);
	assert_string_equal(
		value("SELECT has_function_privilege('chat_worker', "
		      "'chat.shared_page(bytea, integer, integer, bigint)', 'EXECUTE')"),
		"f");
	assert_int_equal(read_shared(stage, "", token)->n_messages, 4);
}

static void refused(struct stage *stage, char *chat, enum status status, const char *reason)
{
	Chat__V1__ShareChatRequest req = CHAT__V1__SHARE_CHAT_REQUEST__INIT;
	Chat__V1__ShareChatResponse *resp;

	req.chat = chat;
	stage_fails(stage, chat_v1_share_chat, &req, &resp, status, reason);
}

static void limits_are_kept(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ShareChatRequest req = CHAT__V1__SHARE_CHAT_REQUEST__INIT;
	Google__Protobuf__Timestamp past = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Chat__V1__ShareChatResponse *resp;
	char *first;

	refused(stage, stage_new_chat(stage, FREE), FAILED_PRECONDITION, "share_empty");
	refused(stage, long_chat(stage, 121, 10), RESOURCE_EXHAUSTED, "share_too_large");
	refused(stage, long_chat(stage, 2, 40000), RESOURCE_EXHAUSTED, "share_too_large");
	first = long_chat(stage, 2, 30000);
	share(stage, first);
	refused(stage, long_chat(stage, 2, 30000), RESOURCE_EXHAUSTED, "shares_full");
	share(stage, first); /* its own bytes do not count twice */
	share(stage, long_chat(stage, 2, 10));
	share(stage, long_chat(stage, 2, 10));
	refused(stage, long_chat(stage, 2, 10), RESOURCE_EXHAUSTED, "shares_full");
	share(stage, first);

	req.chat = first;
	past.seconds = 1000;
	req.expire_time = &past;
	stage_fails(stage, chat_v1_share_chat, &req, &resp, INVALID_ARGUMENT, "field_invalid");
	assert_string_equal(stage->err.field, "expire_time");
	req.expire_time = NULL;
	req.author = (char *)"two\nlines";
	stage_fails(stage, chat_v1_share_chat, &req, &resp, INVALID_ARGUMENT, "field_invalid");
	assert_string_equal(stage->err.field, "author");
	req.author = (char *)"";
	req.keep_snapshot = true;
	req.chat = long_chat(stage, 2, 10);
	stage_fails(stage, chat_v1_share_chat, &req, &resp, NOT_FOUND, "not_found");
}

static void a_reader_goes_on_in_a_copy(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ContinueSharedRequest req = CHAT__V1__CONTINUE_SHARED_REQUEST__INIT;
	char *original = stage_new_chat(stage, FREE);
	Chat__V1__ListMessagesResponse *messages;
	Chat__V1__Chat *copy;

	for (int i = 0; i < 6; i++)
		reader_free(stage_answer(stage, original, "a [[say:b]]"));
	req.token = share_as(stage, original, CHAT__V1__SHARE__AUDIENCE__SIGNED_IN)->token;
	stage->as = stage->other;
	stage_ok(stage, chat_v1_continue_shared, &req, &copy);
	messages = stage_messages(stage, copy->id);
	assert_int_equal(messages->n_messages, 12);
	assert_string_equal(copy->leaf, messages->messages[11]->id);
	/* The copy has the same shape, jumps included, and is the reader's alone. */
	assert_string_equal(
		value("SELECT count(*) FROM chat.message a LEFT JOIN chat.message ja ON ja.id = "
		      "a.jump_id JOIN chat.message b ON b.chat_id = '%s' AND b.depth = a.depth "
		      "LEFT "
		      "JOIN chat.message jb ON jb.id = b.jump_id AND jb.chat_id = b.chat_id WHERE "
		      "a.chat_id = '%s' AND a.text = b.text AND a.tokens = b.tokens AND ja.depth "
		      "IS "
		      "NOT DISTINCT FROM jb.depth AND b.user_id = '%s' AND a.id <> b.id",
		      copy->id, original, stage->other),
		"12");
	reader_free(stage_answer(stage, copy->id, "and now [[say:c]]"));
	assert_int_equal(stage_messages(stage, copy->id)->n_messages, 14);
	assert_string_equal(
		value("SELECT t.bytes = (SELECT sum(octet_length(m.text) + "
		      "octet_length(m.reasoning) + octet_length(m.items)) FROM "
		      "chat.message m WHERE m.user_id = t.user_id) FROM chat.user_total t "
		      "WHERE t.user_id = '%s'",
		      stage->other),
		"t");
	req.token = (char *)"nothing";
	stage_fails(stage, chat_v1_continue_shared, &req, &copy, NOT_FOUND, "not_found");
	stage->as = stage->user;
	assert_int_equal(stage_messages(stage, original)->n_messages, 12);
}

static void expired_links_are_erased(void **state)
{
	struct stage *stage = *state;
	char *chat = full_chat(stage);

	share(stage, chat);
	exec(stage, chat,
	     "UPDATE chat.share SET expire_time = now() - interval '31 days' WHERE chat_id = "
	     "'%2$s'");
	pg_exec("UPDATE chat.job SET run_time = now() - interval '1 second'");
	eventually(strcmp(value("SELECT count(*) FROM chat.share WHERE chat_id = '%s'", chat),
			  "0") == 0);
}

int share_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_link_shows_the_branch_and_nothing_else),
		TEST(tokens_that_open_nothing_are_alike),
		TEST(every_end_is_at_once),
		TEST(undo_brings_no_link_back),
		TEST(a_snapshot_stays_until_its_owner_says_so),
		TEST(pages_are_of_one_snapshot),
		TEST(others_share_nothing_of_mine),
		TEST(rows_are_behind_a_second_wall),
		TEST(limits_are_kept),
		TEST(a_reader_goes_on_in_a_copy),
		TEST(expired_links_are_erased),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
