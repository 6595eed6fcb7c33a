/* Answers in the background: they wait for a provider, survive their replica, and are given up late. */
#include "../chat_test.h"

#include <signal.h>
#include <time.h>

#define QUESTION_SIZE 300

/* Starts an answer in the background; its chat is new. *ret_chat is its id. */
static Chat__V1__Generation *start(struct stage *stage, const char *model, char *text,
				   char **ret_chat)
{
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Generation *resp;

	req.chat = stage_new_chat(stage, model);
	req.text = text;
	req.mode = CHAT__V1__MODE__BACKGROUND;
	stage_ok(stage, chat_v1_start_generation, &req, &resp);
	if (ret_chat)
		*ret_chat = req.chat;
	return resp;
}

static bool is(struct stage *stage, const char *id, Chat__V1__Generation__State state)
{
	return stage_generation(stage, id)->state == state;
}

static Chat__V1__Chat *get_chat(struct stage *stage, char *id)
{
	Chat__V1__GetChatRequest req = CHAT__V1__GET_CHAT_REQUEST__INIT;
	Chat__V1__Chat *resp;

	req.chat = id;
	stage_ok(stage, chat_v1_get_chat, &req, &resp);
	return resp;
}

static Chat__V1__DeadLetter *find_dead(struct stage *stage, const char *id)
{
	Chat__V1__ListDeadLettersRequest req = CHAT__V1__LIST_DEAD_LETTERS_REQUEST__INIT;
	Chat__V1__ListDeadLettersResponse *resp;

	req.page_size = 100;
	stage->admin = true;
	stage_ok(stage, chat_v1_list_dead_letters, &req, &resp);
	for (size_t i = 0; i < resp->n_dead_letters; i++) {
		if (strcmp(resp->dead_letters[i]->generation, id) == 0)
			return resp->dead_letters[i];
	}
	return NULL;
}

static void it_comes_by_itself_and_marks_its_chat(void **state)
{
	struct stage *stage = *state;
	char *chat, mask[] = "unread", *paths[] = {mask};
	Chat__V1__Generation *generation = start(stage, PLAIN, "[[say:later]]", &chat);
	Google__Protobuf__FieldMask fields = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	Chat__V1__UpdateChatRequest req = CHAT__V1__UPDATE_CHAT_REQUEST__INIT;
	Chat__V1__Chat *resp;

	assert_int_equal(generation->mode, CHAT__V1__MODE__BACKGROUND);
	eventually(is(stage, generation->id, CHAT__V1__GENERATION__STATE__DONE));
	assert_string_equal(stage_messages(stage, chat)->messages[1]->text, "later");
	assert_true(get_chat(stage, chat)->unread);
	fields.paths = paths;
	fields.n_paths = 1;
	req.chat = chat;
	req.update_mask = &fields;
	stage_ok(stage, chat_v1_update_chat, &req, &resp);
	assert_false(resp->unread);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

static void an_interactive_answer_marks_nothing(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, PLAIN);
	_cleanup_(reader_freep) struct reader *reader = stage_answer(stage, chat, "now");

	assert_true(reader->done);
	assert_false(get_chat(stage, chat)->unread);
}

/* Seven failures are two rounds of three tries and one more: two waits, one charge. */
static void it_waits_between_rounds_and_is_charged_once(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	_cleanup_(reader_freep) struct reader *reader = NULL;
	char text[QUESTION_SIZE];

	snprintf(text, sizeof text, "rounds [[fault:503 times=7 key=%s]] [[say:third round]]",
		 stage->user);
	req.chat = stage_new_chat(stage, PLAIN);
	req.text = text;
	req.mode = CHAT__V1__MODE__BACKGROUND;
	reader = reader_request(stage, &req);
	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	assert_string_equal(reader_text(reader), "third round");
	assert_true(reader->n_waits >= 1);
	assert_int_equal(stage_generation(stage, reader->generation)->attempt, 3);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

static void a_final_refusal_waits_for_nothing(void **state)
{
	struct stage *stage = *state;
	Chat__V1__Generation *generation = start(stage, PLAIN, "[[fault:400]]", NULL);

	eventually(is(stage, generation->id, CHAT__V1__GENERATION__STATE__FAILED));
	generation = stage_generation(stage, generation->id);
	assert_string_equal(generation->error->reason, "PROVIDER_REFUSED");
	assert_int_equal(generation->attempt, 1);
	stage_expect_balance(stage, GIFT);
}

/* Five rounds of three tries fail. The administrator sees why, and sends it again. */
static void it_is_given_up_listed_and_requeued(void **state)
{
	struct stage *stage = *state;
	Chat__V1__RequeueDeadLetterRequest req = CHAT__V1__REQUEUE_DEAD_LETTER_REQUEST__INIT;
	Chat__V1__DeadLetter *letter;
	Chat__V1__Generation *generation;
	char text[QUESTION_SIZE], *chat;

	snprintf(text, sizeof text, "dead [[fault:500 times=15 key=%s]] [[say:alive]]",
		 stage->user);
	generation = start(stage, PLAIN, text, &chat);
	eventually(is(stage, generation->id, CHAT__V1__GENERATION__STATE__DEAD));
	assert_int_equal(stage_messages(stage, chat)->messages[1]->state,
			 CHAT__V1__MESSAGE__STATE__FAILED);
	stage_expect_balance(stage, GIFT);

	letter = find_dead(stage, generation->id);
	assert_non_null(letter);
	assert_string_equal(letter->user, stage->user);
	assert_string_equal(letter->input, text);
	assert_int_equal(letter->n_failures, 5);
	assert_string_equal(letter->failures[4]->reason, "provider_unavailable");
	assert_string_equal(letter->failures[4]->provider, "demo");
	assert_non_null(letter->dead_time);

	req.generation = generation->id;
	stage_ok(stage, chat_v1_requeue_dead_letter, &req, &letter);
	eventually(is(stage, generation->id, CHAT__V1__GENERATION__STATE__DONE));
	stage_ok(stage, chat_v1_requeue_dead_letter, &req, &letter); /* changes nothing */
	assert_null(find_dead(stage, generation->id));
	assert_string_equal(stage_messages(stage, chat)->messages[1]->text, "alive");
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	req.generation = (char *)NOBODY;
	stage_fails(stage, chat_v1_requeue_dead_letter, &req, &letter, NOT_FOUND, "not_found");
}

/* A provider that asks for an hour is left alone for an hour, and it is no round. */
static void a_rest_that_is_asked_for_is_kept(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CancelGenerationRequest req = CHAT__V1__CANCEL_GENERATION_REQUEST__INIT;
	Chat__V1__Generation *generation = start(stage, PLAIN, "[[fault:429 retry_after=5]]", NULL);
	int64_t available, held;

	eventually(is(stage, generation->id, CHAT__V1__GENERATION__STATE__WAITING));
	generation = stage_generation(stage, generation->id);
	assert_non_null(generation->retry_time);
	eventually((stage_balance(stage, &available, &held), held == 0));
	req.generation = generation->id;
	stage_ok(stage, chat_v1_cancel_generation, &req, &generation);
	eventually(is(stage, req.generation, CHAT__V1__GENERATION__STATE__CANCELLED));
	stage_expect_balance(stage, GIFT);
}

static void another_replica_goes_on(void **state)
{
	struct stage *stage = *state;
	Chat__V1__Generation *generation;
	char text[QUESTION_SIZE];

	snprintf(text, sizeof text,
		 "moved [[fault:503 times=3 key=%s]] [[first:1000]] [[say:here]]", stage->user);
	generation = start(stage, PLAIN, text, NULL);
	process_kill(CHAT_A, SIGKILL);
	stage->replica = CHAT_B;
	eventually(is(stage, generation->id, CHAT__V1__GENERATION__STATE__DONE));
	process_start(CHAT_A);
	stage->replica = CHAT_A;
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
}

static void a_penniless_user_queues_nothing(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Generation *resp;

	req.chat = stage_new_chat(stage, DEAR);
	req.text = "too dear";
	req.mode = CHAT__V1__MODE__BACKGROUND;
	stage_fails(stage, chat_v1_start_generation, &req, &resp, FAILED_PRECONDITION,
		    "insufficient_credits");
	assert_int_equal(stage_messages(stage, req.chat)->n_messages, 0);
}

static bool has_worker(struct stage *stage, const char *endpoint)
{
	Chat__V1__GetQueueRequest req = CHAT__V1__GET_QUEUE_REQUEST__INIT;
	Chat__V1__Queue *resp;

	stage->admin = true;
	stage_ok(stage, chat_v1_get_queue, &req, &resp);
	for (size_t i = 0; i < resp->n_workers; i++) {
		if (strcmp(resp->workers[i]->endpoint, endpoint) == 0)
			return true;
	}
	return false;
}

static void users_see_nothing_of_it(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GetQueueRequest req = CHAT__V1__GET_QUEUE_REQUEST__INIT;
	Chat__V1__Queue *resp;

	stage_fails(stage, chat_v1_get_queue, &req, &resp, PERMISSION_DENIED, "role_required");
}

static void replicas_show_that_they_live(void **state)
{
	struct stage *stage = *state;

	eventually(has_worker(stage, process_url(CHAT_A)));
	eventually(has_worker(stage, process_url(CHAT_B)));
}

int queue_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_comes_by_itself_and_marks_its_chat),
		TEST(an_interactive_answer_marks_nothing),
		TEST(it_waits_between_rounds_and_is_charged_once),
		TEST(a_final_refusal_waits_for_nothing),
		TEST(it_is_given_up_listed_and_requeued),
		TEST(a_rest_that_is_asked_for_is_kept),
		TEST(another_replica_goes_on),
		TEST(a_penniless_user_queues_nothing),
		TEST(users_see_nothing_of_it),
		TEST(replicas_show_that_they_live),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
