#include "runtime/json/test_json.h"

/* ------------------------------------------------------------------ reading */

static void reads_both_spellings(_unused_ void **state)
{
	expect(RULE(auth__v1__sign_up_request),
	       "{\"email\":\"a\",\"password\":\"b\",\"displayName\":\"c\"}",
	       "{\"email\":\"a\",\"password\":\"b\",\"displayName\":\"c\"}");
	expect(RULE(auth__v1__sign_up_request),
	       " {\"email\":\"a\",\"password\":\"b\",\n\"display_name\":\"c\"}\r\n",
	       "{\"email\":\"a\",\"password\":\"b\",\"displayName\":\"c\"}");
	refuse(RULE(auth__v1__sign_up_request),
	       "{\"email\":\"a\",\"password\":\"b\",\"displayName\":\"c\",\"display_name\":\"c\"}",
	       "field_invalid", "display_name");
}

static void names_the_field_at_fault(_unused_ void **state)
{
	refuse(GENERATE, "{\"text\":\"x\",\"colour\":1}", "field_unknown", "colour");
	refuse(GENERATE, "{\"text\":\"x\",\"parameters\":{\"temp\":1}}", "field_unknown",
	       "parameters.temp");
	refuse(GENERATE, "{\"text\":\"x\",\"parameters\":{\"temperature\":\"hot\"}}",
	       "field_invalid", "parameters.temperature");
	refuse(GENERATE, "{\"text\":\"x\",\"parameters\":7}", "field_invalid", "parameters");
	refuse(GENERATE, "{\"text\":\"x\",\"attachments\":[\"" UUID_TEXT "\",\"no\"]}",
	       "field_invalid", "attachments[1]");
	refuse(GENERATE, "{\"text\":\"x\",\"attachments\":\"" UUID_TEXT "\"}", "field_invalid",
	       "attachments");
	refuse(GENERATE, "{\"text\":\"x\",\"attachments\":[null]}", "field_invalid",
	       "attachments[0]");
	refuse(GENERATE, "{\"text\":\"x\",\"chat\":\"not-a-uuid\"}", "field_invalid", "chat");
	refuse(GENERATE, "{\"text\":5}", "field_invalid", "text");
	refuse(GENERATE, "{\"text\":[]}", "field_invalid", "text");
	refuse(GENERATE, "{}", "field_required", "text");
	refuse(GENERATE, "", "field_required", "text");
	refuse(GENERATE, "{\"text\":\"\"}", "field_required", "text");
	refuse(GENERATE, "{\"text\":null}", "field_required", "text");
	refuse(RULE(chat__v1__render_template_request), "{\"variables\":{\"a\":\"b\",\"c\":5}}",
	       "field_invalid", "variables.c");
	refuse(RULE(chat__v1__done), "{\"message\":{\"attachments\":[{},{\"sizeBytes\":\"x\"}]}}",
	       "field_invalid", "message.attachments[1].sizeBytes");
}

static void keeps_limits(_unused_ void **state)
{
	ProtobufCMessage *message;
	struct error err;
	struct buf body;

	refuse(GENERATE, "{\"text\":\"x\",\"parameters\":{\"maxOutputTokens\":1000001}}",
	       "field_invalid", "parameters.maxOutputTokens");
	refuse(GENERATE, "{\"text\":\"x\",\"parameters\":{\"maxOutputTokens\":-1}}",
	       "field_invalid", "parameters.maxOutputTokens");
	expect(RULE(chat__v1__parameters), "{\"maxOutputTokens\":1000000}",
	       "{\"maxOutputTokens\":1000000}");

	/* The limit of a text is in bytes of UTF-8, not characters. */
	buf_init(&body, 1024 * 1024);
	buf_adds(&body, "{\"text\":\"");
	for (int i = 0; i < 131072; i++)
		buf_adds(&body, "\xc3\xa4");
	buf_adds(&body, "\"}");
	assert_int_equal(read_with(GENERATE, buf_text(&body), &plain, &message, &err), OK);
	body.len -= 2;
	buf_adds(&body, "x\"}");
	refuse(GENERATE, buf_text(&body), "field_too_long", "text");
	buf_done(&body);
}

#define ZEROS "\"cachedTokens\":0,\"cacheWriteTokens\":0,\"reasoningTokens\":0}"

static void reads_numbers_as_proto3_does(_unused_ void **state)
{
	static const char *const same[] = {"7", "\"7\"", "7.0", "70e-1", "0.7e1"};
	static const char *const wrong[] = {"7.5",      "\"7.5\"",
					    "\"\"",     "\" 7\"",
					    "true",     "{}",
					    "[7]",      "\"0x7\"",
					    "\"7 \"",   "3000000000",
					    "-1e10",    "\"+7\"",
					    "1e400000", "99999999999999999999"};
	char json[128];

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		snprintf(json, sizeof json, "{\"promptTokens\":%s}", same[i]);
		expect(RULE(chat__v1__usage), json,
		       "{\"promptTokens\":7,\"completionTokens\":0,\"creditsUsed\":\"0\"," ZEROS);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(json, sizeof json, "{\"promptTokens\":%s}", wrong[i]);
		if (strcmp(wrong[i], "1e400000") == 0)
			refuse(RULE(chat__v1__usage), json, "json_invalid", "");
		else
			refuse(RULE(chat__v1__usage), json, "field_invalid", "promptTokens");
	}
	expect(RULE(chat__v1__usage), "{\"creditsUsed\":\"-9223372036854775808\"}",
	       "{\"promptTokens\":0,\"completionTokens\":0,\"creditsUsed\":\"-"
	       "9223372036854775808\"," ZEROS);
	expect(RULE(chat__v1__usage), "{\"creditsUsed\":9007199254740993}",
	       "{\"promptTokens\":0,\"completionTokens\":0,\"creditsUsed\":"
	       "\"9007199254740993\"," ZEROS);
	refuse(RULE(chat__v1__usage), "{\"creditsUsed\":\"9223372036854775808\"}", "field_invalid",
	       "creditsUsed");
	refuse(RULE(chat__v1__usage), "{\"creditsUsed\":9223372036854775808}", "field_invalid",
	       "creditsUsed");
}

static void reads_reals(_unused_ void **state)
{
	static const struct {
		const char *json, *wanted;
	} cases[] = {
		{"0.1", "0.1"},
		{"1", "1"},
		{"-0.5", "-0.5"},
		{"1e300", "1e+300"},
		{"\"0.25\"", "0.25"},
		{"\"NaN\"", "\"NaN\""},
		{"\"Infinity\"", "\"Infinity\""},
		{"\"-Infinity\"", "\"-Infinity\""},
		{"0.30000000000000004", "0.30000000000000004"},
	};
	static const char *const wrong[] = {"\"\"",      "\"abc\"", "\"nan\"", "\"inf\"",
					    "\"0x1p3\"", "\" 1\"",  "true",    "[]"};
	char json[128], wanted[128];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(json, sizeof json, "{\"temperature\":%s}", cases[i].json);
		snprintf(wanted, sizeof wanted, "{\"temperature\":%s,\"maxOutputTokens\":0}",
			 cases[i].wanted);
		expect(RULE(chat__v1__parameters), json, wanted);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(json, sizeof json, "{\"temperature\":%s}", wrong[i]);
		refuse(RULE(chat__v1__parameters), json, "field_invalid", "temperature");
	}
	/* A wrapper tells 0 from absence. */
	expect(RULE(chat__v1__parameters), "{\"temperature\":0,\"topP\":null}",
	       "{\"temperature\":0,\"maxOutputTokens\":0}");
}

static void reads_enums(_unused_ void **state)
{
	expect(RULE(chat__v1__done), "{\"stopReason\":\"FILTER\"}", "{\"stopReason\":\"FILTER\"}");
	expect(RULE(chat__v1__done), "{\"stopReason\":4}", "{\"stopReason\":\"FILTER\"}");
	expect(RULE(chat__v1__done), "{\"stopReason\":\"STOP_REASON_UNSPECIFIED\"}", "{}");
	expect(RULE(chat__v1__done), "{\"stopReason\":null}", "{}");
	refuse(RULE(chat__v1__done), "{\"stopReason\":\"filter\"}", "field_invalid", "stopReason");
	refuse(RULE(chat__v1__done), "{\"stopReason\":\"4\"}", "field_invalid", "stopReason");
	refuse(RULE(chat__v1__done), "{\"stopReason\":77}", "field_invalid", "stopReason");
	refuse(RULE(chat__v1__done), "{\"stopReason\":1.5}", "field_invalid", "stopReason");
	refuse(RULE(chat__v1__done), "{\"stopReason\":true}", "field_invalid", "stopReason");
}

static void reads_times(_unused_ void **state)
{
	static const char *const wrong[] = {"\"2026-11-21\"",
					    "\"\"",
					    "5",
					    "\"2026-13-01T00:00:00Z\"",
					    "\"2026-11-21T10:58:00\"",
					    "{}",
					    "\"2026-11-21T10:58:00Z\\u0000\""};
	char json[128];

	expect(RULE(chat__v1__waiting), "{\"retryTime\":\"2026-11-21T10:58:00Z\"}",
	       "{\"retryTime\":\"2026-11-21T10:58:00.000000Z\"}");
	expect(RULE(chat__v1__waiting), "{\"retryTime\":\"2026-11-21T11:58:00.5+01:00\"}",
	       "{\"retryTime\":\"2026-11-21T10:58:00.500000Z\"}");
	expect(RULE(chat__v1__waiting), "{\"retryTime\":\"1969-12-31T23:59:59.25Z\"}",
	       "{\"retryTime\":\"1969-12-31T23:59:59.250000Z\"}");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(json, sizeof json, "{\"retryTime\":%s}", wrong[i]);
		refuse(RULE(chat__v1__waiting), json, "field_invalid", "retryTime");
	}
}

static void reads_durations(_unused_ void **state)
{
	static const char *const same[][2] = {
		{"1s", "1s"},
		{"0s", "0s"},
		{"1.5s", "1.500000000s"},
		{"-1.5s", "-1.500000000s"},
		{"0.000000001s", "0.000000001s"},
		{"-0.5s", "-0.500000000s"},
		{"315576000000s", "315576000000s"},
	};
	static const char *const wrong[] = {
		"",     "s",  "1",   "1.s", ".5s",           "--1s", "1.0000000001s",
		"1e3s", "-s", "+1s", "1 s", "315576000001s", "1.5xs"};
	char json[128], wanted[128];

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		snprintf(json, sizeof json, "{\"retryDelay\":\"%s\"}", same[i][0]);
		snprintf(wanted, sizeof wanted, "{\"retryDelay\":\"%s\"}", same[i][1]);
		expect(RULE(google__rpc__retry_info), json, wanted);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(json, sizeof json, "{\"retryDelay\":\"%s\"}", wrong[i]);
		refuse(RULE(google__rpc__retry_info), json, "field_invalid", "retryDelay");
	}
}

static void reads_maps(_unused_ void **state)
{
	expect(RULE(chat__v1__render_template_request), "{\"variables\":{\"a\":\"1\",\"b\":\"\"}}",
	       "{\"template\":\"\",\"variables\":{\"a\":\"1\",\"b\":\"\"}}");
	expect(RULE(chat__v1__queue), "{\"depthByState\":{\"RUNNING\":\"3\",\"\":4}}",
	       "{\"depthByState\":{\"RUNNING\":\"3\",\"\":\"4\"},\"oldestAgeMs\":\"0\",\"workers\":"
	       "[]}");
	refuse(RULE(chat__v1__queue), "{\"depthByState\":[]}", "field_invalid", "depthByState");
	refuse(RULE(chat__v1__queue), "{\"depthByState\":{\"a\":null}}", "field_invalid",
	       "depthByState.a");
}

static void reads_oneofs(_unused_ void **state)
{
	expect(RULE(chat__v1__generation_event), "{\"cursor\":\"1.2\",\"delta\":{\"text\":\"a\"}}",
	       "{\"delta\":{\"text\":\"a\"}}");
	expect(RULE(chat__v1__generation_event), "{\"reset\":{},\"delta\":null}", "{\"reset\":{}}");
	refuse(RULE(chat__v1__generation_event), "{\"reset\":{},\"delta\":{}}", "field_invalid",
	       "delta");
}

static void reads_bytes(_unused_ void **state)
{
	expect(RULE(edge__v1__resolve_api_key_request), "{\"keySha256\":\"-_8\"}",
	       "{\"keySha256\":\"+/8=\"}");
	expect(RULE(edge__v1__resolve_api_key_request), "{\"keySha256\":\"+/8=\"}",
	       "{\"keySha256\":\"+/8=\"}");
	expect(RULE(edge__v1__resolve_api_key_request), "{\"keySha256\":\"\"}",
	       "{\"keySha256\":\"\"}");
	refuse(RULE(edge__v1__resolve_api_key_request), "{\"keySha256\":\"a\"}", "field_invalid",
	       "keySha256");
	refuse(RULE(edge__v1__resolve_api_key_request), "{\"keySha256\":\"a b=\"}", "field_invalid",
	       "keySha256");
}

static void hides_what_travels_otherwise(_unused_ void **state)
{
	refuse(RULE(auth__v1__refresh_request), "{\"refreshCookie\":\"x\"}", "field_unknown",
	       "refreshCookie");
	expect(RULE(auth__v1__session), "{\"accessToken\":\"t\"}",
	       "{\"accessToken\":\"t\",\"refreshToken\":\"\"}");
}

static void lowers_uuids(_unused_ void **state)
{
	ProtobufCMessage *message;
	struct error err;
	static const char body[] =
		"{\"text\":\"x\",\"chat\":\"0192F0C1-7B5A-7C3E-9D3E-11111111111A\"}";

	assert_int_equal(read_with(GENERATE, body, &plain, &message, &err), OK);
	assert_string_equal(json_get_text(GENERATE, message, 0),
			    "0192f0c1-7b5a-7c3e-9d3e-11111111111a");
}

/* ------------------------------------------------------------------ PATCH, path and query */

static void fills_the_update_mask(_unused_ void **state)
{
	const struct json_message_rule *rule = RULE(chat__v1__update_chat_request);
	const struct json_read_options patch = {.update_mask = true, .skip_field = 0};
	ProtobufCMessage *message;
	struct error err;
	struct buf out;

	assert_int_equal(read_with(rule, "{\"title\":null,\"pinned\":false,\"default_x\":1}",
				   &patch, &message, &err),
			 INVALID_ARGUMENT);
	assert_int_equal(
		read_with(rule, "{\"pinned\":false,\"title\":null}", &patch, &message, &err), OK);
	buf_init(&out, 1024);
	json_write(rule, message, JSON_PROTO3, &out);
	assert_non_null(strstr(buf_text(&out), "\"updateMask\":\"title,pinned\""));
	buf_done(&out);
	/* The path names the chat, and nobody writes the mask by hand. */
	assert_int_equal(read_with(rule, "{\"chat\":\"" UUID_TEXT "\"}", &patch, &message, &err),
			 INVALID_ARGUMENT);
	assert_string_equal(err.reason, "field_unknown");
	assert_int_equal(read_with(rule, "{\"updateMask\":\"title\"}", &patch, &message, &err),
			 INVALID_ARGUMENT);
	assert_string_equal(err.reason, "field_unknown");
	expect(rule, "{\"updateMask\":\"title,fooBar.bazQux\",\"unread\":false}",
	       "{\"chat\":\"\",\"title\":\"\",\"project\":\"\",\"model\":\"\",\"pinned\":false,"
	       "\"archived\":false,\"leaf\":\"\",\"updateMask\":\"title,fooBar.bazQux\",\"unread\":"
	       "false}");
}

static void bind_one(const struct json_message_rule *rule, ProtobufCMessage *message,
		     const char *path, const char *value, const char *reason)
{
	struct error err = {0};
	enum status s = json_bind(rule, message, path, value, arena, &err);

	if (s == OK ? reason != NULL : !reason || strcmp(reason, err.reason) != 0)
		fail_msg("%s=%s: %s %s", path, value, err.reason, err.message);
	if (reason)
		assert_string_equal(err.field, path);
}

static void binds_query_parameters(_unused_ void **state)
{
	const struct json_message_rule *rule = RULE(chat__v1__list_chats_request);
	ProtobufCMessage *message = json_message_new(rule, arena);
	struct buf out;

	bind_one(rule, message, "pageSize", "20", NULL);
	bind_one(rule, message, "page_size", "21", "field_invalid");
	bind_one(rule, message, "archived", "true", NULL);
	bind_one(rule, message, "project", "x", "field_invalid");
	bind_one(rule, message, "colour", "x", "field_unknown");
	bind_one(rule, message, "project.id", "x", "field_unknown");
	buf_init(&out, 1024);
	json_write(rule, message, JSON_PROTO3, &out);
	assert_string_equal(
		buf_text(&out),
		"{\"pageSize\":20,\"pageToken\":\"\",\"project\":\"\",\"archived\":true,"
		"\"outsideProjects\":false,\"deleted\":false}");
	buf_clear(&out);

	rule = GENERATE;
	message = json_message_new(rule, arena);
	for (int i = 0; i < 5; i++)
		bind_one(rule, message, "attachments", UUID_TEXT, NULL);
	bind_one(rule, message, "attachments", "x", "field_invalid");
	bind_one(rule, message, "parameters.temperature", "0.5", NULL);
	bind_one(rule, message, "parameters.maxOutputTokens", "7", NULL);
	bind_one(rule, message, "parameters", "7", "field_unknown");
	bind_one(rule, message, "parameters.", "7", "field_unknown");
	bind_one(rule, message, "attachments.x", "7", "field_unknown");
	bind_one(rule, message, "text", "\xff", "text_invalid");
	json_write(rule, message, JSON_PROTO3, &out);
	assert_string_equal(
		buf_text(&out),
		"{\"chat\":\"\",\"text\":\"\",\"model\":\"\",\"parent\":\"\",\"attachments\":["
		"\"" UUID_TEXT "\",\"" UUID_TEXT "\",\"" UUID_TEXT "\",\"" UUID_TEXT
		"\",\"" UUID_TEXT "\"],\"parameters\":{\"temperature\":0.5,"
		"\"maxOutputTokens\":7}}");
	buf_done(&out);
	bind_one(RULE(chat__v1__done), json_message_new(RULE(chat__v1__done), arena), "stopReason",
		 "LENGTH", NULL);
	bind_one(RULE(chat__v1__waiting), json_message_new(RULE(chat__v1__waiting), arena),
		 "retryTime", "2026-11-21T10:58:00Z", NULL);
}

static void spells_paths_for_clients(_unused_ void **state)
{
	static const char *const cases[][2] = {
		{"parameters.top_p", "parameters.topP"},
		{"attachments[2]", "attachments[2]"},
		{"unknown_field.x", "unknown_field.x"},
		{"", ""},
		{"text", "text"},
	};
	char out[80];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_path_spell(GENERATE, cases[i][0], JSON_PROTO3, out, sizeof out);
		assert_string_equal(out, cases[i][1]);
		json_path_spell(GENERATE, cases[i][1], JSON_PLAIN, out, sizeof out);
		assert_string_equal(out, cases[i][0]);
	}
	json_path_spell(GENERATE, "parameters.max_output_tokens", JSON_PROTO3, out, 10);
	assert_string_equal(out, "parameter");
}

/* -------------------------------------------------------------- types that no contract uses yet */

struct numbers {
	ProtobufCMessage base;
	uint64_t u64;
	uint32_t u32;
	float f;
	size_t n_flags;
	protobuf_c_boolean *flags;
};

static void numbers_init(ProtobufCMessage *message);

static const ProtobufCFieldDescriptor number_fields[] = {
	{.name = "u64",
	 .id = 1,
	 .label = PROTOBUF_C_LABEL_NONE,
	 .type = PROTOBUF_C_TYPE_UINT64,
	 .offset = offsetof(struct numbers, u64)},
	{.name = "u32",
	 .id = 2,
	 .label = PROTOBUF_C_LABEL_NONE,
	 .type = PROTOBUF_C_TYPE_FIXED32,
	 .offset = offsetof(struct numbers, u32)},
	{.name = "f",
	 .id = 3,
	 .label = PROTOBUF_C_LABEL_NONE,
	 .type = PROTOBUF_C_TYPE_FLOAT,
	 .offset = offsetof(struct numbers, f)},
	{.name = "flags",
	 .id = 4,
	 .label = PROTOBUF_C_LABEL_REPEATED,
	 .type = PROTOBUF_C_TYPE_BOOL,
	 .quantifier_offset = offsetof(struct numbers, n_flags),
	 .offset = offsetof(struct numbers, flags)},
};
static const unsigned number_names[] = {2, 3, 1, 0};
static const ProtobufCIntRange number_ranges[] = {{1, 0}, {0, 4}};
static const ProtobufCMessageDescriptor numbers_descriptor = {
	.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
	.name = "test.Numbers",
	.sizeof_message = sizeof(struct numbers),
	.n_fields = 4,
	.fields = number_fields,
	.fields_sorted_by_name = number_names,
	.n_field_ranges = 1,
	.field_ranges = number_ranges,
	.message_init = numbers_init,
};
static const struct json_field_rule number_field_rules[] = {
	{.json_name = "u64"}, {.json_name = "u32"}, {.json_name = "f"}, {.json_name = "flags"}};
static const struct json_message_rule numbers_rule = {
	.descriptor = &numbers_descriptor, .fields = number_field_rules, .update_mask_field = -1};

static void numbers_init(ProtobufCMessage *message)
{
	*(struct numbers *)message = (struct numbers){.base = {&numbers_descriptor, 0, NULL}};
}

static void reads_unsigned_and_single(_unused_ void **state)
{
	expect(&numbers_rule, "{\"u64\":\"18446744073709551615\",\"u32\":4294967295,\"f\":0.1}",
	       "{\"u64\":\"18446744073709551615\",\"u32\":4294967295,\"f\":0.1,\"flags\":[]}");
	expect(&numbers_rule, "{\"flags\":[true,false]}",
	       "{\"u64\":\"0\",\"u32\":0,\"f\":0,\"flags\":[true,false]}");
	refuse(&numbers_rule, "{\"u64\":\"18446744073709551616\"}", "field_invalid", "u64");
	refuse(&numbers_rule, "{\"u64\":-1}", "field_invalid", "u64");
	refuse(&numbers_rule, "{\"u64\":\"-1\"}", "field_invalid", "u64");
	refuse(&numbers_rule, "{\"u32\":-1}", "field_invalid", "u32");
	refuse(&numbers_rule, "{\"u32\":4294967296}", "field_invalid", "u32");
	refuse(&numbers_rule, "{\"f\":1e39}", "field_invalid", "f");
	refuse(&numbers_rule, "{\"flags\":[\"true\"]}", "field_invalid", "flags[0]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_both_spellings),
		TEST(names_the_field_at_fault),
		TEST(keeps_limits),
		TEST(reads_numbers_as_proto3_does),
		TEST(reads_reals),
		TEST(reads_enums),
		TEST(reads_times),
		TEST(reads_durations),
		TEST(reads_maps),
		TEST(reads_oneofs),
		TEST(reads_bytes),
		TEST(hides_what_travels_otherwise),
		TEST(lowers_uuids),
		TEST(fills_the_update_mask),
		TEST(binds_query_parameters),
		TEST(spells_paths_for_clients),
		TEST(reads_unsigned_and_single),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
