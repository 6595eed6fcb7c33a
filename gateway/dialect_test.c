/* Each error word in each format. */
#include "gateway/dialect.h"

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

static json_t *written(enum route_dialect dialect, const struct error *err)
{
	_cleanup_(buf_done) struct buf out = {.max = 4096};
	json_t *body;

	dialect_write(dialect, err, "r-1", &out);
	body = json_loads(buf_text(&out), JSON_REJECT_DUPLICATES, NULL);
	if (!body)
		fail_msg("%s: %s", err->reason, buf_text(&out));
	return body;
}

static const char *text_at(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "(none)";
}

/* Words that clients tell apart. Another word goes by its status. */
static const struct {
	const char *reason;
	uint16_t http;
	bool retryable;
	const char *openai_type, *openai_code, *anthropic_type;
} cases[] = {
	{"field_invalid", 400, false, "invalid_request_error", "invalid_value",
	 "invalid_request_error"},
	{"field_required", 400, false, "invalid_request_error", "missing_required_parameter",
	 "invalid_request_error"},
	{"json_invalid", 400, false, "invalid_request_error", "json_invalid",
	 "invalid_request_error"},
	{"parameter_unsupported", 400, false, "invalid_request_error", "unsupported_parameter",
	 "invalid_request_error"},
	{"context_too_long", 400, false, "invalid_request_error", "context_length_exceeded",
	 "invalid_request_error"},
	{"prompt_flagged", 400, false, "invalid_request_error", "content_policy_violation",
	 "invalid_request_error"},
	{"unauthenticated", 401, false, "authentication_error", "invalid_api_key",
	 "authentication_error"},
	{"insufficient_credits", 402, false, "insufficient_quota", "insufficient_quota",
	 "billing_error"},
	{"budget_exhausted", 402, false, "insufficient_quota", "insufficient_quota",
	 "billing_error"},
	{"scope_required", 403, false, "permission_error", "scope_required", "permission_error"},
	{"model_not_allowed", 403, false, "permission_error", "model_not_allowed",
	 "permission_error"},
	{"cross_site", 403, false, "permission_error", "cross_site", "permission_error"},
	{"model_unknown", 404, false, "invalid_request_error", "model_not_found",
	 "not_found_error"},
	{"not_found", 404, false, "invalid_request_error", "model_not_found", "not_found_error"},
	{"route_unknown", 404, false, "invalid_request_error", "unknown_url", "not_found_error"},
	{"method_not_allowed", 405, false, "invalid_request_error", "method_not_allowed",
	 "invalid_request_error"},
	{"request_timeout", 408, false, "invalid_request_error", "request_timeout",
	 "timeout_error"},
	{"idempotency_key_reused", 409, false, "invalid_request_error", "idempotency_key_reused",
	 "invalid_request_error"},
	{"conflict_retry", 409, true, "invalid_request_error", "conflict_retry",
	 "invalid_request_error"},
	{"body_too_large", 413, false, "invalid_request_error", "body_too_large",
	 "request_too_large"},
	{"content_type_unsupported", 415, false, "invalid_request_error",
	 "content_type_unsupported", "invalid_request_error"},
	{"rate_limited", 429, true, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error"},
	{"generations_full", 429, true, "rate_limit_error", "rate_limit_exceeded",
	 "rate_limit_error"},
	{"uploads_too_many", 429, true, "rate_limit_error", "rate_limit_exceeded",
	 "rate_limit_error"},
	{"internal_error", 500, false, "server_error", "internal_error", "api_error"},
	{"not_implemented", 501, false, "server_error", "not_implemented", "api_error"},
	{"provider_unavailable", 502, true, "server_error", "provider_unavailable", "api_error"},
	{"provider_refused", 502, false, "server_error", "provider_refused", "api_error"},
	{"overloaded", 503, true, "server_error", "overloaded", "overloaded_error"},
	{"provider_busy", 503, true, "server_error", "provider_busy", "overloaded_error"},
	{"service_unavailable", 503, true, "server_error", "service_unavailable",
	 "overloaded_error"},
	{"deadline", 504, true, "server_error", "deadline", "timeout_error"},
};

static void errors_have_their_types(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct reason *reason = reason_find(cases[i].reason);
		struct error err;
		json_t *openai, *anthropic;

		assert_non_null(reason);
		err = error_of(reason->code, reason->word, "");
		openai = written(ROUTE_DIALECT_OPENAI, &err);
		anthropic = written(ROUTE_DIALECT_ANTHROPIC, &err);
		if (dialect_status(ROUTE_DIALECT_OPENAI, &err) != cases[i].http ||
		    dialect_status(ROUTE_DIALECT_ANTHROPIC, &err) != cases[i].http ||
		    dialect_retryable(&err) != cases[i].retryable)
			fail_msg("%s: %d", cases[i].reason,
				 dialect_status(ROUTE_DIALECT_OPENAI, &err));
		assert_string_equal(text_at(json_object_get(openai, "error"), "type"),
				    cases[i].openai_type);
		assert_string_equal(text_at(json_object_get(openai, "error"), "code"),
				    cases[i].openai_code);
		assert_string_equal(text_at(json_object_get(anthropic, "error"), "type"),
				    cases[i].anthropic_type);
		json_decref(openai);
		json_decref(anthropic);
	}
}

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

/* A client gets along with every word of reasons.proto. */
static void every_word_has_a_shape(void **state)
{
	static const char *const openai_types[] = {"invalid_request_error",
						   "authentication_error",
						   "permission_error",
						   "insufficient_quota",
						   "rate_limit_error",
						   "server_error",
						   NULL};
	static const char *const anthropic_types[] = {"invalid_request_error",
						      "authentication_error",
						      "billing_error",
						      "permission_error",
						      "not_found_error",
						      "request_too_large",
						      "rate_limit_error",
						      "timeout_error",
						      "overloaded_error",
						      "api_error",
						      NULL};

	for (size_t i = 0; i < reasons_n; i++) {
		struct error err = error_of(reasons[i].code, reasons[i].word, "max_tokens");
		json_t *openai = written(ROUTE_DIALECT_OPENAI, &err);
		json_t *anthropic = written(ROUTE_DIALECT_ANTHROPIC, &err);
		json_t *inner = json_object_get(openai, "error");

		if (!is_one_of(text_at(inner, "type"), openai_types) ||
		    strcmp(text_at(inner, "message"), "it \"broke\"") != 0 ||
		    strcmp(text_at(inner, "param"), "max_tokens") != 0 || !*text_at(inner, "code"))
			fail_msg("%s in OpenAI's format", reasons[i].word);
		inner = json_object_get(anthropic, "error");
		if (strcmp(text_at(anthropic, "type"), "error") != 0 ||
		    strcmp(text_at(anthropic, "request_id"), "r-1") != 0 ||
		    strcmp(text_at(inner, "message"), "max_tokens: it \"broke\"") != 0 ||
		    !is_one_of(text_at(inner, "type"), anthropic_types))
			fail_msg("%s in Anthropic's format", reasons[i].word);
		/* Errors of payment, of rights and of the request itself are never worth another try. */
		if (dialect_retryable(&err) && dialect_status(ROUTE_DIALECT_OPENAI, &err) < 408)
			fail_msg("%s is repeated", reasons[i].word);
		json_decref(openai);
		json_decref(anthropic);
	}
}

static void unknown_words_go_by_their_code(void **state)
{
	struct error err = error_of(UNAVAILABLE, "a_word_of_tomorrow", "");

	assert_true(dialect_retryable(&err));
	assert_int_equal(dialect_status(ROUTE_DIALECT_OPENAI, &err), 503);
	err.code = INVALID_ARGUMENT;
	assert_false(dialect_retryable(&err));
}

static void paths_and_headers_choose_the_format(void **state)
{
	static const struct route get = {.http_method = "GET", .dialect = ROUTE_DIALECT_OPENAI};
	static const struct route post = {.http_method = "POST", .dialect = ROUTE_DIALECT_OPENAI};
	static const struct route ours = {.http_method = "GET"};

	assert_int_equal(dialect_of(&post, "/v1/responses", NULL), ROUTE_DIALECT_OPENAI);
	assert_int_equal(dialect_of(&post, "/v1/responses", "2023-06-01"), ROUTE_DIALECT_OPENAI);
	assert_int_equal(dialect_of(&get, "/v1/models", NULL), ROUTE_DIALECT_OPENAI);
	assert_int_equal(dialect_of(&get, "/v1/models", "2023-06-01"), ROUTE_DIALECT_ANTHROPIC);
	assert_int_equal(dialect_of(NULL, "/v1/files", NULL), ROUTE_DIALECT_OPENAI);
	assert_int_equal(dialect_of(NULL, "/v1/files", "2023-06-01"), ROUTE_DIALECT_ANTHROPIC);
	assert_int_equal(dialect_of(NULL, "/v1/messages/batches", NULL), ROUTE_DIALECT_ANTHROPIC);
	assert_int_equal(dialect_of(NULL, "/api/v1/x", "2023-06-01"), ROUTE_DIALECT_PROTO3);
	assert_int_equal(dialect_of(&ours, "/api/v1/x", NULL), ROUTE_DIALECT_PROTO3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_their_types),
		cmocka_unit_test(every_word_has_a_shape),
		cmocka_unit_test(unknown_words_go_by_their_code),
		cmocka_unit_test(paths_and_headers_choose_the_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
