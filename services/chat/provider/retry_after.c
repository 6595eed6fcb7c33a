/* The time at which a provider says to come back. */
#include "chat/provider/retry_after.h"

#include "chat/provider/provider.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define RETRY_AFTER_MAX_MS (86400 * 1000LL)
#define EPOCH_MIN 1000000000LL /* a larger number of seconds is a time, not a span */
#define DIGITS_MAX 15

static int64_t bounded(double ms)
{
	if (!(ms > 0))
		return 0;
	return ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : (int64_t)ms;
}

/* "12" or "1.5". strtod alone would take more. */
static bool number(const char **text, double *ret)
{
	const char *at = *text;
	double scale = 1;

	*ret = 0;
	if (!isdigit((unsigned char)*at))
		return false;
	for (; isdigit((unsigned char)*at); at++) {
		if (at - *text >= DIGITS_MAX)
			return false;
		*ret = *ret * 10 + (*at - '0');
	}
	if (*at == '.') {
		for (at++; isdigit((unsigned char)*at); at++)
			*ret += (*at - '0') * (scale /= 10);
	}
	*text = at;
	return true;
}

/* "1h2m3.5s", "20ms": as Go prints a span. */
static int64_t parse_span(const char *text)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	double sum = 0, value;

	while (*text) {
		size_t u = 0;

		if (!number(&text, &value))
			return -1;
		while (u < sizeof units / sizeof *units &&
		       (strncasecmp(text, units[u].unit, strlen(units[u].unit)) != 0 ||
			isalpha((unsigned char)text[strlen(units[u].unit)])))
			u++;
		if (u == sizeof units / sizeof *units)
			return -1;
		sum += value * units[u].ms;
		text += strlen(units[u].unit);
	}
	return bounded(sum);
}

static int64_t parse_date(const char *text, int64_t now_s)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT", /* IMF-fixdate */
		"%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850 */
		"%a %b %e %H:%M:%S %Y",      /* asctime */
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i], &tm);

		if (end && !*end)
			return bounded((double)(timegm(&tm) - now_s) * 1000);
	}
	return -1;
}

int64_t retry_after_parse(const char *text, int64_t now_s)
{
	char copy[64];
	const char *rest = copy;
	size_t len;
	double value;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && strchr(" \t", text[len - 1]))
		len--;
	if (len == 0 || len >= sizeof copy)
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (!number(&rest, &value))
		return parse_date(copy, now_s);
	if (*rest)
		return parse_span(copy);
	if (value >= (double)EPOCH_MIN * 1000) /* a moment, in milliseconds */
		return bounded(value - (double)now_s * 1000);
	if (value >= (double)EPOCH_MIN)
		return bounded((value - (double)now_s) * 1000);
	return bounded(value * 1000);
}

void retry_after_read(struct http_transfer *transfer, char out[RETRY_AFTER_SIZE])
{
	static const char *const kinds[] = {"", "-requests", "-tokens"};
	const char *ms = http_header(transfer, "retry-after-ms");
	const char *after = http_header(transfer, "retry-after");
	char name[64];

	snprintf(out, RETRY_AFTER_SIZE, "%s%s", ms ? ms : after ? after : "", ms ? "ms" : "");
	for (size_t i = 0; !*out && i < sizeof kinds / sizeof *kinds; i++) {
		const char *left, *reset;

		snprintf(name, sizeof name, "x-ratelimit-remaining%s", kinds[i]);
		left = http_header(transfer, name);
		snprintf(name, sizeof name, "x-ratelimit-reset%s", kinds[i]);
		reset = http_header(transfer, name);
		if (left && reset && strcmp(left, "0") == 0)
			snprintf(out, RETRY_AFTER_SIZE, "%s", reset);
	}
}
