/* A test's stage: users, calls, the state of the ledger after it. */
#include "chat_test.h"

#include <unistd.h>

static struct rpc_channel *channels[N_PROCESSES];

int stage_set_up(void **state)
{
	struct stage *stage = calloc(1, sizeof *stage);

	ensure(stage);
	uuid_v7(stage->user);
	uuid_v7(stage->other);
	stage->arena = arena_new(65536, 64 << 20);
	stage->replica = CHAT_A;
	stage->as = stage->user;
	*state = stage;
	return 0;
}

static struct rpc_channel *channel(enum process_name name)
{
	if (!channels[name])
		channels[name] = rpc_channel_open(&(struct rpc_channel_options){
			.target = process_url(name),
			.service = name == CREDITS ? "credits" : "chat",
			.backoff_initial_ms = 20,
			.backoff_max_ms = 200,
			.message_bytes_max = 8 << 20,
		});
	return channels[name];
}

struct rpc_channel *stage_channel(const struct stage *stage)
{
	return channel(stage->replica);
}

struct rpc_channel *stage_credits(void)
{
	return channel(CREDITS);
}

const struct rpc_call_options *stage_options(struct stage *stage)
{
	stage->ctx = (struct rpc_context){0};
	stage->err = (struct error){0};
	uuid_v4(stage->ctx.request_id);
	snprintf(stage->ctx.subject.user_id, UUID_SIZE, "%s", stage->as);
	stage->ctx.subject.admin = stage->admin;
	snprintf(stage->ctx.idempotency_key, sizeof stage->ctx.idempotency_key, "%s", stage->key);
	stage->options = (struct rpc_call_options){
		.parent = &stage->ctx, .timeout_ms = WAIT_US / US_PER_MS, .wait_for_ready = true};
	return &stage->options;
}

char *stage_new_chat(struct stage *stage, const char *model)
{
	Chat__V1__CreateChatRequest req = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	Chat__V1__Chat *chat;

	req.model = (char *)model;
	stage_ok(stage, chat_v1_create_chat, &req, &chat);
	return chat->id;
}

Chat__V1__ListMessagesResponse *stage_messages(struct stage *stage, const char *chat)
{
	Chat__V1__ListMessagesRequest req = CHAT__V1__LIST_MESSAGES_REQUEST__INIT;
	Chat__V1__ListMessagesResponse *resp;

	req.chat = (char *)chat;
	stage_ok(stage, chat_v1_list_messages, &req, &resp);
	return resp;
}

Chat__V1__Generation *stage_generation(struct stage *stage, const char *id)
{
	Chat__V1__GetGenerationRequest req = CHAT__V1__GET_GENERATION_REQUEST__INIT;
	Chat__V1__Generation *resp;

	req.generation = (char *)id;
	stage_ok(stage, chat_v1_get_generation, &req, &resp);
	return resp;
}

void stage_balance(struct stage *stage, int64_t *ret_available, int64_t *ret_held)
{
	Credits__V1__GetBalanceRequest req = CREDITS__V1__GET_BALANCE_REQUEST__INIT;
	Credits__V1__Balance *balance;

	if (credits_v1_get_balance_call(channel(CREDITS), stage_options(stage), &req, stage->arena,
					&balance, &stage->err) != OK)
		fail_msg("balance: %s", stage->err.message);
	*ret_available = balance->available_microcredits;
	*ret_held = balance->held_microcredits;
}

static bool has_balance(struct stage *stage, int64_t expected)
{
	int64_t available, held;

	stage_balance(stage, &available, &held);
	return available == expected && held == 0;
}

void stage_expect_balance(struct stage *stage, int64_t available)
{
	eventually(has_balance(stage, available));
}

int stage_ask_log(const char *filter)
{
	char command[1500], text[32] = "";
	FILE *pipe;

	snprintf(command, sizeof command,
		 "curl -sS -H 'Authorization: Bearer " STANDIN_TOKEN "' %s/standin/requests | %s",
		 strchr(process_url(STANDIN), '1'), filter);
	pipe = popen(command, "r");
	ensure(pipe && fgets(text, sizeof text, pipe));
	pclose(pipe);
	return (int)strtol(text, NULL, 10);
}

int stage_requests(const char *words)
{
	char filter[300];

	snprintf(filter, sizeof filter, "grep -o '\"prompt\":\"[^\"]*%s' | wc -l", words);
	return stage_ask_log(filter);
}

int stage_system_requests(const char *prompt, const char *system)
{
	char filter[420];

	snprintf(filter, sizeof filter,
		 "jq '[.requests[] | select((.prompt | contains(\"%s\")) and (.system | "
		 "startswith(\"%s\")))] | length'",
		 prompt, system);
	return stage_ask_log(filter);
}

int stage_request_blocks(const char *words)
{
	char filter[300];

	snprintf(filter, sizeof filter,
		 "jq '.requests | map(select(.prompt | startswith(\"%s\"))) | if length == 1 "
		 "then .[0].blocks else -1 - length end'",
		 words);
	return stage_ask_log(filter);
}

/* After every test nothing runs, nothing is left to deliver, and the ledger is sound. */
int stage_tear_down(void **state)
{
	struct stage *stage = *state;

	eventually(strcmp(pg_value("SELECT count(*) FROM chat.generation WHERE end_time IS NULL"),
			  "0") == 0);
	eventually(strcmp(pg_value("SELECT count(*) FROM chat.outbox WHERE done_time IS NULL"),
			  "0") == 0);
	/* A void may name a hold that was never made. */
	assert_string_equal(pg_value("SELECT count(*) FROM chat.outbox "
				     "WHERE refused NOT IN ('', 'hold_unknown')"),
			    "0");
	assert_string_equal(pg_value("SELECT count(*) FROM chat.checkpoint"), "0");
	assert_string_equal(pg_value("SELECT count(*) FROM chat.message m JOIN chat.generation g "
				     "ON g.assistant_message_id = m.id WHERE m.state <> g.state"),
			    "0");
	/* The counters agree with the rows. */
	assert_string_equal(
		pg_value("SELECT count(*) FROM chat.chat c WHERE c.messages <> "
			 "(SELECT count(*) FROM chat.message m WHERE m.chat_id = c.id)"),
		"0");
	assert_string_equal(
		pg_value("SELECT string_agg(t.user_id || ': ' || t.chats || ' chats, ' || t.bytes "
			 "|| ' bytes', '; ') FROM chat.user_total t WHERE (t.chats, t.bytes) <> ("
			 "(SELECT count(*) FROM chat.chat c WHERE c.user_id = t.user_id), "
			 "(SELECT coalesce(sum(octet_length(m.text) + octet_length(m.reasoning) + "
			 "octet_length(m.items)), 0) "
			 "FROM chat.message m WHERE m.user_id = t.user_id))"),
		"");
	assert_string_equal(
		pg_value("SET search_path = credits, lc;"
			 "SELECT string_agg(invariant || ' ' || what, '; ') FROM violation"),
		"");
	arena_free(stage->arena);
	free(stage);
	return 0;
}
