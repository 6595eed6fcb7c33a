/* Bodies of providers through everything: stand-in, engine, ledger. */
#include "../chat_test.h"
#include "../provider/answer_rows_test.h"
#include "runtime/base/text.h"

#include <ctype.h>

#define PROMPT_BYTES_MAX 20000  /* of a body in base64, which the model's window must hold */
#define ROWS_OF_A_USER 15       /* that the gift pays for */
#define OPEN_US (30 * US_PER_S) /* half of what CHAT_B would wait for a silent provider */

/* Asks for this body on the replica that waits for a silent provider for a minute. */
static struct reader *ask(struct stage *stage, char *chat, const char *how, const char *data)
{
	char *text = arena_printf(stage->arena, "%s [[fault:body %s data=%s]]", chat, how, data);

	return reader_generate(stage, chat, text);
}

static const char *upper(struct stage *stage, const char *word)
{
	char *text = arena_strdup(stage->arena, word);

	for (char *p = text; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return text;
}

static const char *stop_word(Chat__V1__StopReason stop)
{
	return stop == CHAT__V1__STOP_REASON__LENGTH   ? "LENGTH"
	       : stop == CHAT__V1__STOP_REASON__FILTER ? "FILTER"
						       : "STOP";
}

static void expect_row(struct stage *stage, const struct answer_row *row, int64_t *left)
{
	static const char *const ends[] = {
		[ROW_CLOSE] = "", [ROW_CUT] = "end=cut", [ROW_OPEN] = "end=open"};
	_cleanup_(freep) char *body = answer_row_body(row);
	char *chat = stage_new_chat(stage, METERED);
	_cleanup_(reader_freep) struct reader *reader =
		ask(stage, chat, ends[row->end], base64url_encode(stage->arena, body, row->len));
	const char *space = strchr(row->outcome, ' ') + 1, *got;
	int64_t start_us = clock_mono_us();
	Chat__V1__Message *message;
	bool again = row->outcome[0] == 'A';

	reader_wait_end(reader);
	got = reader->done ? stop_word(reader->stop_reason) : reader->reason;
	if (reader->done != (row->outcome[0] == 'D') || strcmp(got, upper(stage, space)) != 0 ||
	    strcmp(reader_text(reader), row->text) != 0 ||
	    strcmp(buf_text(&reader->reasoning), row->thoughts) != 0 ||
	    (reader->cost > 0) != row->charged)
		fail_msg("%s: done %d %s '%s' thoughts '%s' cost %ld", row->name, reader->done, got,
			 reader_text(reader), buf_text(&reader->reasoning), (long)reader->cost);
	if (row->end == ROW_OPEN) /* it did not wait for the end of the connection */
		assert_true(clock_mono_us() - start_us < OPEN_US);
	if (row->charged &&
	    strstr(row->body, "'completion_tokens':4}")) /* also behind the reason */
		assert_int_equal(reader->completion_tokens, 4);
	message = stage_messages(stage, chat)->messages[1];
	assert_string_equal(message->text, row->text);
	assert_string_equal(message->reasoning, row->thoughts);
	assert_int_equal(message->credits_used_microcredits, reader->cost);
	if (!reader->done && stage_requests(chat) != (again ? 3 : 1))
		fail_msg("%s: asked %d times", row->name, stage_requests(chat));
	*left -= reader->cost;
}

static void every_body_ends_as_it_should(void **state)
{
	struct stage *stage = *state;
	int64_t left = GIFT;
	int n = 0;

	stage->replica = CHAT_B;
	for (size_t i = 0; i < answer_rows_n; i++) {
		if (answer_rows[i].len * 4 / 3 > PROMPT_BYTES_MAX)
			continue;
		expect_row(stage, &answer_rows[i], &left);
		if (++n % ROWS_OF_A_USER == 0) {
			stage_expect_balance(stage, left);
			uuid_v7(stage->user);
			left = GIFT;
		}
	}
	stage_expect_balance(stage, left);
}

static int lines_of_log(const char *words, const char *generation)
{
	char command[300], text[32] = "";
	FILE *pipe;

	snprintf(command, sizeof command, "grep '%s' %s/chat-b.log | grep -c %s", words,
		 process_directory(), generation);
	pipe = popen(command, "r");
	ensure(pipe && fgets(text, sizeof text, pipe));
	pclose(pipe);
	return (int)strtol(text, NULL, 10);
}

static void odd_events_are_noted_once(void **state)
{
	static const char body[] = "data: ping\n\ndata:\n\n"
				   "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
				   "data: pong\n\ndata: [DONE]\n\n";
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	_cleanup_(reader_freep) struct reader *reader = NULL;

	stage->replica = CHAT_B;
	reader = ask(stage, chat, "", base64url_encode(stage->arena, body, strlen(body)));
	reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
	assert_int_equal(lines_of_log("provider_event_odd", reader->generation), 1);
	assert_int_equal(lines_of_log("ping", reader->generation), 0);
}

/* The head's words about the body are not believed. */
static void labels_do_not_matter(void **state)
{
	static const char packed[] =
		"H4sIAAAAAAACA0tJLEm0UqhWSs7Iz0xOLVayiq5WSknNKUlUsgIK5ueVpOaVKFkpFSQmZ6emKNXW"
		"xtZycaWA9US7-Pu5xnJxAQChn-WjQgAAAA";
	static const char deflated[] =
		"eJxLSSxJtFKoVkrOyM9MTi1WsoquVkpJzSlJVLICCubnlaTmlShZKRUkJmenpijV1sbWcnGlgPVE"
		"u_j7ucZycQEA9n4VmA";
	static const char plain[] = "data: {\"choices\":[{\"delta\":{\"content\":\"packed\"}}]}\n\n"
				    "data: [DONE]\n\n";
	static const char whole[] = "{\"choices\":[{\"message\":{\"content\":\"packed\"}}]}";
	struct stage *stage = *state;
	const struct {
		const char *how, *data;
	} cases[] = {
		{"type=text/plain", base64url_encode(stage->arena, plain, strlen(plain))},
		{"type=none", base64url_encode(stage->arena, plain, strlen(plain))},
		{"type=application/json", base64url_encode(stage->arena, plain, strlen(plain))},
		{"type=application/json", base64url_encode(stage->arena, whole, strlen(whole))},
		{"type=text/event-stream", base64url_encode(stage->arena, whole, strlen(whole))},
		{"type=none", base64url_encode(stage->arena, whole, strlen(whole))},
		{"encoding=gzip", packed},
		{"encoding=deflate", deflated},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *chat = stage_new_chat(stage, PLAIN);
		_cleanup_(reader_freep) struct reader *reader =
			ask(stage, chat, cases[i].how, cases[i].data);

		reader_expect_done(reader, CHAT__V1__STOP_REASON__STOP);
		assert_string_equal(reader_text(reader), "packed");
		assert_int_equal(stage_requests(chat), 1);
	}
	stage_expect_balance(stage, GIFT - (int64_t)ARRAY_SIZE(cases) * 2 * CREDIT);
}

int body_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_body_ends_as_it_should),
		TEST(odd_events_are_noted_once),
		TEST(labels_do_not_matter),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
