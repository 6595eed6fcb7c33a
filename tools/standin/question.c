#include "exchange.h"

#include "runtime/base/text.h"

#include <stdio.h>
#include <string.h>

#define BYTES_PER_TOKEN 4
#define TOKENS_PER_MESSAGE 3 /* role and separators, as OpenAI counts them */
#define DIRECTIVE_TOKENS_MAX 100000
#define CONTENT_BYTES_MAX (16 << 20)

bool refuse(struct refusal *refusal, const char *param, const char *code, const char *format, ...)
{
	va_list args;

	refusal->status = 400;
	refusal->type = "invalid_request_error";
	refusal->param = param;
	refusal->code = code;
	va_start(args, format);
	vsnprintf(refusal->message, sizeof refusal->message, format, args);
	va_end(args);
	return false;
}

int64_t count_tokens(const char *text)
{
	return (int64_t)(strlen(text) + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
}

/* Text of a message's content: a string, or the text parts of an array. NULL: neither. A message
 * that calls tools needs none. */
static const char *content_text(const json_t *message, struct arena *arena)
{
	const json_t *content = json_object_get(message, "content");
	bool calls = json_object_get(message, "tool_calls") != NULL;
	_cleanup_(buf_done) struct buf text = {.max = CONTENT_BYTES_MAX};
	const json_t *part;
	size_t i;

	if (json_is_string(content))
		return arena_strdup(arena, json_string_value(content));
	if (!json_is_array(content))
		return json_is_null(content) || (!content && calls) ? "" : NULL;
	json_array_foreach(content, i, part) if (json_is_string(json_object_get(part, "text")))
		buf_adds(&text, json_string_value(json_object_get(part, "text")));
	return arena_strdup(arena, buf_text(&text));
}

static bool read_messages(const json_t *body, struct arena *arena, struct question *question,
			  struct refusal *refusal)
{
	static const char *const roles[] = {"system", "developer", "user", "assistant", "tool"};
	const json_t *messages = json_object_get(body, "messages"), *message;
	size_t i;

	if (!messages)
		return refuse(refusal, "messages", "missing_required_parameter",
			      "Missing required parameter: 'messages'.");
	if (!json_is_array(messages) || json_array_size(messages) == 0)
		return refuse(refusal, "messages", "invalid_type",
			      "Invalid 'messages': expected a non-empty array.");
	question->messages = (int64_t)json_array_size(messages);
	json_array_foreach(messages, i, message)
	{
		const char *role = json_string_value(json_object_get(message, "role"));
		const char *text = content_text(message, arena);
		size_t r = 0;

		while (role && r < ARRAY_SIZE(roles) && strcmp(role, roles[r]) != 0)
			r++;
		if (!role || r == ARRAY_SIZE(roles))
			return refuse(refusal, arena_printf(arena, "messages[%zu].role", i),
				      "invalid_value", "Invalid value: 'messages[%zu].role'.", i);
		if (!text)
			return refuse(refusal, arena_printf(arena, "messages[%zu].content", i),
				      "invalid_type",
				      "Invalid type for 'messages[%zu].content': expected a string "
				      "or an array.",
				      i);
		question->prompt_tokens += TOKENS_PER_MESSAGE + count_tokens(text);
		if (i == 0 && strcmp(role, "system") == 0)
			question->system = text;
		if (!question->first && strcmp(role, "user") == 0)
			question->first = text;
		if (strcmp(role, "user") == 0 || strcmp(role, "tool") == 0)
			question->prompt = text; /* a model answers what a tool gave */
	}
	return true;
}

static bool read_number(const json_t *body, const char *name, double min, double max, int64_t *ret,
			struct refusal *refusal)
{
	const json_t *value = json_object_get(body, name);

	if (!value || json_is_null(value))
		return true;
	if (!json_is_number(value))
		return refuse(refusal, name, "invalid_type",
			      "Invalid type for '%s': expected a number.", name);
	if (json_number_value(value) < min || json_number_value(value) > max)
		return refuse(refusal, name, "decimal_out_of_range",
			      "Invalid '%s': expected a value between %g and %g.", name, min, max);
	if (ret)
		*ret = (int64_t)json_number_value(value);
	return true;
}

/* The last question of a prompt that several were joined in, as far as directives tell. */
static const char *last_question(const char *prompt)
{
	const char *at;

	while ((at = strstr(prompt, "]]\n\n")) && at[4])
		prompt = at + 4;
	return prompt;
}

/* The text between "[[name:" and "]]" in the prompt, or NULL. */
static const char *directive(const char *prompt, const char *name, size_t *ret_len)
{
	char opening[24];
	const char *begin, *end;

	snprintf(opening, sizeof opening, "[[%s:", name);
	begin = strstr(last_question(prompt), opening);
	if (!begin)
		return NULL;
	begin += strlen(opening);
	end = strstr(begin, "]]");
	if (!end)
		return NULL;
	*ret_len = (size_t)(end - begin);
	return begin;
}

static void directive_number(const char *prompt, const char *name, int64_t max, int64_t *ret)
{
	size_t len;
	const char *text = directive(prompt, name, &len);

	if (text)
		text_parse_i64(text, len, 0, max, ret);
}

static const char *directive_text(const char *prompt, const char *name, struct arena *arena)
{
	size_t len;
	const char *text = directive(prompt, name, &len);

	return text ? arena_strndup(arena, text, len) : NULL;
}

static bool read_directives(const struct httpd_request *req, struct arena *arena,
			    struct question *question, struct refusal *refusal)
{
	const char *header = httpd_header(req, "x-standin-fault");
	size_t len = header ? strlen(header) : 0;
	int64_t whole = 0;
	const char *fault = header ? header : directive(question->prompt, "fault", &len);

	if (fault && !fault_parse(fault, len, &question->fault))
		return refuse(refusal, "messages", "unknown_fault",
			      "The stand-in knows no fault '%.*s'.", (int)(len < 100 ? len : 100),
			      fault);
	question->say = directive_text(question->prompt, "say", arena);
	question->think = directive_text(question->prompt, "think", arena);
	question->tool = directive_text(question->prompt, "tool", arena);
	directive_number(question->prompt, "tokens", DIRECTIVE_TOKENS_MAX, &question->tokens);
	directive_number(question->prompt, "arguments", DIRECTIVE_TOKENS_MAX, &question->arguments);
	directive_number(question->prompt, "cached", question->prompt_tokens, &question->cached);
	directive_number(question->prompt, "written", question->prompt_tokens - question->cached,
			 &question->written);
	directive_number(question->prompt, "whole", 1, &whole);
	question->stream &= whole == 0;
	directive_number(question->prompt, "pace", 1000000, &question->pace);
	directive_number(question->prompt, "first", 3600000, &question->first_ms);
	return true;
}

bool model_known(const struct standin_conf *conf, const char *name)
{
	const char *const *known = conf->models;

	if (!known || !*known)
		return true;
	while (*known && strcmp(*known, name) != 0)
		known++;
	return *known;
}

/* A model that does not take a parameter refuses it, and names another one for the limit. */
static bool check_refused(const json_t *body, const struct question *question, struct arena *arena,
			  struct refusal *refusal)
{
	size_t len = 0;
	const char *list = directive(question->prompt, "refuse", &len);
	const char *end = list ? list + len : NULL;

	while (list && list < end) {
		size_t n = strcspn(list, ",]");
		const char *name = arena_strndup(arena, list, n);

		if (json_object_get(body, name))
			return refuse(refusal, name, "unsupported_parameter",
				      "Unsupported parameter: '%s' is not supported with this "
				      "model.%s",
				      name,
				      strcmp(name, "max_tokens") == 0
					      ? " Use 'max_completion_tokens' instead."
					      : "");
		list += n + 1;
	}
	return true;
}

/* The templates of some models want user and assistant in turns. */
static bool check_turns(const json_t *body, const struct question *question,
			struct refusal *refusal)
{
	const json_t *messages = json_object_get(body, "messages"), *message;
	const char *due = "user";
	size_t len, i;

	if (!directive(question->prompt, "strict", &len))
		return true;
	json_array_foreach(messages, i, message)
	{
		const char *role = json_string_value(json_object_get(message, "role"));

		if (i == 0 && strcmp(role, "system") == 0)
			continue;
		if (strcmp(role, due) != 0 ||
		    json_string_length(json_object_get(message, "content")) == 0)
			return refuse(refusal, NULL, NULL,
				      "Conversation roles must alternate "
				      "user/assistant/user/assistant/...");
		due = strcmp(role, "user") == 0 ? "assistant" : "user";
	}
	if (strcmp(due, "assistant") == 0)
		return true;
	return refuse(refusal, NULL, NULL, "The last message must be the user's.");
}

bool question_read(const struct httpd_request *req, const struct standin_conf *conf,
		   const struct wire *wire, struct arena *arena, struct question *ret,
		   struct refusal *ret_refusal)
{
	_cleanup_(json_decrefp) json_t *body =
		json_loadb((const char *)req->body, req->body_len, JSON_REJECT_DUPLICATES, NULL);
	const char *model;

	*ret = (struct question){.pace = conf->pace, .first_ms = conf->first_ms, .prompt = ""};
	if (!json_is_object(body))
		return refuse(ret_refusal, NULL, NULL,
			      "We could not parse the JSON body of your request.");
	if (wire->read) {
		json_t *read = wire->read(req, body, arena, ret_refusal);

		json_decref(body);
		body = read;
		if (!body)
			return false;
	}
	ret->blocks = json_integer_value(json_object_get(body, "blocks"));
	model = json_string_value(json_object_get(body, "model"));
	if (!model || !*model)
		return refuse(ret_refusal, NULL, NULL, "you must provide a model parameter");
	ret->model = arena_strdup(arena, model);
	if (!model_known(conf, model)) {
		refuse(ret_refusal, "model", "model_not_found",
		       "The model `%.100s` does not exist or you do not have access to it.", model);
		ret_refusal->status = 404;
		return false;
	}
	ret->stream = json_is_true(json_object_get(body, "stream"));
	ret->include_usage = json_is_true(
		json_object_get(json_object_get(body, "stream_options"), "include_usage"));
	if (!ret->stream && json_is_object(json_object_get(body, "stream_options")))
		return refuse(
			ret_refusal, "stream_options", NULL,
			"The 'stream_options' parameter is only allowed when 'stream' is enabled.");
	return read_messages(body, arena, ret, ret_refusal) &&
	       read_number(body, "temperature", 0, 2, NULL, ret_refusal) &&
	       read_number(body, "top_p", 0, 1, NULL, ret_refusal) &&
	       read_number(body, "max_tokens", 1, 1e9, &ret->max_tokens, ret_refusal) &&
	       read_number(body, "max_completion_tokens", 1, 1e9, &ret->max_tokens, ret_refusal) &&
	       read_directives(req, arena, ret, ret_refusal) &&
	       check_refused(body, ret, arena, ret_refusal) && check_turns(body, ret, ret_refusal);
}
