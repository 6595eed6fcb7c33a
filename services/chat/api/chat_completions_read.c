/* OpenAI's chat completions: requests (platform.openai.com/docs/api-reference/chat/create). */
#include "chat/api/chat_completions.h"

#include "chat/api/opaque.h"

#include <string.h>

#define API "openai" /* whose parameters these are */

/* ---------------------------------------------------------------- messages */

static void read_image(struct building *building, const struct node *part)
{
	struct reading *reading = building->reading;
	struct node image = node_need(reading, part, "image_url");
	struct node url, detail;
	struct prompt_part *ret;

	if (!node_is_object(reading, &image))
		return;
	url = node_need(reading, &image, "url");
	detail = node_member(&image, "detail");
	ret = building_part(building, PROMPT_IMAGE);
	ret->image_url = read_image_url(reading, &url);
	ret->image_detail = read_image_detail(reading, &detail);
	ret->cache = read_cache(reading, part);
}

static void read_text(struct building *building, const struct node *part, const char *name)
{
	const char *text = node_need_text(building->reading, part, name);

	if (*text) {
		struct prompt_part *ret = building_part(building, PROMPT_TEXT);

		ret->text = text;
		ret->cache = read_cache(building->reading, part);
	}
}

static void read_part(struct building *building, const struct node *part)
{
	bool user = strcmp(building->messages[building->prompt->n_messages - 1].role, "user") == 0;
	struct node type;

	if (!node_is_object(building->reading, part))
		return;
	type = node_need(building->reading, part, "type");
	if (node_is(&type, "text"))
		read_text(building, part, "text");
	else if (node_is(&type, "refusal"))
		read_text(building, part, "refusal");
	else if (node_is(&type, "image_url") && user)
		read_image(building, part);
	else if (type.json)
		reading_refuse(building->reading, &type,
			       user ? "send text or image_url" : "send text");
}

/* A text, or a list of parts. */
static void read_content(struct building *building, const struct node *content)
{
	size_t n;

	if (node_is_text(content)) {
		building->messages[building->prompt->n_messages - 1].text =
			node_text(building->reading, content);
		return;
	}
	n = node_size(building->reading, content);
	for (size_t i = 0; i < n; i++) {
		struct node part = node_element(content, i);

		if (!part.json)
			reading_fail(building->reading, &part, "field_invalid", "must be a part");
		read_part(building, &part);
	}
}

static void read_result(struct building *building, const struct node *message)
{
	struct reading *reading = building->reading;
	struct node content = node_need(reading, message, "content");
	const char *id = node_need_text(reading, message, "tool_call_id");
	struct prompt_part *result;
	struct buf text;
	size_t n;

	building_message(building, "user");
	result = building_part(building, PROMPT_TOOL_RESULT);
	result->tool_id = id;
	result->text = "";
	if (node_is_text(&content)) {
		result->text = node_text(reading, &content);
		return;
	}
	buf_init(&text, SIZE_MAX / 2);
	n = node_size(reading, &content);
	for (size_t i = 0; i < n; i++) {
		struct node part = node_element(&content, i), type = node_member(&part, "type");

		if (!node_is(&type, "text"))
			reading_refuse(reading, &type, "send text");
		buf_adds(&text, node_need_text(reading, &part, "text"));
	}
	result->text = arena_strdup(reading->arena, buf_text(&text));
	buf_done(&text);
}

static void read_call(struct building *building, const struct node *call)
{
	struct reading *reading = building->reading;
	struct node type = node_member(call, "type");
	struct node function = node_need(reading, call, "function");
	struct prompt_part *part;

	if (type.json && !node_is(&type, "function")) {
		reading_refuse(reading, &type, "send calls of functions");
		return;
	}
	if (!node_is_object(reading, &function))
		return;
	part = building_part(building, PROMPT_TOOL_CALL);
	part->tool_id = node_need_text(reading, call, "id");
	part->tool_name = node_need_text(reading, &function, "name");
	part->arguments = node_need_text(reading, &function, "arguments");
}

/* Our own blocks one by one; those of OpenRouter as the list that they were. */
static void read_reasoning(struct building *building, const struct node *details)
{
	struct reading *reading = building->reading;
	size_t n = node_size(reading, details);
	struct node others = {.up = details->up, .name = details->name, .json = json_array()};

	for (size_t i = 0; i < n; i++) {
		struct node block = node_element(details, i), data = node_member(&block, "data");
		const char *text = node_is_text(&data) ? json_string_value(data.json) : "";

		if (opaque_is(text))
			opaque_read(building, &data, text);
		else if (node_is_object(reading, &block))
			json_array_append(others.json, block.json);
	}
	if (json_array_size(others.json) > 0)
		opaque_part(building, &others, API);
	json_decref(others.json);
}

/* An answer of before: thoughts, words, calls. */
static void read_assistant(struct building *building, const struct node *message)
{
	struct reading *reading = building->reading;
	struct node calls = node_member(message, "tool_calls");
	struct node content = node_member(message, "content");
	struct node details = node_member(message, "reasoning_details");
	struct node refusal = node_member(message, "refusal");
	struct prompt_message *ret = building_message(building, "assistant");
	static const struct refused_parameter refused[] = {
		{"audio", false, "send its text as content"},
		{"function_call", false, "use tool_calls"},
		{NULL, false, NULL},
	};
	size_t n = node_size(reading, &calls);

	refuse_parameters(reading, message, refused);
	read_reasoning(building, &details);
	if (node_is_text(&content) && (n > 0 || ret->n_parts > 0))
		building_text(building, node_text(reading, &content));
	else
		read_content(building, content.json ? &content : &refusal);
	for (size_t i = 0; i < n; i++) {
		struct node call = node_element(&calls, i);

		read_call(building, &call);
	}
}

static void read_message(struct building *building, const struct node *message)
{
	static const char *const roles[] = {"user",      "assistant", "system",
					    "developer", "tool",      NULL};
	struct reading *reading = building->reading;
	struct node role = node_need(reading, message, "role");
	struct node name = node_member(message, "name");
	struct node content;
	struct prompt_message *ret;

	if (node_is(&role, "function"))
		reading_refuse(reading, &role, "use tool");
	node_word(reading, &role, roles);
	if (node_is(&role, "tool")) {
		read_result(building, message);
		return;
	}
	if (node_is(&role, "assistant")) {
		read_assistant(building, message);
	} else {
		content = node_need(reading, message, "content");
		building_message(building, node_is(&role, "user") ? "user" : "system");
		if (reading->status == OK && !reading->arena->exhausted)
			read_content(building, &content);
	}
	if (building->prompt->n_messages == 0)
		return;
	ret = &building->messages[building->prompt->n_messages - 1];
	ret->name = node_text(reading, &name);
}

static void read_messages(struct reading *reading, const struct node *root, struct prompt *prompt)
{
	struct building building = {.reading = reading, .prompt = prompt};
	struct node list = node_need(reading, root, "messages");
	size_t n = node_size(reading, &list);

	building_messages(&building, &list, n, read_message);
}

/* ---------------------------------------------------------------- tools */

static void read_tools(struct reading *reading, const struct node *root, struct prompt *prompt)
{
	struct node list = node_member(root, "tools");
	struct prompt_tool *tools = read_tools_room(reading, &list, prompt);

	for (size_t i = 0; i < prompt->n_tools; i++) {
		struct node tool = node_element(&list, i);
		struct node type = node_need(reading, &tool, "type");
		struct node function = node_need(reading, &tool, "function");
		struct node description = node_member(&function, "description");
		struct node parameters = node_member(&function, "parameters");
		struct node strict = node_member(&function, "strict");

		if (type.json && !node_is(&type, "function"))
			reading_refuse(reading, &type, "use function");
		if (reading->status != OK || !node_is_object(reading, &function))
			return;
		tools[i].name = read_tool_name(reading, &function);
		tools[i].description = node_text(reading, &description);
		if (node_is_object(reading, &parameters))
			tools[i].schema = node_json(reading, &parameters);
		tools[i].strict = node_bool(reading, &strict);
		tools[i].cache = read_cache(reading, &tool);
	}
	check_tools(reading, &list, prompt);
}

static void read_tool_choice(struct reading *reading, const struct node *root,
			     struct prompt *prompt)
{
	struct node parallel = node_member(root, "parallel_tool_calls");
	struct node choice = node_member(root, "tool_choice");
	struct node type = node_member(&choice, "type");

	prompt->one_tool_at_a_time = parallel.json && !node_bool(reading, &parallel);
	if (!choice.json || reading->status != OK)
		return;
	if (!json_is_object(choice.json)) {
		choose_tools(reading, &choice, prompt);
	} else if (node_is(&type, "function")) {
		struct node function = node_need(reading, &choice, "function");
		struct node name = node_need(reading, &function, "name");

		choose_tool(reading, &name, prompt);
	} else if (type.json) {
		reading_refuse(reading, &type, "use none, auto, required or one function");
	} else {
		reading_fail(reading, &type, "field_required", "must be given");
	}
}

/* ---------------------------------------------------------------- settings */

static void read_format(struct reading *reading, const struct node *root, struct prompt *prompt)
{
	static const char *const types[] = {"text", "json_object", "json_schema", NULL};
	struct node format = node_member(root, "response_format"), type, schema;

	if (!node_is_object(reading, &format))
		return;
	type = node_need(reading, &format, "type");
	if (type.json && !node_word(reading, &type, types))
		return;
	if (node_is(&type, "json_object"))
		prompt->format = FORMAT_JSON;
	if (!node_is(&type, "json_schema"))
		return;
	schema = node_need(reading, &format, "json_schema");
	if (node_is_object(reading, &schema))
		read_schema(reading, &schema, prompt);
}

static void read_limits(struct reading *reading, const struct node *root, struct prompt *prompt)
{
	struct node newer = node_member(root, "max_completion_tokens");
	struct node older = node_member(root, "max_tokens");
	struct node stop = node_member(root, "stop");

	prompt->max_output_tokens = read_limit(reading, newer.json ? &newer : &older);
	read_temperature(reading, root, 2, prompt);
	read_stop(reading, &stop, prompt);
}

static void read_logprobs(struct reading *reading, const struct node *root, struct prompt *prompt)
{
	struct node logprobs = node_member(root, "logprobs"),
		    top = node_member(root, "top_logprobs");

	prompt->wants_logprobs = node_bool(reading, &logprobs);
	prompt->top_logprobs = (int32_t)node_int(reading, &top, 0, TOP_LOGPROBS_MAX);
	if (prompt->top_logprobs > 0 && !prompt->wants_logprobs)
		reading_fail(reading, &top, "field_invalid", "wants logprobs to be true");
}

static void read_stream(struct reading *reading, const struct node *root, struct api_request *ret)
{
	struct node stream = node_member(root, "stream");
	struct node options = node_member(root, "stream_options");
	struct node usage = node_member(&options, "include_usage");

	ret->stream = node_bool(reading, &stream);
	if (node_is_object(reading, &options))
		ret->stream_usage = node_bool(reading, &usage);
}

/* Answers are one text. */
static void refuse_other_answers(struct reading *reading, const struct node *root)
{
	struct node n = node_member(root, "n"), list = node_member(root, "modalities");
	size_t n_modalities = node_size(reading, &list);

	if (n.json && (!json_is_integer(n.json) || json_integer_value(n.json) != 1))
		reading_refuse(reading, &n, "send a request for each answer");
	for (size_t i = 0; i < n_modalities; i++) {
		struct node modality = node_element(&list, i);

		if (!node_is(&modality, "text"))
			reading_refuse(reading, &modality, "only text is answered");
	}
}

/* Parameters that would change the price or the model are refused. */
static const struct refused_parameter refused[] = {
	{"functions", false, "use tools"},
	{"function_call", false, "use tool_choice"},
	{"audio", false, "only text is answered"},
	{"web_search_options", false, "searches are not sold here"},
	{"plugins", false, "they have a price of their own"},
	{"models", false, "name one model in model"},
	{"route", false, "name one model in model"},
	{"provider", false, "which server answers is chosen here"},
	{"speed", false, "there is one price"},
	{NULL, false, NULL},
};

/* user, safety_identifier, seed, logit_bias, penalties, prediction, verbosity and those that nobody
 * knows yet go on as they are. */
static const char *const known[] = {
	"model",
	"messages",
	"tools",
	"tool_choice",
	"parallel_tool_calls",
	"response_format",
	"max_tokens",
	"max_completion_tokens",
	"temperature",
	"top_p",
	"stop",
	"logprobs",
	"top_logprobs",
	"stream",
	"stream_options",
	"n",
	"modalities",
	"reasoning_effort",
	"prompt_cache_key",
	"service_tier",
	"store",
	"metadata", /* of what is stored, and nothing is */
	NULL,
};

enum status chat_completions_read(const struct api_body *body, struct arena *arena,
				  struct api_request *ret, struct error *reterr)
{
	struct api_request request = {0};
	struct prompt *prompt = &request.prompt;
	struct node root, effort, key;
	struct reading reading;
	enum status s = reading_begin(&reading, body, arena, reterr, &root);

	if (s != OK)
		return s;
	effort = node_member(&root, "reasoning_effort");
	key = node_member(&root, "prompt_cache_key");
	refuse_parameters(&reading, &root, refused);
	refuse_other_answers(&reading, &root);
	read_service_tier(&reading, &root);
	request.model = read_model(&reading, &root);
	read_messages(&reading, &root, prompt);
	read_tools(&reading, &root, prompt);
	read_tool_choice(&reading, &root, prompt);
	read_format(&reading, &root, prompt);
	read_limits(&reading, &root, prompt);
	read_logprobs(&reading, &root, prompt);
	read_stream(&reading, &root, &request);
	prompt->effort = read_effort(&reading, &effort);
	prompt->cache_key = node_text(&reading, &key);
	read_extra(&reading, &root, known, API, NULL, prompt);
	s = reading_end(&reading);
	if (s == OK)
		*ret = request;
	return s;
}
