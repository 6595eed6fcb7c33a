/* Chats and the catalogue of models, over RPC. */
#include "../chat_test.h"

#include <signal.h>

static void models_are_listed(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListModelsRequest req = CHAT__V1__LIST_MODELS_REQUEST__INIT;
	Chat__V1__ListModelsResponse *resp;

	stage_ok(stage, chat_v1_list_models, &req, &resp);
	assert_int_equal(resp->n_models, 17); /* one has no provider */
	assert_string_equal(resp->models[0]->id, PLAIN);
	assert_string_equal(resp->models[0]->display_name, "Plain");
	assert_true(resp->models[0]->demo);
	assert_int_equal(resp->models[0]->price->per_message_microcredits, 2 * CREDIT);
	assert_int_equal(resp->models[1]->price->output_per_1k_microcredits, 5 * CREDIT);
	assert_int_equal(resp->models[1]->context_window, 65536);
	assert_int_equal(resp->models[1]->max_output_tokens, 1000);
	assert_int_equal(resp->models[3]->n_modalities, 2);
	assert_string_equal(resp->models[5]->id, KEYED);
	assert_false(resp->models[5]->demo);
}

static int64_t plain_price(struct stage *stage)
{
	Chat__V1__ListModelsRequest req = CHAT__V1__LIST_MODELS_REQUEST__INIT;
	Chat__V1__ListModelsResponse *resp;

	stage_ok(stage, chat_v1_list_models, &req, &resp);
	return resp->models[0]->price->per_message_microcredits;
}

/* An answer keeps the price that it began with. A bad catalogue changes nothing. */
static void prices_change_at_sighup(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN), sql[200];
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, chat, "count [[tokens:30]] [[pace:20]]");

	reader_wait_text(reader, 4);
	process_write_models("3.5");
	process_kill(CHAT_A, SIGHUP);
	eventually(plain_price(stage) == 3500000);
	process_write_models("-1");
	process_kill(CHAT_A, SIGHUP);
	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	reader_free(reader);
	reader = stage_answer(stage, chat, "hello");
	stage_expect_balance(stage, GIFT - 2 * CREDIT - 3500000);
	snprintf(sql, sizeof sql,
		 "SELECT count(DISTINCT price_version) FROM chat.usage WHERE user_id = '%s'",
		 stage->user);
	assert_string_equal(pg_value(sql), "2");
	process_write_models("2");
	process_kill(CHAT_A, SIGHUP);
	eventually(plain_price(stage) == 2 * CREDIT);
}

static void a_chat_is_made_and_found(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateChatRequest create = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	Chat__V1__GetChatRequest get = CHAT__V1__GET_CHAT_REQUEST__INIT;
	Chat__V1__Chat *made, *found;

	create.title = (char *)"Bats and owls";
	create.model = (char *)METERED;
	stage_ok(stage, chat_v1_create_chat, &create, &made);
	assert_true(uuid_valid(made->id));
	get.chat = made->id;
	stage_ok(stage, chat_v1_get_chat, &get, &found);
	assert_string_equal(found->title, "Bats and owls");
	assert_string_equal(found->model, METERED);
	assert_string_equal(found->leaf, "");
	assert_string_equal(found->running_generation, "");
	assert_false(found->pinned);
	assert_non_null(found->create_time);

	create.model = (char *)"";
	stage_ok(stage, chat_v1_create_chat, &create, &made);
	assert_string_equal(made->model, PLAIN); /* the catalogue's first */
}

static void bad_chats_are_refused(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateChatRequest req = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	Chat__V1__Chat *chat;
	char title[202];

	req.model = (char *)"gpt-9";
	stage_fails(stage, chat_v1_create_chat, &req, &chat, INVALID_ARGUMENT, "model_unknown");
	assert_string_equal(stage->err.field, "model");
	req.model = (char *)PLAIN;
	memset(title, 'x', 201);
	title[201] = '\0';
	req.title = title;
	stage_fails(stage, chat_v1_create_chat, &req, &chat, INVALID_ARGUMENT, "field_too_long");
	assert_string_equal(stage->err.field, "title");
	req.title = (char *)"two\nlines";
	stage_fails(stage, chat_v1_create_chat, &req, &chat, INVALID_ARGUMENT, "field_invalid");
	req.title = (char *)"";
	req.project = (char *)NOBODY;
	stage_fails(stage, chat_v1_create_chat, &req, &chat, INVALID_ARGUMENT, "project_unknown");
	assert_string_equal(stage->err.field, "project");
}

static Chat__V1__Chat *update(struct stage *stage, Chat__V1__UpdateChatRequest *req,
			      const char *field)
{
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	Chat__V1__Chat *chat;

	mask.paths = (char **)&field;
	mask.n_paths = 1;
	req->update_mask = &mask;
	stage_ok(stage, chat_v1_update_chat, req, &chat);
	return chat;
}

static void update_is_refused(struct stage *stage, Chat__V1__UpdateChatRequest *req,
			      const char *field, const char *reason)
{
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	Chat__V1__Chat *chat;

	mask.paths = (char **)&field;
	mask.n_paths = 1;
	req->update_mask = field ? &mask : NULL;
	stage_fails(stage, chat_v1_update_chat, req, &chat, INVALID_ARGUMENT, reason);
}

static void only_named_fields_change(void **state)
{
	struct stage *stage = *state;
	Chat__V1__UpdateChatRequest req = CHAT__V1__UPDATE_CHAT_REQUEST__INIT;
	Chat__V1__Chat *chat;

	req.chat = stage_new_chat(stage, PLAIN);
	req.title = (char *)"New";
	req.model = (char *)METERED;
	req.pinned = true;
	chat = update(stage, &req, "title");
	assert_string_equal(chat->title, "New");
	req.title = (char *)"\xe2\x80\xaeNew\xe2\x80\x8f order";
	chat = update(stage, &req, "title");
	assert_string_equal(chat->title, "New order");
	assert_string_equal(chat->model, PLAIN);
	assert_false(chat->pinned);
	chat = update(stage, &req, "pinned");
	assert_true(chat->pinned);
	chat = update(stage, &req, "model");
	assert_string_equal(chat->model, METERED);
	req.archived = true;
	assert_true(update(stage, &req, "archived")->archived);

	update_is_refused(stage, &req, NULL, "field_required");
	update_is_refused(stage, &req, "leaf", "field_required");
	update_is_refused(stage, &req, "owner", "field_unknown");
	req.model = (char *)"gpt-9";
	update_is_refused(stage, &req, "model", "model_unknown");
	req.leaf = (char *)NOBODY;
	update_is_refused(stage, &req, "leaf", "parent_unknown");
	req.project = (char *)NOBODY;
	update_is_refused(stage, &req, "project", "project_unknown");
}

static void the_bin_gives_back(void **state)
{
	struct stage *stage = *state;
	Chat__V1__DeleteChatRequest delete = CHAT__V1__DELETE_CHAT_REQUEST__INIT;
	Chat__V1__UndeleteChatRequest undelete = CHAT__V1__UNDELETE_CHAT_REQUEST__INIT;
	Chat__V1__GetChatRequest get = CHAT__V1__GET_CHAT_REQUEST__INIT;
	Chat__V1__ListMessagesRequest messages = CHAT__V1__LIST_MESSAGES_REQUEST__INIT;
	Chat__V1__ListMessagesResponse *list;
	Google__Protobuf__Empty *empty;
	Chat__V1__Chat *chat;

	delete.chat = undelete.chat = get.chat = messages.chat = stage_new_chat(stage, PLAIN);
	stage_ok(stage, chat_v1_delete_chat, &delete, &empty);
	stage_ok(stage, chat_v1_delete_chat, &delete, &empty); /* twice: the same */
	stage_fails(stage, chat_v1_get_chat, &get, &chat, NOT_FOUND, "not_found");
	stage_fails(stage, chat_v1_list_messages, &messages, &list, NOT_FOUND, "not_found");
	stage_ok(stage, chat_v1_undelete_chat, &undelete, &chat);
	stage_ok(stage, chat_v1_get_chat, &get, &chat);

	stage_ok(stage, chat_v1_delete_chat, &delete, &empty);
	pg_clock_add("31 days");
	stage_fails(stage, chat_v1_undelete_chat, &undelete, &chat, NOT_FOUND, "not_found");
	pg_clock_reset();
}

static void others_find_nothing(void **state)
{
	struct stage *stage = *state;
	Chat__V1__DeleteChatRequest delete = CHAT__V1__DELETE_CHAT_REQUEST__INIT;
	Chat__V1__UndeleteChatRequest undelete = CHAT__V1__UNDELETE_CHAT_REQUEST__INIT;
	Chat__V1__GetChatRequest get = CHAT__V1__GET_CHAT_REQUEST__INIT;
	Chat__V1__UpdateChatRequest update_req = CHAT__V1__UPDATE_CHAT_REQUEST__INIT;
	Chat__V1__ListMessagesRequest messages = CHAT__V1__LIST_MESSAGES_REQUEST__INIT;
	Chat__V1__ListChatsRequest list = CHAT__V1__LIST_CHATS_REQUEST__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	Chat__V1__ListMessagesResponse *message_list;
	Chat__V1__ListChatsResponse *chats;
	Google__Protobuf__Empty *empty;
	char *paths[] = {(char *)"title"};
	Chat__V1__Chat *chat;

	delete.chat = undelete.chat = get.chat = messages.chat = update_req.chat =
		stage_new_chat(stage, PLAIN);
	mask.paths = paths;
	mask.n_paths = 1;
	update_req.update_mask = &mask;
	update_req.title = (char *)"mine now";
	stage->as = stage->other;
	stage_fails(stage, chat_v1_get_chat, &get, &chat, NOT_FOUND, "not_found");
	stage_fails(stage, chat_v1_update_chat, &update_req, &chat, NOT_FOUND, "not_found");
	stage_fails(stage, chat_v1_delete_chat, &delete, &empty, NOT_FOUND, "not_found");
	stage_fails(stage, chat_v1_undelete_chat, &undelete, &chat, NOT_FOUND, "not_found");
	stage_fails(stage, chat_v1_list_messages, &messages, &message_list, NOT_FOUND, "not_found");
	stage_ok(stage, chat_v1_list_chats, &list, &chats);
	assert_int_equal(chats->n_chats, 0);
	stage->as = stage->user;
	stage_ok(stage, chat_v1_get_chat, &get, &chat);
	assert_string_equal(chat->title, "");
}

static void chats_come_in_pages(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListChatsRequest req = CHAT__V1__LIST_CHATS_REQUEST__INIT;
	Chat__V1__UpdateChatRequest pin = CHAT__V1__UPDATE_CHAT_REQUEST__INIT;
	Chat__V1__ListChatsResponse *resp;
	char *ids[7];
	size_t seen = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = stage_new_chat(stage, PLAIN);
	pin.chat = ids[2];
	pin.pinned = true;
	update(stage, &pin, "pinned");
	pin.chat = ids[5];
	pin.archived = true;
	update(stage, &pin, "archived");
	/* The pinned one, then the newest first; the archived one is not there. */
	const char *const expected[] = {ids[2], ids[6], ids[4], ids[3], ids[1], ids[0]};

	req.page_size = 2;
	do {
		stage_ok(stage, chat_v1_list_chats, &req, &resp);
		for (size_t i = 0; i < resp->n_chats; i++)
			assert_string_equal(resp->chats[i]->id, expected[seen++]);
		req.page_token = resp->next_page_token;
	} while (*resp->next_page_token);
	assert_int_equal(seen, ARRAY_SIZE(expected));

	req.page_token = (char *)"nonsense";
	stage_fails(stage, chat_v1_list_chats, &req, &resp, INVALID_ARGUMENT, "field_invalid");
	req.page_token = (char *)"";
	stage_ok(stage, chat_v1_list_chats, &req, &resp);
	req.page_token = resp->next_page_token;
	req.archived = true;
	stage_fails(stage, chat_v1_list_chats, &req, &resp, INVALID_ARGUMENT,
		    "page_token_mismatch");
	req.page_token = (char *)"";
	stage_ok(stage, chat_v1_list_chats, &req, &resp);
	assert_int_equal(resp->n_chats, 1);
	assert_string_equal(resp->chats[0]->id, ids[5]);
}

static void old_bins_are_emptied(void **state)
{
	struct stage *stage = *state;
	Chat__V1__DeleteChatRequest delete = CHAT__V1__DELETE_CHAT_REQUEST__INIT;
	Google__Protobuf__Empty *empty;
	char sql[200];

	delete.chat = stage_new_chat(stage, PLAIN);
	reader_free(stage_answer(stage, delete.chat, "hello"));
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	stage_ok(stage, chat_v1_delete_chat, &delete, &empty);
	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM chat.chat c JOIN chat.message m ON m.chat_id = c.id "
		 "WHERE c.id = '%s'",
		 delete.chat);
	assert_string_equal(pg_value(sql), "2");
	pg_exec("UPDATE chat.chat SET delete_time = delete_time - interval '31 days'");
	pg_exec("UPDATE chat.job SET run_time = now() - interval '1 second'");
	eventually(strcmp(pg_value(sql), "0") == 0);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM chat.usage WHERE user_id = '%s'",
		 stage->user);
	assert_string_equal(pg_value(sql), "1"); /* the record of a charge stays */
}

int conversation_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(models_are_listed),        TEST(prices_change_at_sighup),
		TEST(a_chat_is_made_and_found), TEST(bad_chats_are_refused),
		TEST(only_named_fields_change), TEST(the_bin_gives_back),
		TEST(others_find_nothing),      TEST(chats_come_in_pages),
		TEST(old_bins_are_emptied),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
