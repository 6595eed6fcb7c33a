/* Many chats are changed at once, and a change is undone as one. */
#include "../chat_test.h"

#define CHATS 7
#define MAX 500 /* limits.chats_per_change */

#define ACTION(name) CHAT__V1__CHANGE_CHATS_REQUEST__ACTION__##name

static Chat__V1__ChangeChatsResponse *change(struct stage *stage,
					     Chat__V1__ChangeChatsRequest__Action action,
					     char **ids, size_t n, const char *undone)
{
	Chat__V1__ChangeChatsRequest req = CHAT__V1__CHANGE_CHATS_REQUEST__INIT;
	Chat__V1__ChangeChatsResponse *resp;

	req.action = action;
	req.chats = ids;
	req.n_chats = n;
	req.change = (char *)undone;
	req.all = n == 0 && !*undone;
	stage_ok(stage, chat_v1_change_chats, &req, &resp);
	return resp;
}

/* The ids in the order of the list, joined. */
static const char *list(struct stage *stage, bool archived, bool deleted)
{
	Chat__V1__ListChatsRequest req = CHAT__V1__LIST_CHATS_REQUEST__INIT;
	Chat__V1__ListChatsResponse *resp;
	char *text = arena_strdup(stage->arena, "");

	req.page_size = 3; /* so that pages are turned, too */
	req.archived = archived;
	req.deleted = deleted;
	do {
		stage_ok(stage, chat_v1_list_chats, &req, &resp);
		for (size_t i = 0; i < resp->n_chats; i++) {
			assert_true((resp->chats[i]->delete_time != NULL) == deleted);
			text = arena_printf(stage->arena, "%s%s ", text, resp->chats[i]->id);
		}
		req.page_token = resp->next_page_token;
	} while (*resp->next_page_token);
	return text;
}

static void make(struct stage *stage, char *ids[CHATS])
{
	for (int i = 0; i < CHATS; i++)
		ids[i] = stage_new_chat(stage, PLAIN);
}

static void undo_brings_exactly_these_back(void **state)
{
	struct stage *stage = *state;
	char *ids[CHATS];
	const char *all, *rest, *deleted, *archived;

	make(stage, ids);
	all = list(stage, false, false);
	change(stage, ACTION(DELETE), ids, 1, ""); /* an older change, which stays */
	rest = list(stage, false, false);
	assert_int_equal(change(stage, ACTION(DELETE), ids, 0, "")->changed, CHATS - 1);
	assert_string_equal(list(stage, false, false), "");
	assert_int_equal(change(stage, ACTION(UNDELETE), ids, 0, "")->changed, CHATS);
	assert_string_equal(list(stage, false, false), all);

	change(stage, ACTION(DELETE), ids, 1, "");
	archived = change(stage, ACTION(ARCHIVE), ids + 1, 2, "")->change;
	deleted = change(stage, ACTION(DELETE), ids, 0, "")->change;
	assert_string_equal(list(stage, true, false), "");
	assert_int_equal(change(stage, ACTION(UNDELETE), NULL, 0, deleted)->changed, CHATS - 1);
	assert_int_equal(change(stage, ACTION(UNDELETE), NULL, 0, deleted)->changed, 0);
	assert_int_equal(strlen(list(stage, true, false)), 2 * UUID_SIZE);
	assert_int_equal(change(stage, ACTION(UNARCHIVE), NULL, 0, archived)->changed, 0);
	assert_int_equal(change(stage, ACTION(UNARCHIVE), ids, 3, "")->changed, 2);
	assert_string_equal(list(stage, false, false), rest);
	assert_string_equal(list(stage, false, true), arena_printf(stage->arena, "%s ", ids[0]));
}

/* A chat that was changed alone since belongs to the change no more. */
static void undo_leaves_what_was_changed_since(void **state)
{
	struct stage *stage = *state;
	Chat__V1__DeleteChatRequest delete = CHAT__V1__DELETE_CHAT_REQUEST__INIT;
	Chat__V1__UndeleteChatRequest undelete = CHAT__V1__UNDELETE_CHAT_REQUEST__INIT;
	Google__Protobuf__Empty *empty;
	Chat__V1__Chat *chat;
	char *ids[CHATS];
	const char *deleted;

	make(stage, ids);
	deleted = change(stage, ACTION(DELETE), ids, CHATS, "")->change;
	undelete.chat = delete.chat = ids[3];
	stage_ok(stage, chat_v1_undelete_chat, &undelete, &chat);
	stage_ok(stage, chat_v1_delete_chat, &delete, &empty);
	assert_int_equal(change(stage, ACTION(UNDELETE), NULL, 0, deleted)->changed, CHATS - 1);
	assert_string_equal(list(stage, false, true), arena_printf(stage->arena, "%s ", ids[3]));
}

static void many_are_pinned_and_erased(void **state)
{
	struct stage *stage = *state;
	Chat__V1__UndeleteChatRequest undelete = CHAT__V1__UNDELETE_CHAT_REQUEST__INIT;
	Chat__V1__Chat *chat;
	char *ids[CHATS], sql[200];

	make(stage, ids);
	assert_int_equal(change(stage, ACTION(PIN), ids, 2, "")->changed, 2);
	assert_int_equal(change(stage, ACTION(PIN), ids, 3, "")->changed, 1);
	assert_memory_equal(list(stage, false, false), ids[2], UUID_SIZE - 1);
	assert_int_equal(change(stage, ACTION(UNPIN), ids, 0, "")->changed, 3);
	assert_int_equal(change(stage, ACTION(ERASE), ids, CHATS, "")->changed, 0);
	change(stage, ACTION(DELETE), ids, 3, "");
	assert_int_equal(change(stage, ACTION(ERASE), ids, 2, "")->changed, 2);
	assert_string_equal(list(stage, false, true), arena_printf(stage->arena, "%s ", ids[2]));
	undelete.chat = ids[0];
	stage_fails(stage, chat_v1_undelete_chat, &undelete, &chat, NOT_FOUND, "not_found");
	assert_int_equal(change(stage, ACTION(ERASE), ids, 0, "")->changed, 1);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM chat.chat WHERE user_id = '%s'",
		 stage->user);
	pg_exec("UPDATE chat.job SET run_time = now() - interval '1 second'");
	eventually(strcmp(pg_value(sql), "4") == 0);
}

static void a_running_answer_is_stopped(void **state)
{
	struct stage *stage = *state;
	char *id = stage_new_chat(stage, FREE);
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, id, "count [[tokens:500]] [[pace:20]]");

	reader_wait_text(reader, 4);
	change(stage, ACTION(DELETE), &id, 1, "");
	reader_expect_done(reader, CHAT__V1__STOP_REASON__CANCELLED);
}

static void others_chats_are_not_there(void **state)
{
	struct stage *stage = *state;
	char *ids[CHATS];
	const char *all, *deleted;

	make(stage, ids);
	all = list(stage, false, false);
	for (int action = ACTION(DELETE); action <= ACTION(ERASE); action++) {
		stage->as = stage->other;
		assert_int_equal(change(stage, action, ids, CHATS, "")->changed, 0);
		assert_int_equal(change(stage, action, NULL, 0, "")->changed, 0);
		stage->as = stage->user;
		assert_string_equal(list(stage, false, false), all);
	}
	deleted = change(stage, ACTION(DELETE), ids, CHATS, "")->change;
	stage->as = stage->other;
	assert_int_equal(change(stage, ACTION(UNDELETE), NULL, 0, deleted)->changed, 0);
	assert_string_equal(list(stage, false, true), "");
	stage->as = stage->user;
	assert_int_equal(change(stage, ACTION(UNDELETE), NULL, 0, deleted)->changed, CHATS);
}

static void bad_changes_are_refused(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ChangeChatsRequest req = CHAT__V1__CHANGE_CHATS_REQUEST__INIT;
	Chat__V1__ChangeChatsResponse *resp;
	char *ids[MAX + 1];

	for (int i = 0; i <= MAX; i++)
		ids[i] = (char *)NOBODY;
	req.all = true;
	stage_fails(stage, chat_v1_change_chats, &req, &resp, INVALID_ARGUMENT, "field_required");
	assert_string_equal(stage->err.field, "action");
	req.action = ACTION(DELETE);
	req.all = false;
	stage_fails(stage, chat_v1_change_chats, &req, &resp, INVALID_ARGUMENT, "field_required");
	req.change = (char *)NOBODY;
	stage_fails(stage, chat_v1_change_chats, &req, &resp, INVALID_ARGUMENT, "field_invalid");
	assert_string_equal(stage->err.field, "change");
	req.action = ACTION(UNDELETE);
	req.all = true;
	stage_fails(stage, chat_v1_change_chats, &req, &resp, INVALID_ARGUMENT, "field_invalid");
	req.all = false;
	req.change = (char *)"";
	req.chats = ids;
	req.n_chats = MAX + 1;
	stage_fails(stage, chat_v1_change_chats, &req, &resp, INVALID_ARGUMENT, "chats_too_many");
	req.n_chats = MAX;
	stage_ok(stage, chat_v1_change_chats, &req, &resp);
	assert_int_equal(resp->changed, 0);
	assert_string_equal(resp->change, "");
}

int change_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(undo_brings_exactly_these_back), TEST(undo_leaves_what_was_changed_since),
		TEST(many_are_pinned_and_erased),     TEST(a_running_answer_is_stopped),
		TEST(others_chats_are_not_there),     TEST(bad_changes_are_refused),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
