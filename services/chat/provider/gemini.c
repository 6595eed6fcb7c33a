/* Google's Gemini: generateContent, streamed (ai.google.dev/api/generate-content). */
#include "chat/provider/gemini.h"

#include "chat/provider/item.h"
#include "chat/provider/request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SYSTEM_BYTES_MAX (16u << 20)

/* Models from the third generation on refuse a call of their history that has no signature. This
 * word, which Google documents, stands for a call that another model made. */
#define NO_SIGNATURE "skip_thought_signature_validator"

/* ---------------------------------------------------------------- one message */

/* The name of the model without the path before it. */
static const char *model_name(const char *upstream)
{
	const char *slash = strrchr(upstream, '/');

	return slash ? slash + 1 : upstream;
}

/* The generation of a model called gemini-N…; 0: it is called otherwise. */
static int generation_of(const char *upstream)
{
	const char *name = model_name(upstream);

	return strncmp(name, "gemini-", 7) == 0 && name[7] >= '0' && name[7] <= '9' ? name[7] - '0'
										    : 0;
}

static json_t *image_json(const char *url)
{
	static const char *const types[][2] = {
		{".png", "image/png"},   {".webp", "image/webp"}, {".gif", "image/gif"},
		{".heic", "image/heic"}, {".heif", "image/heif"}, {".pdf", "application/pdf"},
	};
	const char *type = "image/jpeg", *data;
	size_t len = strcspn(url, "?#"), type_len;

	if (request_data_url(url, &type, &type_len, &data))
		return json_pack("{s:{s:s%, s:s}}", "inlineData", "mimeType", type, type_len,
				 "data", data);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		size_t n = strlen(types[i][0]);

		if (len > n && strncasecmp(url + len - n, types[i][0], n) == 0)
			type = types[i][1];
	}
	return json_pack("{s:{s:s, s:s}}", "fileData", "mimeType", type, "fileUri", url);
}

/* The signature that a part keeps for this place ("text", "thought", or the id of a call), or
 * NULL. */
static json_t *signature_on(const struct prompt_part *part, const char *on)
{
	_cleanup_(json_decrefp) json_t *data = NULL;
	const char *place;

	if (part->kind != PROMPT_REASONING || !part->api || strcmp(part->api, GEMINI_API) != 0)
		return NULL;
	data = request_json(part->data);
	place = json_string_value(json_object_get(data, "on"));
	if (!place || strcmp(place, on) != 0)
		return NULL;
	return json_incref(json_object_get(data, "thoughtSignature"));
}

/* … that a message keeps: the last one. */
static json_t *signature_of(const struct prompt_part *parts, size_t n, const char *on)
{
	json_t *signature = NULL;

	for (size_t i = n; i-- > 0 && !signature;)
		signature = signature_on(&parts[i], on);
	return signature;
}

static json_t *object_of(const char *text)
{
	json_t *value = request_json(text);

	if (json_is_object(value))
		return value;
	json_decref(value);
	return json_object();
}

/* Ids that this program made stay out: older models know none. */
static void set_id(json_t *call, const char *id)
{
	if (id && *id && strncmp(id, ITEM_OWN_ID, strlen(ITEM_OWN_ID)) != 0)
		json_object_set_new(call, "id", json_string(id));
}

static json_t *call_json(const struct prompt_part *part)
{
	json_t *call = json_pack("{s:s, s:o}", "name", part->tool_name ? part->tool_name : "",
				 "args", object_of(part->arguments));

	set_id(call, part->tool_id);
	return json_pack("{s:o}", "functionCall", call);
}

/* The name of the call that a result belongs to. */
static const char *name_of_call(const struct prompt *prompt, const struct prompt_part *result)
{
	if (result->tool_name)
		return result->tool_name;
	for (size_t m = 0; m < prompt->n_messages; m++) {
		for (size_t i = 0; i < prompt->messages[m].n_parts; i++) {
			const struct prompt_part *part = &prompt->messages[m].parts[i];

			if (part->kind == PROMPT_TOOL_CALL && part->tool_id && result->tool_id &&
			    part->tool_name && strcmp(part->tool_id, result->tool_id) == 0)
				return part->tool_name;
		}
	}
	return "unknown";
}

/* A response must be an object. */
static json_t *result_json(const struct prompt *prompt, const struct prompt_part *part)
{
	const char *text = part->text ? part->text : "";
	json_t *value = request_json(text), *response = value;
	json_t *result;

	if (part->is_error || !json_is_object(value)) {
		json_decref(value);
		response = json_pack("{s:s}", part->is_error ? "error" : "result", text);
	}
	result = json_pack("{s:s, s:o}", "name", name_of_call(prompt, part), "response", response);
	set_id(result, part->tool_id);
	return json_pack("{s:o}", "functionResponse", result);
}

/* What the adapter knows while it writes the parts of one message. */
struct writing {
	const struct prompt *prompt;
	const char *upstream;
	struct arena *arena;
	const struct prompt_part *parts;
	size_t n;
	json_t *list;
	bool signed_call; /* a call with a signature is in the list */
};

/* Several calls at once have one signature, on the first of them. */
static void add_call(struct writing *writing, const struct prompt_part *part)
{
	json_t *call = call_json(part), *signature = NULL;

	if (part->tool_id)
		signature = signature_of(writing->parts, writing->n, part->tool_id);
	if (!signature && !writing->signed_call && generation_of(writing->upstream) >= 3)
		signature = json_string(NO_SIGNATURE);
	writing->signed_call = true;
	request_set(call, "thoughtSignature", signature);
	json_array_append_new(writing->list, call);
}

/* A thought goes back when it is signed. Other signatures stand at the part that they belong to. */
static json_t *thought_json(const struct prompt_part *part)
{
	json_t *signature = signature_on(part, "thought");

	if (!signature)
		return NULL;
	return json_pack("{s:s, s:b, s:o}", "text", part->text ? part->text : "", "thought", 1,
			 "thoughtSignature", signature);
}

static void add_part(struct writing *writing, const struct prompt_part *part)
{
	json_t *json = NULL;

	switch (part->kind) {
	case PROMPT_TEXT:
		if (part->text && *part->text)
			json = json_pack("{s:s}", "text", part->text);
		break;
	case PROMPT_IMAGE:
		json = image_json(part->image_url);
		break;
	case PROMPT_TOOL_CALL:
		add_call(writing, part);
		return;
	case PROMPT_TOOL_RESULT:
		json = result_json(writing->prompt, part);
		break;
	case PROMPT_REASONING:
		json = thought_json(part);
		break;
	}
	if (json)
		json_array_append_new(writing->list, json);
}

/* The signature of a text stands at its last piece, also at an empty one. */
static void sign_text(struct writing *writing)
{
	json_t *signature = signature_of(writing->parts, writing->n, "text"), *last = NULL, *part;
	size_t i;

	if (!signature)
		return;
	json_array_foreach(writing->list, i, part)
	{
		if (json_object_get(part, "text") && !json_object_get(part, "thought"))
			last = part;
	}
	if (!last) {
		last = json_pack("{s:s}", "text", "");
		json_array_append_new(writing->list, last);
	}
	json_object_set_new(last, "thoughtSignature", signature);
}

/* Appends the parts of one message to list. */
static void add_parts(const struct prompt *prompt, const struct prompt_message *message,
		      const char *upstream, struct arena *arena, json_t *list)
{
	struct writing writing = {
		.prompt = prompt, .upstream = upstream, .arena = arena, .list = json_array()};
	struct prompt_part only;

	writing.parts = request_parts(message, &only, &writing.n);
	for (size_t i = 0; i < writing.n; i++)
		add_part(&writing, &writing.parts[i]);
	if (strcmp(message->role, "assistant") == 0)
		sign_text(&writing);
	json_array_extend(list, writing.list);
	json_decref(writing.list);
}

/* ---------------------------------------------------------------- the conversation */

static json_t *text_content(const char *role, const char *text)
{
	return json_pack("{s:s, s:[{s:s}]}", "role", role, "parts", "text", text);
}

/* user and model take turns, and the user is first. */
static json_t *contents_json(const struct prompt *prompt, const char *upstream, struct arena *arena)
{
	json_t *contents = json_array(), *parts = NULL;
	const char *last = "";

	for (size_t i = 0; i < prompt->n_messages; i++) {
		const struct prompt_message *message = &prompt->messages[i];
		const char *role = strcmp(message->role, "assistant") == 0 ? "model" : "user";
		json_t *new = json_array();

		if (strcmp(message->role, "system") != 0)
			add_parts(prompt, message, upstream, arena, new);
		if (json_array_size(new) == 0) {
			json_decref(new);
			continue;
		}
		if (json_array_size(contents) == 0 && strcmp(role, "model") == 0)
			json_array_append_new(contents, text_content("user", "…"));
		if (strcmp(role, last) == 0) {
			json_array_extend(parts, new);
			json_decref(new);
			continue;
		}
		json_array_append_new(contents,
				      json_pack("{s:s, s:o}", "role", role, "parts", new));
		parts = new;
		last = role;
	}
	return contents;
}

/* Instructions alone are a question. */
static void set_messages(json_t *root, const struct prompt *prompt, const char *upstream,
			 struct arena *arena)
{
	json_t *contents = contents_json(prompt, upstream, arena);
	_cleanup_(buf_done) struct buf system;

	buf_init(&system, SYSTEM_BYTES_MAX);
	request_system(prompt, &system);
	if (json_array_size(contents) == 0 && system.len > 0)
		json_array_append_new(contents, text_content("user", buf_text(&system)));
	else if (system.len > 0)
		json_object_set_new(root, "systemInstruction",
				    json_pack("{s:[{s:s}]}", "parts", "text", buf_text(&system)));
	json_object_set_new(root, "contents", contents);
}

/* ---------------------------------------------------------------- tools and settings */

static void set_tools(json_t *root, const struct prompt *prompt)
{
	static const char *const modes[] = {[TOOLS_AUTO] = "AUTO",
					    [TOOLS_NONE] = "NONE",
					    [TOOLS_REQUIRED] = "ANY",
					    [TOOLS_ONE] = "ANY"};
	json_t *list = json_array(), *config;

	for (size_t i = 0; i < prompt->n_tools; i++) {
		const struct prompt_tool *tool = &prompt->tools[i];
		json_t *one = json_pack("{s:s, s:s*}", "name", tool->name, "description",
					tool->description);

		request_set(one, "parametersJsonSchema", request_json(tool->schema));
		json_array_append_new(list, one);
	}
	if (prompt->n_tools == 0) {
		json_decref(list);
		return;
	}
	json_object_set_new(root, "tools", json_pack("[{s:o}]", "functionDeclarations", list));
	config = json_pack("{s:s}", "mode", modes[prompt->tool_choice]);
	if (prompt->tool_choice == TOOLS_ONE && prompt->tool_choice_name)
		json_object_set_new(config, "allowedFunctionNames",
				    json_pack("[s]", prompt->tool_choice_name));
	json_object_set_new(root, "toolConfig",
			    json_pack("{s:o}", "functionCallingConfig", config));
}

/* The second generation takes a number of tokens, later ones take a word. Models that make pictures
 * or speech, and older ones, refuse both. */
static json_t *thinking_json(const char *upstream, const char *effort)
{
	static const struct {
		const char *effort;
		int tokens;
	} budgets[] = {{"minimal", 512}, {"low", 1024}, {"medium", 8192}, {"high", 24576}};
	const char *name = model_name(upstream);
	json_t *thinking;

	if (!effort && (strstr(name, "image") || strstr(name, "tts") ||
			(strncmp(name, "gemini-2.5", 10) != 0 && generation_of(upstream) < 3)))
		return NULL;
	thinking = json_pack("{s:b}", "includeThoughts", 1);
	if (!effort)
		return thinking;
	if (generation_of(upstream) != 2) {
		json_object_set_new(thinking, "thinkingLevel", json_string(effort));
		return thinking;
	}
	for (size_t i = 0; i < ARRAY_SIZE(budgets); i++) {
		if (strcmp(effort, budgets[i].effort) == 0)
			json_object_set_new(thinking, "thinkingBudget",
					    json_integer(budgets[i].tokens));
	}
	return thinking;
}

static void set_format(json_t *config, const struct prompt *prompt)
{
	if (prompt->format == FORMAT_TEXT)
		return;
	json_object_set_new(config, "responseMimeType", json_string("application/json"));
	if (prompt->format == FORMAT_SCHEMA)
		request_set(config, "responseJsonSchema", request_json(prompt->schema));
}

static void set_stop(json_t *config, const struct prompt *prompt)
{
	json_t *list = json_array();

	for (size_t i = 0; i < prompt->n_stop; i++)
		json_array_append_new(list, json_string(prompt->stop[i]));
	if (prompt->n_stop > 0)
		json_object_set(config, "stopSequences", list);
	json_decref(list);
}

static json_t *config_json(const struct prompt *prompt, const char *upstream, uint8_t without)
{
	const uint8_t limit = PARAMETER_MAX_TOKENS | PARAMETER_MAX_COMPLETION_TOKENS;
	json_t *config = json_object();

	if (prompt->max_output_tokens > 0 && (without & limit) != limit)
		json_object_set_new(config, "maxOutputTokens",
				    json_integer(prompt->max_output_tokens));
	if (prompt->has_temperature && !(without & PARAMETER_TEMPERATURE))
		json_object_set_new(config, "temperature", json_real(prompt->temperature));
	if (prompt->has_top_p && !(without & PARAMETER_TOP_P))
		json_object_set_new(config, "topP", json_real(prompt->top_p));
	set_stop(config, prompt);
	set_format(config, prompt);
	if (prompt->wants_logprobs) {
		json_object_set_new(config, "responseLogprobs", json_true());
		if (prompt->top_logprobs > 0)
			json_object_set_new(config, "logprobs", json_integer(prompt->top_logprobs));
	}
	request_set(config, "thinkingConfig", thinking_json(upstream, prompt->effort));
	return config;
}

/* ---------------------------------------------------------------- the request */

/* The key stands in a header: addresses end in logs. */
static char *address(const struct provider *provider, const char *upstream, struct arena *arena)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/@:";
	_cleanup_(buf_done) struct buf path;

	buf_init(&path, 4096);
	for (const char *p = upstream; *p; p++) {
		if (strchr(plain, *p))
			buf_addc(&path, *p);
		else
			buf_addf(&path, "%%%02X", (unsigned)(unsigned char)*p);
	}
	return arena_printf(arena, "%s%s%s:streamGenerateContent?alt=sse%s%s", provider->base_url,
			    strchr(upstream, '/') ? "/" : "/models/", buf_text(&path),
			    *provider->query ? "&" : "",
			    *provider->query ? provider->query + 1 : "");
}

static enum status gemini_request(const struct provider_pick *pick, const struct prompt *prompt,
				  uint8_t without, struct arena *arena, struct buf *body,
				  struct http_request *ret, struct error *reterr)
{
	const char *upstream = pick->route->upstream;
	json_t *root = json_object();

	set_messages(root, prompt, upstream, arena);
	set_tools(root, prompt);
	json_object_set_new(root, "generationConfig", config_json(prompt, upstream, without));
	return request_post(pick, prompt, GEMINI_API, root,
			    address(pick->route->provider, upstream, arena), arena, body, ret,
			    reterr);
}

const struct provider_api provider_gemini = {
	.name = GEMINI_API,
	.base_url = PROVIDER_GEMINI_URL,
	.key_header = "x-goog-api-key: ",
	.request = gemini_request,
	.event = gemini_event,
	.refusal = provider_fault_body,
};
PROVIDER_API(provider_gemini);
