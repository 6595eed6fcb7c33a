/* Projects and the chats in them, over RPC. */
#include "project_test.h"

static void a_project_is_made_and_changed(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateProjectRequest create = CHAT__V1__CREATE_PROJECT_REQUEST__INIT;
	Chat__V1__UpdateProjectRequest update = CHAT__V1__UPDATE_PROJECT_REQUEST__INIT;
	Chat__V1__GetProjectRequest get = CHAT__V1__GET_PROJECT_REQUEST__INIT;
	const char *field = "instructions";
	Google__Protobuf__FieldMask mask = mask_of(&field);
	Chat__V1__Project *project;

	create.name = (char *)"  Owls\xe2\x80\xae ";
	create.description = (char *)"Night birds";
	create.colour = (char *)"#aa00FF";
	create.icon = (char *)"book-open";
	create.default_model = (char *)METERED;
	stage_ok(stage, chat_v1_create_project, &create, &project);
	assert_string_equal(project->name, "Owls");
	assert_int_equal(project->context_tokens, 0);
	update.project = get.project = project->id;
	update.update_mask = &mask;
	update.instructions = (char *)"Answer like an owl.";
	stage_ok(stage, chat_v1_update_project, &update, &project);
	stage_ok(stage, chat_v1_get_project, &get, &project);
	assert_string_equal(project->description, "Night birds");
	assert_string_equal(project->colour, "#aa00FF");
	assert_string_equal(project->icon, "book-open");
	assert_string_equal(project->default_model, METERED);
	assert_string_equal(project->instructions, "Answer like an owl.");
	assert_int_equal(project->context_tokens, 5);
	field = "default_model";
	stage_ok(stage, chat_v1_update_project, &update, &project);
	assert_string_equal(project->default_model, "");
}

static void bad_projects_are_refused(void **state)
{
	static const struct {
		const char *name, *colour, *icon, *model, *reason, *field;
	} cases[] = {
		{" \t", "", "", "", "field_required", "name"},
		{"x", "red", "", "", "field_invalid", "colour"},
		{"x", "#12345g", "", "", "field_invalid", "colour"},
		{"x", "", "Book", "", "field_invalid", "icon"},
		{"x", "", "", "gpt-9", "model_unknown", "default_model"},
	};
	struct stage *stage = *state;
	Chat__V1__UpdateProjectRequest update = CHAT__V1__UPDATE_PROJECT_REQUEST__INIT;
	const char *field = "owner";
	Google__Protobuf__FieldMask mask = mask_of(&field);
	Chat__V1__Project *project;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		Chat__V1__CreateProjectRequest req = CHAT__V1__CREATE_PROJECT_REQUEST__INIT;

		req.name = (char *)cases[i].name;
		req.colour = (char *)cases[i].colour;
		req.icon = (char *)cases[i].icon;
		req.default_model = (char *)cases[i].model;
		stage_fails(stage, chat_v1_create_project, &req, &project, INVALID_ARGUMENT,
			    cases[i].reason);
		assert_string_equal(stage->err.field, cases[i].field);
	}
	update.project = new_project(stage, "x", "");
	stage_fails(stage, chat_v1_update_project, &update, &project, INVALID_ARGUMENT,
		    "field_required");
	update.update_mask = &mask;
	stage_fails(stage, chat_v1_update_project, &update, &project, INVALID_ARGUMENT,
		    "field_unknown");
}

static void projects_come_in_pages_by_name(void **state)
{
	static const char *const names[] = {"delta", "Alpha", "charlie", "alpha", "Bravo"};
	static const char *const sorted[] = {"alpha", "alpha", "bravo", "charlie", "delta"};
	struct stage *stage = *state;
	Chat__V1__ListProjectsRequest req = CHAT__V1__LIST_PROJECTS_REQUEST__INIT;
	Chat__V1__ListProjectsResponse *resp;
	size_t seen = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		new_project(stage, names[i], "");
	req.page_size = 2;
	do {
		stage_ok(stage, chat_v1_list_projects, &req, &resp);
		for (size_t i = 0; i < resp->n_projects; i++)
			assert_true(strcasecmp(resp->projects[i]->name, sorted[seen++]) == 0);
		req.page_token = resp->next_page_token;
	} while (*resp->next_page_token);
	assert_int_equal(seen, ARRAY_SIZE(names));
}

static char *new_chat_in(struct stage *stage, const char *project, const char *model)
{
	Chat__V1__CreateChatRequest req = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	Chat__V1__Chat *chat;

	req.project = (char *)project;
	req.model = (char *)model;
	stage_ok(stage, chat_v1_create_chat, &req, &chat);
	assert_string_equal(chat->project, project);
	return chat->id;
}

/* Ids of the listed chats, each behind a blank. */
static char *chats_of(struct stage *stage, const char *project, bool outside, bool archived)
{
	Chat__V1__ListChatsRequest req = CHAT__V1__LIST_CHATS_REQUEST__INIT;
	Chat__V1__ListChatsResponse *resp;
	char *list = (char *)"";

	req.project = (char *)project;
	req.outside_projects = outside;
	req.archived = archived;
	stage_ok(stage, chat_v1_list_chats, &req, &resp);
	for (size_t i = 0; i < resp->n_chats; i++)
		list = arena_printf(stage->arena, "%s %s", list, resp->chats[i]->id);
	return list;
}

static Chat__V1__Chat *change_chat(struct stage *stage, const char *chat, const char *field,
				   const char *project)
{
	Chat__V1__UpdateChatRequest req = CHAT__V1__UPDATE_CHAT_REQUEST__INIT;
	Google__Protobuf__FieldMask mask = mask_of(&field);
	Chat__V1__Chat *resp;

	req.chat = (char *)chat;
	req.project = (char *)project;
	req.archived = true;
	req.update_mask = &mask;
	stage_ok(stage, chat_v1_update_chat, &req, &resp);
	return resp;
}

static void chats_move_between_projects(void **state)
{
	struct stage *stage = *state;
	char *one = new_project(stage, "one", ""), *two = new_project(stage, "two", "");
	char *chat = new_chat_in(stage, one, PLAIN), *loose = stage_new_chat(stage, PLAIN);

	assert_non_null(strstr(chats_of(stage, one, false, false), chat));
	assert_null(strstr(chats_of(stage, "", true, false), chat));
	assert_non_null(strstr(chats_of(stage, "", true, false), loose));
	assert_non_null(strstr(chats_of(stage, "", false, false), chat));
	assert_string_equal(change_chat(stage, chat, "project", two)->project, two);
	assert_string_equal(chats_of(stage, one, false, false), "");
	assert_non_null(strstr(chats_of(stage, two, false, false), chat));
	assert_string_equal(change_chat(stage, chat, "project", "")->project, "");
	assert_non_null(strstr(chats_of(stage, "", true, false), chat));
}

static void new_chats_have_the_default_model(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateProjectRequest create = CHAT__V1__CREATE_PROJECT_REQUEST__INIT;
	Chat__V1__GetChatRequest get = CHAT__V1__GET_CHAT_REQUEST__INIT;
	Chat__V1__Project *project;
	Chat__V1__Chat *chat;
	char sql[160];

	create.name = (char *)"metered";
	create.default_model = (char *)METERED;
	stage_ok(stage, chat_v1_create_project, &create, &project);
	get.chat = new_chat_in(stage, project->id, "");
	stage_ok(stage, chat_v1_get_chat, &get, &chat);
	assert_string_equal(chat->model, METERED);
	get.chat = new_chat_in(stage, project->id, FREE);
	stage_ok(stage, chat_v1_get_chat, &get, &chat);
	assert_string_equal(chat->model, FREE);
	/* A model that left the catalogue gives way to the server's. */
	snprintf(sql, sizeof sql, "UPDATE chat.project SET default_model = 'gone' WHERE id = '%s'",
		 project->id);
	pg_exec(sql);
	get.chat = new_chat_in(stage, project->id, "");
	stage_ok(stage, chat_v1_get_chat, &get, &chat);
	assert_string_equal(chat->model, PLAIN);
}

/* A deleted project's chats come back to the lists, and an undo takes them from there. */
static void deletion_gives_chats_back(void **state)
{
	struct stage *stage = *state;
	Chat__V1__DeleteProjectRequest delete = CHAT__V1__DELETE_PROJECT_REQUEST__INIT;
	Chat__V1__UndeleteProjectRequest undelete = CHAT__V1__UNDELETE_PROJECT_REQUEST__INIT;
	Chat__V1__DeleteChatRequest bin = CHAT__V1__DELETE_CHAT_REQUEST__INIT;
	Chat__V1__UndeleteChatRequest unbin = CHAT__V1__UNDELETE_CHAT_REQUEST__INIT;
	char *one = new_project(stage, "one", ""), *two = new_project(stage, "two", "");
	char *shown = new_chat_in(stage, one, PLAIN), *stored = new_chat_in(stage, one, PLAIN);
	char *moved = new_chat_in(stage, one, PLAIN), *binned = new_chat_in(stage, one, PLAIN);
	Google__Protobuf__Empty *empty;
	Chat__V1__Project *project;
	Chat__V1__Chat *chat;

	change_chat(stage, stored, "archived", "");
	bin.chat = unbin.chat = binned;
	stage_ok(stage, chat_v1_delete_chat, &bin, &empty);
	delete.project = undelete.project = one;
	stage_ok(stage, chat_v1_delete_project, &delete, &empty);
	stage_ok(stage, chat_v1_delete_project, &delete, &empty); /* twice: the same */
	assert_non_null(strstr(chats_of(stage, "", true, false), shown));
	assert_non_null(strstr(chats_of(stage, "", true, true), stored));
	assert_string_equal(chats_of(stage, one, false, false), "");
	stage_ok(stage, chat_v1_undelete_chat, &unbin, &chat);
	assert_string_equal(chat->project, "");
	change_chat(stage, moved, "project", two);

	stage_ok(stage, chat_v1_undelete_project, &undelete, &project);
	assert_string_equal(project->name, "one");
	assert_non_null(strstr(chats_of(stage, one, false, false), shown));
	assert_non_null(strstr(chats_of(stage, one, false, true), stored));
	assert_non_null(strstr(chats_of(stage, one, false, false), binned));
	assert_non_null(strstr(chats_of(stage, two, false, false), moved));
	assert_string_equal(chats_of(stage, "", true, false), "");
}

static void the_bin_of_projects_is_emptied(void **state)
{
	struct stage *stage = *state;
	Chat__V1__DeleteProjectRequest delete = CHAT__V1__DELETE_PROJECT_REQUEST__INIT;
	Chat__V1__UndeleteProjectRequest undelete = CHAT__V1__UNDELETE_PROJECT_REQUEST__INIT;
	Google__Protobuf__Empty *empty;
	Chat__V1__Project *project;
	char sql[400];

	delete.project = undelete.project = new_project(stage, "old", "");
	new_prompt(stage, delete.project, "Be brief.");
	stage_ok(stage, chat_v1_delete_project, &delete, &empty);
	snprintf(sql, sizeof sql,
		 "UPDATE chat.project SET delete_time = delete_time - interval '31 days' "
		 "WHERE id = '%s'",
		 delete.project);
	pg_exec(sql);
	stage_fails(stage, chat_v1_undelete_project, &undelete, &project, NOT_FOUND, "not_found");
	snprintf(sql, sizeof sql,
		 "SELECT (SELECT count(*) FROM chat.project WHERE id = '%s') + "
		 "(SELECT count(*) FROM chat.project_prompt WHERE project_id = '%s')",
		 delete.project, delete.project);
	assert_string_equal(pg_value(sql), "2");
	pg_exec("UPDATE chat.job SET run_time = now() - interval '1 second'");
	eventually(strcmp(pg_value(sql), "0") == 0);
}

/* Of each method with an id: a foreign one is as unknown as one of nothing. */
static void others_find_no_project(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GetProjectRequest get = CHAT__V1__GET_PROJECT_REQUEST__INIT;
	Chat__V1__UpdateProjectRequest update = CHAT__V1__UPDATE_PROJECT_REQUEST__INIT;
	Chat__V1__DeleteProjectRequest delete = CHAT__V1__DELETE_PROJECT_REQUEST__INIT;
	Chat__V1__UndeleteProjectRequest undelete = CHAT__V1__UNDELETE_PROJECT_REQUEST__INIT;
	Chat__V1__ListProjectsRequest list = CHAT__V1__LIST_PROJECTS_REQUEST__INIT;
	Chat__V1__CreateChatRequest create = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	const char *field = "name";
	Google__Protobuf__FieldMask mask = mask_of(&field);
	char *mine = new_project(stage, "mine", "");
	const char *const ids[] = {mine, NOBODY};
	Chat__V1__ListProjectsResponse *projects;
	Google__Protobuf__Empty *empty;
	Chat__V1__Project *project;
	Chat__V1__Chat *chat;
	char *hers = new_chat_in(stage, mine, PLAIN);

	stage->as = stage->other;
	update.update_mask = &mask;
	update.name = (char *)"taken";
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		get.project = update.project = delete.project = undelete.project = create.project =
			(char *)ids[i];
		stage_fails(stage, chat_v1_get_project, &get, &project, NOT_FOUND, "not_found");
		stage_fails(stage, chat_v1_update_project, &update, &project, NOT_FOUND,
			    "not_found");
		stage_fails(stage, chat_v1_delete_project, &delete, &empty, NOT_FOUND, "not_found");
		stage_fails(stage, chat_v1_undelete_project, &undelete, &project, NOT_FOUND,
			    "not_found");
		stage_fails(stage, chat_v1_create_chat, &create, &chat, INVALID_ARGUMENT,
			    "project_unknown");
		assert_string_equal(chats_of(stage, ids[i], false, false), "");
	}
	stage_ok(stage, chat_v1_list_projects, &list, &projects);
	assert_int_equal(projects->n_projects, 0);
	stage->as = stage->user;
	assert_non_null(strstr(chats_of(stage, mine, false, false), hers));
}

static void a_user_has_so_many_projects(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateProjectRequest req = CHAT__V1__CREATE_PROJECT_REQUEST__INIT;
	Chat__V1__DeleteProjectRequest delete = CHAT__V1__DELETE_PROJECT_REQUEST__INIT;
	Google__Protobuf__Empty *empty;
	Chat__V1__Project *project;
	char sql[400];

	delete.project = new_project(stage, "first", "");
	snprintf(sql, sizeof sql,
		 "INSERT INTO chat.project (id, user_id, name, description, colour, icon, "
		 "instructions, tokens, default_model) SELECT gen_random_uuid(), '%s', 'p' || n, "
		 "'', '', '', '', 0, '' FROM generate_series(1, 199) n",
		 stage->user);
	pg_exec(sql);
	req.name = (char *)"one more";
	stage_fails(stage, chat_v1_create_project, &req, &project, RESOURCE_EXHAUSTED,
		    "projects_full");
	/* The bin makes room. */
	stage_ok(stage, chat_v1_delete_project, &delete, &empty);
	stage_ok(stage, chat_v1_create_project, &req, &project);
	stage_fails(stage, chat_v1_create_project, &req, &project, RESOURCE_EXHAUSTED,
		    "projects_full");
}

int project_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_project_is_made_and_changed),    TEST(bad_projects_are_refused),
		TEST(projects_come_in_pages_by_name),   TEST(chats_move_between_projects),
		TEST(new_chats_have_the_default_model), TEST(deletion_gives_chats_back),
		TEST(the_bin_of_projects_is_emptied),   TEST(others_find_no_project),
		TEST(a_user_has_so_many_projects),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
