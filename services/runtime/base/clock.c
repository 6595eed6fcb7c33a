#include "runtime/base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_LEN 20 /* "2026-01-02T03:04:05." */
#define MICROS_LEN 6

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

struct timespec clock_mono_after(int64_t ms)
{
	int64_t at_us = clock_mono_us() + ms * US_PER_MS;

	return (struct timespec){at_us / US_PER_S, at_us % US_PER_S * 1000};
}

int64_t clock_wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

/* Times come in the order of the clock, so each thread keeps the text of its last second. */
static const char *second_text(int64_t seconds)
{
	static _Thread_local char text[CLOCK_RFC3339_SIZE];
	static _Thread_local int64_t made;
	time_t t = (time_t)seconds;
	struct tm tm;

	if (text[0] && made == seconds)
		return text;
	gmtime_r(&t, &tm);
	snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02u.",
		 (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
		 (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
		 (unsigned)tm.tm_sec % 100);
	made = seconds;
	return text;
}

void clock_rfc3339(int64_t wall_us, char out[CLOCK_RFC3339_SIZE])
{
	int64_t seconds = wall_us / US_PER_S;
	int64_t us = wall_us % US_PER_S;

	if (us < 0) {
		us += US_PER_S;
		seconds--;
	}
	memcpy(out, second_text(seconds), SECOND_LEN);
	for (int i = SECOND_LEN + MICROS_LEN; i-- > SECOND_LEN; us /= 10)
		out[i] = (char)('0' + us % 10);
	memcpy(out + SECOND_LEN + MICROS_LEN, "Z", 2);
}

static bool digits(const char *text, size_t n, int *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*ret = *ret * 10 + (text[i] - '0');
	}
	return true;
}

/* "Z", "+hh:mm" or "-hh:mm", whole; seconds east of UTC. */
static bool parse_offset(const char *text, size_t len, int64_t *ret)
{
	int hours, minutes;

	if (len == 1 && (text[0] == 'Z' || text[0] == 'z')) {
		*ret = 0;
		return true;
	}
	if (len != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
		return false;
	if (!digits(text + 1, 2, &hours) || !digits(text + 4, 2, &minutes) || hours > 23 ||
	    minutes > 59)
		return false;
	*ret = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
	return true;
}

/* ".123" to microseconds; returns how many characters were read, or -1. */
static int parse_fraction(const char *text, size_t len, int64_t *ret_us)
{
	int64_t scale = 100000;
	size_t i = 1;

	*ret_us = 0;
	if (len == 0 || text[0] != '.')
		return 0;
	for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		*ret_us += (text[i] - '0') * scale;
		scale /= 10;
	}
	return i == 1 || i > 10 ? -1 : (int)i;
}

int clock_parse_rfc3339(const char *text, size_t len, int64_t *ret_wall_us)
{
	static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	struct tm tm = {0};
	int year, month, n;
	int64_t us, offset;

	if (len < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
	    text[13] != ':' || text[16] != ':')
		return -1;
	if (!digits(text, 4, &year) || !digits(text + 5, 2, &month) ||
	    !digits(text + 8, 2, &tm.tm_mday) || !digits(text + 11, 2, &tm.tm_hour) ||
	    !digits(text + 14, 2, &tm.tm_min) || !digits(text + 17, 2, &tm.tm_sec))
		return -1;
	if (year < 1 || month < 1 || month > 12 || tm.tm_mday < 1 ||
	    tm.tm_mday > month_days[month - 1] || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60)
		return -1;
	if (month == 2 && tm.tm_mday == 29 &&
	    (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return -1;
	n = parse_fraction(text + 19, len - 19, &us);
	if (n < 0 || !parse_offset(text + 19 + n, len - 19 - (size_t)n, &offset))
		return -1;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	*ret_wall_us = ((int64_t)timegm(&tm) - offset) * US_PER_S + us;
	return 0;
}
