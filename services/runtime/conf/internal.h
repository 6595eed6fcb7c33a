/* What the files of conf share. */
#ifndef RUNTIME_CONF_INTERNAL_H
#define RUNTIME_CONF_INTERNAL_H

#include "runtime/conf/conf.h"

enum conf_node_kind {
	CONF_SCALAR,
	CONF_SEQUENCE,
	CONF_MAPPING,
};

struct conf_node {
	enum conf_node_kind kind;
	const char *file; /* for errors */
	size_t line;      /* from 1 */
	const char *key;  /* in a mapping */
	const char *text; /* of a scalar */
	struct conf_node *children;
	struct conf_node **children_end; /* where the next child is linked */
	struct conf_node *next;
};

/* Text of a scalar to a number of the type (CONF_INTEGER, CONF_DURATION in ms, CONF_BYTES). False:
 * it is not one. */
bool conf_parse_number(enum conf_type type, const char *text, int64_t *ret);
bool conf_parse_boolean(const char *text, bool *ret);

#endif
