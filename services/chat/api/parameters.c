#include "chat/api/parameters.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- a prompt that grows */

/* Room for one more. What was there is copied, so that it stays in one piece. */
static void *grown(struct arena *arena, void *list, size_t n, size_t *capacity, size_t size)
{
	size_t more = n < 8 ? 16 : 2 * n;
	char *ret;

	if (n < *capacity)
		return list;
	ret = arena_zalloc(arena, more * size);
	if (!ret)
		return NULL;
	if (n > 0)
		memcpy(ret, list, n * size);
	*capacity = more;
	return ret;
}

struct prompt_message *building_message(struct building *building, const char *role)
{
	struct prompt *prompt = building->prompt;
	size_t used =
		prompt->n_messages > 0 ? building->messages[prompt->n_messages - 1].n_parts : 0;
	void *list = grown(building->reading->arena, building->messages, prompt->n_messages,
			   &building->messages_capacity, sizeof *building->messages);
	struct prompt_message *ret = &building->no_message;

	if (list) {
		building->messages = list;
		prompt->messages = building->messages;
		ret = &building->messages[prompt->n_messages++];
		if (building->parts) { /* behind those of the message before */
			building->parts += used;
			building->parts_capacity -= used;
		}
	}
	*ret = (struct prompt_message){.role = role, .text = ""};
	return ret;
}

struct prompt_part *building_part(struct building *building, int kind)
{
	struct prompt_message *message =
		building->prompt->n_messages > 0
			? &building->messages[building->prompt->n_messages - 1]
			: NULL;
	struct prompt_part *ret = &building->no_part;
	void *list = NULL;

	if (message)
		list = grown(building->reading->arena, building->parts, message->n_parts,
			     &building->parts_capacity, sizeof *building->parts);
	if (list) {
		building->parts = list;
		message->parts = building->parts;
		ret = &building->parts[message->n_parts++];
	}
	*ret = (struct prompt_part){.kind = kind};
	return ret;
}

void building_text(struct building *building, const char *text)
{
	if (text && *text)
		building_part(building, PROMPT_TEXT)->text = text;
}

/* ---------------------------------------------------------------- images */

bool image_type_known(const char *type, size_t len)
{
	static const char *const types[] = {"image/png", "image/jpeg", "image/gif", "image/webp"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (len == strlen(types[i]) && strncasecmp(type, types[i], len) == 0)
			return true;
	}
	return false;
}

bool is_base64(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len &&
	       ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
		(text[i] >= '0' && text[i] <= '9') || text[i] == '+' || text[i] == '/'))
		i++;
	if (i == 0 || len % 4 != 0 || len - i > 2)
		return false;
	while (i < len && text[i] == '=')
		i++;
	return i == len;
}

const char *read_image_url(struct reading *reading, const struct node *node)
{
	static const char mark[] = ";base64,";
	const char *url = node_text(reading, node), *data;
	size_t type;

	if (!url)
		return "";
	if (strncasecmp(url, "https://", 8) == 0 && url[8] && !url[strcspn(url, " \t\r\n")])
		return url;
	if (strncasecmp(url, "data:", 5) != 0) {
		reading_fail(reading, node, "field_invalid",
			     "must be an address that begins with https:// or data:");
		return "";
	}
	type = strcspn(url + 5, ";,");
	data = url + 5 + type;
	if (!image_type_known(url + 5, type) || strncmp(data, mark, sizeof mark - 1) != 0 ||
	    !is_base64(data + sizeof mark - 1, strlen(data + sizeof mark - 1)))
		reading_fail(reading, node, "field_invalid",
			     "must be data:image/png;base64,… (or jpeg, gif, webp)");
	return url;
}

const char *read_image_detail(struct reading *reading, const struct node *node)
{
	static const char *const details[] = {"auto", "low", "high", NULL};

	return node_word(reading, node, details);
}

const char *read_cache(struct reading *reading, const struct node *object)
{
	static const char *const types[] = {"ephemeral", NULL}, *const ttls[] = {"5m", "1h", NULL};
	struct node cache = node_member(object, "cache_control");
	struct node type, ttl;

	if (!node_is_object(reading, &cache))
		return NULL;
	type = node_need(reading, &cache, "type");
	ttl = node_member(&cache, "ttl");
	node_word(reading, &type, types);
	node_word(reading, &ttl, ttls);
	return node_json(reading, &cache);
}

/* ---------------------------------------------------------------- tools */

const char *read_tool_name(struct reading *reading, const struct node *object)
{
	struct node node = node_need(reading, object, "name");
	const char *name = node_text(reading, &node);
	size_t len = name ? strlen(name) : 0;

	if (!name)
		return "";
	if (len == 0 || len > TOOL_NAME_BYTES_MAX ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") !=
		    len)
		reading_fail(reading, &node, "field_invalid",
			     "must have 1 to %d characters of a-z, A-Z, 0-9, _, - and .",
			     TOOL_NAME_BYTES_MAX);
	return name;
}

struct prompt_tool *read_tools_room(struct reading *reading, const struct node *list,
				    struct prompt *prompt)
{
	size_t n = node_size(reading, list);
	struct prompt_tool *tools;

	if (n > (size_t)reading->limits->tools) {
		reading_fail(reading, list, "field_invalid",
			     "has %zu tools, and may have %" PRId64 ": send fewer", n,
			     reading->limits->tools);
		return NULL;
	}
	tools = n > 0 ? arena_array(reading->arena, n, sizeof *tools) : NULL;
	prompt->tools = tools;
	prompt->n_tools = tools ? n : 0;
	return tools;
}

void check_tools(struct reading *reading, const struct node *list, const struct prompt *prompt)
{
	for (size_t i = 1; i < prompt->n_tools && reading->status == OK; i++) {
		struct node tool = node_element(list, i);

		for (size_t before = 0; before < i; before++) {
			if (strcmp(prompt->tools[before].name, prompt->tools[i].name) == 0)
				reading_fail(reading, &tool, "field_invalid",
					     "has the name of another tool");
		}
	}
}

void choose_tool(struct reading *reading, const struct node *name, struct prompt *prompt)
{
	const char *text = node_text(reading, name);

	for (size_t i = 0; text && i < prompt->n_tools; i++) {
		if (strcmp(prompt->tools[i].name, text) == 0) {
			prompt->tool_choice = TOOLS_ONE;
			prompt->tool_choice_name = text;
			return;
		}
	}
	reading_fail(reading, name, "field_invalid", "must be the name of one of the tools");
}

void choose_tools(struct reading *reading, const struct node *word, struct prompt *prompt)
{
	static const char *const words[] = {"none", "auto", "required", NULL};
	const char *choice = node_word(reading, word, words);

	if (!choice)
		return;
	prompt->tool_choice = choice == words[0]   ? TOOLS_NONE
			      : choice == words[1] ? TOOLS_AUTO
						   : TOOLS_REQUIRED;
	if (prompt->tool_choice == TOOLS_REQUIRED && prompt->n_tools == 0)
		reading_fail(reading, word, "field_invalid", "wants a tool, and there are none");
}

/* ---------------------------------------------------------------- settings */

void building_messages(struct building *building, const struct node *list, size_t n,
		       void (*read)(struct building *building, const struct node *message))
{
	struct reading *reading = building->reading;

	if (list->json && n == 0)
		reading_fail(reading, list, "field_required", "must have a message");
	for (size_t i = 0; i < n && reading->status == OK; i++) {
		struct node message = node_element(list, i);

		if (!message.json)
			reading_fail(reading, &message, "field_invalid", "must be a message");
		if (node_is_object(reading, &message))
			read(building, &message);
	}
}

const char *read_model(struct reading *reading, const struct node *root)
{
	struct node model = node_need(reading, root, "model");
	const char *name = node_text(reading, &model);

	if (name && !*name)
		reading_fail(reading, &model, "field_required", "must be given");
	return name ? name : "";
}

void read_stop(struct reading *reading, const struct node *node, struct prompt *prompt)
{
	bool single = node_is_text(node);
	size_t n = single ? 1 : node_size(reading, node), most = (size_t)reading->limits->stops;
	int64_t bytes_max = reading->limits->stop_bytes;
	const char **list;

	if (n > most)
		reading_fail(reading, node, "field_invalid",
			     "has %zu texts, and may have %zu: send fewer", n, most);
	list = n > 0 && n <= most ? arena_array(reading->arena, n, sizeof *list) : NULL;
	for (size_t i = 0; list && i < n; i++) {
		struct node element = single ? *node : node_element(node, i);
		const char *text = node_text(reading, &element);

		if (!text || !*text || strlen(text) > (size_t)bytes_max)
			reading_fail(reading, &element, "field_invalid",
				     "must be a text of 1 to %" PRId64 " bytes", bytes_max);
		list[i] = text ? text : "";
	}
	prompt->stop = list;
	prompt->n_stop = list ? n : 0;
}

void read_temperature(struct reading *reading, const struct node *root, double max,
		      struct prompt *prompt)
{
	struct node temperature = node_member(root, "temperature");
	struct node top_p = node_member(root, "top_p");

	prompt->has_temperature = temperature.json;
	prompt->temperature = node_number(reading, &temperature, 0, max);
	prompt->has_top_p = top_p.json;
	prompt->top_p = node_number(reading, &top_p, 0, 1);
}

int32_t read_limit(struct reading *reading, const struct node *node)
{
	return (int32_t)node_int(reading, node, 1, INT32_MAX);
}

const char *read_effort(struct reading *reading, const struct node *node)
{
	static const char *const efforts[] = {"none", "minimal", "low", "medium",
					      "high", "xhigh",   NULL};

	return node_word(reading, node, efforts);
}

void read_schema(struct reading *reading, const struct node *format, struct prompt *prompt)
{
	struct node name = node_member(format, "name"), strict = node_member(format, "strict");
	struct node schema = node_need(reading, format, "schema");

	prompt->format = FORMAT_SCHEMA;
	prompt->schema_name = name.json ? read_tool_name(reading, format) : NULL;
	prompt->schema_strict = node_bool(reading, &strict);
	if (node_is_object(reading, &schema))
		prompt->schema = node_json(reading, &schema);
}

/* Other tiers have other prices. */
void read_service_tier(struct reading *reading, const struct node *root)
{
	static const char *const same[] = {"auto", "default", "standard", "standard_only"};
	struct node tier = node_member(root, "service_tier");

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		if (node_is(&tier, same[i]))
			return;
	}
	if (tier.json)
		reading_refuse(reading, &tier, "leave it out, for there is one price");
}

void refuse_parameters(struct reading *reading, const struct node *root,
		       const struct refused_parameter *rules)
{
	for (; rules->name; rules++) {
		struct node node = node_member(root, rules->name);

		if (node.json && !(rules->if_true && json_is_false(node.json)))
			reading_refuse(reading, &node, rules->help);
	}
}

static bool is_known(const char *name, const char *const *known)
{
	while (*known && strcmp(*known, name) != 0)
		known++;
	return *known;
}

void read_extra(struct reading *reading, const struct node *root, const char *const *known,
		const char *api, json_t *more, struct prompt *prompt)
{
	json_t *extra = more ? more : json_object(), *value;
	const char *name;

	json_object_foreach(root->json, name, value)
	{
		if (!is_known(name, known) && !json_is_null(value))
			json_object_set(extra, name, value);
	}
	if (json_object_size(extra) > 0) {
		struct node node = {.json = extra};

		prompt->extra = node_json(reading, &node);
		prompt->extra_api = api;
	}
	json_decref(extra);
}
