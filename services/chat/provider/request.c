#include "chat/provider/request.h"

#include <string.h>
#include <strings.h>

json_t *request_json(const char *text)
{
	return text ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
}

void request_set_list(json_t *object, const char *name, json_t *list)
{
	if (json_array_size(list) > 0)
		json_object_set_new(object, name, list);
	else
		json_decref(list);
}

void request_set(json_t *object, const char *name, json_t *value)
{
	if (value)
		json_object_set_new(object, name, value);
}

const struct prompt_part *request_parts(const struct prompt_message *message,
					struct prompt_part *only, size_t *ret_n)
{
	*ret_n = message->n_parts;
	if (message->n_parts > 0)
		return message->parts;
	*only = (struct prompt_part){.kind = PROMPT_TEXT, .text = message->text};
	*ret_n = message->text && *message->text ? 1 : 0;
	return only;
}

void request_system(const struct prompt *prompt, struct buf *out)
{
	for (size_t i = 0; i < prompt->n_messages; i++) {
		const struct prompt_part *parts;
		struct prompt_part only;
		size_t n;

		if (strcmp(prompt->messages[i].role, "system") != 0)
			continue;
		parts = request_parts(&prompt->messages[i], &only, &n);
		for (size_t p = 0; p < n; p++) {
			if (parts[p].kind != PROMPT_TEXT || !parts[p].text || !*parts[p].text)
				continue;
			if (out->len > 0)
				buf_adds(out, "\n\n");
			buf_adds(out, parts[p].text);
		}
	}
}

bool request_data_url(const char *url, const char **ret_type, size_t *ret_type_len,
		      const char **ret_data)
{
	static const char mark[] = ";base64,";
	const char *at;

	if (strncasecmp(url, "data:", 5) != 0)
		return false;
	at = strstr(url, mark);
	if (!at)
		return false;
	*ret_type = url + 5;
	*ret_type_len = strcspn(url + 5, ";,");
	*ret_data = at + sizeof mark - 1;
	return true;
}

/* What this program writes itself wins over an extra parameter of the same name. */
static json_t *with_extra(json_t *root, const struct prompt *prompt, const char *api)
{
	json_t *extra = NULL;

	if (root && prompt->extra && prompt->extra_api && strcmp(prompt->extra_api, api) == 0)
		extra = request_json(prompt->extra);
	if (!json_is_object(extra)) {
		json_decref(extra);
		return root;
	}
	json_object_update_recursive(extra, root);
	json_decref(root);
	return extra;
}

static int add_to_buf(const char *data, size_t len, void *ctx)
{
	return buf_add(ctx, data, len) ? 0 : -1;
}

/* Writes root and drops it. False: no memory, or body is full. */
static bool write_body(json_t *root, struct buf *body)
{
	bool ok = root && json_dump_callback(root, add_to_buf, body, JSON_COMPACT) == 0;

	json_decref(root);
	return ok;
}

enum status request_post(const struct provider_pick *pick, const struct prompt *prompt,
			 const char *api, json_t *root, char *url, struct arena *arena,
			 struct buf *body, struct http_request *ret, struct error *reterr)
{
	const struct provider *provider = pick->route->provider;
	const char *authorization = provider_authorization(arena, provider, pick->key);
	const char **headers = arena_array(arena, 6, sizeof *headers);
	size_t n = 0;

	root = with_extra(root, prompt, api);
	if (!write_body(root, body) || !headers)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large",
				 "the request is longer than %zu bytes", body->max);
	headers[n++] = "Content-Type: application/json";
	headers[n++] =
		prompt->embedding.input ? "Accept: application/json" : "Accept: text/event-stream";
	headers[n++] = "Accept-Encoding: identity"; /* a packed stream may be kept back */
	if (authorization)
		headers[n++] = authorization;
	if (provider->api->header)
		headers[n++] = provider->api->header;
	*ret = (struct http_request){
		.method = "POST",
		.url = url,
		.headers = headers,
		.body = body->data,
		.body_len = body->len,
		.proxy = provider->proxy,
	};
	return OK;
}
