#include "chat/api/opaque.h"

#include "chat/provider/anthropic.h"
#include "chat/provider/gemini.h"
#include "chat/provider/responses.h"
#include "runtime/base/text.h"

#include <string.h>

#define PREFIX "limitless."

void opaque_write(struct buf *out, const char *api, struct peek data)
{
	size_t len = (size_t)(data.end - data.at);
	_cleanup_(arena_freep) struct arena *arena = arena_new(2 * len + 64, 2 * len + 1024);

	buf_addf(out, PREFIX "%s.%s", api, base64url_encode(arena, data.at, len));
}

bool opaque_is(const char *text)
{
	return strncmp(text, PREFIX, sizeof PREFIX - 1) == 0;
}

static bool has_word(const json_t *object, const char *name, const char *word)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && strcmp(text, word) == 0;
}

/* The shapes of the APIs' blocks. Anything else could be an order to the provider. */
static bool is_block(const char *api, const json_t *json)
{
	if (strcmp(api, ANTHROPIC_API) == 0)
		return (has_word(json, "type", "thinking") &&
			json_is_string(json_object_get(json, "thinking")) &&
			json_is_string(json_object_get(json, "signature"))) ||
		       (has_word(json, "type", "redacted_thinking") &&
			json_is_string(json_object_get(json, "data")));
	if (strcmp(api, RESPONSES_API) == 0)
		return has_word(json, "type", "reasoning") &&
		       json_is_string(json_object_get(json, "encrypted_content"));
	if (strcmp(api, GEMINI_API) == 0)
		return json_is_string(json_object_get(json, "on"));
	return strcmp(api, "openai") == 0 && json_is_array(json);
}

void opaque_part(struct building *building, const struct node *node, const char *api)
{
	struct prompt_part *part;

	if (!is_block(api, node->json)) {
		reading_fail(building->reading, node, "field_invalid",
			     "must be a block of reasoning as it was in the answer");
		return;
	}
	part = building_part(building, PROMPT_REASONING);
	part->api = api;
	part->data = node_json(building->reading, node);
}

static const char *api_of(const char *name, size_t len)
{
	static const char *const apis[] = {ANTHROPIC_API, RESPONSES_API, GEMINI_API, "openai"};

	for (size_t i = 0; i < ARRAY_SIZE(apis); i++) {
		if (strlen(apis[i]) == len && memcmp(apis[i], name, len) == 0)
			return apis[i];
	}
	return NULL;
}

void opaque_read(struct building *building, const struct node *node, const char *text)
{
	const char *name = text + sizeof PREFIX - 1, *dot = NULL, *api = NULL;
	struct arena *arena = building->reading->arena;
	struct node block = *node;
	uint8_t *data = NULL;
	size_t len;

	if (opaque_is(text))
		dot = strchr(name, '.');
	if (dot)
		api = api_of(name, (size_t)(dot - name));
	if (api)
		data = base64url_decode(arena, dot + 1, strlen(dot + 1), &len);
	block.json =
		data ? json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (api)
		opaque_part(building, &block, api);
	else
		reading_fail(building->reading, node, "field_invalid",
			     "must be a block of reasoning as it was in the answer");
	json_decref(block.json);
}
