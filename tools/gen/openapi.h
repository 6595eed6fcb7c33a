/* Shared by openapi.c and schema.c. */
#ifndef TOOLS_GEN_OPENAPI_H
#define TOOLS_GEN_OPENAPI_H

#include "tools/gen/gen.h"

#include <jansson.h>

/* The document in the making. */
struct openapi {
	struct gen *gen;
	json_t *schemas;   /* components/schemas */
	bool *in_response; /* parallel to gen->messages: some answer holds it */
};

/* The use of a message, which decides on the name of its schema and on required members. */
enum openapi_use {
	OPENAPI_REQUEST,  /* required: fields with this option; unknown members are refused */
	OPENAPI_RESPONSE, /* required: scalars and lists, which are always there */
};

/* Marks the messages of an answer. For all answers, before the first schema is made. */
void openapi_mark_response(struct openapi *api, const struct gen_message *message);

/* Schema of one field's value, with its comment and limits. openai: names and numbers of OpenAI's
 * dialect. */
json_t *openapi_field(struct openapi *api, const struct gen_field *field, enum openapi_use use,
		      bool openai);

/* {"$ref": …} to the message's component, which is made when it is new. leave_out: index of a field
 * that the path binds, or -1. */
json_t *openapi_message(struct openapi *api, const struct gen_message *message,
			enum openapi_use use, bool openai, int leave_out);

/* {"$ref": …} to the union of {event, id, data} of a stream's message with a oneof named `event`.
 */
json_t *openapi_event(struct openapi *api, const struct gen_message *message, bool openai);

/* Whether the field is part of the JSON: no cookie, location, cursor or update_mask. */
bool openapi_is_member(const struct gen_field *field);

#endif
