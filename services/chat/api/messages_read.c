/* Anthropic's messages: requests (docs.anthropic.com/en/api/messages). */
#include "chat/api/messages.h"

#include "chat/api/opaque.h"
#include "chat/provider/anthropic.h"

#include <string.h>

#define BUDGET_TOKENS_MIN 1024 /* of thoughts */

/* ---------------------------------------------------------------- blocks */

static void add_text(struct building *building, const struct node *block)
{
	const char *text = node_need_text(building->reading, block, "text");

	if (*text) {
		struct prompt_part *part = building_part(building, PROMPT_TEXT);

		part->text = text;
		part->cache = read_cache(building->reading, block);
	}
}

static const char *read_base64(struct reading *reading, const struct node *source)
{
	struct node type = node_need(reading, source, "media_type");
	struct node data = node_need(reading, source, "data");
	const char *type_text = node_text(reading, &type), *text = node_text(reading, &data);

	if (type_text && !image_type_known(type_text, strlen(type_text)))
		reading_fail(reading, &type, "field_invalid",
			     "must be image/png, image/jpeg, image/gif or image/webp");
	if (text && !is_base64(text, strlen(text)))
		reading_fail(reading, &data, "field_invalid", "must be base64");
	if (reading->status != OK)
		return "";
	return arena_printf(reading->arena, "data:%s;base64,%s", type_text, text);
}

static void add_image(struct building *building, const struct node *block)
{
	struct reading *reading = building->reading;
	struct node source = node_need(reading, block, "source");
	struct node type, url;
	struct prompt_part *part;

	if (!node_is_object(reading, &source))
		return;
	type = node_need(reading, &source, "type");
	part = building_part(building, PROMPT_IMAGE);
	part->image_url = "";
	part->cache = read_cache(reading, block);
	if (node_is(&type, "base64")) {
		part->image_url = read_base64(reading, &source);
	} else if (node_is(&type, "url")) {
		url = node_need(reading, &source, "url");
		part->image_url = read_image_url(reading, &url);
	} else if (type.json) {
		reading_refuse(reading, &type, "send base64 or url");
	}
}

/* A result is one text. Its images stand behind it: no other API takes them within. */
static void add_result(struct building *building, const struct node *block)
{
	struct reading *reading = building->reading;
	struct node content = node_member(block, "content"), error = node_member(block, "is_error");
	struct prompt_part *part = building_part(building, PROMPT_TOOL_RESULT);
	size_t at = building->messages[building->prompt->n_messages - 1].n_parts - 1;
	size_t n = node_is_text(&content) ? 0 : node_size(reading, &content);
	const char *text = node_is_text(&content) ? node_text(reading, &content) : NULL;
	_cleanup_(buf_done) struct buf joined;

	part->tool_id = node_need_text(reading, block, "tool_use_id");
	part->is_error = node_bool(reading, &error);
	part->cache = read_cache(reading, block);
	part->text = "";
	buf_init(&joined, SIZE_MAX / 2);
	for (size_t i = 0; i < n && reading->status == OK; i++) {
		struct node inner = node_element(&content, i);
		struct node type = node_need(reading, &inner, "type");

		if (node_is(&type, "text"))
			buf_adds(&joined, node_need_text(reading, &inner, "text"));
		else if (node_is(&type, "image"))
			add_image(building, &inner);
		else if (type.json)
			reading_refuse(reading, &type, "send text or image");
	}
	if (n > 0)
		text = arena_strdup(reading->arena, buf_text(&joined));
	if (reading->status == OK && !reading->arena->exhausted)
		building->parts[at].text = text ? text : "";
}

static void add_call(struct building *building, const struct node *block)
{
	struct reading *reading = building->reading;
	struct node input = node_need(reading, block, "input");
	struct prompt_part *part = building_part(building, PROMPT_TOOL_CALL);

	part->tool_id = node_need_text(reading, block, "id");
	part->tool_name = node_need_text(reading, block, "name");
	part->arguments = node_is_object(reading, &input) ? node_json(reading, &input) : "{}";
	part->cache = read_cache(reading, block);
}

/* Thoughts without a signature were another API's: nobody takes them back. */
static void add_thought(struct building *building, const struct node *block)
{
	struct node signature = node_member(block, "signature"), data = node_member(block, "data");
	const char *text = node_is_text(&data) ? json_string_value(data.json) : "";

	if (opaque_is(text))
		opaque_read(building, &data, text);
	else if (!node_is_text(&signature) || json_string_length(signature.json) > 0)
		opaque_part(building, block, ANTHROPIC_API);
}

static bool is_thought(const struct node *type)
{
	return node_is(type, "thinking") || node_is(type, "redacted_thinking");
}

static void add_block(struct building *building, const struct node *block)
{
	bool user = strcmp(building->messages[building->prompt->n_messages - 1].role, "user") == 0;
	struct node type;

	if (!block->json)
		reading_fail(building->reading, block, "field_invalid", "must be a block");
	if (!node_is_object(building->reading, block))
		return;
	type = node_need(building->reading, block, "type");
	if (node_is(&type, "text"))
		add_text(building, block);
	else if (node_is(&type, "image") && user)
		add_image(building, block);
	else if (node_is(&type, "tool_result") && user)
		add_result(building, block);
	else if (node_is(&type, "tool_use") && !user)
		add_call(building, block);
	else if (is_thought(&type) && !user)
		add_thought(building, block);
	else if (type.json)
		reading_refuse(building->reading, &type,
			       user ? "send text, image or tool_result"
				    : "send text, tool_use, thinking or redacted_thinking");
}

/* ---------------------------------------------------------------- messages */

static void read_message(struct building *building, const struct node *message)
{
	static const char *const roles[] = {"user", "assistant", NULL};
	struct reading *reading = building->reading;
	struct node role = node_need(reading, message, "role");
	struct node content = node_need(reading, message, "content");
	const char *name = node_word(reading, &role, roles);
	struct prompt_message *ret = building_message(building, name ? name : "user");
	size_t n;

	if (node_is_text(&content)) {
		const char *text = node_text(reading, &content);

		ret->text = text ? text : "";
		return;
	}
	n = node_size(reading, &content);
	for (size_t i = 0; i < n && reading->status == OK && !reading->arena->exhausted; i++) {
		struct node block = node_element(&content, i);

		add_block(building, &block);
	}
}

static void read_system(struct building *building, const struct node *root)
{
	struct reading *reading = building->reading;
	struct node system = node_member(root, "system");
	size_t n = node_is_text(&system) ? 0 : node_size(reading, &system);

	if (!system.json || node_is(&system, "") || reading->status != OK)
		return;
	building_message(building, "system")->text =
		node_is_text(&system) ? node_text(reading, &system) : "";
	for (size_t i = 0; i < n; i++) {
		struct node block = node_element(&system, i), type = node_member(&block, "type");

		if (!node_is(&type, "text"))
			reading_refuse(reading, &type, "send text");
		add_text(building, &block);
	}
}

static void read_messages(struct reading *reading, const struct node *root, struct prompt *prompt)
{
	struct building building = {.reading = reading, .prompt = prompt};
	struct node list = node_need(reading, root, "messages");
	size_t n = node_size(reading, &list);

	read_system(&building, root);
	building_messages(&building, &list, n, read_message);
}

/* ---------------------------------------------------------------- tools */

static void read_tools(struct reading *reading, const struct node *root, struct prompt *prompt)
{
	struct node list = node_member(root, "tools");
	struct prompt_tool *tools = read_tools_room(reading, &list, prompt);

	for (size_t i = 0; i < prompt->n_tools; i++) {
		struct node tool = node_element(&list, i), type = node_member(&tool, "type");
		struct node description = node_member(&tool, "description");
		struct node strict = node_member(&tool, "strict");
		struct node schema;

		if (!tool.json || !node_is_object(reading, &tool))
			reading_fail(reading, &tool, "field_invalid", "must be a tool");
		if (type.json && !node_is(&type, "custom"))
			reading_refuse(reading, &type,
				       "tools that run here are not sold; use custom");
		if (reading->status != OK)
			return;
		schema = node_need(reading, &tool, "input_schema");
		tools[i].name = read_tool_name(reading, &tool);
		tools[i].description = node_text(reading, &description);
		if (node_is_object(reading, &schema))
			tools[i].schema = node_json(reading, &schema);
		tools[i].strict = node_bool(reading, &strict);
		tools[i].cache = read_cache(reading, &tool);
	}
	check_tools(reading, &list, prompt);
}

static void read_tool_choice(struct reading *reading, const struct node *root,
			     struct prompt *prompt)
{
	static const char *const types[] = {"auto", "any", "tool", "none", NULL};
	struct node choice = node_member(root, "tool_choice");
	struct node type, name, alone;

	if (!node_is_object(reading, &choice))
		return;
	type = node_need(reading, &choice, "type");
	alone = node_member(&choice, "disable_parallel_tool_use");
	prompt->one_tool_at_a_time = node_bool(reading, &alone);
	if (!node_word(reading, &type, types))
		return;
	if (node_is(&type, "none"))
		prompt->tool_choice = TOOLS_NONE;
	if (node_is(&type, "any"))
		prompt->tool_choice = TOOLS_REQUIRED;
	if (node_is(&type, "any") && prompt->n_tools == 0)
		reading_fail(reading, &type, "field_invalid", "wants a tool, and there are none");
	if (node_is(&type, "tool")) {
		name = node_need(reading, &choice, "name");
		choose_tool(reading, &name, prompt);
	}
}

/* ---------------------------------------------------------------- thoughts and formats */

static const char *effort_of(int32_t budget, int32_t tokens)
{
	if (tokens == 0)
		return "medium";
	if ((int64_t)budget * 100 <= (int64_t)tokens * 35)
		return "low";
	return (int64_t)budget * 100 <= (int64_t)tokens * 65 ? "medium" : "high";
}

/* A budget goes to Anthropic as it is, and as an effort to others. A word that is newer than
 * budgets goes on in more. */
static void read_thinking(struct reading *reading, const struct node *root, struct prompt *prompt,
			  json_t *more)
{
	struct node thinking = node_member(root, "thinking"), type, budget;

	if (!node_is_object(reading, &thinking))
		return;
	type = node_need(reading, &thinking, "type");
	if (node_is(&type, "enabled")) {
		budget = node_need(reading, &thinking, "budget_tokens");
		prompt->thought_tokens =
			(int32_t)node_int(reading, &budget, BUDGET_TOKENS_MIN, INT32_MAX);
		if (prompt->max_output_tokens > 0 &&
		    prompt->thought_tokens >= prompt->max_output_tokens)
			reading_fail(reading, &budget, "field_invalid",
				     "must be less than max_tokens");
		prompt->effort = effort_of(prompt->thought_tokens, prompt->max_output_tokens);
	} else if (node_is(&type, "adaptive")) {
		prompt->thought_tokens = THOUGHTS_EXTRA;
		json_object_set(more, "thinking", thinking.json);
	} else if (type.json && !node_is(&type, "disabled")) {
		reading_fail(reading, &type, "field_invalid",
			     "must be enabled, adaptive or disabled");
	}
}

static void read_format(struct reading *reading, const struct node *format, struct prompt *prompt)
{
	struct node type;

	if (!node_is_object(reading, format))
		return;
	type = node_need(reading, format, "type");
	if (node_is(&type, "json_schema"))
		read_schema(reading, format, prompt);
	else if (type.json)
		reading_refuse(reading, &type, "use json_schema");
}

static void read_output(struct reading *reading, const struct node *root, struct prompt *prompt,
			json_t *more)
{
	static const char *const efforts[] = {"low", "medium", "high", "xhigh", "max", NULL};
	struct node config = node_member(root, "output_config");
	struct node older = node_member(root, "output_format");
	struct node effort, format;
	const char *word;

	read_format(reading, &older, prompt);
	if (!node_is_object(reading, &config))
		return;
	effort = node_member(&config, "effort");
	format = node_member(&config, "format");
	read_format(reading, &format, prompt);
	word = node_word(reading, &effort, efforts);
	if (!word)
		return;
	json_object_set_new(more, "output_config", json_pack("{s:s}", "effort", word));
	prompt->effort = strcmp(word, "max") == 0 ? "xhigh" : word;
	if (prompt->thought_tokens == 0)
		prompt->thought_tokens = THOUGHTS_EXTRA;
}

/* ---------------------------------------------------------------- the request */

/* Those that would change the price, or run something elsewhere. */
static const struct refused_parameter refused[] = {
	{"container", false, "code does not run here"},
	{"mcp_servers", false, "call the server yourself and offer its tools"},
	{"speed", false, "leave it out, for there is one price"},
	{"inference_geo", false, "leave it out, for there is one price"},
	{NULL, false, NULL},
};

/* top_k, metadata and those that nobody knows yet go on as they are. Anthropic takes the edits of
 * context_management only from clients that announce them to it: the context stays whole here. */
static const char *const known[] = {
	"model",       "messages",      "system",        "max_tokens",     "tools",
	"tool_choice", "temperature",   "top_p",         "stop_sequences", "stream",
	"thinking",    "output_config", "output_format", "service_tier",   "context_management",
	NULL};

static void read_settings(struct reading *reading, const struct node *root, bool count,
			  struct api_request *ret)
{
	struct node stop = node_member(root, "stop_sequences"), limit;
	struct node stream = node_member(root, "stream");
	struct prompt *prompt = &ret->prompt;
	json_t *more = json_object();

	limit = count ? node_member(root, "max_tokens") : node_need(reading, root, "max_tokens");
	prompt->max_output_tokens = read_limit(reading, &limit);
	read_temperature(reading, root, 1, prompt);
	node_size(reading, &stop); /* a text alone is OpenAI's way */
	read_stop(reading, &stop, prompt);
	ret->stream = node_bool(reading, &stream);
	read_thinking(reading, root, prompt, more);
	read_output(reading, root, prompt, more);
	read_service_tier(reading, root);
	read_extra(reading, root, known, ANTHROPIC_API, more, prompt);
}

static enum status read_body(const struct api_body *body, bool count, struct arena *arena,
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
	read_messages(&reading, &root, &request.prompt);
	read_tools(&reading, &root, &request.prompt);
	read_tool_choice(&reading, &root, &request.prompt);
	read_settings(&reading, &root, count, &request);
	s = reading_end(&reading);
	if (s == OK)
		*ret = request;
	return s;
}

enum status messages_read(const struct api_body *body, struct arena *arena, struct api_request *ret,
			  struct error *reterr)
{
	return read_body(body, false, arena, ret, reterr);
}

enum status messages_read_count(const struct api_body *body, struct arena *arena,
				struct api_request *ret, struct error *reterr)
{
	return read_body(body, true, arena, ret, reterr);
}
