#include "gateway/problem.h"

#include "limitless/reasons.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define RETRY_AFTER_SECONDS 1

/* The only table from gRPC's codes to HTTP: as google/rpc/code.proto maps them. */
static const struct {
	int16_t http;
	const char *title;
} codes[STATUS_N] = {
	[OK] = {200, "OK"},
	[CANCELLED] = {499, "Cancelled"},
	[UNKNOWN] = {500, "Internal error"},
	[INVALID_ARGUMENT] = {400, "Invalid request"},
	[DEADLINE_EXCEEDED] = {504, "Took too long"},
	[NOT_FOUND] = {404, "Not found"},
	[ALREADY_EXISTS] = {409, "Already exists"},
	[PERMISSION_DENIED] = {403, "Not allowed"},
	[RESOURCE_EXHAUSTED] = {429, "Limit reached"},
	[FAILED_PRECONDITION] = {400, "Not possible now"},
	[ABORTED] = {409, "Conflict"},
	[OUT_OF_RANGE] = {400, "Out of range"},
	[UNIMPLEMENTED] = {501, "Not implemented"},
	[INTERNAL] = {500, "Internal error"},
	[UNAVAILABLE] = {503, "Unavailable"},
	[DATA_LOSS] = {500, "Internal error"},
	[UNAUTHENTICATED] = {401, "Log in first"},
};

static enum status code_of(const struct error *err)
{
	return (unsigned)err->code < STATUS_N ? err->code : UNKNOWN;
}

int32_t problem_status(const struct error *err)
{
	const struct reason *reason = reason_find(err->reason);

	return reason && reason->http ? reason->http : codes[code_of(err)].http;
}

int32_t problem_retry_after(const struct error *err)
{
	int32_t status = problem_status(err);

	return status == 503 || status == 429 ? RETRY_AFTER_SECONDS : 0;
}

static void to_upper(const char *word, char *out)
{
	for (; *word; word++)
		*out++ = (char)toupper((unsigned char)*word);
	*out = '\0';
}

void problem_write(struct buf *out, const struct error *err, const char *request_id)
{
	enum status code = code_of(err);
	char reason[sizeof err->reason];
	json_t *problem;
	char *text;

	to_upper(err->reason, reason);
	problem = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "type", "about:blank", "title",
			    codes[code].title, "status", (int)problem_status(err), "detail",
			    err->message, "code", status_name(code), "reason", reason, "requestId",
			    request_id);
	if (problem && *err->field)
		json_object_set_new(problem, "field", json_string(err->field));
	text = problem ? json_dumps(problem, JSON_COMPACT) : NULL;
	if (text)
		buf_adds(out, text);
	free(text);
	json_decref(problem);
}
