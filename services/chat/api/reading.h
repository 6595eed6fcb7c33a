/* Strict reading of the JSON that a caller sends. Each value knows its place, so that an error can
 * name it as the caller wrote it. The first fault counts: after it the readers give harmless values,
 * and reading_end says what was wrong. */
#ifndef CHAT_API_READING_H
#define CHAT_API_READING_H

#include "chat/api/dialect.h"
#include "runtime/base/arena.h"
#include "runtime/base/status.h"

#include <jansson.h>
#include <stdint.h>

struct reading {
	const struct api_limits *limits;
	struct arena *arena; /* of all texts that are read */
	struct error *err;
	enum status status; /* of the first fault */
	json_t *root;
};

/* A value and its place. `up` must live as long as the node. */
struct node {
	const struct node *up; /* NULL: the body */
	const char *name;      /* member of an object; NULL: element of an array */
	size_t index;
	json_t *json; /* NULL: absent, or null */
};

/* Parses body, which must be an object. Its limits live as long as reading.
 * errors: INVALID_ARGUMENT json_invalid. */
_must_check_ enum status reading_begin(struct reading *reading, const struct api_body *body,
				       struct arena *arena, struct error *reterr, struct node *ret);
/* Releases the JSON. errors: those of the first fault, RESOURCE_EXHAUSTED call_too_large. */
_must_check_ enum status reading_end(struct reading *reading);

/* Notes a fault at node. */
_printf_(4, 5) void reading_fail(struct reading *reading, const struct node *node,
				 const char *reason, const char *format, ...);
/* The caller asks for what cannot be done; help says what to do. */
void reading_refuse(struct reading *reading, const struct node *node, const char *help);

/* A member; absent when object is no object. */
struct node node_member(const struct node *object, const char *name);
/* … that must be there. */
struct node node_need(struct reading *reading, const struct node *object, const char *name);
struct node node_element(const struct node *array, size_t index);
/* Elements of an array that is there; 0 for an absent one. */
size_t node_size(struct reading *reading, const struct node *array);
/* Whether it is there and an object. Anything else that is there is a fault. */
bool node_is_object(struct reading *reading, const struct node *node);
bool node_is_text(const struct node *node);
bool node_is(const struct node *node, const char *word);

/* Values in the arena; NULL, false or 0 when the node is absent. */
const char *node_text(struct reading *reading, const struct node *node);
/* One of words, which end in NULL. */
const char *node_word(struct reading *reading, const struct node *node, const char *const *words);
bool node_bool(struct reading *reading, const struct node *node);
int64_t node_int(struct reading *reading, const struct node *node, int64_t min, int64_t max);
double node_number(struct reading *reading, const struct node *node, double min, double max);
/* The value as compact JSON. */
const char *node_json(struct reading *reading, const struct node *node);

/* The text of a value that must be there; "" after a fault. */
const char *node_need_text(struct reading *reading, const struct node *object, const char *name);

#endif
