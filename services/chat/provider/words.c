#include "chat/provider/words.h"

#include "chat/provider/retry_after.h"

#include "runtime/base/clock.h"
#include "runtime/base/text.h"

#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 4 /* errors within errors */
#define FEWER_TOKENS_MAX 100000000

/* Appends in lower case, white space as one blank. */
static void add_text(struct words *words, const char *text, size_t len)
{
	size_t at = strlen(words->text);

	if (at > 0 && at + 1 < WORDS_TEXT_SIZE)
		words->text[at++] = '\n';
	for (size_t i = 0; i < len && text[i] && at + 1 < WORDS_TEXT_SIZE; i++) {
		char c = isspace((unsigned char)text[i]) ? ' '
							 : (char)tolower((unsigned char)text[i]);

		if (c != ' ' || (at > 0 && !isspace((unsigned char)words->text[at - 1])))
			words->text[at++] = c;
	}
	words->text[at] = '\0';
}

static void lower(char *out, const char *text)
{
	snprintf(out, WORDS_CODE_SIZE, "%s", text);
	for (; *out; out++)
		*out = (char)tolower((unsigned char)*out);
}

static void add_code(struct words *words, const char *text)
{
	int64_t status;

	if (text_parse_i64(text, strlen(text), 100, 599, &status)) {
		words->status = (int32_t)status;
		return;
	}
	if (*text && words->n_codes < WORDS_CODES_MAX)
		lower(words->codes[words->n_codes++], text);
}

static void add_code_of(struct words *words, const json_t *value)
{
	if (json_is_string(value))
		add_code(words, json_string_value(value));
	else if (json_is_integer(value) && json_integer_value(value) >= 100 &&
		 json_integer_value(value) <= 599)
		words->status = (int32_t)json_integer_value(value);
}

static void read_value(struct words *words, const json_t *value, int depth);

/* Gemini's: {"reason": …}, {"retryDelay": "37s"}. pydantic's: {"type", "loc": ["body", "top_p"],
 * "msg"}. */
static void read_details(struct words *words, const json_t *list, int depth)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const json_t *loc = json_object_get(item, "loc");
		const char *delay = json_string_value(json_object_get(item, "retryDelay"));
		const char *field =
			json_string_value(json_array_get(loc, json_array_size(loc) - 1));

		if (delay)
			words->retry_after_ms =
				retry_after_parse(delay, clock_wall_us() / US_PER_S);
		if (field && !words->param[0])
			lower(words->param, field);
		read_value(words, item, depth);
	}
}

static void read_object(struct words *words, const json_t *object, int depth)
{
	static const char *const codes[] = {"code", "type", "status", "reason", "__type"};
	static const char *const texts[] = {"message", "msg", "detail", "Message", "raw"};
	static const char *const within[] = {"error", "errors", "innererror", "metadata",
					     "details"};
	const char *param = json_string_value(json_object_get(object, "param"));

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		add_code_of(words, json_object_get(object, codes[i]));
	if (param && !words->param[0])
		lower(words->param, param);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		read_value(words, json_object_get(object, texts[i]), depth);
	for (size_t i = 0; i < sizeof within / sizeof *within; i++)
		read_value(words, json_object_get(object, within[i]), depth);
	if (json_object_get(object, "flagged_input")) /* OpenRouter's moderation */
		add_code(words, "flagged");
}

static void read_value(struct words *words, const json_t *value, int depth)
{
	if (depth >= DEPTH_MAX)
		return;
	if (json_is_string(value))
		add_text(words, json_string_value(value), json_string_length(value));
	else if (json_is_array(value))
		read_details(words, value, depth + 1);
	else if (json_is_object(value))
		read_object(words, value, depth + 1);
}

/* The rest of JSON that was cut off: from its first message on. */
static void read_rest(struct words *words, const char *body, size_t len)
{
	static const char key[] = "\"message\":";
	const char *at = memmem(body, len, key, sizeof key - 1);
	size_t skip;

	if (at) {
		skip = (size_t)(at - body) + sizeof key - 1;
		body += skip;
		len -= skip;
		while (len > 0 && (*body == ' ' || *body == '"')) {
			body++;
			len--;
		}
	}
	add_text(words, body, len);
}

void words_read(const char *body, size_t len, struct words *ret)
{
	json_t *root = NULL;

	*ret = (struct words){.retry_after_ms = -1};
	while (len > 0 && isspace((unsigned char)*body)) {
		body++;
		len--;
	}
	if (len == 0 || *body == '<')
		return;
	if (*body == '{' || *body == '[')
		root = json_loadb(body, len, JSON_ALLOW_NUL, NULL);
	if (root)
		read_value(ret, root, 0);
	else
		read_rest(ret, body, len);
	json_decref(root);
}

/* The number that stands after these words, or -1. */
static int64_t number_after(const char *text, const char *words)
{
	const char *at = strstr(text, words);
	int64_t number = 0;

	if (!at)
		return -1;
	at += strlen(words) + strspn(at + strlen(words), " ");
	if (!isdigit((unsigned char)*at))
		return -1;
	for (; isdigit((unsigned char)*at) || *at == ','; at++) {
		if (*at == ',' && !isdigit((unsigned char)at[1]))
			break;
		if (*at != ',')
			number = number * 10 + (*at - '0');
		if (number > FEWER_TOKENS_MAX)
			return -1;
	}
	return number;
}

int32_t words_fewer_tokens(const struct words *words)
{
	static const char *const direct[] = {"can only afford", "supports at most",
					     "maximum allowed number of output tokens is"};
	static const char *const used[] = {"your request has", "tokens (",
					   "prompt contains at least"};
	int64_t window, n;

	for (size_t i = 0; i < ARRAY_SIZE(direct); i++) {
		n = number_after(words->text, direct[i]);
		if (n > 0)
			return (int32_t)n;
	}
	window = number_after(words->text, "maximum context length is");
	for (size_t i = 0; window > 0 && i < ARRAY_SIZE(used); i++) {
		n = number_after(words->text, used[i]);
		if (n > 0 && n < window)
			return (int32_t)(window - n);
	}
	return 0;
}

int64_t words_rest_ms(const struct words *words, const char *header)
{
	static const char *const phrases[] = {"try again in ", "retry in ", "retry after "};
	int64_t ms = header ? retry_after_parse(header, clock_wall_us() / US_PER_S) : -1;

	if (ms < 0)
		ms = words->retry_after_ms;
	for (size_t i = 0; ms < 0 && i < ARRAY_SIZE(phrases); i++) {
		const char *at = strstr(words->text, phrases[i]);
		char span[32];
		size_t len;

		if (!at)
			continue;
		at += strlen(phrases[i]);
		len = strspn(at, "0123456789.hms");
		while (len > 0 && at[len - 1] == '.')
			len--;
		if (len == 0 || len >= sizeof span)
			continue;
		snprintf(span, sizeof span, "%.*s", (int)len, at);
		ms = retry_after_parse(span, 0);
	}
	return ms;
}
