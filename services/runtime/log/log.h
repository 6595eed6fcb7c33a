/* One JSON object per line on stderr. Never tokens, keys, prompts. Any thread; a line is one write.
 * No client can fill the disk: long texts are cut, and an event above its rate is counted instead
 * of written. */
#ifndef RUNTIME_LOG_LOG_H
#define RUNTIME_LOG_LOG_H

#include "runtime/base/status.h"
#include <stdatomic.h>
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

#define LOG_TEXT_MAX 2048           /* bytes of one text; a longer one is cut and ends with "…" */
#define LOG_EVENT_RATE_DEFAULT 1000 /* lines of one event a second, of errors ten times as many */

/* Lines of one event a second, of errors ten times as many; 0: all are written. Once at start, and
 * again at a reload. */
void log_set_event_rate(int64_t lines_per_second);

/* How often something was said this second. Zero-initialised; any thread. For lines that are
 * counted by client, for example, and not by their event. */
struct log_rate {
	_Atomic int64_t second, lines, left_out;
};

/* True: write it now. *ret_left_out: lines left out since the last one that was written, for a
 * field `left_out` when it is not 0. */
bool log_rate_take(struct log_rate *rate, int64_t lines_per_second, int64_t *ret_left_out);

/* Writes {"ts":…,"level":…,"service":…,"event":event, fields…}. Text that is not UTF-8 is escaped
 * byte by byte; a line is cut at 8 KiB and says `"cut":true`. Above the event's rate nothing is
 * written; the event's next line says how many were `left_out`. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

#define log_at(level, event, ...) \
	log_write(level, event,   \
		  (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.kind = LOG_END}})
#define log_debug(event, ...) log_at(LOG_LEVEL_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...) log_at(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_warn(event, ...) log_at(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define log_error(event, ...) log_at(LOG_LEVEL_ERROR, event, __VA_ARGS__)

#endif
