/* One JSON object per line on stderr. Never tokens, keys, prompts. Any thread; a line is one write.
 */
#ifndef RUNTIME_LOG_LOG_H
#define RUNTIME_LOG_LOG_H

#include "runtime/base/status.h"
#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
};

enum log_kind {
	LOG_END,
	LOG_TEXT,
	LOG_NUMBER,
	LOG_TRUTH,
};

struct log_field {
	const char *key;
	enum log_kind kind;
	union {
		const char *text; /* NULL: the field is left out */
		int64_t number;
		bool truth;
	};
};

#define LOG_S(k, v) ((struct log_field){.key = (k), .kind = LOG_TEXT, .text = (v)})
#define LOG_I(k, v) ((struct log_field){.key = (k), .kind = LOG_NUMBER, .number = (int64_t)(v)})
#define LOG_B(k, v) ((struct log_field){.key = (k), .kind = LOG_TRUTH, .truth = (v)})

/* Once at start. service: name in every line, static storage. Lines below level are dropped. */
void log_init(const char *service, enum log_level level);
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* "debug", "info", "warn", "error". False: none of them. */
bool log_level_parse(const char *text, enum log_level *ret);

/* Writes {"ts":…,"level":…,"service":…,"event":event, fields…}. Text that is not UTF-8 is escaped
 * byte by byte; a line is cut at 8 KiB. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

#define log_at(level, event, ...) \
	log_write(level, event,   \
		  (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.kind = LOG_END}})
#define log_debug(event, ...) log_at(LOG_LEVEL_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...) log_at(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_warn(event, ...) log_at(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define log_error(event, ...) log_at(LOG_LEVEL_ERROR, event, __VA_ARGS__)

#endif
