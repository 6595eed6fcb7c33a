/* Groups of models: the rule as a table, then through two replicas: lists, chats and sends. */
#include "../chat_test.h"
#include "chat/catalogue/group_set.h"

#define GROUP_USER CHAT__V1__MODEL_GROUP__ROLE__USER
#define GROUP_ADMIN CHAT__V1__MODEL_GROUP__ROLE__ADMIN
#define ANNE "0190a000-0000-7000-8000-000000000001"
#define BERT "0190a000-0000-7000-8000-000000000002"

static void patterns_match_beginnings(void **state)
{
	static const struct {
		const char *pattern, *model;
		bool matches;
	} rows[] = {
		{"gpt-4o", "gpt-4o", true},       {"gpt-4o", "gpt-4o-mini", false},
		{"gpt-4o*", "gpt-4o-mini", true}, {"gpt-4o*", "gpt-4o", true},
		{"gpt-4o*", "gpt-4", false},      {"*", "anything", true},
		{"", "anything", false},          {"GPT-4o", "gpt-4o", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(group_pattern_matches(rows[i].pattern, rows[i].model),
				 rows[i].matches);
}

/* One row a combination of groups that name the model, and who asks. */
static void members_of_any_group_may(void **state)
{
	static const struct {
		struct {
			const char *models, *user;
			bool everyone;
			Chat__V1__ModelGroup__Role role;
		} groups[2];
		const char *who;
		bool admin, allowed;
	} rows[] = {
		{{{0}}, ANNE, false, true}, /* no group names it */
		{{{"other", NULL, false, 0}}, ANNE, false, true},
		{{{"m*", NULL, false, 0}}, ANNE, false, false}, /* a group without members */
		{{{"m*", NULL, false, 0}}, ANNE, true, false},
		{{{"m*", NULL, true, 0}}, ANNE, false, true},
		{{{"m*", ANNE, false, 0}}, ANNE, false, true},
		{{{"m*", ANNE, false, 0}}, BERT, false, false},
		{{{"m*", NULL, false, GROUP_ADMIN}}, BERT, false, false},
		{{{"m*", NULL, false, GROUP_ADMIN}}, BERT, true, true},
		{{{"m*", NULL, false, GROUP_USER}}, BERT, false, true},
		{{{"m*", NULL, false, GROUP_USER}}, BERT, true, false},
		{{{"m*", ANNE, false, 0}, {"model", BERT, false, 0}}, BERT, false, true},
		{{{"m*", ANNE, false, 0}, {"model", NULL, true, 0}}, BERT, false, true},
		{{{"m*", ANNE, false, 0}, {"other", NULL, true, 0}}, BERT, false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		Chat__V1__ModelGroup groups[2], *list[2] = {&groups[0], &groups[1]};
		Chat__V1__ModelGroup__Role roles[2];
		char *models[2], *users[2];
		struct group_set set = {list, 0};
		struct rpc_subject who = {.admin = rows[i].admin};

		snprintf(who.user_id, UUID_SIZE, "%s", rows[i].who);
		for (size_t g = 0; g < 2 && rows[i].groups[g].models; g++, set.n++) {
			chat__v1__model_group__init(&groups[g]);
			models[g] = (char *)rows[i].groups[g].models;
			users[g] = (char *)rows[i].groups[g].user;
			roles[g] = rows[i].groups[g].role;
			groups[g].models = &models[g];
			groups[g].n_models = 1;
			groups[g].users = &users[g];
			groups[g].n_users = users[g] != NULL;
			groups[g].roles = &roles[g];
			groups[g].n_roles = roles[g] != 0;
			groups[g].everyone = rows[i].groups[g].everyone;
		}
		if (group_set_allows(&set, "model", &who) != rows[i].allowed)
			fail_msg("row %zu", i);
	}
}

static char *make_group(struct stage *stage, const char *name, const char *model, const char *user)
{
	Chat__V1__CreateModelGroupRequest req = CHAT__V1__CREATE_MODEL_GROUP_REQUEST__INIT;
	Chat__V1__ModelGroup *group;

	req.name = (char *)name;
	req.models = (char **)&model;
	req.n_models = 1;
	req.users = (char **)&user;
	req.n_users = user != NULL;
	stage->admin = true;
	stage_ok(stage, chat_v1_create_model_group, &req, &group);
	stage->admin = false;
	assert_string_equal(group->name, name);
	assert_string_equal(group->models[0], model);
	return group->id;
}

/* Until so many seconds from now. */
static void set_plan(struct stage *stage, const char *user, const char *plan, int seconds,
		     int64_t version)
{
	Google__Protobuf__Timestamp until = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Chat__V1__SetUserPlanRequest req = CHAT__V1__SET_USER_PLAN_REQUEST__INIT;
	Chat__V1__SetUserPlanResponse *resp;

	until.seconds = clock_wall_us() / US_PER_S + seconds;
	req.user_id = (char *)user;
	req.plan = (char *)plan;
	req.until_time = &until;
	req.version = version;
	stage_ok(stage, chat_v1_set_user_plan, &req, &resp);
}

static void delete_group(struct stage *stage, const char *id)
{
	Chat__V1__DeleteModelGroupRequest req = CHAT__V1__DELETE_MODEL_GROUP_REQUEST__INIT;
	Google__Protobuf__Empty *resp;

	req.group = (char *)id;
	stage->admin = true;
	stage_ok(stage, chat_v1_delete_model_group, &req, &resp);
	stage->admin = false;
}

static bool lists(struct stage *stage, enum process_name replica, const char *user)
{
	Chat__V1__ListModelsRequest req = CHAT__V1__LIST_MODELS_REQUEST__INIT;
	Chat__V1__ListModelsResponse *resp;
	bool found = false;

	stage->replica = replica;
	stage->as = user;
	stage_ok(stage, chat_v1_list_models, &req, &resp);
	for (size_t i = 0; i < resp->n_models; i++)
		found |= strcmp(resp->models[i]->id, KEYED) == 0;
	assert_true(resp->n_models > 3); /* the others stay */
	stage->replica = CHAT_A;
	stage->as = stage->user;
	return found;
}

/* KEYED becomes the user's alone: nobody else has it in a list, in a new chat or in an old one. */
static void a_model_of_a_group_is_its_members(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateChatRequest create = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	Chat__V1__UpdateModelGroupRequest update = CHAT__V1__UPDATE_MODEL_GROUP_REQUEST__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	Chat__V1__ListModelGroupsRequest all = CHAT__V1__LIST_MODEL_GROUPS_REQUEST__INIT;
	Chat__V1__ListModelGroupsResponse *groups;
	_cleanup_(reader_freep) struct reader *refused = NULL, *answered = NULL;
	char *own = stage_new_chat(stage, KEYED), *others, *group, *path = "everyone";
	Chat__V1__ModelGroup *changed;
	Chat__V1__Chat *chat;

	stage->as = stage->other;
	others = stage_new_chat(stage, KEYED);
	group = make_group(stage, "few", "key*", stage->user);
	for (int i = CHAT_A; i <= CHAT_B; i++) {
		eventually(!lists(stage, (enum process_name)i, stage->other));
		assert_true(lists(stage, (enum process_name)i, stage->user));
	}
	stage->as = stage->other;
	create.model = (char *)KEYED;
	stage_fails(stage, chat_v1_create_chat, &create, &chat, PERMISSION_DENIED,
		    "model_not_allowed");
	refused = reader_generate(stage, others, "hello");
	reader_expect_refused(refused, PERMISSION_DENIED, "model_not_allowed");
	stage->as = stage->user;
	answered = stage_answer(stage, own, "hello [[say:good day]]");
	assert_string_equal(reader_text(answered), "good day");

	stage->admin = true;
	stage_ok(stage, chat_v1_list_model_groups, &all, &groups);
	assert_int_equal(groups->n_groups, 1);
	assert_string_equal(groups->groups[0]->users[0], stage->user);
	mask.paths = &path;
	mask.n_paths = 1;
	update.group = group;
	update.everyone = true;
	update.update_mask = &mask;
	stage_ok(stage, chat_v1_update_model_group, &update, &changed);
	stage->admin = false;
	assert_true(changed->everyone);
	assert_string_equal(changed->name, "few"); /* the mask does not name it */
	eventually(lists(stage, CHAT_B, stage->other));
	delete_group(stage, group);
	stage_expect_balance(stage, GIFT - answered->cost);
}

static void bad_groups_name_the_field(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateModelGroupRequest req = CHAT__V1__CREATE_MODEL_GROUP_REQUEST__INIT;
	Chat__V1__DeleteModelGroupRequest gone = CHAT__V1__DELETE_MODEL_GROUP_REQUEST__INIT;
	char *model = "a*b", *user = "me", *group;
	Google__Protobuf__Empty *empty;
	Chat__V1__ModelGroup *resp;

	stage_fails(stage, chat_v1_create_model_group, &req, &resp, PERMISSION_DENIED,
		    "role_required");
	stage->admin = true;
	stage_fails(stage, chat_v1_create_model_group, &req, &resp, INVALID_ARGUMENT,
		    "field_required");
	req.name = "x";
	req.models = &model;
	req.n_models = 1;
	stage_fails(stage, chat_v1_create_model_group, &req, &resp, INVALID_ARGUMENT,
		    "field_invalid");
	assert_string_equal(stage->err.field, "models");
	model = "nothing";
	req.users = &user;
	req.n_users = 1;
	stage_fails(stage, chat_v1_create_model_group, &req, &resp, INVALID_ARGUMENT,
		    "field_invalid");
	assert_string_equal(stage->err.field, "users");
	req.n_users = 0;
	group = make_group(stage, "x", "nothing", NULL);
	stage->admin = true;
	stage_fails(stage, chat_v1_create_model_group, &req, &resp, ALREADY_EXISTS,
		    "group_name_taken");
	delete_group(stage, group);
	stage->admin = true;
	gone.group = group;
	stage_fails(stage, chat_v1_delete_model_group, &gone, &empty, NOT_FOUND, "not_found");
}

/* A plan opens its group's models, and pays for them first. */
static void a_plan_is_a_member_and_pays(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateModelGroupRequest req = CHAT__V1__CREATE_MODEL_GROUP_REQUEST__INIT;
	Credits__V1__GrantPlanRequest grant = CREDITS__V1__GRANT_PLAN_REQUEST__INIT;
	Google__Protobuf__Timestamp until = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	char *models[] = {KEYED}, *plans[] = {"gold", "pro"}, id[UUID_SIZE], sql[300];
	Credits__V1__GrantPlanResponse *granted;
	Chat__V1__ModelGroup *group;
	struct rpc_call_options options = {0};

	req.name = "plans";
	req.models = models;
	req.plans = plans;
	req.n_models = 1;
	req.n_plans = 2;
	stage->admin = true;
	stage_ok(stage, chat_v1_create_model_group, &req, &group);
	stage->admin = false;
	assert_int_equal(group->n_plans, 2);
	eventually(!lists(stage, CHAT_A, stage->user) && !lists(stage, CHAT_B, stage->user));
	set_plan(stage, stage->user, "pro", 3600, 2);
	assert_true(lists(stage, CHAT_A, stage->user));
	assert_true(lists(stage, CHAT_B, stage->user));
	assert_false(lists(stage, CHAT_A, stage->other));
	set_plan(stage, stage->user, "pro", -1, 1); /* older: it changes nothing */
	assert_true(lists(stage, CHAT_A, stage->user));

	uuid_v7(id);
	until.seconds = clock_wall_us() / US_PER_S + 3600;
	grant.transfer_id = id;
	grant.user_id = stage->user;
	grant.plan = "pro";
	grant.amount_microcredits = 3 * CREDIT;
	grant.expire_time = &until;
	assert_int_equal(credits_v1_grant_plan_call(stage_credits(), &options, &grant, stage->arena,
						    &granted, &stage->err),
			 OK);
	stage->as = stage->user;
	reader_free(stage_answer(stage, stage_new_chat(stage, KEYED), "the plan pays"));
	reader_free(stage_answer(stage, stage_new_chat(stage, KEYED), "the balance pays"));
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	snprintf(sql, sizeof sql,
		 "SELECT credits_posted - debits_posted FROM credits.account WHERE owner_id = '%s'",
		 stage->user);
	eventually(strcmp(pg_value(sql), "1000000") == 0);

	set_plan(stage, stage->user, "pro", -1, 3);
	assert_false(lists(stage, CHAT_A, stage->user));
	delete_group(stage, group->id);
	eventually(lists(stage, CHAT_A, stage->other) && lists(stage, CHAT_B, stage->other));
}

int groups_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_beginnings),
		cmocka_unit_test(members_of_any_group_may),
		TEST(a_model_of_a_group_is_its_members),
		TEST(bad_groups_name_the_field),
		TEST(a_plan_is_a_member_and_pays),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
