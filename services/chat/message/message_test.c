/* The tree of messages: branches, siblings, pages. */
#include "../chat_test.h"

static struct reader *answer_to(struct stage *stage, const char *chat, const char *text,
				const char *parent)
{
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	struct reader *reader;

	req.chat = (char *)chat;
	req.text = (char *)text;
	req.parent = (char *)parent;
	reader = reader_request(stage, &req);
	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	return reader;
}

/* One letter a message: the first of its text. */
static void expect_texts(const Chat__V1__ListMessagesResponse *list, const char *letters)
{
	assert_int_equal(list->n_messages, strlen(letters));
	for (size_t i = 0; i < list->n_messages; i++)
		assert_int_equal(list->messages[i]->text[0], letters[i]);
}

static void a_branch_is_shown(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	_cleanup_(reader_freep) struct reader *first = stage_answer(stage, chat, "a [[say:b]]");
	_cleanup_(reader_freep) struct reader *second = stage_answer(stage, chat, "c [[say:d]]");
	Chat__V1__ListMessagesResponse *list = stage_messages(stage, chat);
	Chat__V1__Message **m = list->messages;

	expect_texts(list, "abcd");
	assert_string_equal(m[0]->parent, "");
	assert_string_equal(m[0]->id, first->user_message);
	assert_string_equal(m[1]->parent, m[0]->id);
	assert_string_equal(m[1]->generation, first->generation);
	assert_string_equal(m[1]->model, FREE);
	assert_string_equal(m[2]->parent, m[1]->id);
	assert_string_equal(m[3]->id, second->assistant_message);
	assert_int_equal(m[0]->role, CHAT__V1__MESSAGE__ROLE__USER);
	assert_int_equal(m[1]->role, CHAT__V1__MESSAGE__ROLE__ASSISTANT);
	assert_int_equal(m[1]->state, CHAT__V1__MESSAGE__STATE__DONE);
	assert_int_equal(m[1]->stop_reason, CHAT__V1__STOP_REASON__STOP);
	assert_int_equal(m[3]->sibling_count, 1);
	assert_int_equal(m[3]->sibling_index, 1);
	assert_string_equal(m[3]->previous_sibling, "");
	assert_string_equal(m[3]->next_sibling, "");
}

static void siblings_know_each_other(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	Chat__V1__UpdateChatRequest update = CHAT__V1__UPDATE_CHAT_REQUEST__INIT;
	Chat__V1__ListMessagesRequest req = CHAT__V1__LIST_MESSAGES_REQUEST__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	_cleanup_(reader_freep) struct reader *root = stage_answer(stage, chat, "a [[say:b]]");
	_cleanup_(reader_freep) struct reader *left = stage_answer(stage, chat, "c [[say:d]]");
	_cleanup_(reader_freep) struct reader *right =
		answer_to(stage, chat, "e [[say:f]]", root->assistant_message);
	Chat__V1__ListMessagesResponse *list = stage_messages(stage, chat);
	char *paths[] = {(char *)"leaf"};
	Chat__V1__Chat *changed;

	expect_texts(list, "abef");
	assert_int_equal(list->messages[2]->sibling_count, 2);
	assert_int_equal(list->messages[2]->sibling_index, 2);
	assert_string_equal(list->messages[2]->previous_sibling, left->user_message);
	assert_string_equal(list->messages[2]->next_sibling, "");

	mask.paths = paths;
	mask.n_paths = 1;
	update.chat = chat;
	update.update_mask = &mask;
	update.leaf = left->assistant_message;
	stage_ok(stage, chat_v1_update_chat, &update, &changed);
	assert_string_equal(changed->leaf, left->assistant_message);
	list = stage_messages(stage, chat);
	expect_texts(list, "abcd");
	assert_int_equal(list->messages[2]->sibling_index, 1);
	assert_string_equal(list->messages[2]->previous_sibling, "");
	assert_string_equal(list->messages[2]->next_sibling, right->user_message);

	req.chat = chat;
	req.view = CHAT__V1__LIST_MESSAGES_REQUEST__VIEW__TREE;
	stage_ok(stage, chat_v1_list_messages, &req, &list);
	expect_texts(list, "abcdef");
}

static size_t count_pages(struct stage *stage, Chat__V1__ListMessagesRequest *req,
			  const char *letters)
{
	Chat__V1__ListMessagesResponse *list;
	size_t seen = 0, pages = 0;

	req->page_token = (char *)"";
	do {
		stage_ok(stage, chat_v1_list_messages, req, &list);
		for (size_t i = 0; i < list->n_messages; i++)
			assert_int_equal(list->messages[i]->text[0], letters[seen++]);
		req->page_token = list->next_page_token;
		pages++;
	} while (*list->next_page_token);
	assert_int_equal(seen, strlen(letters));
	return pages;
}

static void messages_come_in_pages(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListMessagesRequest req = CHAT__V1__LIST_MESSAGES_REQUEST__INIT;
	Chat__V1__ListMessagesResponse *list;

	req.chat = stage_new_chat(stage, FREE);
	stage_ok(stage, chat_v1_list_messages, &req, &list);
	assert_int_equal(list->n_messages, 0);
	reader_free(stage_answer(stage, req.chat, "a [[say:b]]"));
	reader_free(stage_answer(stage, req.chat, "c [[say:d]]"));
	reader_free(stage_answer(stage, req.chat, "e [[say:f]]"));
	req.page_size = 4;
	assert_int_equal(count_pages(stage, &req, "abcdef"), 2);
	req.page_size = 1;
	assert_int_equal(count_pages(stage, &req, "abcdef"), 6);
	req.view = CHAT__V1__LIST_MESSAGES_REQUEST__VIEW__TREE;
	assert_int_equal(count_pages(stage, &req, "abcdef"), 6);
	req.page_size = 2;
	req.page_token = (char *)"";
	stage_ok(stage, chat_v1_list_messages, &req, &list);
	req.page_token = list->next_page_token;
	req.view = CHAT__V1__LIST_MESSAGES_REQUEST__VIEW__BRANCH;
	stage_fails(stage, chat_v1_list_messages, &req, &list, INVALID_ARGUMENT,
		    "page_token_mismatch");
}

static void the_newest_come_first(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListMessagesRequest req = CHAT__V1__LIST_MESSAGES_REQUEST__INIT;
	Chat__V1__ListMessagesResponse *list;

	req.chat = stage_new_chat(stage, FREE);
	req.order = CHAT__V1__LIST_MESSAGES_REQUEST__ORDER__NEWEST_FIRST;
	assert_int_equal(count_pages(stage, &req, ""), 1);
	reader_free(stage_answer(stage, req.chat, "a [[say:b]]"));
	reader_free(stage_answer(stage, req.chat, "c [[say:d]]"));
	reader_free(stage_answer(stage, req.chat, "e [[say:f]]"));
	req.page_size = 4;
	assert_int_equal(count_pages(stage, &req, "fedcba"), 2);
	req.page_size = 3; /* nothing is left after the second */
	assert_int_equal(count_pages(stage, &req, "fedcba"), 2);

	/* Later messages do not move the pages of a list. */
	req.page_token = (char *)"";
	stage_ok(stage, chat_v1_list_messages, &req, &list);
	reader_free(stage_answer(stage, req.chat, "g [[say:h]]"));
	req.page_token = list->next_page_token;
	stage_ok(stage, chat_v1_list_messages, &req, &list);
	expect_texts(list, "cba");

	req.page_token = list->messages[0]->id;
	stage_fails(stage, chat_v1_list_messages, &req, &list, INVALID_ARGUMENT, "field_invalid");
	req.page_token = (char *)"";
	req.view = CHAT__V1__LIST_MESSAGES_REQUEST__VIEW__TREE;
	stage_fails(stage, chat_v1_list_messages, &req, &list, INVALID_ARGUMENT, "field_invalid");
}

/* The first screen's messages are bounded in bytes, too. */
static void the_newest_fit_a_screen(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListMessagesRequest req = CHAT__V1__LIST_MESSAGES_REQUEST__INIT;
	char *text = arena_zalloc(stage->arena, 150001);

	memset(text, '.', 150000);
	req.chat = stage_new_chat(stage, ENDLESS);
	req.order = CHAT__V1__LIST_MESSAGES_REQUEST__ORDER__NEWEST_FIRST;
	for (char letter = 'a'; letter <= 'e'; letter += 2) {
		text[0] = letter;
		memcpy(text + 149990, " [[say: ]]", 10);
		text[149990 + 7] = (char)(letter + 1);
		reader_free(stage_answer(stage, req.chat, text));
	}
	assert_int_equal(count_pages(stage, &req, "fedcba"), 3); /* fed, cb, a */
}

/* Jumps make every ancestor near. A page of a long branch is read without the way to it. */
static void ancestors_are_a_few_jumps_away(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE), letters[65] = "", sql[800];
	Chat__V1__ListMessagesRequest req = CHAT__V1__LIST_MESSAGES_REQUEST__INIT;

	for (int i = 0; i < 64; i += 2) {
		char text[] = "? [[say:?]]";

		letters[i] = text[0] = (char)('A' + i % 26);
		letters[i + 1] = text[8] = (char)('a' + i % 26);
		reader_free(stage_answer(stage, chat, text));
	}
	snprintf(sql, sizeof sql,
		 "WITH RECURSIVE way AS (SELECT id, jump_id, depth, 0 AS n FROM chat.message "
		 "WHERE chat_id = '%s' UNION ALL SELECT way.id, m.jump_id, way.depth, way.n + 1 "
		 "FROM way JOIN chat.message m ON m.id = way.jump_id) "
		 "SELECT count(DISTINCT id) || ' ' || max(n) FROM way",
		 chat);
	assert_string_equal(pg_value(sql), "64 6"); /* the logarithm of 64 */
	req.chat = chat;
	for (req.page_size = 1; req.page_size < 70; req.page_size += 6)
		count_pages(stage, &req, letters);

	/* Branches of an older version have no jumps, and are read all the same. */
	snprintf(sql, sizeof sql,
		 "UPDATE chat.message SET jump_id = NULL WHERE chat_id = '%s' AND depth < 40",
		 chat);
	pg_exec(sql);
	req.page_size = 7;
	count_pages(stage, &req, letters);
}

/* Clocks that were set and rows that were mended by hand make an error at most. They never end the
 * process. */
static void odd_rows_are_shown(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE), sql[200];
	_cleanup_(reader_freep) struct reader *reader = stage_answer(stage, chat, "a [[say:b]]");

	snprintf(sql, sizeof sql,
		 "UPDATE chat.generation SET create_time = create_time - interval '60 days' "
		 "WHERE id = '%s'",
		 reader->generation);
	pg_exec(sql);
	assert_int_equal(stage_messages(stage, chat)->messages[1]->duration_ms, INT32_MAX);
}

static void the_first_words_make_the_title(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GetChatRequest get = CHAT__V1__GET_CHAT_REQUEST__INIT;
	Chat__V1__Chat *chat;

	get.chat = stage_new_chat(stage, FREE);
	reader_free(stage_answer(stage, get.chat, "## Why do  owls\nfly?"));
	reader_free(stage_answer(stage, get.chat, "And bats?"));
	stage_ok(stage, chat_v1_get_chat, &get, &chat);
	assert_string_equal(chat->title, "Why do owls");
}

int message_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_branch_is_shown),
		TEST(siblings_know_each_other),
		TEST(ancestors_are_a_few_jumps_away),
		TEST(messages_come_in_pages),
		TEST(the_newest_come_first),
		TEST(odd_rows_are_shown),
		TEST(the_newest_fit_a_screen),
		TEST(the_first_words_make_the_title),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
