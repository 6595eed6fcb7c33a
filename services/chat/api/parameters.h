/* Parts of a prompt that several formats have in common. */
#ifndef CHAT_API_PARAMETERS_H
#define CHAT_API_PARAMETERS_H

#include "chat/api/dialect.h"
#include "chat/api/reading.h"

/* The formats' own: Anthropic's tools have such names, OpenAI's 64 bytes; OpenAI tells so many. */
#define TOOL_NAME_BYTES_MAX 128
#define TOP_LOGPROBS_MAX 20

/* A prompt that grows. Parts that are added belong to the newest message. */
struct building {
	struct reading *reading;
	struct prompt *prompt;
	struct prompt_message *messages;
	struct prompt_part *parts; /* where the newest message's begin */
	size_t messages_capacity, parts_capacity;
	struct prompt_message no_message; /* stands for one when there is no memory */
	struct prompt_part no_part;
};

/* A new message. It has no text and no parts yet. After a fault of memory: one that is not used. */
struct prompt_message *building_message(struct building *building, const char *role);
/* A new part of the newest message; zeroed. */
struct prompt_part *building_part(struct building *building, int kind);
/* … with a text, unless the text is empty. */
void building_text(struct building *building, const char *text);
/* Reads the n messages of a list, which has at least one. */
void building_messages(struct building *building, const struct node *list, size_t n,
		       void (*read)(struct building *building, const struct node *message));

const char *read_model(struct reading *reading, const struct node *root);
/* An image's address: https: or data:. */
const char *read_image_url(struct reading *reading, const struct node *node);
const char *read_image_detail(struct reading *reading, const struct node *node);
/* Whether a provider keeps the part for the next request: Anthropic's cache_control. */
const char *read_cache(struct reading *reading, const struct node *object);
/* A type of images that models take. */
bool image_type_known(const char *type, size_t len);
bool is_base64(const char *text, size_t len);

/* A tool's name; "" after a fault. */
const char *read_tool_name(struct reading *reading, const struct node *object);
/* Room for n tools; NULL: too many, or none. */
struct prompt_tool *read_tools_room(struct reading *reading, const struct node *list,
				    struct prompt *prompt);
/* After all tools: no two have the same name. */
void check_tools(struct reading *reading, const struct node *list, const struct prompt *prompt);
/* The choice of one tool by its name, which must be a tool's. */
void choose_tool(struct reading *reading, const struct node *name, struct prompt *prompt);
/* "none", "auto" or "required". */
void choose_tools(struct reading *reading, const struct node *word, struct prompt *prompt);

void read_stop(struct reading *reading, const struct node *node, struct prompt *prompt);
void read_temperature(struct reading *reading, const struct node *root, double max,
		      struct prompt *prompt);
/* An absent limit is 0: the model's own. */
int32_t read_limit(struct reading *reading, const struct node *node);
/* How much the model thinks, in OpenAI's words. */
const char *read_effort(struct reading *reading, const struct node *node);
/* The members of a JSON Schema format: name, schema, strict. */
void read_schema(struct reading *reading, const struct node *format, struct prompt *prompt);
void read_service_tier(struct reading *reading, const struct node *root);

/* A parameter that cannot be done here. */
struct refused_parameter {
	const char *name;
	bool if_true; /* false and absent are the same */
	const char *help;
};
/* rules end in a NULL name. */
void refuse_parameters(struct reading *reading, const struct node *root,
		       const struct refused_parameter *rules);
/* Everything that is not among known (ends in NULL) goes to providers of the API as it is. more:
 * members to add, or NULL; taken. */
void read_extra(struct reading *reading, const struct node *root, const char *const *known,
		const char *api, json_t *more, struct prompt *prompt);

#endif
