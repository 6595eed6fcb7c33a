/* The borders of text and of JSON. */
#include "runtime/json/test_json.h"

/* ------------------------------------------------------------------ text */

static void refuses_ill_formed_text_by_field(_unused_ void **state)
{
	static const char *const bad[] = {
		"\xff",           "a\xc3",     "\xc0\xaf",     "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xe2\x82",       "\\u0000",   "\\ud800",      "\\udc00",      "\\ud800\\u0041",
		"\\udc00\\ud800", "x\\uD83Dy", "\xf0\x9f\x98",
	};
	char json[128];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(json, sizeof json, "{\"text\":\"ok\",\"model\":\"%s\"}", bad[i]);
		refuse(GENERATE, json, "text_invalid", "model");
	}
	refuse(RULE(chat__v1__item), "{\"json\":[{\"a\":\"\\u0000\"}]}", "text_invalid", "json");
	refuse(RULE(chat__v1__item), "{\"json\":[{\"a\":\"\\ud800\"}]}", "text_invalid", "json");
	expect(RULE(chat__v1__delta),
	       "{\"text\":\"\\ud83d\\ude00 \\u00e4\\n\\/ \xf0\x9f\x98\x80\"}",
	       "{\"text\":\"\xf0\x9f\x98\x80 \xc3\xa4\\n/ \xf0\x9f\x98\x80\"}");
}

static void writes_safe_text(_unused_ void **state)
{
	struct buf out;

	buf_init(&out, 1024);
	json_write_text(&out, "a\"\\\b\f\n\r\t\x01\x1f\x7f/\xff\xc3(\xe2\x82", 17);
	assert_string_equal(buf_text(&out), "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f/"
					    "\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\"");
	buf_done(&out);
}

/* ----------------------------------------------------------------- foreign JSON, and the parser */

static void passes_foreign_json_unchanged(_unused_ void **state)
{
	static const char *const texts[] = {
		"[ {\"role\" : \"user\", \"content\":\"a\\\"]},\" } ]",
		"null",
		"\"text\"",
		"12345678901234567890",
		"0.10",
		"1E5",
		"{\"b\":1,\"a\":{}}",
		"[[]]",
	};
	char json[256], wanted[256];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		/* The names before it are there to be walked over. */
		snprintf(json, sizeof json,
			 "{\"x\\\"\" : [1,{\"y\":\"}\"}],\"z\":\"m\" , \"json\" :%s , "
			 "\"user\":\"u\"}",
			 texts[i]);
		snprintf(wanted, sizeof wanted, "{\"json\":%s}", texts[i]);
		{
			static const struct json_read_options lenient = {.ignore_unknown = true,
									 .skip_field = -1};
			const struct json_message_rule *rule = RULE(chat__v1__item);
			ProtobufCMessage *message;
			struct error err;
			struct buf out;

			assert_int_equal(read_with(rule, json, &lenient, &message, &err), OK);
			buf_init(&out, 4096);
			json_write(rule, message, JSON_PLAIN, &out);
			assert_string_equal(buf_text(&out), wanted);
			buf_done(&out);
		}
	}
	expect_as(RULE(chat__v1__usage), JSON_PLAIN, "{\"creditsUsed\":\"5\"}",
		  "{\"prompt_tokens\":0,\"completion_tokens\":0,\"credits_used_microcredits\":5,"
		  "\"cached_tokens\":0,\"cache_write_tokens\":0,\"reasoning_tokens\":0}");
}

/* The classes of JSONTestSuite: what a parser must take and what it must not. */
static const char *const valid[] = {
	"[]",
	"[ ]",
	"{}",
	"[\"\"]",
	"[0]",
	"[-0]",
	"[-1]",
	"[1e5]",
	"[1E+2]",
	"[1e-2]",
	"[0.5e1]",
	"[-0.1]",
	"[true,false,null]",
	"[\"\\u0060\\u012a\\u12AB\"]",
	"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
	"[\"\\ud801\\udc37\"]",
	"[\"\\\\u0000\"]",
	"[\"\x7f\"]",
	"[\"\xe2\x80\xa8\"]",
	"[\"\xf4\x8f\xbf\xbf\"]",
	"[\"\xef\xbf\xbf\"]",
	"{\"a\":[]}",
	"{\"\":0}",
	"{\"a\":\"b\",\"c\":\"d\"}",
	"[1,\n2\t]\r\n",
	"[[[[[[[[[[]]]]]]]]]]",
	"[123.456e78]",
	"[1,null,\"1\",{}]",
	"[\"\\uA66D\"]",
	"[\"\xc2\xa0\"]",
	" [1] ",
};
static const char *const invalid[] = {
	"[",
	"]",
	"[1,]",
	"[,1]",
	"[1,,2]",
	"[1 2]",
	"[\"\": 1]",
	"[-]",
	"[01]",
	"[-01]",
	"[+1]",
	"[.5]",
	"[1.]",
	"[1.e1]",
	"[1e]",
	"[1e+]",
	"[0x1]",
	"[Infinity]",
	"[NaN]",
	"[-Infinity]",
	"[1a]",
	"[0e]",
	"[1.0e]",
	"[--1]",
	"[1_000]",
	"[tru]",
	"[True]",
	"[nul]",
	"[\"a]",
	"[a\"]",
	"['a']",
	"[\"\\x00\"]",
	"[\"\\u00A\"]",
	"[\"\\u00\"]",
	"[\"\\ud834\\\"]",
	"[\"\\a\"]",
	"[\"\\\"]",
	"[\"\n\"]",
	"[\"\t\"]",
	"[\"\x1f\"]",
	"{",
	"{\"a\"}",
	"{\"a\":}",
	"{:1}",
	"{\"a\":1,}",
	"{\"a\" 1}",
	"{a:1}",
	"{1:1}",
	"{\"a\":1 \"b\":2}",
	"{\"a\":1,,\"b\":2}",
	"{'a':1}",
	"[1]x",
	"[1][2]",
	"{}}",
	"[]]",
	"//c\n[]",
	"[/**/]",
	"[1]#",
	"<null>",
	"*",
	"[\"\"",
	"[\"\\",
	"{\"a\":\"a",
	"\xef\xbb\xbf{}",
	"[\xe5]",
	"[1\xe2\x80\xa8]",
	"@",
	"[*]",
	"{\"a\":1,\"a\":1}",
	"[1}",
	"{]",
	"[\"a\"b]",
	"[1:2]",
	"abc",
	"[\"\\u\"]",
	"[1\x0c]",
};

static void takes_json_and_nothing_else(_unused_ void **state)
{
	const struct json_message_rule *rule = RULE(chat__v1__item);
	ProtobufCMessage *message;
	struct error err;
	char json[256];

	for (size_t i = 0; i < ARRAY_SIZE(valid); i++) {
		snprintf(json, sizeof json, "{\"json\":%s}", valid[i]);
		if (read_with(rule, json, &plain, &message, &err) != OK)
			fail_msg("refused %s: %s %s", json, err.reason, err.message);
	}
	for (size_t i = 0; i < ARRAY_SIZE(invalid); i++) {
		snprintf(json, sizeof json, "{\"json\":%s}", invalid[i]);
		if (read_with(rule, json, &plain, &message, &err) == OK)
			fail_msg("accepted %s", json);
		if (read_with(rule, invalid[i], &plain, &message, &err) == OK)
			fail_msg("accepted %s", invalid[i]);
	}
	refuse(GENERATE, "[]", "field_invalid", "");
	refuse(GENERATE, "\"x\"", "field_invalid", "");
	refuse(GENERATE, "null", "field_invalid", "");
	refuse(GENERATE, "{\"text\":\"a\",\"text\":\"b\"}", "json_invalid", "");
}

static void refuses_a_nul_anywhere(_unused_ void **state)
{
	static const char whole[] = "{\"json\":[1,true,\"a\"]}";
	const size_t len = sizeof whole - 1;

	for (size_t at = 0; at <= len; at++) {
		ProtobufCMessage *message = json_message_new(RULE(chat__v1__item), arena);
		char json[sizeof whole + 1] = "";
		struct error err;

		memcpy(json, whole, at);
		memcpy(json + at + 1, whole + at, len - at);
		assert_int_equal(json_read(RULE(chat__v1__item), message, json, len + 1, &plain,
					   arena, &err),
				 INVALID_ARGUMENT);
		assert_string_equal(err.reason, "json_invalid");
	}
}

static void refuses_deep_nesting(_unused_ void **state)
{
	struct buf json;

	buf_init(&json, 1024 * 1024);
	buf_adds(&json, "{\"json\":");
	for (int i = 0; i < 100000; i++)
		buf_addc(&json, '[');
	refuse(RULE(chat__v1__item), buf_text(&json), "json_invalid", "");
	buf_clear(&json);
	buf_adds(&json, "{\"json\":");
	for (int i = 1; i < JSON_DEPTH_MAX; i++)
		buf_addc(&json, '[');
	buf_adds(&json, "\"[[[[[[\\\"[[[\"");
	for (int i = 1; i < JSON_DEPTH_MAX; i++)
		buf_addc(&json, ']');
	buf_addc(&json, '}');
	{
		ProtobufCMessage *message;
		struct error err;

		assert_int_equal(
			read_with(RULE(chat__v1__item), buf_text(&json), &plain, &message, &err),
			OK);
	}
	buf_done(&json);
}

static void a_full_arena_is_its_own_error(_unused_ void **state)
{
	struct arena *small = arena_new(1024, 2048);
	ProtobufCMessage *message = json_message_new(GENERATE, small);
	struct error err;
	char json[4096];

	snprintf(json, sizeof json, "{\"text\":\"%03000d\"}", 1);
	assert_int_equal(json_read(GENERATE, message, json, strlen(json), &plain, small, &err),
			 RESOURCE_EXHAUSTED);
	assert_string_equal(err.reason, "call_too_large");
	arena_free(small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refuses_ill_formed_text_by_field), TEST(writes_safe_text),
		TEST(passes_foreign_json_unchanged),    TEST(takes_json_and_nothing_else),
		TEST(refuses_a_nul_anywhere),           TEST(refuses_deep_nesting),
		TEST(a_full_arena_is_its_own_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
