/* Errors of providers, in our words. The provider's own text stays out: it may quote the key or the
 * prompt. A rule that makes a key rest reads codes and the start of a message, never its middle.
 * Servers quote requests, and one user's words may not stop another user. */
#include "chat/provider/provider.h"
#include "chat/provider/words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum verdict {
	FLAGGED,
	TOO_LONG,
	PARAMETER,
	VALUE,
	REFUSED,
	NO_MODEL,
	ELSEWHERE,
	PRICE,
	KEY,
	BUSY,
	DOWN,
	UNCLEAR,
};

/* Words for the user. The page has its own for most of these. */
static const struct {
	enum fault_kind kind;
	enum status code;
	const char *reason, *message;
} verdicts[] = {
	[FLAGGED] = {FAULT_FINAL, FAILED_PRECONDITION, "prompt_flagged",
		     "the provider's moderation refused the message: write it in other words, or "
		     "choose another model"},
	[TOO_LONG] = {FAULT_FINAL, INVALID_ARGUMENT, "context_too_long",
		      "the conversation does not fit the model's window: shorten the message, or "
		      "begin a new chat"},
	[PARAMETER] = {FAULT_PARAMETER, INVALID_ARGUMENT, "parameter_refused",
		       "the model does not take a parameter of the request: leave it out"},
	[VALUE] = {FAULT_FINAL, INVALID_ARGUMENT, "parameter_refused",
		   "the model does not take this value of a parameter: choose another value"},
	[REFUSED] = {FAULT_FINAL, FAILED_PRECONDITION, "provider_refused",
		     "the provider refused the request"},
	[NO_MODEL] = {FAULT_MODEL, UNAVAILABLE, "model_unavailable",
		      "the provider does not offer this model at the moment: choose another one"},
	[ELSEWHERE] = {FAULT_UNCLEAR, UNAVAILABLE, "model_unavailable",
		       "the provider does not offer this model at the moment: choose another one"},
	[PRICE] = {FAULT_PRICE, UNAVAILABLE, "provider_limit",
		   "this server's account at the provider does not cover so long an answer: choose "
		   "another model"},
	[KEY] = {FAULT_KEY, UNAVAILABLE, "provider_account",
		 "the provider refuses this server's account: choose another model, or tell "
		 "whoever "
		 "runs this server"},
	[BUSY] = {FAULT_BUSY, UNAVAILABLE, "provider_busy",
		  "the provider is busy: try again in a moment, or choose another model"},
	[DOWN] = {FAULT_RETRY, UNAVAILABLE, "provider_unavailable", "the provider failed"},
	[UNCLEAR] = {FAULT_UNCLEAR, UNAVAILABLE, "provider_refused",
		     "the provider refused the request: choose another model"},
};

enum where {
	CODE,   /* one of the codes is this */
	START,  /* the message begins so */
	WITHIN, /* it stands anywhere in the message, or in an upstream's */
};

/* In lower case. The first row that fits decides. status 0: any. */
static const struct {
	int32_t status;
	enum where where;
	const char *words;
	enum verdict verdict;
} rules[] = {
	/* The key: refused, closed, or its account is used up. */
	{401, WITHIN, "", KEY},
	{0, CODE, "insufficient_quota", KEY},
	{0, CODE, "invalid_api_key", KEY},
	{0, CODE, "api_key_invalid", KEY},
	{0, CODE, "api_key_expired", KEY},
	{0, CODE, "api_key_service_blocked", KEY},
	{0, CODE, "service_disabled", KEY},
	{0, CODE, "consumer_suspended", KEY},
	{0, CODE, "billing_disabled", KEY},
	{0, CODE, "billing_not_active", KEY},
	{0, CODE, "billing_hard_limit_reached", KEY},
	{0, CODE, "billing_error", KEY},
	{0, CODE, "account_deactivated", KEY},
	{0, CODE, "account_suspended", KEY},
	{0, CODE, "organization_deactivated", KEY},
	{0, CODE, "organization_restricted", KEY},
	{0, CODE, "access_terminated", KEY},
	{0, CODE, "authentication_error", KEY},
	{0, CODE, "invalid_authentication_error", KEY},
	{0, CODE, "unauthenticated", KEY},
	{0, CODE, "unauthorized", KEY},
	{0, CODE, "insufficient_balance", KEY},
	{0, CODE, "exceeded_current_quota_error", KEY},
	{0, START, "incorrect api key", KEY},
	{0, START, "invalid api key", KEY},
	{0, START, "api key not valid", KEY},
	{0, START, "api key expired", KEY},
	{0, START, "your api key was reported as leaked", KEY},
	{0, START, "method doesn't allow unregistered callers", KEY},
	{0, START, "no auth credentials", KEY},
	{0, START, "your credit balance is too low", KEY},
	{0, START, "your account is not active", KEY},
	{0, START, "this organization has been disabled", KEY},
	{0, START, "key limit exceeded", KEY},
	{402, START, "insufficient", KEY},
	{0, START, "you have insufficient permissions", KEY},
	{0, START, "your account has been", KEY},
	{402, START, "you have exceeded your monthly", KEY},
	{402, START, "your account or api key has insufficient credits", KEY},
	{0, START, "insufficient credits", KEY},
	{0, START, "insufficient balance", KEY},
	{0, START, "billing hard limit has been reached", KEY},

	/* The price: this answer is too long for the balance. */
	{0, WITHIN, "can only afford", PRICE},
	{402, WITHIN, "", PRICE},

	/* The prompt: moderation. */
	{0, CODE, "content_policy_violation", FLAGGED},
	{0, CODE, "content_filter", FLAGGED},
	{0, CODE, "responsibleaipolicyviolation", FLAGGED},
	{0, CODE, "moderation_blocked", FLAGGED},
	{0, CODE, "invalid_prompt", FLAGGED},
	{0, CODE, "prohibited_content", FLAGGED},
	{0, CODE, "data_inspection_failed", FLAGGED},
	{0, CODE, "datainspectionfailed", FLAGGED},
	{0, CODE, "flagged", FLAGGED},
	{0, WITHIN, "was flagged", FLAGGED},
	{0, WITHIN, "been flagged", FLAGGED},
	{0, WITHIN, "content management policy", FLAGGED},
	{0, WITHIN, "content filtering policy", FLAGGED},
	{0, WITHIN, "usage polic", FLAGGED},
	{0, WITHIN, "safety system", FLAGGED},
	{0, WITHIN, "inappropriate content", FLAGGED},
	{0, WITHIN, "requires moderation", FLAGGED},
	{0, WITHIN, "prohibited_content", FLAGGED},

	/* The prompt: its length. */
	{413, WITHIN, "", TOO_LONG},
	{0, CODE, "context_length_exceeded", TOO_LONG},
	{0, CODE, "exceed_context_size_error", TOO_LONG},
	{0, CODE, "string_above_max_length", TOO_LONG},
	{0, CODE, "request_too_large", TOO_LONG},
	{0, CODE, "model_context_window_exceeded", TOO_LONG},
	{0, WITHIN, "maximum context length", TOO_LONG},
	{0, WITHIN, "available context size", TOO_LONG},
	{0, WITHIN, "exceed context window", TOO_LONG},
	{0, WITHIN, "exceeds the context window", TOO_LONG},
	{0, WITHIN, "exceed context limit", TOO_LONG},
	{0, WITHIN, "context length exceeded", TOO_LONG},
	{0, WITHIN, "context size exceeded", TOO_LONG},
	{0, WITHIN, "exceeds the maximum context", TOO_LONG},
	{0, WITHIN, "exceeded max context length", TOO_LONG},
	{0, WITHIN, "exceeds model's maximum", TOO_LONG},
	{0, WITHIN, "longer than the model's context", TOO_LONG},
	{0, WITHIN, "input is too long", TOO_LONG},
	{0, WITHIN, "input length exceeds", TOO_LONG},
	{0, WITHIN, "prompt is too long", TOO_LONG},
	{0, START, "the input token count", TOO_LONG},
	{0, WITHIN, "exceeds the maximum number of tokens allowed", TOO_LONG},
	{0, WITHIN, "the prompt exceeds", TOO_LONG},
	{0, WITHIN, "reduce the length of the", TOO_LONG},
	{0, WITHIN, "prompt tokens limit exceeded", TOO_LONG},

	/* A parameter. */
	{0, CODE, "unsupported_parameter", PARAMETER},
	{0, CODE, "unsupported_value", PARAMETER},
	{0, CODE, "unknown_parameter", PARAMETER},
	{0, CODE, "extra_forbidden", PARAMETER},
	{0, CODE, "value_error.extra", PARAMETER},
	{0, WITHIN, "unsupported parameter", PARAMETER},
	{400, WITHIN, "thinking.type.enabled", PARAMETER},
	{0, WITHIN, "unsupported value", PARAMETER},
	{0, WITHIN, "unknown parameter", PARAMETER},
	{0, WITHIN, "unknown field", PARAMETER},
	{0, WITHIN, "unknown name", PARAMETER},
	{0, WITHIN, "unexpected keyword argument", PARAMETER},
	{0, WITHIN, "unrecognized request argument", PARAMETER},
	{0, WITHIN, "unsupported field", PARAMETER},
	{0, WITHIN, "extra_forbidden", PARAMETER},
	{0, WITHIN, "extra inputs are not permitted", PARAMETER},
	{0, WITHIN, "extra fields not permitted", PARAMETER},
	{0, WITHIN, "additional properties are not allowed", PARAMETER},
	{0, WITHIN, "is not supported with this model", PARAMETER},
	{0, WITHIN, "is not supported for this model", PARAMETER},
	{0, WITHIN, "is not supported by this model", PARAMETER},
	{0, WITHIN, "is deprecated for this model", PARAMETER},
	{0, WITHIN, "cannot both be specified", PARAMETER},

	/* The model: not there, not for this key, not in this country. */
	{0, CODE, "model_not_found", NO_MODEL},
	{0, CODE, "model_not_available", NO_MODEL},
	{0, CODE, "modelnotfound", NO_MODEL},
	{0, CODE, "deploymentnotfound", NO_MODEL},
	{0, CODE, "operationnotsupported", NO_MODEL},
	{0, CODE, "unsupported_country_region_territory", NO_MODEL},
	{0, CODE, "invalid_model", NO_MODEL},
	{0, START, "user location is not supported", NO_MODEL},
	{0, START, "your api key does not have permission", NO_MODEL},
	{0, START, "you are not allowed to", NO_MODEL},
	{400, START, "invalid model", NO_MODEL},
	{400, START, "no endpoints found for", NO_MODEL},
	{404, START, "no endpoints found that", ELSEWHERE},
	{404, START, "no endpoints found matching", ELSEWHERE},
	{404, START, "no endpoints available matching", ELSEWHERE},
	{400, WITHIN, "is not a valid model id", ELSEWHERE},
	{404, WITHIN, "", NO_MODEL},
	{410, WITHIN, "", NO_MODEL},

	/* Time. */
	{0, CODE, "rate_limit_exceeded", BUSY},
	{0, CODE, "rate_limit_error", BUSY},
	{0, CODE, "rate_limit_reached_error", BUSY},
	{0, CODE, "resource_exhausted", BUSY},
	{0, CODE, "too_many_requests", BUSY},
	{0, CODE, "overloaded_error", BUSY},
	{0, CODE, "engine_overloaded_error", BUSY},
	{0, CODE, "model_overloaded", BUSY},
	{429, WITHIN, "", BUSY},
	{529, WITHIN, "", BUSY},
	{503, START, "the model is overloaded", BUSY},
	{503, START, "that model is currently overloaded", BUSY},
	{503, START, "loading model", BUSY},

	/* The status alone does not say more. */
	{500, WITHIN, "roles must alternate", REFUSED},
	{400, WITHIN, "", REFUSED},
	{422, WITHIN, "", REFUSED},
	{403, WITHIN, "", UNCLEAR},
	{405, WITHIN, "", UNCLEAR},
	{407, WITHIN, "", UNCLEAR},
	{408, WITHIN, "", DOWN},
	{409, WITHIN, "", DOWN},
	{425, WITHIN, "", DOWN},
	{451, WITHIN, "", UNCLEAR},
	{200, CODE, "invalid_request_error", REFUSED},
	{200, CODE, "badrequesterror", REFUSED},
	{200, CODE, "invalid_argument", REFUSED},
	{200, CODE, "not_found_error", NO_MODEL},
	{200, CODE, "notfounderror", NO_MODEL},
	{200, CODE, "not_found", NO_MODEL},
	{200, CODE, "permission_error", UNCLEAR},
	{200, CODE, "permission_denied", UNCLEAR},
	{200, START, "rate limit", BUSY},
	{200, START, "overloaded", BUSY},
	{200, WITHIN, "", DOWN},
};

static const struct {
	const char *name;
	uint8_t parameter;
} parameters[PARAMETERS_N] = {
	{"max_tokens", PARAMETER_MAX_TOKENS},
	{"max_completion_tokens", PARAMETER_MAX_COMPLETION_TOKENS},
	{"temperature", PARAMETER_TEMPERATURE},
	{"top_p", PARAMETER_TOP_P},
	{"stream_options", PARAMETER_STREAM_OPTIONS},
	{"reasoning.summary", PARAMETER_REASONING_SUMMARY},
	{"thinking.type.enabled", PARAMETER_THINKING_BUDGET},
};

_printf_(5, 6) static void set(struct provider_fault *fault, enum fault_kind kind, enum status code,
			       const char *reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*fault = (struct provider_fault){.kind = kind, .retry_after_ms = -1};
	fault->err.code = code;
	snprintf(fault->err.reason, sizeof fault->err.reason, "%s", reason);
	vsnprintf(fault->err.message, sizeof fault->err.message, format, args);
	va_end(args);
}

static bool fits(enum where where, const char *what, const struct words *words)
{
	switch (where) {
	case CODE:
		for (size_t i = 0; i < words->n_codes; i++) {
			if (strcmp(words->codes[i], what) == 0)
				return true;
		}
		return false;
	case START:
		return strncmp(words->text, what, strlen(what)) == 0;
	default:
		return strstr(words->text, what);
	}
}

static enum verdict judge(int32_t status, const struct words *words)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if ((rules[i].status == 0 || rules[i].status == status) &&
		    fits(rules[i].where, rules[i].words, words))
			return rules[i].verdict;
	}
	return status >= 400 && status < 500 ? REFUSED : DOWN;
}

/* The parameter that the error names: its field, else the first name in the message. */
static uint8_t find_parameter(const struct words *words)
{
	const char *first = NULL;
	uint8_t found = 0;

	for (size_t i = 0; i < PARAMETERS_N; i++) {
		const char *at = strstr(words->text, parameters[i].name);

		if (strcmp(words->param, parameters[i].name) == 0 ||
		    (strncmp(words->param, parameters[i].name, strlen(parameters[i].name)) == 0 &&
		     words->param[strlen(parameters[i].name)] == '.'))
			return parameters[i].parameter;
		if (at && (!first || at < first)) {
			first = at;
			found = parameters[i].parameter;
		}
	}
	return found;
}

void provider_fault_body(int32_t status, const char *retry_after, const char *body, size_t len,
			 struct provider_fault *fault)
{
	struct words words;
	enum verdict verdict;
	uint8_t parameter;
	int32_t fewer;

	words_read(body, len, &words);
	if (status >= 200 && status < 300)
		status = words.status >= 400 ? words.status : 200;
	verdict = judge(status, &words);
	parameter = find_parameter(&words);
	fewer = words_fewer_tokens(&words);
	/* A parameter that we never send is the request's own fault. */
	if (verdict == PARAMETER && !parameter)
		verdict = REFUSED;
	if (verdict == REFUSED && words.param[0] && parameter)
		verdict = VALUE;
	if (verdict == DOWN && status == 503 && retry_after)
		verdict = BUSY;
	set(fault, verdicts[verdict].kind, verdicts[verdict].code, verdicts[verdict].reason,
	    "%s (%" PRId32 ")", verdicts[verdict].message, status);
	if (fault->kind == FAULT_PARAMETER) {
		fault->parameter = parameter;
		fault->once = strstr(words.text, "cannot both be specified");
	}
	fault->refused = verdict == KEY && status == 401;
	if (verdict != FLAGGED)
		fault->fewer_tokens = fewer;
	if (fault->kind == FAULT_BUSY || fault->kind == FAULT_KEY || fault->kind == FAULT_MODEL)
		fault->retry_after_ms = words_rest_ms(&words, retry_after);
}

void provider_fault_status(int32_t status, struct provider_fault *fault)
{
	provider_fault_body(status, NULL, "", 0, fault);
}

void provider_fault_broken(struct provider_fault *fault, const char *what)
{
	set(fault, FAULT_RETRY, UNAVAILABLE, "provider_broken",
	    "the provider's answer is broken: %s", what);
}

void provider_fault_transfer(enum status status, struct provider_fault *fault)
{
	if (status == RESOURCE_EXHAUSTED)
		provider_fault_broken(fault, "it is too long");
	else
		set(fault, FAULT_RETRY, UNAVAILABLE, "provider_unavailable", "%s",
		    status == DEADLINE_EXCEEDED ? "the provider did not answer in time"
						: "the connection to the provider broke");
}
