/* OpenAI's responses: requests (platform.openai.com/docs/api-reference/responses/create). Nothing is
 * stored, so each request has the whole conversation. */
#include "chat/api/responses.h"

#include "chat/api/responses_input.h"
#include "chat/provider/responses.h"

#include <string.h>

/* ---------------------------------------------------------------- tools */

static void read_tools(struct reading *reading, const struct node *root, struct prompt *prompt)
{
	struct node list = node_member(root, "tools");
	struct prompt_tool *tools = read_tools_room(reading, &list, prompt);

	for (size_t i = 0; i < prompt->n_tools; i++) {
		struct node tool = node_element(&list, i);
		struct node type = node_need(reading, &tool, "type");
		struct node description = node_member(&tool, "description");
		struct node parameters = node_member(&tool, "parameters");
		struct node strict = node_member(&tool, "strict");

		if (type.json && !node_is(&type, "function"))
			reading_refuse(reading, &type,
				       "tools that run here are not sold; use function");
		if (reading->status != OK)
			return;
		tools[i].name = read_tool_name(reading, &tool);
		tools[i].description = node_text(reading, &description);
		if (node_is_object(reading, &parameters))
			tools[i].schema = node_json(reading, &parameters);
		tools[i].strict = node_bool(reading, &strict);
	}
	check_tools(reading, &list, prompt);
}

static void read_tool_choice(struct reading *reading, const struct node *root,
			     struct prompt *prompt)
{
	struct node parallel = node_member(root, "parallel_tool_calls");
	struct node choice = node_member(root, "tool_choice");
	struct node type = node_member(&choice, "type"), name;

	prompt->one_tool_at_a_time = parallel.json && !node_bool(reading, &parallel);
	if (!choice.json || reading->status != OK)
		return;
	if (!json_is_object(choice.json)) {
		choose_tools(reading, &choice, prompt);
	} else if (node_is(&type, "function")) {
		name = node_need(reading, &choice, "name");
		choose_tool(reading, &name, prompt);
	} else if (type.json) {
		reading_refuse(reading, &type, "use none, auto, required or one function");
	} else {
		reading_fail(reading, &type, "field_required", "must be given");
	}
}

/* ---------------------------------------------------------------- settings */

static void read_text_settings(struct reading *reading, const struct node *root,
			       struct prompt *prompt, json_t *more)
{
	static const char *const types[] = {"text", "json_object", "json_schema", NULL};
	struct node text = node_member(root, "text"), verbosity, format, type;

	if (!node_is_object(reading, &text))
		return;
	verbosity = node_member(&text, "verbosity");
	format = node_member(&text, "format");
	if (verbosity.json)
		json_object_set_new(more, "text", json_pack("{s:O}", "verbosity", verbosity.json));
	if (!node_is_object(reading, &format))
		return;
	type = node_need(reading, &format, "type");
	node_word(reading, &type, types);
	if (node_is(&type, "json_object"))
		prompt->format = FORMAT_JSON;
	if (node_is(&type, "json_schema"))
		read_schema(reading, &format, prompt);
}

static void read_reasoning(struct reading *reading, const struct node *root, struct prompt *prompt)
{
	struct node reasoning = node_member(root, "reasoning"), effort;

	if (!node_is_object(reading, &reasoning))
		return;
	effort = node_member(&reasoning, "effort");
	prompt->effort = read_effort(reading, &effort);
}

/* Parts of tools that are not sold here are never there, so nothing is to be added. */
static void read_include(struct reading *reading, const struct node *root, struct api_request *ret)
{
	static const char *const words[] = {"reasoning.encrypted_content",
					    "message.output_text.logprobs",
					    "message.input_image.image_url",
					    "file_search_call.results",
					    "web_search_call.results",
					    "web_search_call.action.sources",
					    "computer_call_output.output.image_url",
					    "code_interpreter_call.outputs",
					    NULL};
	struct node include = node_member(root, "include");
	struct node top = node_member(root, "top_logprobs");
	size_t n = node_size(reading, &include);

	for (size_t i = 0; i < n; i++) {
		struct node element = node_element(&include, i);
		const char *word = node_word(reading, &element, words);

		ret->wants_opaque |= word == words[0];
		ret->prompt.wants_logprobs |= word == words[1];
	}
	ret->prompt.top_logprobs = (int32_t)node_int(reading, &top, 0, TOP_LOGPROBS_MAX);
}

static void read_limits(struct reading *reading, const struct node *root, struct prompt *prompt,
			json_t *more)
{
	static const char *const truncations[] = {"auto", "disabled", NULL};
	struct node limit = node_member(root, "max_output_tokens");
	struct node truncation = node_member(root, "truncation");
	struct node key = node_member(root, "prompt_cache_key");

	prompt->max_output_tokens = read_limit(reading, &limit);
	prompt->cache_key = node_text(reading, &key);
	read_temperature(reading, root, 2, prompt);
	if (node_word(reading, &truncation, truncations) == truncations[0])
		json_object_set(more, "truncation", truncation.json);
}

static const struct refused_parameter refused[] = {
	{"background", true, "stream the answer, or wait for it"},
	{"previous_response_id", false, "nothing is stored here; send the whole input"},
	{"conversation", false, "nothing is stored here; send the whole input"},
	{"prompt", false, "templates are not stored here; send instructions and input"},
	{"context_management", false, "send the input that shall count"},
	{"speed", false, "leave it out, for there is one price"},
	{NULL, false, NULL},
};

/* user, safety_identifier, max_tool_calls and those that nobody knows yet go on as they are. */
static const char *const known[] = {"model",
				    "input",
				    "instructions",
				    "tools",
				    "tool_choice",
				    "parallel_tool_calls",
				    "text",
				    "reasoning",
				    "include",
				    "top_logprobs",
				    "temperature",
				    "top_p",
				    "truncation",
				    "stream",
				    "max_output_tokens",
				    "stream_options",
				    "store",
				    "background",
				    "metadata",
				    "service_tier",
				    "prompt_cache_key",
				    NULL};

static void read_settings(struct reading *reading, const struct node *root, struct api_request *ret)
{
	struct node stream = node_member(root, "stream"), store = node_member(root, "store");
	struct node metadata = node_member(root, "metadata");
	json_t *more = json_object();

	ret->stream = node_bool(reading, &stream);
	node_bool(reading, &store);
	node_is_object(reading, &metadata);
	read_text_settings(reading, root, &ret->prompt, more);
	read_reasoning(reading, root, &ret->prompt);
	read_include(reading, root, ret);
	read_limits(reading, root, &ret->prompt, more);
	read_service_tier(reading, root);
	read_extra(reading, root, known, RESPONSES_API, more, &ret->prompt);
}

/* ---------------------------------------------------------------- what the answer repeats */

static const char *echo_of(struct reading *reading, const struct node *root)
{
	static const struct {
		const char *name, *otherwise;
	} members[] = {
		{"instructions", "null"},
		{"max_output_tokens", "null"},
		{"max_tool_calls", "null"},
		{"metadata", "{}"},
		{"parallel_tool_calls", "true"},
		{"prompt_cache_key", "null"},
		{"reasoning", "{\"effort\":null,\"summary\":null}"},
		{"safety_identifier", "null"},
		{"temperature", "1.0"},
		{"text", "{\"format\":{\"type\":\"text\"}}"},
		{"tool_choice", "\"auto\""},
		{"tools", "[]"},
		{"top_logprobs", "0"},
		{"top_p", "1.0"},
		{"truncation", "\"disabled\""},
		{"user", "null"},
	};
	size_t bytes_max = (size_t)reading->limits->echo_bytes;
	_cleanup_(buf_done) struct buf echo;

	buf_init(&echo, ARRAY_SIZE(members) * (bytes_max + 64));
	buf_adds(&echo, "\"background\":false,\"previous_response_id\":null,\"store\":false,"
			"\"service_tier\":\"default\",");
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		struct node member = node_member(root, members[i].name);
		const char *json = node_json(reading, &member);

		if (!json || strlen(json) > bytes_max)
			json = members[i].otherwise;
		buf_addf(&echo, "\"%s\":%s,", members[i].name, json);
	}
	return arena_strdup(reading->arena, buf_text(&echo));
}

enum status responses_read(const struct api_body *body, struct arena *arena,
			   struct api_request *ret, struct error *reterr)
{
	struct api_request request = {0};
	struct reading reading;
	struct node root;
	enum status s = reading_begin(&reading, body, arena, reterr, &root);

	if (s != OK)
		return s;
	refuse_parameters(&reading, &root, refused);
	request.model = read_model(&reading, &root);
	responses_read_input(&reading, &root, &request.prompt);
	read_tools(&reading, &root, &request.prompt);
	read_tool_choice(&reading, &root, &request.prompt);
	read_settings(&reading, &root, &request);
	request.echo = echo_of(&reading, &root);
	s = reading_end(&reading);
	if (s == OK)
		*ret = request;
	return s;
}
