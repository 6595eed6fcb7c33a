/* The chat service as processes: two replicas, credits, the stand-in provider, PostgreSQL. Every
 * test has users of its own and ends with a settled, sound ledger. */
#include "chat_test.h"
#include "tests/lib/groups.h"

/* clang-format off */
static const struct group groups[] = {
	{.run = minute_tests, .alone = true}, /* first: it moves the clock, on which jobs of the processes rely */
	{.run = catalogue_tests},
	{.run = price_tests},
	{.run = usage_price_tests},
	{.run = log_tests},
	{.run = provider_tests},
	{.run = provider_list_tests},
	{.run = verdict_tests},
	{.run = turns_tests},
	{.run = answer_tests},
	{.run = adapter_tests},
	{.run = adapter_request_tests},
	{.run = wire_tests},
	{.run = exchange_tests},
	{.run = chat_completions_tests},
	{.run = messages_tests},
	{.run = responses_tests},
	{.run = embeddings_tests},
	{.run = api_limits_tests},
	{.run = round_trip_tests},
	{.run = api_models_tests},
	{.run = crew_tests},
	{.run = key_tests},
	{.run = moves_tests},
	{.run = way_tests},
	{.run = conversation_tests},
	{.run = change_tests},
	{.run = draft_tests},
	{.run = project_tests},
	{.run = project_prompt_tests},
	{.run = template_tests},
	{.run = message_tests},
	{.run = context_tests},
	{.run = share_tests},
	{.run = request_tests},
	{.run = limit_tests},
	{.run = stream_tests},
	{.run = fault_tests},
	{.run = body_tests},
	{.run = charge_tests},
	{.run = groups_tests},
	{.run = forward_tests},
	{.run = end_tests},
	{.run = crash_tests},
	{.run = call_tests},
	{.run = repeat_tests},
	{.run = call_crash_tests},
	{.run = item_tests},
	{.run = tokens_tests},
	{.run = learn_tests},
	{.run = title_tests},
	{.run = list_price_tests},
	{.run = usage_tests},
	{.run = queue_tests},
	{.run = events_tests},
	{.run = import_reader_tests},
	{.run = import_tests},
	{.run = import_fixtures_tests},
	{.run = import_hostile_tests},
	{.run = words_tests},
	{.run = search_tests},
	{.run = storm_tests, .alone = true}, /* last: it moves the clock, too, but only ahead */
};
/* clang-format on */

static int end(void)
{
	int failures = stage_stop();

	pg_stop();
	return failures;
}

/* A filter of tests starts one process, which is easier to debug. */
int main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return groups_run(groups, ARRAY_SIZE(groups), argc > 1 ? 1 : GROUPS_BESIDE, end) > 0;
}
