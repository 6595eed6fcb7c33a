#include "runtime/log/log.h"

#include "runtime/base/clock.h"
#include "runtime/base/hash.h"
#include "runtime/base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINE_MAX 8192
#define LOG_TAIL 16    /* room kept for closing a cut line */
#define EVENTS_MAX 256 /* events with a count of their own; a power of two; the rest share one */
#define ERRORS_FACTOR 10
#define MARK "…" /* at the end of a text that was cut */

static const char *service_name = "";
static _Atomic int minimum = LOG_LEVEL_INFO;
static _Atomic int64_t event_rate = LOG_EVENT_RATE_DEFAULT;

/* A slot belongs to the first event that takes it, for good: a program has few events. */
static struct {
	char *_Atomic name;
	struct log_rate rate;
} events[EVENTS_MAX + 1];

static const char *const level_names[] = {"debug", "info", "warn", "error"};

struct line {
	char text[LOG_LINE_MAX];
	size_t len;
	bool cut;
};

void log_init(const char *service, enum log_level level)
{
	service_name = service;
	atomic_store(&minimum, level);
}

void log_set_level(enum log_level level)
{
	atomic_store(&minimum, level);
}

bool log_enabled(enum log_level level)
{
	return (int)level >= atomic_load_explicit(&minimum, memory_order_relaxed);
}

bool log_level_parse(const char *text, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_set_event_rate(int64_t lines_per_second)
{
	atomic_store(&event_rate, lines_per_second);
}

bool log_rate_take(struct log_rate *rate, int64_t lines_per_second, int64_t *ret_left_out)
{
	int64_t now = clock_mono_us() / US_PER_S, second = atomic_load(&rate->second);

	*ret_left_out = 0;
	if (second != now && atomic_compare_exchange_strong(&rate->second, &second, now))
		atomic_store(&rate->lines, 0);
	if (atomic_fetch_add(&rate->lines, 1) >= lines_per_second) {
		atomic_fetch_add(&rate->left_out, 1);
		return false;
	}
	if (atomic_load(&rate->left_out) > 0)
		*ret_left_out = atomic_exchange(&rate->left_out, 0);
	return true;
}

/* By its text, for one event may be written at several places. */
static struct log_rate *rate_of(const char *event)
{
	uint32_t hash = hash_fnv1a(event, strlen(event));

	for (uint32_t i = 0; i < EVENTS_MAX; i++) {
		size_t slot = (hash + i) & (EVENTS_MAX - 1);
		char *name = atomic_load(&events[slot].name);

		if (!name) {
			char *mine = strdup(event);

			if (!mine)
				break;
			if (atomic_compare_exchange_strong(&events[slot].name, &name, mine))
				return &events[slot].rate;
			free(mine);
		}
		if (strcmp(name, event) == 0)
			return &events[slot].rate;
	}
	return &events[EVENTS_MAX].rate;
}

/* False: this event was said often enough this second. */
static bool may_say(enum log_level level, const char *event, int64_t *ret_left_out)
{
	int64_t limit = atomic_load_explicit(&event_rate, memory_order_relaxed);

	*ret_left_out = 0;
	if (limit == 0)
		return true;
	if (level == LOG_LEVEL_ERROR)
		limit *= ERRORS_FACTOR;
	return log_rate_take(rate_of(event), limit, ret_left_out);
}

static void add(struct line *line, const char *text, size_t len)
{
	if (line->cut || len > sizeof line->text - LOG_TAIL - line->len) {
		line->cut = true;
		return;
	}
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void add_escaped(struct line *line, uint8_t c)
{
	char escaped[8];

	if (c == '"' || c == '\\')
		add(line, (const char[]){'\\', (char)c}, 2);
	else
		add(line, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", c));
}

static size_t plain_length(const char *from, const char *end, bool utf8)
{
	const char *p = from;

	while (p < end && *p != '"' && *p != '\\' && (uint8_t)*p >= 0x20 &&
	       (utf8 || (uint8_t)*p < 0x80))
		p++;
	return (size_t)(p - from);
}

/* JSON escapes (RFC 8259 section 7). In text that is not UTF-8 every byte above 127 is escaped, so
 * the line stays JSON. */
static void add_string(struct line *line, const char *text)
{
	size_t len = strlen(text);
	bool utf8 = text_is_utf8(text, len), cut = len > LOG_TEXT_MAX;
	const char *end = text + (cut ? LOG_TEXT_MAX : len);

	while (cut && utf8 && ((uint8_t)*end & 0xc0) == 0x80)
		end--; /* not within a character */
	add(line, "\"", 1);
	for (const char *p = text; p < end && !line->cut;) {
		size_t n = plain_length(p, end, utf8);

		add(line, p, n);
		p += n;
		if (p < end)
			add_escaped(line, (uint8_t)*p++);
	}
	if (cut)
		add(line, MARK, strlen(MARK));
	add(line, "\"", 1);
}

static void add_field(struct line *line, const struct log_field *field)
{
	size_t before = line->len;
	char number[24];

	if (field->kind == LOG_TEXT && !field->text)
		return;
	add(line, ",", 1);
	add_string(line, field->key);
	add(line, ":", 1);
	if (field->kind == LOG_TEXT)
		add_string(line, field->text);
	else if (field->kind == LOG_NUMBER)
		add(line, number,
		    (size_t)snprintf(number, sizeof number, "%" PRId64, field->number));
	else
		add(line, field->truth ? "true" : "false", field->truth ? 4 : 5);
	if (line->cut)
		line->len = before; /* a field that does not fit is left out whole */
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	char time[CLOCK_RFC3339_SIZE];
	struct line line;
	size_t done = 0;
	int64_t left_out;

	if (!log_enabled(level) || !may_say(level, event, &left_out))
		return;
	line.len = 0;
	line.cut = false;
	clock_rfc3339(clock_wall_us(), time);
	add(&line, "{\"ts\":", 6);
	add_string(&line, time);
	add(&line, ",\"level\":", 9);
	add_string(&line, level_names[level]);
	add(&line, ",\"service\":", 11);
	add_string(&line, service_name);
	add(&line, ",\"event\":", 9);
	add_string(&line, event);
	if (left_out > 0)
		add_field(&line, &LOG_I("left_out", left_out));
	for (; fields->kind != LOG_END; fields++)
		add_field(&line, fields);
	line.len += (size_t)snprintf(line.text + line.len, LOG_TAIL, "%s}\n",
				     line.cut ? ",\"cut\":true" : "");
	while (done < line.len) {
		ssize_t n = write(STDERR_FILENO, line.text + done, line.len - done);

		if (n < 0 && errno != EINTR)
			return; /* nowhere to complain to */
		if (n > 0)
			done += (size_t)n;
	}
}
