/* Texts with variables: read once into pieces, then filled in. A value is never read for variables
 * itself.
 *
 *	{{name}}  {{name = default}}  {{name: number = 3}}  {{tone: formal | friendly = formal}}
 *
 * Types are text (of all that say none), paragraph, number and date; a list makes a choice. A name
 * is described once, and stands alone elsewhere. \{{ are two braces. */
#ifndef CHAT_TEMPLATE_FILL_H
#define CHAT_TEMPLATE_FILL_H

#include "chat/v1/rpc.h"
#include "runtime/base/arena.h"
#include "runtime/base/status.h"

#define FILL_NAME_BYTES_MAX 60
#define FILL_TAG_BYTES_MAX 2000 /* between the braces */
#define FILL_CHOICES_MAX 50
#define FILL_STORED_MAX 1000 /* variables: the most that the configuration allows */

struct fill_piece {
	const char *text; /* in the text that was read */
	size_t len;
	const Chat__V1__TemplateField *field; /* NULL: it is text */
};

struct fill {
	struct fill_piece *pieces;
	size_t n_pieces;
	Chat__V1__TemplateField **fields; /* in the order in which they come first */
	size_t n_fields;
};

/* text lives as long as ret; all else is in arena. errors: INVALID_ARGUMENT field_invalid with the
 * field `text`, RESOURCE_EXHAUSTED call_too_large. */
_must_check_ enum status fill_read(struct arena *arena, const char *text, size_t fields_max,
				   struct fill *ret, struct error *reterr);

struct fill_value {
	const char *name, *value;
};

/* The text with values and defaults. partial: a variable with neither stays as {{name}}, and a value
 * that does not fit its type is taken as it is. errors: INVALID_ARGUMENT field_required,
 * field_invalid, field_unknown with the field `variables.NAME`, field_too_long with `variables`. */
_must_check_ enum status fill_in(struct arena *arena, const struct fill *fill,
				 const struct fill_value *values, size_t n, bool partial,
				 size_t bytes_max, char **ret, struct error *reterr);

#endif
