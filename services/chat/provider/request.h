/* Steps that the requests of all APIs have in common. */
#ifndef CHAT_PROVIDER_REQUEST_H
#define CHAT_PROVIDER_REQUEST_H

#include "chat/provider/provider.h"

#include <jansson.h>

/* A JSON text as a value. NULL: text is NULL, or no JSON. */
json_t *request_json(const char *text);
/* Sets a member unless value is NULL. Takes value. */
void request_set(json_t *object, const char *name, json_t *value);
/* The parts of a message; its text is the one part of a message without parts. */
const struct prompt_part *request_parts(const struct prompt_message *message,
					struct prompt_part *only, size_t *ret_n);
/* Appends the texts of all system messages, with an empty line between two. */
void request_system(const struct prompt *prompt, struct buf *out);
/* Sets an array unless it is empty. Takes list. */
void request_set_list(json_t *object, const char *name, json_t *list);
/* Reads a data: address: its type and where its base64 begins. False: it is none. */
bool request_data_url(const char *url, const char **ret_type, size_t *ret_type_len,
		      const char **ret_data);

/* Writes root (taken) with the prompt's extra parameters of the API of this name, and posts it to
 * url. errors: RESOURCE_EXHAUSTED. */
enum status request_post(const struct provider_pick *pick, const struct prompt *prompt,
			 const char *api, json_t *root, char *url, struct arena *arena,
			 struct buf *body, struct http_request *ret, struct error *reterr);

#endif
