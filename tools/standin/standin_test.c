/* Faults are read from texts, bad requests are named, and an answer depends on the question
 * alone. */
#include "tools/standin/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

static bool parse(const char *text, struct fault *ret)
{
	return fault_parse(text, strlen(text), ret);
}

static void a_fault_is_read_from_its_text(void **state)
{
	struct fault fault;

	assert_true(parse("429 retry_after=7 times=2 key=a", &fault));
	assert_int_equal(fault.kind, FAULT_STATUS);
	assert_int_equal(fault.status, 429);
	assert_int_equal(fault.retry_after, 7);
	assert_int_equal(fault.times, 2);
	assert_string_equal(fault.key, "a");

	assert_true(parse("cut after=0", &fault));
	assert_int_equal(fault.kind, FAULT_CUT);
	assert_int_equal(fault.after, 0);

	assert_true(parse("usage value=-5", &fault));
	assert_true(fault.has_value);
	assert_int_equal(fault.value, -5);
	assert_true(parse("no_usage", &fault));
	assert_false(fault.has_value);

	assert_false(parse("", &fault));
	assert_false(parse("200", &fault));
	assert_false(parse("nonsense", &fault));
	assert_false(parse("cut after=x", &fault));
	assert_false(parse("cut soon=1", &fault));
}

static void faults_are_counted_by_key(void **state)
{
	struct fault one, other, always;

	assert_true(parse("503 times=2 key=unit-one", &one));
	assert_true(parse("503 times=1 key=unit-other", &other));
	assert_true(parse("503", &always));
	assert_true(fault_applies(&one));
	assert_true(fault_applies(&other));
	assert_true(fault_applies(&one));
	assert_false(fault_applies(&one));
	assert_false(fault_applies(&other));
	assert_true(fault_applies(&always));
	assert_true(fault_applies(&always));
}

/* The request's body as the stand-in reads it. */
static bool read_body(struct arena *arena, const char *body, struct question *question,
		      struct refusal *refusal)
{
	static const struct standin_conf conf = {.pace = 60, .first_ms = 200};
	const struct httpd_request req = {
		.method = "POST",
		.path = "/v1/chat/completions",
		.query = "",
		.body = (const uint8_t *)body,
		.body_len = strlen(body),
	};

	*refusal = (struct refusal){0};
	return question_read(&req, &conf, &wire_openai, arena, question, refusal);
}

static void a_bad_request_names_the_parameter(void **state)
{
	static const struct {
		const char *body, *param;
	} cases[] = {
		{"", NULL},
		{"[]", NULL},
		{"{\"model\":\"m\"", NULL},
		{"{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", NULL},
		{"{\"model\":\"m\"}", "messages"},
		{"{\"model\":\"m\",\"messages\":[]}", "messages"},
		{"{\"model\":\"m\",\"messages\":[{\"role\":\"king\",\"content\":\"x\"}]}",
		 "messages[0].role"},
		{"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":7}]}",
		 "messages[0].content"},
		{"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
		 "\"temperature\":3}",
		 "temperature"},
		{"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
		 "\"max_tokens\":0}",
		 "max_tokens"},
		{"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
		 "\"stream_options\":{\"include_usage\":true}}",
		 "stream_options"},
		{"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"[[fault:no]]\"}]"
		 "}",
		 "messages"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct question question;
		struct refusal refusal;

		assert_false(read_body(arena, cases[i].body, &question, &refusal));
		assert_int_equal(refusal.status, 400);
		assert_string_equal(refusal.type, "invalid_request_error");
		if (cases[i].param)
			assert_string_equal(refusal.param, cases[i].param);
		else
			assert_null(refusal.param);
	}
}

static void parts_are_one_prompt(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	struct question question;
	struct refusal refusal;

	assert_true(
		read_body(arena,
			  "{\"model\":\"m\",\"stream\":true,\"max_completion_tokens\":9,"
			  "\"messages\":[{\"role\":\"system\",\"content\":\"be kind\"},"
			  "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"one \"},"
			  "{\"type\":\"text\",\"text\":\"two\"}]}]}",
			  &question, &refusal));
	assert_string_equal(question.prompt, "one two");
	assert_true(question.stream);
	assert_int_equal(question.max_tokens, 9);
	assert_int_equal(question.prompt_tokens, 3 + 2 + 3 + 2);
	assert_int_equal(question.pace, 60);
}

/* Length of the answer's tokens together, and that no token splits a character. */
static size_t answer_length(struct arena *arena, const char *prompt)
{
	const struct question question = {.prompt = prompt};
	const char *const *tokens;
	size_t n = answer_tokens(&question, arena, &tokens), len = 0;

	assert_true(n > 20);
	for (size_t i = 0; i < n; i++) {
		assert_true(((uint8_t)tokens[i][0] & 0xc0) != 0x80);
		len += strlen(tokens[i]);
	}
	return len;
}

static void the_same_question_has_the_same_answer(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 22);

	assert_int_equal(answer_length(arena, "Why do otters matter?"),
			 answer_length(arena, "Why do otters matter?"));
	answer_length(arena, "Größe über alles, äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü äöü");
	answer_length(arena, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_is_read_from_its_text),
		cmocka_unit_test(faults_are_counted_by_key),
		cmocka_unit_test(a_bad_request_names_the_parameter),
		cmocka_unit_test(parts_are_one_prompt),
		cmocka_unit_test(the_same_question_has_the_same_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
