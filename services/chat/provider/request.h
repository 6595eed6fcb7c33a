/* Steps that the requests of several APIs have in common. */
#ifndef CHAT_PROVIDER_REQUEST_H
#define CHAT_PROVIDER_REQUEST_H

#include "chat/provider/provider.h"

#include <jansson.h>

/* Sets a member unless value is NULL. Takes value. */
void request_set(json_t *object, const char *name, json_t *value);
/* Whether a message says nothing: no part, and no text. */
bool request_is_empty(const struct prompt_message *message);
/* The parts of a message; its text is the one part of a message without parts. */
const struct prompt_part *request_parts(const struct prompt_message *message,
					struct prompt_part *only, size_t *ret_n);
/* Appends the texts of all system messages, with an empty line between two. */
void request_system(const struct prompt *prompt, struct buf *out);
/* Reads a data: address: its type and where its base64 begins. False: it is none. */
bool request_data_url(struct arena *arena, const char *url, const char **ret_type,
		      const char **ret_data);

/* Writes root (taken) with the prompt's extra parameters of this API, and posts it to url. errors:
 * RESOURCE_EXHAUSTED. */
enum status request_post(const struct provider_pick *pick, const struct prompt *prompt,
			 json_t *root, char *url, struct arena *arena, struct buf *body,
			 struct http_request *ret, struct error *reterr);

#endif
