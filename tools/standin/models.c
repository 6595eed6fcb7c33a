/* The lists of models. A stand-in that knows any name calls itself demo. */
#include "exchange.h"

#include <stdio.h>
#include <string.h>

#define CREATED 1767225600 /* 2026-01-01 */

static json_t *model_json(const char *id, const struct wire *wire)
{
	char name[200];

	snprintf(name, sizeof name, "models/%s", id);
	if (wire == &wire_gemini)
		return json_pack("{s:s, s:s, s:[s, s]}", "name", name, "displayName", id,
				 "supportedGenerationMethods", "generateContent", "countTokens");
	if (wire == &wire_anthropic)
		return json_pack("{s:s, s:s, s:s, s:s}", "type", "model", "id", id, "display_name",
				 id, "created_at", "2026-01-01T00:00:00Z");
	return json_pack("{s:s, s:s, s:i, s:s}", "id", id, "object", "model", "created", CREATED,
			 "owned_by", strcmp(id, "demo") == 0 ? "standin" : "library");
}

static json_t *list_json(const struct standin_conf *conf, const struct wire *wire)
{
	static const char *const any[] = {"demo", NULL};
	const char *const *names = conf->models && conf->models[0] ? conf->models : any;
	json_t *list = json_array();

	for (size_t i = 0; names[i]; i++)
		json_array_append_new(list, model_json(names[i], wire));
	if (wire == &wire_gemini)
		return json_pack("{s:o}", "models", list);
	if (wire == &wire_anthropic)
		return json_pack("{s:o, s:b, s:n, s:n}", "data", list, "has_more", 0, "first_id",
				 "last_id");
	return json_pack("{s:s, s:o}", "object", "list", "data", list);
}

/* OpenAI's list is open where any key is accepted: servers of one's own have it so. */
void models_handle(struct httpd_request *req, const struct standin_conf *conf,
		   const struct wire *wire)
{
	json_t *list;
	char *text;

	if ((conf->api_key[0] || wire != &wire_openai) && !key_fits(req, conf, wire))
		return;
	list = list_json(conf, wire);
	text = json_dumps(list, JSON_COMPACT);
	httpd_answer(req, &(struct httpd_answer){.status = 200,
						 .content_type = "application/json",
						 .body = text,
						 .body_len = text ? strlen(text) : 0});
	free(text);
	json_decref(list);
}
