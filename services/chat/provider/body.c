#include "chat/provider/body.h"

#include <string.h>

json_t *body_json(const char *text)
{
	return text ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
}

void body_add_extra(json_t *root, const struct prompt *prompt, const char *api)
{
	json_t *extra;

	if (!prompt->extra || !prompt->extra_api || strcmp(prompt->extra_api, api) != 0)
		return;
	extra = body_json(prompt->extra);
	if (json_is_object(extra))
		json_object_update_missing(root, extra);
	json_decref(extra);
}

static int add_to_buf(const char *data, size_t len, void *ctx)
{
	return buf_add(ctx, data, len) ? 0 : -1;
}

bool body_write(json_t *root, struct buf *body)
{
	bool ok = root && json_dump_callback(root, add_to_buf, body, JSON_COMPACT) == 0;

	json_decref(root);
	return ok;
}

bool body_data_url(const char *url, const char **ret_type, size_t *ret_type_len,
		   const char **ret_data)
{
	const char *comma = strchr(url, ',');

	if (strncmp(url, "data:", 5) != 0 || !comma)
		return false;
	*ret_type = url + 5;
	*ret_type_len = strcspn(*ret_type, ";,");
	*ret_data = comma + 1;
	return true;
}
