#include "gateway/problem.h"

#include "limitless/reasons.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

int32_t problem_retry_after(const struct error *err)
{
	uint16_t status = reason_http(err);

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
	char reason[sizeof err->reason];
	json_t *problem;
	char *text;

	to_upper(err->reason, reason);
	problem = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "type", "about:blank", "title",
			    reason_title(err), "status", (int)reason_http(err), "detail",
			    err->message, "code", status_name(err->code), "reason", reason,
			    "requestId", request_id);
	if (problem && *err->field)
		json_object_set_new(problem, "field", json_string(err->field));
	text = problem ? json_dumps(problem, JSON_COMPACT) : NULL;
	if (text)
		buf_adds(out, text);
	free(text);
	json_decref(problem);
}
