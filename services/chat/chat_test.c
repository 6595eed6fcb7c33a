/* The chat service as processes: two replicas, credits, the stand-in provider, PostgreSQL. Every
 * test has users of its own and ends with a settled, sound ledger. */
#include "chat_test.h"

/* clang-format off */
static int (*const groups[])(void) = {
	minute_tests, /* first: they move the clock, on which jobs of the processes rely */
	catalogue_tests,
	price_tests,
	usage_price_tests,
	log_tests,
	provider_tests,
	provider_list_tests,
	verdict_tests,
	turns_tests,
	answer_tests,
	adapter_tests,
	adapter_request_tests,
	wire_tests,
	exchange_tests,
	chat_completions_tests,
	messages_tests,
	responses_tests,
	embeddings_tests,
	api_limits_tests,
	round_trip_tests,
	api_models_tests,
	crew_tests,
	key_tests,
	moves_tests,
	conversation_tests,
	change_tests,
	project_tests,
	project_prompt_tests,
	template_tests,
	message_tests,
	share_tests,
	request_tests,
	limit_tests,
	stream_tests,
	fault_tests,
	body_tests,
	charge_tests,
	groups_tests,
	forward_tests,
	end_tests,
	crash_tests,
	call_tests,
	repeat_tests,
	call_crash_tests,
	item_tests,
	tokens_tests,
	learn_tests,
	title_tests,
	list_price_tests,
	usage_tests,
	queue_tests,
	events_tests,
	import_reader_tests,
	import_tests,
	storm_tests, /* last: they move the clock, too, but only ahead */
};
/* clang-format on */

int main(int argc, char **argv)
{
	int failures = 0;

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		failures += groups[i]();
	failures += stage_stop();
	pg_stop();
	return failures > 0;
}
