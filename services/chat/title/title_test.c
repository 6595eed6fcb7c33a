/* A cheap model names a chat after its first answer. It costs the user nothing, and nothing waits. */
#include "../chat_test.h"

#include <signal.h>

#define TITLER(upstream)                                                                 \
	"  - {id: titler, name: Titler, provider: Demo, window: 8192, max_output: 4096," \
	" modalities: [text], price: {per_message: 3}, upstream: {" upstream ", demo: \"\"}}\n"
#define NOWHERE \
	"  - {name: acme-1, base_url: \"http://127.0.0.1:1/v1\", keys: x, discover: \"false\"}\n"

static const char *title_of(struct stage *stage, const char *chat)
{
	Chat__V1__GetChatRequest req = CHAT__V1__GET_CHAT_REQUEST__INIT;
	Chat__V1__Chat *resp;

	req.chat = (char *)chat;
	stage_ok(stage, chat_v1_get_chat, &req, &resp);
	return resp->title;
}

static const char *usage(struct stage *stage, const char *columns)
{
	return pg_value(arena_printf(stage->arena,
				     "SELECT %s FROM chat.usage WHERE user_id = '%s' "
				     "AND model = 'titler'",
				     columns, stage->user));
}

static bool offered(struct stage *stage)
{
	Chat__V1__ListModelsRequest req = CHAT__V1__LIST_MODELS_REQUEST__INIT;
	Chat__V1__ListModelsResponse *resp;

	stage_ok(stage, chat_v1_list_models, &req, &resp);
	for (size_t i = 0; i < resp->n_models; i++) {
		if (strcmp(resp->models[i]->id, "titler") == 0)
			return true;
	}
	return false;
}

static void offer(struct stage *stage, const char *providers, const char *models)
{
	process_write_more(providers, models);
	for (int i = 0; i < 2; i++) {
		stage->replica = i ? CHAT_A : CHAT_B;
		process_kill(stage->replica, SIGHUP);
		eventually(offered(stage) == (*models != '\0'));
	}
}

static void rename_to(struct stage *stage, const char *chat, const char *title)
{
	Chat__V1__UpdateChatRequest req = CHAT__V1__UPDATE_CHAT_REQUEST__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	const char *field = "title";
	Chat__V1__Chat *resp;

	mask.paths = (char **)&field;
	mask.n_paths = 1;
	req.update_mask = &mask;
	req.chat = (char *)chat;
	req.title = (char *)title;
	stage_ok(stage, chat_v1_update_chat, &req, &resp);
}

/* Free for the user; the operator sees tokens and list price. */
static void a_model_names_the_chat(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);

	offer(stage, "", TITLER("openai: gpt-titler"));
	reader_free(stage_answer(stage, chat, "Otters? [[say:**\"Why otters matter.\"**]]"));
	eventually(strcmp(title_of(stage, chat), "Why otters matter") == 0);
	assert_string_equal(usage(stage, "count(*)"), "1");
	assert_string_equal(usage(stage, "cost_microcredits || ' ' || provider || ' ' || source"),
			    "0 openai PROVIDER");
	assert_string_equal(usage(stage, "prompt_tokens > 20 AND completion_tokens > 0"), "t");
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	/* The second exchange asks for no title. */
	reader_free(stage_answer(stage, chat, "And sea otters? [[say:They float.]]"));
	stage_expect_balance(stage, GIFT - 4 * CREDIT);
	assert_string_equal(usage(stage, "count(*)"), "1");
	assert_string_equal(title_of(stage, chat), "Why otters matter");
	offer(stage, "", "");
}

static void list_price_is_kept(void **state)
{
	struct stage *stage = *state;

	offer(stage, "", TITLER("openai: gpt-titler"));
	process_write_list("model,dimension,from_prompt_tokens,price,currency\n"
			   "titler,INPUT,0,1,USD\ntitler,OUTPUT,0,2,USD\n");
	do {
		process_kill(CHAT_A, SIGHUP);
		usleep(50000);
		reader_free(stage_answer(stage, stage_new_chat(stage, FREE), "x [[say:Y]]"));
		eventually(strcmp(usage(stage, "count(*) > 0"), "t") == 0);
	} while (strcmp(usage(stage, "coalesce(max(list_cost_microcredits), 0) > 0"), "f") == 0);
	process_write_list("model,dimension,from_prompt_tokens,price,currency\n");
	offer(stage, "", "");
}

static void a_background_answer_gets_one_too(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Generation *generation;

	offer(stage, "", TITLER("openai: gpt-titler"));
	req.chat = stage_new_chat(stage, FREE);
	req.text = "[[say:Later]] please";
	req.mode = CHAT__V1__MODE__BACKGROUND;
	stage_ok(stage, chat_v1_start_generation, &req, &generation);
	eventually(strcmp(title_of(stage, req.chat), "Later") == 0);
	offer(stage, "", "");
}

/* Before the model is asked, and while it thinks. */
static void a_title_of_the_user_stays(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	_cleanup_(reader_freep) struct reader *reader = NULL;

	offer(stage, "", TITLER("openai: gpt-titler"));
	reader = reader_generate(stage, chat, "count [[tokens:20]] [[pace:20]]");
	reader_wait_text(reader, 4);
	rename_to(stage, chat, "Mine");
	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	reader_free(reader);
	chat = stage_new_chat(stage, FREE);
	reader = stage_answer(stage, chat, "slow one [[first:1200]] [[say:Theirs]]");
	eventually(stage_requests("slow one") == 2);
	rename_to(stage, chat, "Mine, too");
	eventually(strcmp(usage(stage, "count(*)"), "1") == 0); /* of the second */
	assert_string_equal(title_of(stage, chat), "Mine, too");
	offer(stage, "", "");
}

/* Its provider is away; it is slow; it says nothing of use. */
static void without_a_title_the_first_words_stay(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);

	offer(stage, NOWHERE, TITLER("acme-1: x"));
	reader_free(stage_answer(stage, chat, "nowhere [[say:Never]]"));
	eventually(process_said(
		CHAT_A, arena_printf(stage->arena, "\"title_not_made\",\"chat\":\"%s\"", chat)));
	assert_string_equal(title_of(stage, chat), "nowhere [[say:Never]]");
	offer(stage, "", "");
	offer(stage, "", TITLER("openai: gpt-titler"));
	chat = stage_new_chat(stage, FREE);
	reader_free(stage_answer(stage, chat, "tardy [[first:2500]] [[say:Late]]"));
	eventually(process_said(
		CHAT_A, arena_printf(stage->arena, "\"title_not_made\",\"chat\":\"%s\"", chat)));
	assert_string_equal(title_of(stage, chat), "tardy [[first:2500]] [[say:Late]]");
	assert_string_equal(usage(stage, "count(*)"), "0");
	chat = stage_new_chat(stage, FREE);
	reader_free(stage_answer(stage, chat, "marks [[say:\"***\"]]"));
	eventually(strcmp(usage(stage, "count(*)"), "1") == 0);
	assert_string_equal(title_of(stage, chat), "marks [[say:\"***\"]]");
	offer(stage, "", "");
}

/* A model that the user may not use is not asked. */
static void only_models_that_are_open_are_asked(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateModelGroupRequest req = CHAT__V1__CREATE_MODEL_GROUP_REQUEST__INIT;
	Chat__V1__DeleteModelGroupRequest gone = CHAT__V1__DELETE_MODEL_GROUP_REQUEST__INIT;
	Google__Protobuf__Empty *empty;
	Chat__V1__ModelGroup *group;
	char *model = (char *)"titler", *user = stage->other, *chat;

	offer(stage, "", TITLER("openai: gpt-titler"));
	req.name = (char *)"titles";
	req.models = &model;
	req.n_models = 1;
	req.users = &user;
	req.n_users = 1;
	stage->admin = true;
	stage_ok(stage, chat_v1_create_model_group, &req, &group);
	stage->admin = false;
	eventually(!offered(stage));
	chat = stage_new_chat(stage, FREE);
	reader_free(stage_answer(stage, chat, "closed [[say:Open]]"));
	reader_free(stage_answer(stage, chat, "again [[say:Open]]"));
	assert_int_equal(stage_requests("closed"), 1);
	assert_string_equal(title_of(stage, chat), "closed [[say:Open]]");
	gone.group = group->id;
	stage->admin = true;
	stage_ok(stage, chat_v1_delete_model_group, &gone, &empty);
	stage->admin = false;
	offer(stage, "", "");
}

int title_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_model_names_the_chat),
		TEST(list_price_is_kept),
		TEST(a_background_answer_gets_one_too),
		TEST(a_title_of_the_user_stays),
		TEST(without_a_title_the_first_words_stay),
		TEST(only_models_that_are_open_are_asked),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
