/* Bodies of requests to providers, as JSON. */
#ifndef CHAT_PROVIDER_BODY_H
#define CHAT_PROVIDER_BODY_H

#include "chat/provider/provider.h"

#include <jansson.h>

/* A JSON text as a value. NULL: text is NULL, or no JSON. */
json_t *body_json(const char *text);
/* Adds the prompt's extra parameters when they are this API's. Members that are there stay. */
void body_add_extra(json_t *root, const struct prompt *prompt, const char *api);
/* Writes root and drops it. False: no memory, or body is full. */
bool body_write(json_t *root, struct buf *body);
/* The media type and the base64 text of a data: address. False: it is none. */
bool body_data_url(const char *url, const char **ret_type, size_t *ret_type_len,
		   const char **ret_data);

#endif
