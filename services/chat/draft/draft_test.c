/* Drafts: another device has them, and an older page does not overwrite a newer text. */
#include "../chat_test.h"

#define DRAFTS 500             /* drafts.per_user */
#define DRAFT_BYTES (64 << 10) /* drafts.bytes_max */

static Chat__V1__Draft *get(struct stage *stage, const char *chat)
{
	Chat__V1__GetDraftRequest req = CHAT__V1__GET_DRAFT_REQUEST__INIT;
	Chat__V1__Draft *draft;

	req.chat = (char *)chat;
	stage_ok(stage, chat_v1_get_draft, &req, &draft);
	return draft;
}

static Chat__V1__Draft *save(struct stage *stage, const char *chat, const char *text,
			     int64_t version)
{
	Chat__V1__SaveDraftRequest req = CHAT__V1__SAVE_DRAFT_REQUEST__INIT;
	Chat__V1__Draft *draft;

	req.chat = (char *)chat;
	req.text = (char *)text;
	req.version = version;
	stage_ok(stage, chat_v1_save_draft, &req, &draft);
	return draft;
}

static void save_fails(struct stage *stage, const char *chat, const char *text, int64_t version,
		       enum status status, const char *reason)
{
	Chat__V1__SaveDraftRequest req = CHAT__V1__SAVE_DRAFT_REQUEST__INIT;
	Chat__V1__Draft *draft;

	req.chat = (char *)chat;
	req.text = (char *)text;
	req.version = version;
	stage_fails(stage, chat_v1_save_draft, &req, &draft, status, reason);
}

static void another_device_has_it(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	const char *const places[] = {chat, ""};
	Chat__V1__Draft *draft;

	for (int i = 0; i < 2; i++) {
		stage->replica = CHAT_A;
		assert_int_equal(get(stage, places[i])->version, 0);
		draft = save(stage, places[i], "Dear otters,", 0);
		assert_true(draft->stored);
		assert_int_equal(draft->version, 1);
		stage->replica = CHAT_B;
		draft = get(stage, places[i]);
		assert_string_equal(draft->text, "Dear otters,");
		assert_string_equal(draft->chat, places[i]);
		assert_non_null(draft->update_time);
		/* A page that knows the first version alone. */
		assert_true(save(stage, places[i], "Dear sea otters,", 1)->stored);
		draft = save(stage, places[i], "Dear otter,", 1);
		assert_false(draft->stored);
		assert_string_equal(draft->text, "Dear sea otters,");
		assert_int_equal(draft->version, 2);
		/* It was sent: versions go on. */
		assert_int_equal(save(stage, places[i], "", 2)->version, 3);
		assert_string_equal(get(stage, places[i])->text, "");
		assert_false(save(stage, places[i], "Dear otter,", 2)->stored);
		assert_int_equal(save(stage, places[i], "Next", 3)->version, 4);
	}
	assert_string_equal(
		pg_value(arena_printf(stage->arena,
				      "SELECT count(*) FROM chat.event WHERE user_id = '%s' AND "
				      "type = 'draft.changed'",
				      stage->user)),
		"8");
}

static void others_have_none_of_it(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GetDraftRequest req = CHAT__V1__GET_DRAFT_REQUEST__INIT;
	Chat__V1__DeleteChatRequest delete = CHAT__V1__DELETE_CHAT_REQUEST__INIT;
	Google__Protobuf__Empty *empty;
	Chat__V1__Draft *draft;

	req.chat = delete.chat = stage_new_chat(stage, PLAIN);
	save(stage, req.chat, "secret", 0);
	save(stage, "", "secret, too", 0);
	stage->as = stage->other;
	stage_fails(stage, chat_v1_get_draft, &req, &draft, NOT_FOUND, "not_found");
	save_fails(stage, req.chat, "mine", 0, NOT_FOUND, "not_found");
	save_fails(stage, req.chat, "mine", 1, NOT_FOUND, "not_found");
	save_fails(stage, NOBODY, "mine", 1, NOT_FOUND, "not_found");
	assert_string_equal(get(stage, "")->text, "");
	stage->as = stage->user;
	assert_string_equal(get(stage, req.chat)->text, "secret");
	stage_ok(stage, chat_v1_delete_chat, &delete, &empty);
	stage_fails(stage, chat_v1_get_draft, &req, &draft, NOT_FOUND, "not_found");
	save_fails(stage, req.chat, "x", 1, NOT_FOUND, "not_found");
	pg_exec("UPDATE chat.chat SET delete_time = delete_time - interval '31 days' "
		"WHERE delete_time IS NOT NULL");
	pg_exec("UPDATE chat.job SET run_time = now() - interval '1 second'");
	eventually(
		strcmp(pg_value(arena_printf(stage->arena,
					     "SELECT count(*) FROM chat.draft WHERE user_id = '%s'",
					     stage->user)),
		       "1") == 0); /* it went with its chat */
}

static void drafts_have_limits(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN),
	     *text = arena_zalloc(stage->arena, DRAFT_BYTES + 2);

	memset(text, 'x', DRAFT_BYTES + 1);
	save_fails(stage, chat, text, 0, INVALID_ARGUMENT, "field_too_long");
	text[DRAFT_BYTES] = '\0';
	assert_true(save(stage, chat, text, 0)->stored);
	save_fails(stage, chat, "x", -1, INVALID_ARGUMENT, "field_invalid");
	pg_exec(arena_printf(
		stage->arena,
		"INSERT INTO chat.chat (id, user_id, title, model) SELECT gen_random_uuid(), '%s', "
		"'many', 'plain' FROM generate_series(1, %d); "
		"INSERT INTO chat.draft (user_id, chat_id, text, version) SELECT user_id, id, 'x', "
		"1 "
		"FROM chat.chat WHERE user_id = '%s' AND title = 'many'; "
		"UPDATE chat.user_total SET chats = chats + %d WHERE user_id = '%s'",
		stage->user, DRAFTS - 1, stage->user, DRAFTS - 1, stage->user));
	save_fails(stage, "", "one more", 0, RESOURCE_EXHAUSTED, "drafts_full");
	assert_true(save(stage, chat, "that one may change", 1)->stored);
	assert_true(save(stage, chat, "", 2)->stored);
	assert_true(save(stage, "", "one more", 0)->stored);
}

int draft_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_device_has_it),
		TEST(others_have_none_of_it),
		TEST(drafts_have_limits),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
