/* Shared by the tests of json: messages of the contract in and out, in an arena of each test. */
#ifndef RUNTIME_JSON_TEST_JSON_H
#define RUNTIME_JSON_TEST_JSON_H

#include "limitless/json_rules.h"
#include "runtime/json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RULE(name) (&json_rule_##name)
#define GENERATE RULE(chat__v1__generate_request)
#define UUID_TEXT "0192f0c1-7b5a-7c3e-9d3e-111111111111"

static const struct json_read_options plain = {.skip_field = -1};

static struct arena *arena;

static inline int setup(_unused_ void **state)
{
	arena = arena_new(4096, 1024 * 1024);
	return 0;
}

static inline int teardown(_unused_ void **state)
{
	arena_free(arena);
	return 0;
}

static inline enum status read_with(const struct json_message_rule *rule, const char *json,
				    const struct json_read_options *options, ProtobufCMessage **ret,
				    struct error *err)
{
	enum status s;

	*ret = json_message_new(rule, arena);
	assert_non_null(*ret);
	s = json_read(rule, *ret, json, strlen(json), options, arena, err);
	return s == OK ? json_check_required(rule, *ret, err) : s;
}

/* A message that is read is written back as `wanted`, and survives the wire. */
static inline void expect_as(const struct json_message_rule *rule, enum json_dialect dialect,
			     const char *json, const char *wanted)
{
	ProtobufCMessage *message, *unpacked;
	struct error err = {0};
	struct buf out;
	uint8_t *packed;
	size_t len;

	if (read_with(rule, json, &plain, &message, &err) != OK)
		fail_msg("%s: %s %s: %s", json, err.reason, err.field, err.message);
	packed = arena_alloc(arena, protobuf_c_message_get_packed_size(message));
	len = protobuf_c_message_pack(message, packed);
	unpacked = protobuf_c_message_unpack(rule->descriptor, &arena->allocator, len, packed);
	assert_non_null(unpacked);
	buf_init(&out, 65536);
	assert_true(json_write(rule, unpacked, dialect, &out));
	assert_string_equal(buf_text(&out), wanted);
	buf_done(&out);
}

static inline void expect(const struct json_message_rule *rule, const char *json,
			  const char *wanted)
{
	expect_as(rule, JSON_PROTO3, json, wanted);
}

static inline void refuse(const struct json_message_rule *rule, const char *json,
			  const char *reason, const char *field)
{
	ProtobufCMessage *message;
	struct error err = {0};

	if (read_with(rule, json, &plain, &message, &err) == OK)
		fail_msg("accepted: %s", json);
	assert_int_equal(err.code, INVALID_ARGUMENT);
	if (strcmp(err.reason, reason) != 0 || strcmp(err.field, field) != 0)
		fail_msg("%s: %s at '%s' (%s), wanted %s at '%s'", json, err.reason, err.field,
			 err.message, reason, field);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
