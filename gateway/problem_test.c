#include "gateway/problem.h"

#include "limitless/reasons.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct error error_of(enum status code, const char *reason, const char *field)
{
	struct error err;

	if (error_field(&err, code, reason, field, "it \"broke\"") == OK)
		abort();
	return err;
}

static void statuses(void **state)
{
	static const struct {
		enum status code;
		const char *reason;
		int32_t http, retry_after;
	} cases[] = {
		{INVALID_ARGUMENT, "field_unknown", 400, 0},
		{UNAUTHENTICATED, "unauthenticated", 401, 0},
		{FAILED_PRECONDITION, "insufficient_credits", 402, 0},
		{PERMISSION_DENIED, "role_required", 403, 0},
		{NOT_FOUND, "not_found", 404, 0},
		{ALREADY_EXISTS, "idempotency_key_reused", 409, 0},
		{RESOURCE_EXHAUSTED, "body_too_large", 413, 0},
		{RESOURCE_EXHAUSTED, "rate_limited", 429, 1},
		{RESOURCE_EXHAUSTED, "login_busy", 429, 1},
		{RESOURCE_EXHAUSTED, "streams_too_many", 429, 1},
		{RESOURCE_EXHAUSTED, "calls_too_many", 429, 1},
		{RESOURCE_EXHAUSTED, "reader_slow", 429, 1},
		{INTERNAL, "internal_error", 500, 0},
		{UNIMPLEMENTED, "not_implemented", 501, 0},
		{UNAVAILABLE, "provider_unavailable", 502, 0},
		{UNAVAILABLE, "database_unavailable", 503, 1},
		{RESOURCE_EXHAUSTED, "overloaded", 503, 1},
		{DEADLINE_EXCEEDED, "deadline", 504, 0},
		{UNAVAILABLE, "a_word_that_nobody_knows", 503, 1},
		{(enum status)77, "", 500, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = error_of(cases[i].code, cases[i].reason, "");

		if (reason_http(&err) != cases[i].http ||
		    problem_retry_after(&err) != cases[i].retry_after)
			fail_msg("%s: %d, retry after %d", cases[i].reason, reason_http(&err),
				 problem_retry_after(&err));
	}
}

static void every_word_has_an_error_status_and_a_title(void **state)
{
	for (size_t i = 0; i < reasons_n; i++) {
		struct error err = error_of(reasons[i].code, reasons[i].word, "");

		if (reason_http(&err) < 400 || reason_http(&err) > 599 || !*reason_title(&err))
			fail_msg("%s: %d", reasons[i].word, reason_http(&err));
	}
}

static void the_body_is_rfc_9457(void **state)
{
	struct error err =
		error_of(INVALID_ARGUMENT, "field_invalid", "parameters.maxOutputTokens");
	_cleanup_(buf_done) struct buf out = {.max = 4096};
	json_t *problem;

	problem_write(&out, &err, "r-1");
	problem = json_loads(buf_text(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(problem);
	assert_int_equal(json_integer_value(json_object_get(problem, "status")), 400);
	assert_string_equal(json_string_value(json_object_get(problem, "reason")), "FIELD_INVALID");
	assert_string_equal(json_string_value(json_object_get(problem, "code")),
			    "INVALID_ARGUMENT");
	assert_string_equal(json_string_value(json_object_get(problem, "field")),
			    "parameters.maxOutputTokens");
	assert_string_equal(json_string_value(json_object_get(problem, "title")), "Field invalid");
	assert_string_equal(json_string_value(json_object_get(problem, "detail")), "it \"broke\"");
	assert_string_equal(json_string_value(json_object_get(problem, "requestId")), "r-1");
	json_decref(problem);
	buf_clear(&out);
	err = error_of(NOT_FOUND, "not_found", "");
	problem_write(&out, &err, "r-2");
	assert_null(strstr(buf_text(&out), "field\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(every_word_has_an_error_status_and_a_title),
		cmocka_unit_test(the_body_is_rfc_9457),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
