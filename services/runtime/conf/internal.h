/* Nodes of a file and values of keys, for the files of conf. */
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

/* One key's value on its way into the struct, and where it came from. */
struct conf_value {
	const struct conf_key *key;
	const char *label;            /* names the key in errors */
	const struct conf_node *node; /* of the file, or NULL */
	const char *text;             /* of the environment or the fallback, or NULL */
	const char *from;             /* "credits.yaml:12" or "LIMITLESS_CREDITS_LISTEN" */
	struct arena *arena;
	struct error *reterr;
};

/* Fails, naming where the value came from and its key. */
_printf_(2, 3) enum status conf_value_bad(const struct conf_value *value, const char *format, ...);
/* Into a member of the key's type. */
_must_check_ enum status conf_value_scalar(const struct conf_value *value, void *to);
_must_check_ enum status conf_value_list(const struct conf_value *value, const char *const **to);
_must_check_ enum status conf_value_map(const struct conf_value *value,
					const struct conf_pair **to);

/* Text of a scalar to a number of the type (CONF_INTEGER, CONF_DURATION in ms, CONF_BYTES). False:
 * it is not one. */
bool conf_parse_number(enum conf_type type, const char *text, int64_t *ret);
bool conf_parse_boolean(const char *text, bool *ret);

#endif
