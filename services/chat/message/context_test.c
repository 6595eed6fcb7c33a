/* What a model gets of a branch, and what EstimateMessage says of it before. */
#include "../project/project_test.h"

#include <inttypes.h>
#include <stdlib.h>

static Chat__V1__EstimateMessageResponse *estimate(struct stage *stage, const char *chat,
						   const char *parent, const char *model,
						   const char *text)
{
	Chat__V1__EstimateMessageRequest req = CHAT__V1__ESTIMATE_MESSAGE_REQUEST__INIT;
	Chat__V1__EstimateMessageResponse *resp;

	req.chat = (char *)chat;
	req.parent = (char *)parent;
	req.model = (char *)model;
	req.text = (char *)text;
	stage_ok(stage, chat_v1_estimate_message, &req, &resp);
	return resp;
}

/* The question n of a chat: a name that no other has, words, and how it is answered. */
static char *question_of(struct stage *stage, const char *chat, int n, unsigned *seed)
{
	char *text = arena_alloc(stage->arena, 4096);
	size_t len = (size_t)snprintf(text, 4096, "q%02d.%s ", n, chat + 24);
	int words = rand_r(seed) % 20 == 0 ? 900 : rand_r(seed) % 200;

	for (int i = 0; i < words; i++)
		len += (size_t)snprintf(text + len, 4096 - len, "owl ");
	snprintf(text + len, 4096 - len, "[[say:an answer %s]]",
		 rand_r(seed) % 2 ? "" : "with many more words than the others have");
	return text;
}

/* The number of messages that came with the question, when the first of them is this one. */
static int messages_seen(const char *question, const char *first)
{
	char filter[300];

	snprintf(filter, sizeof filter,
		 "jq '[.requests[] | select(.prompt | startswith(\"%.16s\"))] | if length == 1 and "
		 "(.[0].first | startswith(\"%.16s\")) then .[0].messages else -1 end'",
		 question, first);
	return stage_ask_log(filter);
}

static int64_t last_hold(const struct stage *stage)
{
	char sql[300];

	snprintf(sql, sizeof sql,
		 "SELECT amount_microcredits FROM credits.transfer WHERE kind = 'hold' AND "
		 "account_id = '%s' AND refused IS NULL ORDER BY seq DESC LIMIT 1",
		 stage->user);
	return strtoll(pg_value(sql), NULL, 10);
}

#define SENDS 30

/* The questions of one chat, and the answers below them. */
struct branch {
	char *texts[SENDS];
	int parents[SENDS]; /* the question before; -1: none */
	char answers[SENDS][UUID_SIZE];
	int n;
};

/* The question that comes first of a branch that ends in question `last`, when `cut` messages are
 * left out. An answer without its question is left out, too. */
static const char *first_of(const struct branch *branch, int last, int cut)
{
	int path[SENDS], n = 0;

	for (int i = last; i >= 0; i = branch->parents[i])
		path[n++] = i;
	return branch->texts[path[n - 1 - (cut + 1) / 2]];
}

static void send_one(struct stage *stage, const char *chat, bool in_project, struct branch *branch,
		     unsigned *seed)
{
	const char *model = rand_r(seed) % 4 ? NARROW : METERED;
	int n = branch->n, parent = n - 1, expected;
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	const Chat__V1__EstimateMessageResponse *before, *after;
	char *text = branch->texts[n] = question_of(stage, chat, n, seed);
	_cleanup_(reader_freep) struct reader *reader = NULL;

	if (n > 0 && rand_r(seed) % 3 == 0)
		parent = rand_r(seed) % n;
	branch->parents[n] = parent;
	req.chat = (char *)chat;
	req.text = text;
	req.model = (char *)model;
	req.parent = parent >= 0 ? branch->answers[parent] : (char *)"";
	before = estimate(stage, chat, req.parent, model, text);
	reader = reader_request(stage, &req);
	if (before->messages == 0) {
		reader_expect_refused(reader, INVALID_ARGUMENT, "context_too_long");
		return;
	}
	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	expected = before->messages - before->cut_messages % 2 + in_project;
	assert_int_equal(messages_seen(text, first_of(branch, n, before->cut_messages)), expected);
	after = estimate(stage, chat, req.parent, model, text); /* factors may have been learnt */
	if (last_hold(stage) != after->price_microcredits)
		assert_int_equal(last_hold(stage), before->price_microcredits);
	snprintf(branch->answers[n], UUID_SIZE, "%s", reader->assistant_message);
	branch->n++;
}

/* For random branches: the estimate names the messages that the model gets, and the price that is
 * held. */
static void an_estimate_is_what_happens(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateChatRequest create = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	unsigned seed = (unsigned)clock_wall_us();
	int64_t available, held;

	printf("# SEED=%u\n", seed);
	for (int in_project = 0; in_project < 2; in_project++) {
		struct branch branch = {0};
		Chat__V1__Chat *chat;

		if (in_project)
			create.project = new_project(stage, "estimates", "Speak as an owl.");
		stage_ok(stage, chat_v1_create_chat, &create, &chat);
		for (int i = 0; i < SENDS / 2; i++)
			send_one(stage, chat->id, in_project, &branch, &seed);
	}
	eventually((stage_balance(stage, &available, &held), held == 0));
}

static void an_estimate_tells_its_parts(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateChatRequest create = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	const Chat__V1__EstimateMessageResponse *alone, *inside, *new_one;
	Chat__V1__Chat *chat;

	alone = estimate(stage, stage_new_chat(stage, NARROW), "", "", "hello there");
	assert_string_equal(alone->model, NARROW);
	assert_int_equal(alone->window_tokens, 1024);
	assert_int_equal(alone->output_tokens, 256);
	assert_int_equal(alone->messages, 1);
	assert_int_equal(alone->cut_messages, 0);
	assert_int_equal(alone->project_tokens, 0);
	assert_int_equal(alone->price_microcredits, 2 * CREDIT);
	new_one = estimate(stage, "", "", NARROW, "hello there");
	assert_int_equal(new_one->prompt_tokens, alone->prompt_tokens);
	assert_int_equal(new_one->price_microcredits, alone->price_microcredits);
	create.project = new_project(stage, "parts", "Speak as an owl.");
	stage_ok(stage, chat_v1_create_chat, &create, &chat);
	inside = estimate(stage, chat->id, "", NARROW, "hello there");
	assert_true(inside->project_tokens > 0);
	assert_in_range(inside->prompt_tokens,
			(uintmax_t)(alone->prompt_tokens + inside->project_tokens - 1),
			(uintmax_t)(alone->prompt_tokens + inside->project_tokens + 1));
	assert_int_equal(stage_messages(stage, chat->id)->n_messages, 0); /* it wrote nothing */
}

static void bad_estimates_are_refused(void **state)
{
	struct stage *stage = *state;
	Chat__V1__EstimateMessageRequest req = CHAT__V1__ESTIMATE_MESSAGE_REQUEST__INIT;
	Chat__V1__EstimateMessageResponse *resp;
	char *chat = stage_new_chat(stage, NARROW), *elsewhere = stage_new_chat(stage, FREE);
	_cleanup_(reader_freep) struct reader *reader = stage_answer(stage, elsewhere, "hello");
	const char *const unknown[] = {NOBODY, chat};

	req.chat = chat;
	req.model = (char *)"none";
	stage_fails(stage, chat_v1_estimate_message, &req, &resp, INVALID_ARGUMENT,
		    "model_unknown");
	req.model = (char *)"";
	req.max_output_tokens = -1;
	stage_fails(stage, chat_v1_estimate_message, &req, &resp, INVALID_ARGUMENT,
		    "field_invalid");
	req.max_output_tokens = 0;
	req.parent = reader->assistant_message; /* of another chat */
	stage_fails(stage, chat_v1_estimate_message, &req, &resp, INVALID_ARGUMENT,
		    "parent_unknown");
	req.chat = (char *)"";
	stage_fails(stage, chat_v1_estimate_message, &req, &resp, INVALID_ARGUMENT,
		    "parent_unknown");
	req.parent = (char *)"";
	stage->as = stage->other;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		req.chat = (char *)unknown[i];
		stage_fails(stage, chat_v1_estimate_message, &req, &resp, NOT_FOUND, "not_found");
	}
}

int context_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_estimate_is_what_happens),
		TEST(an_estimate_tells_its_parts),
		TEST(bad_estimates_are_refused),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
