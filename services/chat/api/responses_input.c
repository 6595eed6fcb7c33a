/* OpenAI's responses: the items of a conversation. Neighbours of the model are one message. */
#include "chat/api/responses_input.h"

#include "chat/api/opaque.h"
#include "chat/provider/responses.h"

#include <string.h>

/* The role of the newest message; "": there is none. */
static const char *newest_role(const struct building *building)
{
	size_t n = building->prompt->n_messages;

	return n > 0 ? building->messages[n - 1].role : "";
}

/* The model's items belong together: an answer, its thoughts and its calls. */
static void go_on_as_model(struct building *building)
{
	if (strcmp(newest_role(building), "assistant") != 0)
		building_message(building, "assistant");
}

/* ---------------------------------------------------------------- parts */

static void add_image(struct building *building, const struct node *part)
{
	struct reading *reading = building->reading;
	struct node file = node_member(part, "file_id"), url, detail;
	struct prompt_part *image;

	if (file.json) {
		reading_refuse(reading, &file, "files are not kept here; send image_url");
		return;
	}
	url = node_need(reading, part, "image_url");
	detail = node_member(part, "detail");
	image = building_part(building, PROMPT_IMAGE);
	image->image_url = read_image_url(reading, &url);
	image->image_detail = read_image_detail(reading, &detail);
}

static void add_part(struct building *building, const struct node *part)
{
	struct reading *reading = building->reading;
	bool user = strcmp(newest_role(building), "user") == 0;
	struct node type;

	if (!part->json)
		reading_fail(reading, part, "field_invalid", "must be a part");
	if (!node_is_object(reading, part))
		return;
	type = node_need(reading, part, "type");
	if (node_is(&type, "input_text") || node_is(&type, "output_text") || node_is(&type, "text"))
		building_text(building, node_need_text(reading, part, "text"));
	else if (node_is(&type, "refusal"))
		building_text(building, node_need_text(reading, part, "refusal"));
	else if (node_is(&type, "input_image") && user)
		add_image(building, part);
	else if (type.json)
		reading_refuse(reading, &type,
			       user ? "send input_text or input_image" : "send text");
}

/* ---------------------------------------------------------------- items */

static void add_message(struct building *building, const struct node *item)
{
	static const char *const roles[] = {"user", "assistant", "system", "developer", NULL};
	struct reading *reading = building->reading;
	struct node role = node_need(reading, item, "role");
	struct node content = node_need(reading, item, "content");
	const char *name = node_word(reading, &role, roles);
	size_t n;

	if (!name)
		return;
	if (strcmp(name, "assistant") == 0)
		go_on_as_model(building);
	else
		building_message(building, strcmp(name, "user") == 0 ? name : "system");
	if (node_is_text(&content)) {
		building_text(building, node_text(reading, &content));
		return;
	}
	n = node_size(reading, &content);
	for (size_t i = 0; i < n; i++) {
		struct node part = node_element(&content, i);

		add_part(building, &part);
	}
}

static void add_call(struct building *building, const struct node *item)
{
	struct reading *reading = building->reading;
	struct prompt_part *part;

	go_on_as_model(building);
	part = building_part(building, PROMPT_TOOL_CALL);
	part->tool_id = node_need_text(reading, item, "call_id");
	part->tool_name = node_need_text(reading, item, "name");
	part->arguments = node_need_text(reading, item, "arguments");
}

/* A result is one text. Its images stand behind it: no other API takes them within. */
static void add_result(struct building *building, const struct node *item)
{
	struct reading *reading = building->reading;
	struct node output = node_need(reading, item, "output");
	size_t n = node_is_text(&output) ? 0 : node_size(reading, &output);
	const char *text = node_is_text(&output) ? node_text(reading, &output) : NULL;
	_cleanup_(buf_done) struct buf joined;
	struct prompt_part *part;

	building_message(building, "user");
	part = building_part(building, PROMPT_TOOL_RESULT);
	part->tool_id = node_need_text(reading, item, "call_id");
	part->text = text ? text : "";
	buf_init(&joined, SIZE_MAX / 2);
	for (size_t i = 0; i < n; i++) {
		struct node inner = node_element(&output, i);
		struct node type = node_need(reading, &inner, "type");

		if (node_is(&type, "input_text"))
			buf_adds(&joined, node_need_text(reading, &inner, "text"));
		else if (node_is(&type, "input_image"))
			add_image(building, &inner);
		else if (type.json)
			reading_refuse(reading, &type, "send input_text or input_image");
	}
	if (n > 0 && reading->status == OK && !reading->arena->exhausted)
		building->parts[0].text = arena_strdup(reading->arena, buf_text(&joined));
}

/* A thought whose content was not included says nothing to its API. */
static void add_thought(struct building *building, const struct node *item)
{
	struct node content = node_member(item, "encrypted_content");
	const char *text = node_is_text(&content) ? json_string_value(content.json) : "";

	if (!*text)
		return;
	go_on_as_model(building);
	if (opaque_is(text))
		opaque_read(building, &content, text);
	else
		opaque_part(building, item, RESPONSES_API);
}

static void add_item(struct building *building, const struct node *item)
{
	struct reading *reading = building->reading;
	struct node type = node_member(item, "type");

	if (!item->json)
		reading_fail(reading, item, "field_invalid", "must be an item");
	if (!node_is_object(reading, item))
		return;
	if (!type.json || node_is(&type, "message"))
		add_message(building, item);
	else if (node_is(&type, "function_call"))
		add_call(building, item);
	else if (node_is(&type, "function_call_output"))
		add_result(building, item);
	else if (node_is(&type, "reasoning"))
		add_thought(building, item);
	else
		reading_refuse(
			reading, &type,
			node_is(&type, "item_reference")
				? "nothing is stored here; send the item itself"
				: "send messages, function calls, their outputs or reasoning");
}

void responses_read_input(struct reading *reading, const struct node *root, struct prompt *prompt)
{
	struct building building = {.reading = reading, .prompt = prompt};
	struct node instructions = node_member(root, "instructions");
	struct node input = node_need(reading, root, "input");
	const char *system = node_text(reading, &instructions);
	size_t n = node_is_text(&input) ? 0 : node_size(reading, &input);

	if (system && *system)
		building_message(&building, "system")->text = system;
	if (node_is_text(&input)) {
		const char *text = node_text(reading, &input);

		building_message(&building, "user")->text = text ? text : "";
	} else if (input.json && n == 0) {
		reading_fail(reading, &input, "field_required", "must have an item");
	}
	for (size_t i = 0; i < n && reading->status == OK && !reading->arena->exhausted; i++) {
		struct node item = node_element(&input, i);

		add_item(&building, &item);
	}
}
