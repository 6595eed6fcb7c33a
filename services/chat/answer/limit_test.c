/* Limits of one user, and a refused send that leaves nothing. */
#include "../chat_test.h"

#define PER_USER 5 /* generations: engine.generations_per_user */
#define PLACES 20  /* in one process: process_test.c */
#define WAITING "wait [[first:60000]]"

static const char *value(const char *format, const char *id)
{
	char sql[600];

	snprintf(sql, sizeof sql, format, id);
	return pg_value(sql);
}

static void exec(const char *format, const char *id)
{
	char sql[600];

	snprintf(sql, sizeof sql, format, id);
	pg_exec(sql);
}

static enum status start(struct stage *stage, const char *chat, const char *text,
			 Chat__V1__Generation **ret)
{
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;

	req.chat = (char *)chat;
	req.text = (char *)text;
	return stage_call(stage, chat_v1_start_generation, &req, ret);
}

static char *wait_in_new_chat(struct stage *stage)
{
	Chat__V1__Generation *generation = NULL;

	if (start(stage, stage_new_chat(stage, FREE), WAITING, &generation) != OK)
		fail_msg("%s %s", stage->err.reason, stage->err.message);
	return generation->id;
}

static void start_is_refused(struct stage *stage, const char *chat, enum status status,
			     const char *reason)
{
	Chat__V1__Generation *generation;

	assert_int_equal(start(stage, chat, WAITING, &generation), status);
	assert_string_equal(stage->err.reason, reason);
}

static void cancel(struct stage *stage, const char *id)
{
	Chat__V1__CancelGenerationRequest req = CHAT__V1__CANCEL_GENERATION_REQUEST__INIT;
	Chat__V1__Generation *generation;

	req.generation = (char *)id;
	stage_ok(stage, chat_v1_cancel_generation, &req, &generation);
}

/* ---------------------------------------------------------------- places */

static void generations_of_one_user_are_bounded(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	char *ids[PER_USER], *others;

	for (size_t i = 0; i < PER_USER; i++) {
		stage->replica = i % 2 ? CHAT_B : CHAT_A;
		ids[i] = wait_in_new_chat(stage);
	}
	start_is_refused(stage, chat, RESOURCE_EXHAUSTED, "generations_full");
	stage->replica = CHAT_B;
	start_is_refused(stage, chat, RESOURCE_EXHAUSTED, "generations_full");
	assert_int_equal(stage_messages(stage, chat)->n_messages, 0);
	stage->as = stage->other;
	others = wait_in_new_chat(stage);
	cancel(stage, others);
	stage->as = stage->user;
	cancel(stage, ids[0]);
	ids[0] = wait_in_new_chat(stage);
	for (size_t i = 0; i < PER_USER; i++)
		cancel(stage, ids[i]);
}

/* A repeat of what runs is no further one. */
static void a_repeat_needs_no_place(void **state)
{
	struct stage *stage = *state;
	char *ids[PER_USER], *chat;
	Chat__V1__Generation *again;

	for (size_t i = 0; i + 1 < PER_USER; i++)
		ids[i] = wait_in_new_chat(stage);
	chat = stage_new_chat(stage, FREE);
	snprintf(stage->key, sizeof stage->key, "place");
	assert_int_equal(start(stage, chat, WAITING, &again), OK);
	ids[PER_USER - 1] = again->id;
	assert_int_equal(start(stage, chat, WAITING, &again), OK);
	assert_string_equal(again->id, ids[PER_USER - 1]);
	stage->replica = CHAT_B;
	if (start(stage, chat, WAITING, &again) != OK)
		fail_msg("%s %s", stage->err.reason, stage->err.message);
	assert_string_equal(again->id, ids[PER_USER - 1]);
	for (size_t i = 0; i < PER_USER; i++)
		cancel(stage, ids[i]);
}

/* 20 places, of which 2 are for users without any. */
static void the_last_places_are_for_those_who_have_none(void **state)
{
	struct stage *stage = *state;
	char users[PLACES][UUID_SIZE], *ids[PLACES], *chat;
	size_t n = 0;

	for (; n < PLACES - 2; n++) {
		if (n % PER_USER == 0)
			uuid_v7(stage->user);
		memcpy(users[n], stage->user, UUID_SIZE);
		ids[n] = wait_in_new_chat(stage);
	}
	chat = stage_new_chat(stage, FREE);
	start_is_refused(stage, chat, RESOURCE_EXHAUSTED, "overloaded");
	for (; n < PLACES; n++) {
		uuid_v7(stage->user);
		memcpy(users[n], stage->user, UUID_SIZE);
		ids[n] = wait_in_new_chat(stage);
	}
	uuid_v7(stage->user);
	chat = stage_new_chat(stage, FREE);
	start_is_refused(stage, chat, RESOURCE_EXHAUSTED, "overloaded");
	for (size_t i = 0; i < n; i++) {
		memcpy(stage->user, users[i], UUID_SIZE);
		cancel(stage, ids[i]);
	}
}

/* ---------------------------------------------------------------- what is stored */

static void siblings_are_bounded(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	Chat__V1__ListMessagesRequest req = CHAT__V1__LIST_MESSAGES_REQUEST__INIT;
	Chat__V1__ListMessagesResponse *list;
	Chat__V1__Message *last;

	exec("INSERT INTO chat.message (id, chat_id, user_id, depth, role, state, text, tokens, "
	     "position) SELECT lpad(to_hex(n), 32, '0')::uuid, c.id, c.user_id, 0, 'USER', 'DONE', "
	     "'x', 1, n FROM chat.chat c, generate_series(1, 199) n WHERE c.id = '%s'",
	     chat);
	exec("UPDATE chat.chat SET messages = 199 WHERE id = '%s'", chat);
	exec("UPDATE chat.user_total SET bytes = 199 WHERE user_id = '%s'", stage->user);
	reader_free(stage_answer(stage, chat, "the two hundredth"));
	last = stage_messages(stage, chat)->messages[0];
	assert_int_equal(last->sibling_count, 200);
	assert_int_equal(last->sibling_index, 200);
	assert_string_equal(last->previous_sibling, "00000000-0000-0000-0000-0000000000c7");
	assert_string_equal(last->next_sibling, "");
	exec("UPDATE chat.chat SET leaf_id = NULL WHERE id = '%s'", chat);
	start_is_refused(stage, chat, RESOURCE_EXHAUSTED, "siblings_full");

	/* A page of them is as large as its messages are. */
	req.chat = chat;
	req.view = CHAT__V1__LIST_MESSAGES_REQUEST__VIEW__TREE;
	req.page_size = 100;
	stage_ok(stage, chat_v1_list_messages, &req, &list);
	assert_int_equal(list->n_messages, 100);
	assert_true(chat__v1__list_messages_response__get_packed_size(list) < 100 * 300);
	assert_string_equal(list->messages[50]->previous_sibling, list->messages[49]->id);
	assert_string_equal(list->messages[50]->next_sibling, list->messages[51]->id);
	assert_int_equal(list->messages[50]->sibling_index, 51);
	exec("DELETE FROM chat.message WHERE chat_id = '%s' AND text = 'x'", chat);
	exec("UPDATE chat.chat SET messages = 2 WHERE id = '%s'", chat);
	exec("UPDATE chat.user_total SET bytes = bytes - 199 WHERE user_id = '%s'", stage->user);
}

static void a_chat_is_bounded(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);

	exec("UPDATE chat.chat SET messages = 9997 WHERE id = '%s'", chat);
	reader_free(stage_answer(stage, chat, "hello"));
	start_is_refused(stage, chat, RESOURCE_EXHAUSTED, "chat_full");
	assert_int_equal(stage_messages(stage, chat)->n_messages, 2);
	exec("UPDATE chat.chat SET messages = 2 WHERE id = '%s'", chat);
}

static void stored_bytes_are_bounded(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);

	reader_free(stage_answer(stage, chat, "hello [[say:there]]"));
	exec("UPDATE chat.user_total SET bytes = bytes + 1073741824 - 30 WHERE user_id = '%s'",
	     stage->user);
	start_is_refused(stage, chat, RESOURCE_EXHAUSTED, "storage_full");
	exec("UPDATE chat.user_total SET bytes = bytes - 1073741824 + 30 WHERE user_id = '%s'",
	     stage->user);
	assert_int_equal(stage_messages(stage, chat)->n_messages, 2);
}

/* The bin of whoever is full is emptied first. */
static void chats_are_bounded(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateChatRequest create = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	Chat__V1__DeleteChatRequest delete = CHAT__V1__DELETE_CHAT_REQUEST__INIT;
	char *kept = stage_new_chat(stage, FREE);
	Google__Protobuf__Empty *empty;
	Chat__V1__Chat *chat;

	delete.chat = stage_new_chat(stage, FREE);
	reader_free(stage_answer(stage, delete.chat, "hello"));
	exec("UPDATE chat.user_total SET chats = 10000 WHERE user_id = '%s'", stage->user);
	stage_fails(stage, chat_v1_create_chat, &create, &chat, RESOURCE_EXHAUSTED, "chats_full");
	stage_ok(stage, chat_v1_delete_chat, &delete, &empty);
	pg_exec("UPDATE chat.job SET run_time = now() - interval '1 second'");
	eventually(
		strcmp(value("SELECT count(*) FROM chat.message WHERE chat_id = '%s'", delete.chat),
		       "0") == 0);
	assert_string_equal(
		value("SELECT bytes FROM chat.user_total WHERE user_id = '%s'", stage->user), "0");
	stage_ok(stage, chat_v1_create_chat, &create, &chat);
	assert_int_equal(stage_messages(stage, kept)->n_messages, 0);
	exec("UPDATE chat.user_total SET chats = chats - 9998 WHERE user_id = '%s'", stage->user);
}

/* ---------------------------------------------------------------- refused by the price */

static char *state_of(struct stage *stage, const char *chat)
{
	return arena_strdup(
		stage->arena,
		value("SELECT (c.*)::text || t.bytes || (SELECT count(*) FROM chat.generation g "
		      "WHERE g.user_id = c.user_id) FROM chat.chat c JOIN chat.user_total t "
		      "ON t.user_id = c.user_id WHERE c.id = '%s'",
		      chat));
}

static void the_penniless_store_nothing(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, DEAR), words[80];
	const char *before = state_of(stage, chat);
	_cleanup_(reader_freep) struct reader *reader = NULL;

	snprintf(words, sizeof words, "dear %s", stage->user);
	snprintf(stage->key, sizeof stage->key, "poor");
	for (int i = 0; i < 3; i++) {
		reader = reader_generate(stage, chat, words);
		reader_expect_refused(reader, FAILED_PRECONDITION, "insufficient_credits");
		reader_free(TAKE_PTR(reader));
	}
	start_is_refused(stage, chat, FAILED_PRECONDITION, "insufficient_credits");
	stage->key[0] = '\0';
	assert_int_equal(stage_requests(words), 0);
	assert_int_equal(stage_messages(stage, chat)->n_messages, 0);
	assert_string_equal(state_of(stage, chat), before);
	/* Nothing was even tried: no hold was refused. */
	assert_string_equal(value("SELECT count(*) FROM credits.transfer "
				  "WHERE account_id = '%s' AND kind = 'hold'",
				  stage->user),
			    "0");
	stage_expect_balance(stage, GIFT);
}

static void hold(struct stage *stage, const char *id, int64_t amount)
{
	Credits__V1__HoldRequest req = CREDITS__V1__HOLD_REQUEST__INIT;
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Credits__V1__HoldResponse *resp;

	expire.seconds = (int64_t)time(NULL) + 600;
	req.hold_id = (char *)id;
	req.user_id = stage->user;
	req.amount_microcredits = amount;
	req.expire_time = &expire;
	req.reference = (char *)"test";
	req.model = (char *)"test";
	if (credits_v1_hold_call(stage_credits(), stage_options(stage), &req, stage->arena, &resp,
				 &stage->err) != OK)
		fail_msg("hold: %s", stage->err.message);
}

static void void_hold(struct stage *stage, const char *hold_id)
{
	Credits__V1__VoidRequest req = CREDITS__V1__VOID_REQUEST__INIT;
	Credits__V1__VoidResponse *resp;
	char id[UUID_SIZE];

	uuid_v7(id);
	req.void_id = id;
	req.hold_id = (char *)hold_id;
	if (credits_v1_void_hold_call(stage_credits(), stage_options(stage), &req, stage->arena,
				      &resp, &stage->err) != OK)
		fail_msg("void: %s", stage->err.message);
}

/* A user who had enough a moment ago is not asked again, so the hold finds out. */
static void a_purse_emptied_meanwhile_stores_nothing(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, METERED), hold_id[UUID_SIZE];
	int64_t left, held;
	const char *before;

	reader_free(stage_answer(stage, chat, "hello [[say:there]]"));
	reader_free(stage_answer(stage, chat, "and again [[say:here]]"));
	eventually((stage_balance(stage, &left, &held), held == 0));
	uuid_v7(hold_id);
	hold(stage, hold_id, left - 1);
	before = state_of(stage, chat);
	for (int i = 0; i < 2; i++) { /* the first is refused by the hold, the second by the look */
		struct reader *reader = reader_generate(stage, chat, "and now? [[say:this]]");

		reader_expect_refused(reader, FAILED_PRECONDITION, "insufficient_credits");
		reader_free(reader);
		assert_string_equal(state_of(stage, chat), before);
	}
	assert_string_equal(value("SELECT count(*) FROM credits.transfer "
				  "WHERE account_id = '%s' AND refused IS NOT NULL",
				  stage->user),
			    "1");
	void_hold(stage, hold_id);
	reader_free(stage_answer(stage, chat, "thank you [[say:welcome]]"));
	eventually((stage_balance(stage, &left, &held), held == 0));
}

/* The look lets it pass, for its text is short; with the branch above it the price is higher. */
static void what_the_hold_refuses_is_taken_back(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, METERED), *long_text = arena_zalloc(stage->arena, 24001);
	char *new_chat = stage_new_chat(stage, METERED), hold_id[UUID_SIZE];
	const char *before, *new_before;
	_cleanup_(reader_freep) struct reader *first = NULL, *reader = NULL, *again = NULL;
	Chat__V1__Chat *found;
	Chat__V1__GetChatRequest get = CHAT__V1__GET_CHAT_REQUEST__INIT;
	int64_t left, held;

	memset(long_text, 'x', 24000);
	first = stage_answer(stage, chat, long_text);
	stage_expect_balance(stage, GIFT - first->cost);
	stage_balance(stage, &left, &held);
	uuid_v7(hold_id);
	hold(stage, hold_id, left - 8 * CREDIT);
	before = state_of(stage, chat);
	new_before = state_of(stage, new_chat);

	snprintf(stage->key, sizeof stage->key, "refused");
	for (int i = 0; i < 3; i++) {
		reader = reader_generate(stage, chat, "and now? [[say:this]]");
		reader_expect_refused(reader, FAILED_PRECONDITION, "insufficient_credits");
		reader_free(TAKE_PTR(reader));
		assert_string_equal(state_of(stage, chat), before);
	}
	get.chat = chat;
	stage_ok(stage, chat_v1_get_chat, &get, &found);
	assert_string_equal(found->leaf, first->assistant_message);
	assert_string_equal(found->running_generation, "");
	assert_int_equal(stage_messages(stage, chat)->n_messages, 2);
	/* The first message of a chat may be too dear, too: 7,000 tokens, and the answer's 1,000. */
	memset(long_text, 'y', 24000);
	reader = reader_generate(stage, new_chat, long_text);
	reader_wait_end(reader);
	assert_string_equal(state_of(stage, new_chat), new_before);

	/* Credits came: the same request with the same key is a new one. */
	void_hold(stage, hold_id);
	again = stage_answer(stage, chat, "and now? [[say:this]]");
	stage->key[0] = '\0';
	assert_string_equal(reader_text(again), "this");
	assert_int_equal(stage_messages(stage, chat)->n_messages, 4);
	stage_expect_balance(stage, GIFT - first->cost - again->cost);
}

int limit_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(generations_of_one_user_are_bounded),
		TEST(a_repeat_needs_no_place),
		TEST(the_last_places_are_for_those_who_have_none),
		TEST(siblings_are_bounded),
		TEST(a_chat_is_bounded),
		TEST(stored_bytes_are_bounded),
		TEST(chats_are_bounded),
		TEST(the_penniless_store_nothing),
		TEST(a_purse_emptied_meanwhile_stores_nothing),
		TEST(what_the_hold_refuses_is_taken_back),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
