#include "gateway/dialect.h"

#include "limitless/reasons.h"
#include "runtime/json/json.h"

#include <stdio.h>
#include <string.h>

#define ROOT "/v1/"
#define ANTHROPIC_ROOT "/v1/messages"

/* Reasons that OpenAI's clients know by a code of their own. The status is that of both formats. */
static const struct {
	const char *reason;
	uint16_t http;    /* 0: that of reasons.proto */
	const char *code; /* OpenAI's `code` */
	const char *type; /* OpenAI's `type`; NULL: that of the status */
} known[] = {
	{"unauthenticated", 0, "invalid_api_key", NULL},
	{"token_expired", 0, "invalid_api_key", NULL},
	{"session_revoked", 0, "invalid_api_key", NULL},
	/* OpenAI itself says 429. Its clients would then try again, in vain. */
	{"insufficient_credits", 0, "insufficient_quota", "insufficient_quota"},
	{"budget_exhausted", 0, "insufficient_quota", "insufficient_quota"},
	{"model_unknown", 404, "model_not_found", NULL},
	{"not_found", 0, "model_not_found", NULL},
	{"route_unknown", 0, "unknown_url", NULL},
	{"context_too_long", 400, "context_length_exceeded", NULL},
	{"prompt_flagged", 400, "content_policy_violation", NULL},
	{"field_required", 0, "missing_required_parameter", NULL},
	{"field_unknown", 0, "unknown_parameter", NULL},
	{"field_invalid", 0, "invalid_value", NULL},
	{"field_too_long", 0, "string_above_max_length", NULL},
	{"parameter_unsupported", 0, "unsupported_parameter", NULL},
	{"parameter_refused", 0, "unsupported_value", NULL},
	{"rate_limited", 0, "rate_limit_exceeded", NULL},
	{"calls_too_many", 0, "rate_limit_exceeded", NULL},
	{"streams_too_many", 0, "rate_limit_exceeded", NULL},
	{"uploads_too_many", 0, "rate_limit_exceeded", NULL},
	{"generations_full", 0, "rate_limit_exceeded", NULL},
	{"bodies_full", 0, "rate_limit_exceeded", NULL},
};

enum route_dialect dialect_of(const struct route *route, const char *path,
			      const char *anthropic_version)
{
	bool shared = !route || strcmp(route->http_method, "GET") == 0;

	if (strncmp(path, ROOT, strlen(ROOT)) != 0)
		return route ? route->dialect : ROUTE_DIALECT_PROTO3;
	if (!shared)
		return route->dialect;
	if (anthropic_version || strncmp(path, ANTHROPIC_ROOT, strlen(ANTHROPIC_ROOT)) == 0)
		return ROUTE_DIALECT_ANTHROPIC;
	return ROUTE_DIALECT_OPENAI;
}

/* Index in known, or -1. */
static int find(const struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].reason, err->reason) == 0)
			return (int)i;
	return -1;
}

uint16_t dialect_status(enum route_dialect dialect, const struct error *err)
{
	int i = dialect == ROUTE_DIALECT_PROTO3 ? -1 : find(err);

	return i >= 0 && known[i].http ? known[i].http : reason_http(err);
}

bool dialect_retryable(const struct error *err)
{
	const struct reason *reason = reason_find(err->reason);

	/* A newer service may send words that are not listed here. */
	return reason ? reason->retryable : err->code == UNAVAILABLE || err->code == ABORTED;
}

/* OpenAI's API reference, "Error codes". */
static const char *openai_type(uint16_t status)
{
	switch (status) {
	case 401:
		return "authentication_error";
	case 403:
		return "permission_error";
	case 429:
		return "rate_limit_error";
	default:
		return status >= 500 ? "server_error" : "invalid_request_error";
	}
}

/* Anthropic's API reference, "Errors". */
static const char *anthropic_type(uint16_t status)
{
	switch (status) {
	case 401:
		return "authentication_error";
	case 402:
		return "billing_error";
	case 403:
		return "permission_error";
	case 404:
		return "not_found_error";
	case 408:
	case 504:
		return "timeout_error";
	case 413:
		return "request_too_large";
	case 429:
		return "rate_limit_error";
	case 503:
		return "overloaded_error";
	default:
		return status >= 500 ? "api_error" : "invalid_request_error";
	}
}

static void write_text(struct buf *out, const char *text)
{
	json_write_text(out, text, strlen(text));
}

static void write_openai(const struct error *err, struct buf *out)
{
	uint16_t status = dialect_status(ROUTE_DIALECT_OPENAI, err);
	int i = find(err);

	buf_adds(out, "{\"error\":{\"message\":");
	write_text(out, err->message);
	buf_addf(out, ",\"type\":\"%s\",\"param\":",
		 i >= 0 && known[i].type ? known[i].type : openai_type(status));
	if (*err->field)
		write_text(out, err->field);
	else
		buf_adds(out, "null");
	buf_adds(out, ",\"code\":");
	write_text(out, i >= 0 ? known[i].code : err->reason);
	buf_adds(out, "}}");
}

/* Anthropic has no member for the field, so its name begins the message, as Anthropic's own do. */
static void write_anthropic(const struct error *err, const char *request_id, struct buf *out)
{
	uint16_t status = dialect_status(ROUTE_DIALECT_ANTHROPIC, err);
	bool named = !*err->field || strstr(err->message, err->field);
	char message[sizeof err->field + sizeof err->message + 2];

	snprintf(message, sizeof message, "%s%s%s", named ? "" : err->field, named ? "" : ": ",
		 err->message);
	buf_addf(out, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":",
		 anthropic_type(status));
	write_text(out, message);
	buf_adds(out, "},\"request_id\":");
	write_text(out, request_id);
	buf_adds(out, "}");
}

void dialect_write(enum route_dialect dialect, const struct error *err, const char *request_id,
		   struct buf *out)
{
	if (dialect == ROUTE_DIALECT_ANTHROPIC)
		write_anthropic(err, request_id, out);
	else
		write_openai(err, out);
}
