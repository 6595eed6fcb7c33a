/* Configuration: a YAML file into a typed struct, each key with a unit, a default and bounds. An
 * unknown key, a wrong type or a number out of bounds is an error with file and line.
 * LIMITLESS_<FILE>_<KEY> overrides a key (dots become underscores). */
#ifndef RUNTIME_CONF_CONF_H
#define RUNTIME_CONF_CONF_H

#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_type {
	CONF_TEXT,     /* const char * */
	CONF_SECRET,   /* const char *; "file:/path" is read from the file (mode 0600 or stricter),
			  trailing newline cut; never logged */
	CONF_INTEGER,  /* int64_t */
	CONF_BOOLEAN,  /* bool */
	CONF_DURATION, /* int64_t milliseconds; written "300ms", "30s", "15m", "24h", "30d" */
	CONF_BYTES,    /* int64_t; written "4MiB", "256KiB", "512" */
	CONF_LIST,  /* const char *const *, NULL-terminated; in the environment comma-separated */
	CONF_MAP,   /* struct conf_pair *, terminated by a NULL key; in the environment "a=b,c=d" */
	CONF_ITEMS, /* const T *const *, NULL-terminated: a list of mappings; in the environment
		       YAML */
};

struct conf_pair {
	const char *key, *value;
};

struct conf_key {
	const char *key; /* dotted path: "database.dsn" */
	enum conf_type type;
	size_t offset;        /* into the struct */
	const char *fallback; /* default as it would be written in the file; NULL: required */
	int64_t min, max;     /* of numbers, durations (ms) and bytes; both 0: unbounded */
	bool reload;          /* SIGHUP takes a new value; otherwise a restart does */
	const char *help;     /* one sentence; goes to deploy/config */
};

/* Rows of a table of keys. The file that has the table names the struct first:
 *
 *	#define CONF_STRUCT struct auth_conf
 *	const struct conf_key auth_keys[] = {
 *		CONF_KEY("access_ttl", CONF_DURATION, access_ttl_ms, "15m", CONF_SECOND, CONF_DAY,
 *			 "Life of an access token."),
 *	};
 *
 * CONF_KEY: a new value needs a restart. CONF_KEY_LIVE: SIGHUP takes it. Bounds are as in struct
 * conf_key, so texts, lists and maps have 0, 0. */
#define CONF_KEY(key_, type_, member_, fallback_, min_, max_, help_) \
	CONF_ROW(CONF_STRUCT, key_, type_, member_, fallback_, min_, max_, false, help_)
#define CONF_KEY_LIVE(key_, type_, member_, fallback_, min_, max_, help_) \
	CONF_ROW(CONF_STRUCT, key_, type_, member_, fallback_, min_, max_, true, help_)
/* A row of a table that joins several structs. */
#define CONF_ROW(struct_, key_, type_, member_, fallback_, min_, max_, reload_, help_)            \
	{                                                                                         \
		.key = key_, .type = type_, .offset = offsetof(struct_, member_),                 \
		.fallback = fallback_, .min = min_, .max = max_, .reload = reload_, .help = help_ \
	}

/* Units of bounds: milliseconds of a CONF_DURATION, bytes of a CONF_BYTES. */
#define CONF_SECOND 1000LL
#define CONF_MINUTE (60 * CONF_SECOND)
#define CONF_HOUR (60 * CONF_MINUTE)
#define CONF_DAY (24 * CONF_HOUR)
#define CONF_KIB (1LL << 10)
#define CONF_MIB (1LL << 20)

/* A row of type CONF_ITEMS has rows of its own for the members of an item:
 *
 *	providers          CONF_ITEMS; min and max are numbers of items; fallback is YAML
 *	providers[].name   CONF_TEXT, required: a word that no other item has
 *	providers[].keys   …
 *
 * Offsets of these are into T, which must end with a member that is a key. They are taken over at
 * SIGHUP as their list is, so `reload` stays false. The environment overrides a member by the name of
 * its item: LIMITLESS_<FILE>_PROVIDERS_<NAME>_KEYS. */

/* path: the file (NULL: environment and defaults only). name: FILE of LIMITLESS_<FILE>_<KEY>, e.g.
 * "CREDITS". All texts live in arena. errors: INVALID_ARGUMENT "credits.yaml:12: workers: 0 is
 * below 1". */
_must_check_ enum status conf_load(const char *path, const char *name, const struct conf_key *keys,
				   size_t n_keys, struct arena *arena, void *ret_struct,
				   struct error *reterr);

/* Writes the commented example of deploy/config/<name>.yaml for these keys to stdout. */
void conf_print_example(const char *title, const struct conf_key *keys, size_t n_keys);

/* A YAML document as a tree, for catalogues (models, packages): scalars, sequences, mappings; no
 * anchors, no tags. Depth <= 16. */
struct conf_node;
_must_check_ enum status conf_read(const char *path, struct arena *arena,
				   const struct conf_node **ret, struct error *reterr);
/* The same of a text. from: its name in errors, which lives as long as the arena. */
_must_check_ enum status conf_parse(const char *text, const char *from, struct arena *arena,
				    const struct conf_node **ret, struct error *reterr);
/* False for NULL, too. */
bool conf_is_list(const struct conf_node *node);
size_t conf_count(const struct conf_node *sequence);
const struct conf_node *conf_at(const struct conf_node *sequence, size_t i);
/* NULL: the mapping has no such key, or node is NULL or no mapping. */
const struct conf_node *conf_get(const struct conf_node *mapping, const char *key);
/* Fails, naming file, line and key, when the mapping has a key that is not in allowed
 * (NULL-terminated). */
_must_check_ enum status conf_only(const struct conf_node *mapping, const char *const *allowed,
				   struct error *reterr);
/* Typed members of a mapping; fallback as in conf_key (NULL: required). */
_must_check_ enum status conf_text(const struct conf_node *mapping, const char *key,
				   const char *fallback, const char **ret, struct error *reterr);
_must_check_ enum status conf_integer(const struct conf_node *mapping, const char *key,
				      const char *fallback, int64_t min, int64_t max, int64_t *ret,
				      struct error *reterr);
/* A decimal with at most 6 digits of fraction as millionths: "2.5" credits is 2,500,000
 * micro-credits. */
_must_check_ enum status conf_millionths(const struct conf_node *mapping, const char *key,
					 const char *fallback, int64_t min, int64_t max,
					 int64_t *ret, struct error *reterr);
_must_check_ enum status conf_boolean(const struct conf_node *mapping, const char *key,
				      const char *fallback, bool *ret, struct error *reterr);
_must_check_ enum status conf_list(const struct conf_node *mapping, const char *key,
				   struct arena *arena, const char *const **ret,
				   struct error *reterr);

#endif
