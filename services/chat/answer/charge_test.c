/* Who pays for an answer: one row an end, through everything (stand-in, engine, ledger). The ends
 * that need a kill are in crash_test.c. */
#include "../chat_test.h"
#include "chat/answer/charge.h"
#include "runtime/base/text.h"

#define HEAD "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"
#define TEXT(words) "data: {\"choices\":[{\"delta\":{\"content\":\"" words "\"}}]}\n\n"
#define END(reason) "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"" reason "\"}]}\n\n"
#define USAGE(in, out)                                                                           \
	"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":" #in ",\"completion_tokens\":" #out \
	"}}\n\n"
#define DONE "data: [DONE]\n\n"

#define GENERATION(state) CHAT__V1__GENERATION__STATE__##state
#define STOP(reason) CHAT__V1__STOP_REASON__##reason

/* All facts that can be, against the words of the policy. */
static void nothing_is_paid_without_text(void **state)
{
	static const Chat__V1__Generation__State states[] = {GENERATION(DONE), GENERATION(FAILED),
							     GENERATION(CANCELLED)};

	for (unsigned i = 0; i < 3 * 4 * 8; i++) {
		struct charge_facts facts = {
			.state = states[i % 3],
			.stop = (Chat__V1__StopReason)(i / 3 % 4 + 1),
			.written = i / 12 & 1,
			.worthless = i / 12 & 2,
			.lost = i / 12 & 4,
		};
		bool stopped = facts.state == GENERATION(CANCELLED);
		bool paid = !facts.lost && facts.written && (stopped || !facts.worthless);

		assert_int_equal(charge_rules[charge_end(&facts)].paid, paid);
	}
	for (size_t i = 0; i < CHARGE_ENDS; i++)
		assert_non_null(charge_rules[i].name);
	assert_int_equal(charge_bounded(9, 10), 9);
	assert_int_equal(charge_bounded(10, 10), 10);
	assert_int_equal(charge_bounded(11, 10), 10);
}

/* Usage of 20 and 4 tokens costs 1 + 0.020 + 0.020 credits. */
#define COST (CREDIT + 20 * 1000 + 4 * 5000)

static const struct charge_row {
	enum charge_end end;
	const char *body;
	bool cut;
	Chat__V1__Generation__State state;
	Chat__V1__StopReason stop;
	int64_t cost; /* -1: counted by us */
} charge_rows[] = {
	{CHARGE_WHOLE, HEAD TEXT("a b") END("stop") USAGE(20, 4) DONE, false, GENERATION(DONE),
	 STOP(STOP), COST},
	{CHARGE_LIMITED, HEAD TEXT("a b") END("length") USAGE(20, 4) DONE, false, GENERATION(DONE),
	 STOP(LENGTH), COST},
	{CHARGE_FILTERED, HEAD TEXT("a b") END("content_filter") USAGE(20, 4) DONE, false,
	 GENERATION(DONE), STOP(FILTER), COST},
	{CHARGE_PARTIAL, HEAD TEXT("a b"), true, GENERATION(FAILED), STOP(STOP), -1},
	{CHARGE_FAILED, HEAD, true, GENERATION(FAILED), STOP(STOP), 0},
	{CHARGE_WORTHLESS, HEAD END("content_filter") USAGE(20, 4) DONE, false, GENERATION(FAILED),
	 STOP(FILTER), 0},
	{CHARGE_WORTHLESS, HEAD END("stop") USAGE(20, 4) DONE, false, GENERATION(FAILED),
	 STOP(STOP), 0},
};

static void every_end_is_paid_as_the_policy_says(void **state)
{
	struct stage *stage = *state;
	int64_t left = GIFT;

	stage->replica = CHAT_B;
	for (size_t i = 0; i < ARRAY_SIZE(charge_rows); i++) {
		const struct charge_row *row = &charge_rows[i];
		char *chat = stage_new_chat(stage, METERED);
		const char *data = base64url_encode(stage->arena, row->body, strlen(row->body));
		_cleanup_(reader_freep) struct reader *reader =
			reader_generate(stage, chat,
					arena_printf(stage->arena, "%s [[fault:body %s data=%s]]",
						     chat, row->cut ? "end=cut" : "", data));

		reader_wait_end(reader);
		assert_int_equal(stage_generation(stage, reader->generation)->state, row->state);
		if (row->state == GENERATION(DONE))
			assert_int_equal(reader->stop_reason, row->stop);
		if (row->cost >= 0)
			assert_int_equal(reader->cost, row->cost);
		assert_int_equal(reader->cost > 0, charge_rules[row->end].paid);
		left -= reader->cost;
		stage_expect_balance(stage, left);
	}
}

/* 4,000 tokens of prompt would cost 4 credits; far less was held. */
static void a_bill_above_the_hold_is_the_platforms(void **state)
{
	static const char body[] = HEAD TEXT("a b") END("stop") USAGE(4000, 10) DONE;
	struct stage *stage = *state;
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Parameters parameters = CHAT__V1__PARAMETERS__INIT;
	_cleanup_(reader_freep) struct reader *reader = NULL;
	char sql[300];

	parameters.max_output_tokens = 10;
	req.chat = stage_new_chat(stage, METERED);
	req.text = arena_printf(stage->arena, "[[fault:body data=%s]]",
				base64url_encode(stage->arena, body, strlen(body)));
	req.parameters = &parameters;
	reader = reader_request(stage, &req);
	reader_expect_done(reader, STOP(STOP));
	assert_true(reader->cost > CREDIT && reader->cost < 2 * CREDIT);
	snprintf(sql, sizeof sql,
		 "SELECT h.amount_microcredits = %lld AND s.amount_microcredits = %lld "
		 "FROM credits.transfer h JOIN credits.transfer s ON s.hold_id = h.id "
		 "WHERE s.account_id = '%s'",
		 (long long)reader->cost, (long long)reader->cost, stage->user);
	stage_expect_balance(stage, GIFT - reader->cost);
	assert_string_equal(pg_value(sql), "t");
}

int charge_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_paid_without_text),
		TEST(every_end_is_paid_as_the_policy_says),
		TEST(a_bill_above_the_hold_is_the_platforms),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
